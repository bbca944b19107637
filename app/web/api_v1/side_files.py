"""Pictures of items, people and libraries; subtitles and lyrics beside files."""

from typing import Annotated, Literal
from uuid import UUID

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Path, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from app.accounts.audit import record
from app.catalog.beside import Beside
from app.catalog.people import People
from app.catalog.views import PersonDetail
from app.db.tx import Transactions
from app.library.artwork.rendering.wish import MAX_SIDE, Fit, Format, Wish, negotiated, on_the_ladder
from app.library.kinds import ImageRole
from app.library.records import PictureSource
from app.web import words
from app.web.answers import JsonResponse, documented
from app.web.api_v1.parameters import FileId, ItemId, LibraryId, PersonId, Strict
from app.web.auth import Administrator, CurrentActor, CurrentViewer, Streamer
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
_PICTURES_OF_WORDS = _sent("The pictures", {"application/octet-stream": _BINARY})
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


class LibraryImage(Strict):
    item_id: UUID | None = None
    """null: what came last."""


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


@router.get("/people/{person_id}", tags=["items"], responses=documented(PersonDetail))
async def get_person(person_id: PersonId, viewer: CurrentViewer, people: FromDishka[People]) -> Response:
    """Show somebody who plays in something that you may see, or made it."""
    return JsonResponse(await people.person(viewer, person_id))


@router.head("/people/{person_id}/image", tags=["items"], responses=_PICTURE_HEAD, operation_id="get_person_image_head")
@router.get("/people/{person_id}/image", tags=["items"], responses=_PICTURE)
async def get_person_image(  # noqa: PLR0917  the framework names them all
    person_id: PersonId,
    asked: Annotated[PictureWish, Query()],
    request: Request,
    viewer: CurrentViewer,
    people: FromDishka[People],
    pictures: FromDishka[Pictures],
) -> Response:
    """Send the picture of a person, as it is or in the size and format asked for."""
    return _picture(await people.picture(viewer, person_id), asked, request, pictures)


@router.head(
    "/libraries/{library_id}/image", tags=["libraries"], responses=_PICTURE_HEAD, operation_id="get_library_image_head"
)
@router.get("/libraries/{library_id}/image", tags=["libraries"], responses=_PICTURE)
async def get_library_image(  # noqa: PLR0917  the framework names them all
    library_id: LibraryId,
    asked: Annotated[PictureWish, Query()],
    request: Request,
    viewer: CurrentViewer,
    beside: FromDishka[Beside],
    pictures: FromDishka[Pictures],
) -> Response:
    """Send the picture that stands for a library: of the item that was chosen, else of what came last to it."""
    return _picture(await beside.library_picture(viewer, library_id), asked, request, pictures)


@router.put(
    "/libraries/{library_id}/image",
    status_code=204,
    tags=["libraries"],
    responses=documented(None, 204, description="Chosen"),
)
async def choose_library_image(
    library_id: LibraryId,
    _viewer: Administrator,
    actor: CurrentActor,
    asked: LibraryImage,
    beside: FromDishka[Beside],
    transactions: FromDishka[Transactions],
) -> Response:
    """Let the picture of one of its items stand for a library; without an item, of what came last."""
    async with transactions.begin() as tx:
        await beside.choose_picture(tx, library_id, asked.item_id)
        chosen = None if asked.item_id is None else str(asked.item_id)
        await record(tx, actor, "library.picture_chosen", library_id=str(library_id), item_id=chosen)
    return Response(status_code=204)


@router.get("/files/{file_id}/subtitles/{place}", tags=["files"], responses=_SUBTITLE)
async def get_subtitles(
    file_id: FileId, place: Place, viewer: Streamer, beside: FromDishka[Beside], media: FromDishka[MediaBytes]
) -> Response:
    """Send subtitles that lie beside a file: texts in UTF-8, pictures of words as they are."""
    return words.response(media, await beside.subtitle(viewer, file_id, place))


@router.get("/files/{file_id}/subtitles/{place}/pictures", tags=["files"], responses=_PICTURES_OF_WORDS)
async def get_pictures_of_subtitles(
    file_id: FileId, place: Place, viewer: Streamer, beside: FromDishka[Beside], media: FromDishka[MediaBytes]
) -> Response:
    """Send the pictures that the index of a vobsub tells of: its `.sub`, with those of all of its tracks."""
    return words.pictures(media, await beside.pictures(viewer, file_id, place))


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
