"""Pages of other sites that may use this server: those whose origins the configuration names, and no others.

They bring a token of their own in a header; nothing of ours travels by itself (no cookies), so credentials are never
allowed, and an origin is compared as a whole: no pattern, no wildcard. To everybody else no question is answered.
"""

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"

REQUEST_HEADERS = (
    "Authorization, Content-Type, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range, Range, "
    "Last-Event-ID, X-Request-Id"
)

EXPOSED = (
    "Accept-Ranges, Content-Length, Content-Range, ETag, Last-Modified, Location, RateLimit, RateLimit-Policy, "
    "Retry-After, WWW-Authenticate, X-Request-Id"
)

REMEMBERED = "600"
"""Seconds a browser may go on without asking first: as long as an origin that is taken away may still ask."""


def origin_of(headers: Headers, origins: Collection[str]) -> str | None:
    """Return the origin of the page that asks, if it is one that may."""
    given = headers.getlist("origin")
    return given[0] if len(given) == 1 and given[0] in origins else None


def preflight(scope: Scope, origins: Collection[str]) -> Response | None:
    """Answer a browser that asks whether its page may ask; None for what is no such question, or not answered."""
    headers = Headers(scope=scope)
    if scope["method"] != "OPTIONS" or "access-control-request-method" not in headers:
        return None
    if origin_of(headers, origins) is None:
        return None
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": REQUEST_HEADERS,
            "Access-Control-Max-Age": REMEMBERED,
        },
    )


class Cors:
    """Around everything: pages that may ask can read refusals and failures too."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._origins:
            await self._app(scope, receive, send)
            return
        origin = origin_of(Headers(scope=scope), self._origins)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")  # a cache must not give one origin's answer to another
                if origin is not None:
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = EXPOSED
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            await send(message)

        await self._app(scope, receive, answer)
