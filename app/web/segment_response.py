"""A segment as an answer: read whole, for it is small, and gone from the disk at any moment."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.library.threads import in_thread
from app.playback.errors import SegmentDelayed

TYPES = {
    "jpg": "image/jpeg",
    "mp4": "video/mp4",
    "m4s": "video/iso.segment",
    "ts": "video/mp2t",
    "vtt": "text/vtt; charset=utf-8",
    "ass": "text/x-ssa; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "sup": "application/octet-stream",
    "mks": "video/x-matroska",
}


class SegmentResponse(Response):
    def __init__(self, read: Callable[[], bytes], name: str, after: Callable[[], Awaitable[None]] | None) -> None:
        super().__init__()
        self._read = read
        self._name = name
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            content = await in_thread(self._read)
        except FileNotFoundError as err:
            raise SegmentDelayed("the segment has just been removed; ask again") from err
        headers = {
            "Content-Type": TYPES[self._name.rpartition(".")[2]],
            "Cache-Control": "private, max-age=3600",
            "Accept-Ranges": "none",
        }
        await Response(content, headers=headers)(scope, receive, send)
        if self._after is not None:
            await self._after()


def segment_response(
    read: Callable[[], bytes], name: str, after: Callable[[], Awaitable[None]] | None = None
) -> SegmentResponse:
    """Send what `read` returns, which is called in a thread; `after` is awaited once it is sent."""
    return SegmentResponse(read, name, after)
