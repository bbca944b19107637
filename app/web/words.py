"""Subtitles and lyrics as answers: texts in UTF-8 whatever they were written in, pictures of words as they are."""

from functools import partial

from starlette.responses import Response

from app.catalog.beside import WordsPlace
from app.library.sidecars.texts import decode
from app.library.threads import in_thread
from app.web.disk import OpenFile
from app.web.media_bytes import MediaBytes
from app.web.media_types import BYTES
from app.web.opening import open_media
from app.web.small_files import Rendered, SmallFileResponse, read_whole

MAX_TEXT = 16 * 2**20
"""Bytes. The subtitles of a season in one file have a hundredth of it; a script with its fonts inside may come near."""

MAX_PICTURES = 256 * 2**20

_TEXTS = {
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "ass": "text/x-ssa",
    "ssa": "text/x-ssa",
    "lrc": "text/plain",
    "elrc": "text/plain",
    "txt": "text/plain",
    "idx": "text/plain",
    # XML and near-HTML: never sent as what a browser would open.
    **dict.fromkeys(("smi", "sami", "ttml", "dfxp", "usf"), "text/plain"),
}

_VOBSUB = b"\x00\x00\x01\xba"
"""How a `.sub` begins that holds pictures; any other is text with numbers of frames."""


def response(media: MediaBytes, place: WordsPlace) -> Response:
    """Return subtitles or lyrics as an answer."""
    opener, shown = partial(open_media, place.location), place.location.display_path
    if place.format == "sup":
        # Pictures of words, tens of megabytes: sent in parts like a film. Its extension is on no list, so it is bytes.
        return media.response(opener, "subtitles.sup")
    return SmallFileResponse(media, opener, partial(_text, place.format), shown, "-utf8")


async def _text(extension: str, file: OpenFile) -> Rendered | None:
    if extension == "sub":
        content = await read_whole(file, MAX_PICTURES)
        if content is not None and content.startswith(_VOBSUB):
            return Rendered(content, BYTES)
    else:
        content = await read_whole(file, MAX_TEXT)
    if content is None or len(content) > MAX_TEXT:
        return None
    text = await in_thread(lambda: decode(content))
    return Rendered(text.encode(), f"{_TEXTS.get(extension, 'text/plain')}; charset=utf-8")
