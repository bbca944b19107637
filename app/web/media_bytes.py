"""The bytes of a file as an answer: whole, in part, in several parts, or not at all because nothing changed.

The file is opened, judged and sent within one call, so whatever happens on the way its descriptor is given back. An
answer that has begun promises a length: when the file shrinks or the disk fails meanwhile, the connection is closed
short of it, which every client notices. Nothing is ever padded. Nothing waits in a thread for a slow reader; a reader
who has gone, or a server that stops, ends the reading.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.clock import Clock
from app.errors import AppError
from app.web.conditions import Outcome, Validators, evaluate, range_applies
from app.web.disk import Disk, OpenFile
from app.web.media_types import inline_disposition, media_type
from app.web.ranges import ByteRange, requested_ranges

log = structlog.get_logger("web.media")

LAST_BYTES = 2.0
"""Seconds an answer may go on once the server stops: enough to end a short one; a film is continued by its player."""


PLAYABLE = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A browser that opens a film by its address wraps it in a page of its own, which must be allowed to show it."""


class PreconditionFailed(AppError):
    """The client said which state of the file it wants, and the file is in another. Answered with 412."""

    code = "precondition_failed"


class CutShort(Exception):
    """The file ended before what had been promised of it."""


class MediaBytes:
    """Makes answers out of files; knows the disk's threads and when the server stops."""

    def __init__(self, disk: Disk, stopping: asyncio.Event, clock: Clock) -> None:
        self._disk = disk
        self._stopping = stopping
        self._clock = clock

    def response(self, opener: Callable[[], int], name: str) -> "MediaResponse":
        """Return the answer for a file called `name`.

        `opener` is called in a thread, once, when the answer is sent; what it raises becomes a problem.
        """
        return MediaResponse(self, opener, name)

    @asynccontextmanager
    async def open(self, opener: Callable[[], int]) -> AsyncIterator[OpenFile]:
        file = await self._disk.open(opener)
        try:
            yield file
        finally:
            file.close()

    def now(self) -> datetime:
        return self._clock.now().astimezone(UTC)

    async def send(self, file: OpenFile, ranges: Sequence["Part"], receive: Receive, send: Send) -> None:
        """Send the parts, until the end, the client's going, or the server's stop."""
        sending = asyncio.create_task(_send_parts(file, ranges, send), name="media.send")
        leaving = asyncio.create_task(_disconnected(receive), name="media.disconnected")
        stopping = asyncio.create_task(self._stopping.wait(), name="media.stopping")
        try:
            await asyncio.wait({sending, leaving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                await asyncio.wait({sending, leaving}, timeout=LAST_BYTES, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, leaving, stopping):
                task.cancel()
            await asyncio.gather(sending, leaving, stopping, return_exceptions=True)


class Part:
    """Bytes of the file, and what stands before them in a multipart answer."""

    __slots__ = ("head", "range")

    def __init__(self, head: bytes, of: ByteRange | None) -> None:
        self.head = head
        self.range = of

    def __len__(self) -> int:
        return len(self.head) + (len(self.range) if self.range is not None else 0)


class MediaResponse(Response):
    def __init__(self, media: MediaBytes, opener: Callable[[], int], name: str) -> None:
        super().__init__()
        self._media = media
        self._opener = opener
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._media.open(self._opener) as file:
            status, headers, parts = self._decide(Headers(scope=scope), scope["method"], file)
            raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": status, "headers": raw})
            if scope["method"] == "HEAD" or not parts:
                await send(_body(b"", more=False))
                return
            try:
                await self._media.send(file, parts, receive, send)
            except (OSError, AppError, CutShort) as err:
                # Too late for a problem: the length is promised. Ending without keeping it closes the connection.
                log.warning("stream cut short", file=self._name, reason=str(err))

    def _decide(self, asked: Headers, method: str, file: OpenFile) -> tuple[int, dict[str, str], list[Part]]:
        validators = Validators.of(file.status, self._media.now())
        headers = {**validators.headers(), "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
        match evaluate(asked, validators):
            case Outcome.NOT_MODIFIED:
                return 304, headers, []
            case Outcome.PRECONDITION_FAILED:
                raise PreconditionFailed("the file is not in the state that was asked for any more")
        kind = media_type(self._name)
        headers |= {
            "Content-Type": kind,
            "Content-Disposition": inline_disposition(self._name),
            "Content-Security-Policy": PLAYABLE,
        }
        ranges = None
        if method == "GET" and range_applies(asked.get("if-range"), validators):
            ranges = requested_ranges(asked.get("range"), file.size)
        status, parts = _plan(ranges, file.size, kind, headers)
        headers["Content-Length"] = str(sum(len(part) for part in parts))
        return status, headers, parts


def _plan(ranges: list[ByteRange] | None, size: int, kind: str, headers: dict[str, str]) -> tuple[int, list[Part]]:
    if ranges is None:
        return 200, [Part(b"", ByteRange(0, size))] if size else []
    if len(ranges) == 1:
        headers["Content-Range"] = ranges[0].content_range(size)
        return 206, [Part(b"", ranges[0])]
    boundary = secrets.token_hex(16)
    headers["Content-Type"] = f"multipart/byteranges; boundary={boundary}"
    head = f"\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: "
    parts = [Part(f"{head}{one.content_range(size)}\r\n\r\n".encode("ascii"), one) for one in ranges]
    return 206, [*parts, Part(f"\r\n--{boundary}--\r\n".encode("ascii"), None)]


async def _send_parts(file: OpenFile, parts: Sequence[Part], send: Send) -> None:
    for part in parts:
        if part.head:
            await send(_body(part.head, more=True))
        if part.range is not None:
            await _send_range(file, part.range, send)
    await send(_body(b"", more=False))


async def _send_range(file: OpenFile, of: ByteRange, send: Send) -> None:
    offset = of.start
    while offset < of.end:
        piece = await file.read(of.end - offset, offset)
        if not piece:
            raise CutShort(f"the file had {file.size} bytes when it was opened and ends at {offset} now")
        await send(_body(piece, more=True))
        offset += len(piece)
        # A reader as fast as we are never fills the socket's buffer, and `send` would never let anybody else run.
        await asyncio.sleep(0)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        """A GET's body, if it has one, means nothing."""


def _body(body: bytes | bytearray, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}
