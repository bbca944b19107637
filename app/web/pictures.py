"""Pictures of items as answers: from a file beside the media, or out of the media file itself; as they are, or made
to measure.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.library.artwork.headers import HEAD_BYTES, picture_of
from app.library.artwork.rendering.wish import Wish
from app.library.artwork.renditions import VERSION, Renditions
from app.library.errors import ProbeFailed
from app.library.probing.prober import Prober
from app.library.records import PictureSource
from app.web.conditions import Outcome, Validators, evaluate
from app.web.disk import OpenFile
from app.web.media_bytes import MediaBytes, PreconditionFailed
from app.web.opening import open_media
from app.web.small_files import HARMLESS, Rendered, SmallFileResponse, read_whole

MAX_PICTURE = 24 * 2**20
"""Bytes. A poster has a tenth of one million; what is larger was never meant for a browser."""

IMMUTABLE = "private, max-age=31536000, immutable"
"""For an address that holds the picture's tag: another picture has another address."""
ASK_AGAIN = "private, no-cache"


class Pictures:
    def __init__(self, media: MediaBytes, prober: Prober, renditions: Renditions) -> None:
        self._media = media
        self._prober = prober
        self._renditions = renditions

    def response(self, source: PictureSource, tag: str | None = None) -> SmallFileResponse:
        """Return the picture as it is. What is no JPEG, PNG, WebP, GIF or AVIF is not found."""
        location, index = source.location, source.stream_index
        variant = "" if index is None else f"-{index}"
        render = self._beside if index is None else partial(self._inside, index)
        response = SmallFileResponse(self._media, partial(open_media, location), render, location.display_path, variant)
        if tag == source.tag:
            response.keep_while(location.size, location.mtime_ns, IMMUTABLE)
        return response

    def made_response(self, source: PictureSource, wish: Wish, tag: str | None, *, varies: bool) -> Response:
        """Return it in another size or format; `varies` if that depends on the client's `Accept`."""
        return RenditionResponse(
            self._renditions, self._media, source, wish, is_tagged=tag == source.tag, varies=varies
        )

    async def _beside(self, file: OpenFile) -> Rendered | None:
        content = await read_whole(file, MAX_PICTURE)
        return None if content is None else _rendered(content)

    async def _inside(self, index: int, file: OpenFile) -> Rendered | None:
        """The media file is read in a prober's process: whatever it does to a demuxer is not done to us."""
        try:
            content = await self._prober.picture(file.fileno(), index)
        except ProbeFailed:
            return None
        return _rendered(content)


class RenditionResponse(Response):
    """Made when it is sent, unless the client still has it."""

    def __init__(
        self,
        renditions: Renditions,
        media: MediaBytes,
        source: PictureSource,
        wish: Wish,
        *,
        is_tagged: bool,
        varies: bool,
    ) -> None:
        super().__init__()
        self._renditions = renditions
        self._media = media
        self._source = source
        self._wish = wish
        self._is_tagged = is_tagged
        self._varies = varies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        variant = hashlib.sha256(f"{VERSION} {self._wish.key}".encode()).hexdigest()[:12]
        validators = Validators(f'"{self._source.tag}-{variant}"', None)
        headers = {**validators.headers(), "Cache-Control": IMMUTABLE if self._is_tagged else ASK_AGAIN}
        if self._varies:
            headers["Vary"] = "Accept"
        match evaluate(Headers(scope=scope), validators):
            case Outcome.PRECONDITION_FAILED:
                raise PreconditionFailed("the picture is not in the state that was asked for any more")
            case Outcome.NOT_MODIFIED:
                answer = Response(status_code=304, headers=headers)
            case Outcome.SEND:
                answer = await self._made(headers)
        await answer(scope, receive, send)

    async def _made(self, headers: dict[str, str]) -> Response:
        rendition = await self._renditions.get(self._source, self._wish, self._opened)
        if not rendition.is_recorded:
            # The file has changed and no scan has seen it yet: this is no state that has a name.
            del headers["ETag"]
            headers["Cache-Control"] = "no-store"
        headers["Content-Security-Policy"] = HARMLESS
        headers["Content-Type"] = rendition.made.media_type
        return Response(rendition.made.content, headers=headers)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[int]:
        async with self._media.open(partial(open_media, self._source.location)) as file:
            yield file.fileno()


def _rendered(content: bytes) -> Rendered | None:
    found = picture_of(content[:HEAD_BYTES])
    return None if found is None else Rendered(content, found.media_type)
