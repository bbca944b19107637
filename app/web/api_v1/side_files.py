"""Pictures of items; subtitles and lyrics beside files."""

from typing import Annotated, Literal

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Path, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from app.catalog.beside import Beside
from app.library.artwork.rendering.wish import MAX_SIDE, Fit, Format, Wish, negotiated, on_the_ladder
from app.library.kinds import ImageRole
from app.library.records import PictureSource
from app.web import words
from app.web.answers import documented
from app.web.api_v1.parameters import FileId, ItemId, Strict
from app.web.auth import CurrentViewer, Streamer
from app.web.media_bytes import MediaBytes
from app.web.pictures import Pictures

router = APIRouter(prefix="/api/v1", route_class=DishkaRoute, default_response_class=Response)

Place = Annotated[int, Path(ge=0, le=10_000)]

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_TEXT = {"schema": {"type": "string"}}


def _sent(description: str, kinds: dict[str, object]) -> dict[int | str, dict[str, object]]:
    answers = {**documented(None, description=description), 304: {"description": "Unchanged"}}
    answers[200]["content"] = kinds
    return answers


_PICTURE = _sent(
    "The picture", dict.fromkeys(("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"), _BINARY)
)
_PICTURE_HEAD = _sent("What the picture is", {})
_SUBTITLE = _sent("The subtitles", {"text/plain": _TEXT, "text/vtt": _TEXT, "application/octet-stream": _BINARY})
_LYRICS = _sent("The words", {"text/plain": _TEXT})


class PictureWish(Strict):
    """How a picture is to come. Nothing of it: as it is."""

    width: Annotated[int, Field(ge=1, le=MAX_SIDE)] | None = None
    """Of these and `height` the next larger of some steps is made, and nothing larger than the picture."""
    height: Annotated[int, Field(ge=1, le=MAX_SIDE)] | None = None
    fit: Fit = Fit.INSIDE
    """inside: the whole picture; cover: the middle of it, in the shape of width and height."""
    quality: Annotated[int, Field(ge=1, le=100)] | None = None
    format: Literal["webp", "avif", "jpeg"] | None = None
    """None: what the `Accept` header names."""
    tag: Annotated[str, StringConstraints(max_length=64)] | None = None
    """The picture's tag, as an item says it: then the answer may be kept for good."""

    @property
    def is_as_it_is(self) -> bool:
        return not (self.width or self.height or self.quality or self.format)

    def wish(self, accept: str | None, shape: float | None) -> Wish:
        form = Format(self.format) if self.format is not None else negotiated(accept)
        return on_the_ladder(self.width, self.height, self.fit, quality=self.quality, form=form, shape=shape)


class IndexedWish(PictureWish):
    index: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Which of the role; 0 is the best."""


def _picture(source: PictureSource, asked: PictureWish, request: Request, pictures: Pictures) -> Response:
    if asked.is_as_it_is:
        return pictures.response(source, asked.tag)
    wish = asked.wish(request.headers.get("accept"), source.shape)
    return pictures.made_response(source, wish, asked.tag, varies=asked.format is None)


@router.head("/items/{item_id}/images/{role}", tags=["items"], responses=_PICTURE_HEAD, operation_id="get_image_head")
@router.get("/items/{item_id}/images/{role}", tags=["items"], responses=_PICTURE)
async def get_image(  # noqa: PLR0917  the framework names them all
    item_id: ItemId,
    role: ImageRole,
    asked: Annotated[IndexedWish, Query()],
    request: Request,
    viewer: CurrentViewer,
    beside: FromDishka[Beside],
    pictures: FromDishka[Pictures],
) -> Response:
    """Send a picture of an item: the best of its role, as it is or in the size and format asked for."""
    return _picture(await beside.picture(viewer, item_id, role, asked.index), asked, request, pictures)


@router.head(
    "/items/{item_id}/images/{role}/{place}", tags=["items"], responses=_PICTURE_HEAD, operation_id="get_images_head"
)
@router.get("/items/{item_id}/images/{role}/{place}", tags=["items"], responses=_PICTURE)
async def get_another_image(  # noqa: PLR0917  the framework names them all
    item_id: ItemId,
    role: ImageRole,
    place: Place,
    asked: Annotated[PictureWish, Query()],
    request: Request,
    viewer: CurrentViewer,
    beside: FromDishka[Beside],
    pictures: FromDishka[Pictures],
) -> Response:
    """Send another picture of the role; 0 is the best."""
    return _picture(await beside.picture(viewer, item_id, role, place), asked, request, pictures)


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
