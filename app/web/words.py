"""Subtitles and lyrics as answers: texts in UTF-8 whatever they were written in, pictures of words as they are."""

from functools import partial

from starlette.responses import Response

from app.catalog.beside import WordsPlace
from app.library.records import FileLocation
from app.library.sidecars.texts import decode
from app.library.sidecars.vobsub import PICTURES_BEGIN
from app.library.threads import in_thread
from app.web.disk import OpenFile
from app.web.media_bytes import MediaBytes
from app.web.opening import open_media
from app.web.small_files import Rendered, SmallFileResponse, read_whole

MAX_TEXT = 16 * 2**20
"""Bytes. The subtitles of a season in one file have a hundredth of it; a script with its fonts inside may come near."""

_TEXTS = {
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "ass": "text/x-ssa",
    "ssa": "text/x-ssa",
    "lrc": "text/plain",
    "elrc": "text/plain",
    "txt": "text/plain",
    "sub": "text/plain",
    "vobsub": "text/plain",
    # XML and near-HTML: never sent as what a browser would open.
    **dict.fromkeys(("smi", "sami", "ttml", "dfxp", "usf"), "text/plain"),
}


def response(media: MediaBytes, place: WordsPlace) -> Response:
    """Return subtitles or lyrics as an answer."""
    opener, shown = partial(open_media, place.location), place.location.display_path
    if place.format == "sup":
        # Pictures of words, tens of megabytes: sent in parts like a film. Its extension is on no list, so it is bytes.
        return media.response(opener, "subtitles.sup")
    return SmallFileResponse(media, opener, partial(_text, place.format), shown, "-utf8")


def pictures(media: MediaBytes, location: FileLocation) -> Response:
    """Return what an index tells of as an answer."""
    return media.response(partial(open_media, location), "subtitles.sub")


async def _text(form: str, file: OpenFile) -> Rendered | None:
    content = await read_whole(file, MAX_TEXT)
    if content is None or (form == "sub" and content.startswith(PICTURES_BEGIN)):
        return None  # pictures without their index, which the next scan will take note of
    text = await in_thread(lambda: decode(content))
    return Rendered(text.encode(), f"{_TEXTS.get(form, 'text/plain')}; charset=utf-8")
