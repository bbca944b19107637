"""Pictures of items; subtitles and lyrics beside files."""

from typing import Annotated

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.catalog.beside import Beside
from app.library.kinds import ImageRole
from app.web import words
from app.web.answers import documented
from app.web.api_v1.parameters import FileId, ItemId
from app.web.auth import CurrentViewer, Streamer
from app.web.media_bytes import MediaBytes
from app.web.pictures import Pictures

router = APIRouter(prefix="/api/v1", route_class=DishkaRoute, default_response_class=Response)

Place = Annotated[int, Path(ge=0, le=10_000)]
Index = Annotated[int, Query(ge=0, le=10_000)]

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_TEXT = {"schema": {"type": "string"}}


def _sent(description: str, kinds: dict[str, object]) -> dict[int | str, dict[str, object]]:
    answers = {**documented(None, description=description), 304: {"description": "Unchanged"}}
    answers[200]["content"] = kinds
    return answers


_PICTURE = _sent(
    "The picture", dict.fromkeys(("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"), _BINARY)
)
_SUBTITLE = _sent("The subtitles", {"text/plain": _TEXT, "text/vtt": _TEXT, "application/octet-stream": _BINARY})
_LYRICS = _sent("The words", {"text/plain": _TEXT})


@router.get("/items/{item_id}/images/{role}", tags=["items"], responses=_PICTURE)
async def get_image(  # noqa: PLR0917  the framework names them all
    item_id: ItemId,
    role: ImageRole,
    viewer: CurrentViewer,
    beside: FromDishka[Beside],
    pictures: FromDishka[Pictures],
    index: Index = 0,
) -> Response:
    """Send a picture of an item as it is: the best of its role, or another by `index`."""
    return pictures.response(await beside.picture(viewer, item_id, role, index))


@router.get("/files/{file_id}/subtitles/{place}", tags=["files"], responses=_SUBTITLE)
async def get_subtitles(
    file_id: FileId, place: Place, viewer: Streamer, beside: FromDishka[Beside], media: FromDishka[MediaBytes]
) -> Response:
    """Send subtitles that lie beside a file: texts in UTF-8, pictures of words as they are."""
    return words.response(media, await beside.subtitle(viewer, file_id, place))


@router.get("/files/{file_id}/lyrics", tags=["files"], responses=_LYRICS)
async def get_lyrics(
    file_id: FileId, viewer: Streamer, beside: FromDishka[Beside], media: FromDishka[MediaBytes]
) -> Response:
    """Send the words of a song that lie beside it, with their times if they have any."""
    return words.response(media, await beside.lyrics(viewer, file_id, 0))


@router.get("/files/{file_id}/lyrics/{place}", tags=["files"], responses=_LYRICS)
async def get_more_lyrics(
    file_id: FileId, place: Place, viewer: Streamer, beside: FromDishka[Beside], media: FromDishka[MediaBytes]
) -> Response:
    """Send the words of a song in another file or language."""
    return words.response(media, await beside.lyrics(viewer, file_id, place))
