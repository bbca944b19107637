"""Who may speak to us at all, before any route is looked for.

A browser near us runs everybody's pages. A page whose name was pointed at our address (DNS rebinding) still sends its
own name as Host; a page elsewhere that posts to us names itself in Sec-Fetch-Site or Origin, or can send no JSON
without asking first, and no such question is answered but those of origins that the configuration names
(`app.web.cors`). Nothing we accept travels by itself: no cookies.
"""

import asyncio
from collections.abc import Collection
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Refused
from app.web.answers import JSON
from app.web.cors import origin_of, preflight
from app.web.errors import ROUTER_CODES, explain, problem
from app.web.hosts import is_known_host

MAX_BODY = 1024 * 1024
"""Bytes. The largest body anybody has a reason to send is a library's list of paths."""

BODY_TIME = 30
"""Seconds for a whole body."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class HostRefused(Refused):
    code = "host_refused"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"this server is not called {host!r}; if it should be, add the name to http.names (REVENGE_HTTP__NAMES), "
            "or use its address"
        )


class CrossSite(Refused):
    code = "cross_site"

    def __init__(self) -> None:
        super().__init__("a page of another site may not change anything here")


class BodyTooLarge(HTTPException):
    """FastAPI's own error because nothing else passes its reading of a body unchanged."""

    def __init__(self) -> None:
        super().__init__(413, f"a body may have {MAX_BODY} bytes at most")


class BodyTooSlow(HTTPException):
    def __init__(self) -> None:
        super().__init__(408, f"the body was not there within {BODY_TIME} s")


class Guard:
    def __init__(self, app: ASGIApp, names: Collection[str], origins: Collection[str] = ()) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = refuse(scope, self._names, self._origins) if scope["type"] == "http" else None
        if refusal is not None:
            await refusal(scope, receive, send)
        elif scope["type"] == "http":
            await self._app(scope, _Limited(receive), send)


def refuse(scope: Scope, names: Collection[str], origins: Collection[str] = ()) -> Response | None:
    """Return the answer to a request that goes no further; None for one that may."""
    headers = Headers(scope=scope)
    try:
        require_own_host(headers, names)
        if (answer := preflight(scope, origins)) is not None:
            return answer
        if origin_of(headers, origins) is None:
            require_same_site(scope["method"], headers)
    except Refused as refusal:
        return explain(scope, refusal)
    if length_of_body(headers) > MAX_BODY:
        error = BodyTooLarge()
        return problem(scope, error.status_code, ROUTER_CODES[413], error.detail)
    if scope["method"] not in SAFE_METHODS and _has_body(headers) and not _is_json(headers):
        return problem(scope, 415, ROUTER_CODES[415], f"send the body as JSON, with the header Content-Type: {JSON}")
    return None


class _Limited:
    """A body that is not told its length beforehand is counted while it comes, and has to come in time: until it is
    there, its request keeps one of the places there are (`app.web.rates`)."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._received = 0
        self._until: float | None = None
        self._is_there = False

    async def __call__(self) -> Message:
        if self._until is None and not self._is_there:
            self._until = asyncio.get_running_loop().time() + BODY_TIME
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow from None
        if not message.get("more_body", False):
            self._until, self._is_there = None, True  # from now on it is waited for the asker to leave
        self._received += len(message.get("body", b""))
        if self._received > MAX_BODY:
            raise BodyTooLarge
        return message


def require_own_host(headers: Headers, names: Collection[str] = ()) -> None:
    """Accept addresses, loopback names and the names of the configuration, with any port.

    Raises:
        HostRefused: none, several, or another one was named.
    """
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not is_known_host(hosts[0], names):
        raise HostRefused(", ".join(hosts))


def require_same_site(method: str, headers: Headers) -> None:
    """Let no other site's page change anything. A program names no site and passes.

    Raises:
        CrossSite: the request says that another site makes it.
    """
    if method in SAFE_METHODS:
        return
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSite
    elif (origin := headers.get("origin")) is not None and _authority(origin) != headers.get("host", "").lower():
        raise CrossSite


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def length_of_body(headers: Headers) -> int:
    """Read the length that is told beforehand. The server has refused one that is no number, or too long a one."""
    return int(headers.get("content-length", "0"))


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or length_of_body(headers) > 0


def _is_json(headers: Headers) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == JSON
