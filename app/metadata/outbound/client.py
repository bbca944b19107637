"""Requests to servers that are not ours, with an end to everything: time, bytes, redirects.

Nothing is retried here: whoever asks is a job, and jobs come again.
"""

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore

from app import __version__
from app.metadata.outbound.errors import AddressRefused, AnswerTooLarge, OutboundFailed
from app.metadata.outbound.network import GuardedNetwork, Resolve, resolve

MAX_BYTES = 8 * 2**20
"""Of an answer, unpacked. The longest honest one seen, a series with all its people, has one."""

TIMEOUT = timedelta(seconds=20)
"""From the asking to the last byte."""

MAX_REDIRECTS = 5
MAX_URL = 8_000
CONNECTIONS = 20
IDLE_SECONDS = 30.0

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SECRET_HEADERS = frozenset({"authorization", "cookie", "x-api-key", "x-typesense-api-key"})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case; of several of one name the last."""
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    """Where it came from in the end; it may hold a key."""


def origin_of(url: str) -> tuple[str, int]:
    """Return host and port of an address, as connections are made to them."""
    parts = urlsplit(url)
    return (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))


class Outbound:
    """One for the process; its connections are kept for those who ask the same server again.

    Addresses of this machine and of private networks are refused once their names are resolved, wherever a redirect
    leads. `allowed` are base addresses that an administrator has written down: a mirror next door may be asked.
    """

    def __init__(
        self, allowed: Iterable[str] = (), *, contact: str | None = None, resolve_name: Resolve = resolve
    ) -> None:
        self._allowed = frozenset(map(origin_of, allowed))
        self._agent = f"Revenge/{__version__}" + (f" ( {contact} )" if contact else "")
        self._resolve = resolve_name
        self._pool: httpcore.AsyncConnectionPool | None = None

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
        timeout: timedelta = TIMEOUT,  # noqa: ASYNC109  for all of it, redirects included
    ) -> Answer:
        """Fetch what is at an address, whatever its status.

        Raises:
            AddressRefused: it leads to a place that is not asked.
            AnswerTooLarge, OutboundFailed: nothing whole came back.
        """
        return await self.request("GET", url, headers=headers, max_bytes=max_bytes, timeout=timeout)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        max_bytes: int = MAX_BYTES,
        timeout: timedelta = TIMEOUT,  # noqa: ASYNC109  as above
    ) -> Answer:
        """Do so by another method: a login, for one."""
        host = self._checked(url).hostname or "?"
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                return await self._follow(method, url, dict(headers or {}), content, max_bytes)
        except (TimeoutError, httpcore.TimeoutException):
            raise OutboundFailed(host, f"no whole answer within {timeout.total_seconds():g} s") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, ssl.SSLError, OSError) as err:
            raise OutboundFailed(host, _reason(err)) from None

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None

    async def _follow(self, method: str, url: str, headers: dict[str, str], content: bytes, most: int) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            parts = self._checked(url)
            answer = await self._once(method, url, headers, content, most)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS or target is None:
                return answer
            try:
                url = urljoin(url, target)
            except ValueError:
                raise AddressRefused(parts.hostname or "?", "a redirect leads to what is no address") from None
            after = self._checked(url)
            if (parts.scheme, after.scheme) == ("https", "http"):
                raise AddressRefused(after.hostname or "?", "a redirect leads from https to http")
            if origin_of(url) != (parts.hostname, parts.port or _PORTS[parts.scheme]):
                headers = {name: value for name, value in headers.items() if name.lower() not in _SECRET_HEADERS}
            if answer.status == 303:  # noqa: PLR2004  See Other
                method, content = "GET", b""
        raise OutboundFailed(urlsplit(url).hostname or "?", f"more than {MAX_REDIRECTS} redirects")

    def _checked(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            raise AddressRefused("?", "it is no address") from None
        host = parts.hostname or "?"
        if parts.scheme not in _PORTS or not parts.hostname:
            raise AddressRefused(host, "only http and https are asked")
        if parts.username is not None or parts.password is not None:
            raise AddressRefused(host, "an address with a name or password in it is not asked")
        if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
            raise AddressRefused(host, "it is no address")
        return parts

    async def _once(self, method: str, url: str, headers: dict[str, str], content: bytes, most: int) -> Answer:
        host = urlsplit(url).hostname or "?"
        sent = {"User-Agent": self._agent, "Accept": "*/*", "Accept-Encoding": "gzip", **headers}
        async with self._connections().stream(
            method,
            url.partition("#")[0],
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()],
            content=content or None,
        ) as response:
            got = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if got.get("content-length", "").isdigit() and int(got["content-length"]) > most:
                raise AnswerTooLarge(host, most)
            encoding = got.get("content-encoding", "identity").strip().lower()
            body = await _read(host, response.aiter_stream(), encoding, most)
        return Answer(response.status, got, body, url)

    def _connections(self) -> httpcore.AsyncConnectionPool:
        if self._pool is None:
            self._pool = httpcore.AsyncConnectionPool(
                max_connections=CONNECTIONS,
                keepalive_expiry=IDLE_SECONDS,
                socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
                network_backend=GuardedNetwork(self._allowed, self._resolve),
            )
        return self._pool


async def _read(host: str, chunks: AsyncIterable[bytes], encoding: str, most: int) -> bytes:
    """Unpack as it comes, and never more than may be: a small file may unpack to any size."""
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        raise OutboundFailed(host, f"the answer is packed in a way that was not asked for: {encoding[:20]}")
    gzip = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
    body = bytearray()
    async for chunk in chunks:
        if gzip is None:
            body += chunk
        else:
            try:
                body += gzip.decompress(chunk, most - len(body) + 1)
            except zlib.error:
                raise OutboundFailed(host, "the answer is packed wrongly") from None
        if len(body) > most:
            raise AnswerTooLarge(host, most)
    if gzip is not None and not gzip.eof:
        raise OutboundFailed(host, "the answer ends in the middle")
    return bytes(body)


def _reason(err: Exception) -> str:
    """Say what happened without what was asked: libraries quote addresses."""
    if isinstance(err, httpcore.RemoteProtocolError):
        return "the answer ends in the middle or is no HTTP"
    if isinstance(err, httpcore.ConnectError) and str(err).startswith("the name"):
        return str(err)
    return {
        "ConnectError": "no connection",
        "ReadError": "the connection broke",
        "WriteError": "the connection broke",
    }.get(type(err).__name__, type(err).__name__)
