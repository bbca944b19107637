"""Pictures of items as answers: from a file beside the media, or out of the media file itself."""

from functools import partial

from app.catalog.beside import PicturePlace
from app.library.artwork.headers import HEAD_BYTES, picture_of
from app.library.errors import ProbeFailed
from app.library.probing.prober import Prober
from app.web.disk import OpenFile
from app.web.media_bytes import MediaBytes
from app.web.opening import open_media
from app.web.small_files import Rendered, SmallFileResponse, read_whole

MAX_PICTURE = 24 * 2**20
"""Bytes. A poster has a tenth of one million; what is larger was never meant for a browser."""


class Pictures:
    def __init__(self, media: MediaBytes, prober: Prober) -> None:
        self._media = media
        self._prober = prober

    def response(self, place: PicturePlace) -> SmallFileResponse:
        """Return the picture as an answer. What is no JPEG, PNG, WebP, GIF or AVIF is not found."""
        location, index = place.location, place.stream_index
        variant = "" if index is None else f"-{index}"
        render = self._beside if index is None else partial(self._inside, index)
        return SmallFileResponse(self._media, partial(open_media, location), render, location.display_path, variant)

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


def _rendered(content: bytes) -> Rendered | None:
    found = picture_of(content[:HEAD_BYTES])
    return None if found is None else Rendered(content, found.media_type)
