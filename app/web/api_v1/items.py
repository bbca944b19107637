"""Items and files: what there is to see, and its bytes."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app.accounts.media_tokens import MediaTokenService
from app.accounts.roles import Scope
from app.catalog.browse import MAX_LIMIT, Catalog, ItemQuery
from app.catalog.file_views import FileDetail
from app.catalog.filters import ANY, HDR, RESOLUTIONS, Filters
from app.catalog.page_views import Facets, ItemPage, ItemTreePage
from app.catalog.sorting import RANDOM, SORTS
from app.catalog.views import Item
from app.db.tx import Transactions
from app.library.kinds import ItemKind
from app.web.answers import JsonResponse, conditional, documented, tagged
from app.web.api_v1.item_tags import etag_of
from app.web.api_v1.parameters import FileId, IfNoneMatch, ItemId, Moment, Strict, Text, described
from app.web.auth import CurrentViewer, MissingScope, Streamer
from app.web.authentication import MEDIA_TOKEN
from app.web.media_bytes import MediaBytes
from app.web.media_types import BYTES, TYPES
from app.web.opening import stream

router = APIRouter(prefix="/api/v1", tags=["items"], route_class=DishkaRoute, default_response_class=Response)


class MediaUrl(msgspec.Struct, frozen=True):
    url: str
    """Below this server's own address. Whoever has it can fetch the file."""
    expires_at: datetime | None
    """null: never, for a machine without accounts."""


class ItemFilters(Strict):
    library_id: UUID | None = None
    kind: Annotated[Text, described(enum=list(ItemKind))] | None = None
    """movie, series, season, episode, artist, album or track."""
    parent_id: UUID | None = None
    """Of a series its seasons, of a season its episodes, of an artist the albums, of an album the tracks."""
    artist_id: UUID | None = None
    """Credited to this artist, be it as a guest."""
    person_id: UUID | None = None
    """Plays in it, or made it."""
    genre: Sequence[Text] = ()
    """As facets spell it. Several: any of them; several filters: all of them."""
    studio: Sequence[Text] = ()
    country: Sequence[Text] = ()
    year: int | None = None
    decade: int | None = None
    """The 1990s are 1990."""
    rating: Annotated[int, Field(ge=0, le=10)] | None = None
    """Of 10, at least."""
    resolution: Sequence[Annotated[Text, described(enum=RESOLUTIONS)]] = ()
    """sd, 720p, 1080p, 1440p, 2160p or 4320p."""
    hdr: Sequence[Annotated[Text, described(enum=[*HDR, ANY])]] = ()
    """pq, hdr10, hdr10plus, hlg, dolby_vision, or any of them."""
    audio_language: Sequence[Text] = ()
    """Two or three letters; und for what does not say."""
    subtitle_language: Sequence[Text] = ()
    unmatched: bool | None = None
    """No source's id is known."""
    missing: bool | None = None
    """None of its files is there."""
    added_since: Moment | None = None
    favorite: bool | None = None
    """Yours."""
    watched: bool | None = None
    """By you: of a series, season or album all that is below it."""
    in_progress: bool | None = None
    """Begun by you, and not to its end; of a series, season or album something below it was, or is watched in part."""

    def query(self) -> ItemQuery:
        asked = self.model_dump()
        narrowed = {field.name: asked.pop(field.name) for field in fields(Filters)}
        return ItemQuery(**asked, filters=Filters(**narrowed))


class ItemListing(ItemFilters):
    q: Text | None = None
    """Words; each must begin a word of a title."""
    sort: Annotated[Text, described(enum=sorted([*SORTS, RANDOM]))] | None = None
    """title, added, year, released, rating, duration, last_played (what you have played), random, or number among the
    children of a parent; `-` before it turns it round."""
    seed: Annotated[Text, Field(max_length=100)] = ""
    """Of random: another one begins elsewhere."""
    cursor: Text | None = None
    """The `next_cursor` of the page before."""
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50


class ItemTreeListing(ItemListing):
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    """Counts the topmost alone."""


@router.get("/items", responses=documented(ItemPage))
async def list_items(
    asked: Annotated[ItemListing, Query()], viewer: CurrentViewer, catalog: FromDishka[Catalog]
) -> Response:
    """List items page by page. What has vanished from the disk stays listed, as missing."""
    return JsonResponse(await catalog.items(viewer, asked.query()))


@router.get("/items/facets", responses=documented(Facets))
async def count_facets(
    asked: Annotated[ItemFilters, Query()], viewer: CurrentViewer, catalog: FromDishka[Catalog]
) -> Response:
    """Count what a listing can be narrowed by further."""
    return JsonResponse(await catalog.facets(viewer, asked.query()))


@router.get("/items/tree", responses=documented(ItemTreePage))
async def list_item_trees(
    asked: Annotated[ItemTreeListing, Query()], viewer: CurrentViewer, catalog: FromDishka[Catalog]
) -> Response:
    """List items page by page, each with all that is below it: of a series the seasons with their episodes."""
    return JsonResponse(await catalog.tree(viewer, asked.query()))


@router.get("/items/{item_id}", responses=conditional(Item))
async def get_item(
    item_id: ItemId, viewer: CurrentViewer, catalog: FromDishka[Catalog], if_none_match: IfNoneMatch = None
) -> Response:
    """Show one item. Its ETag is what `If-Match` takes when it is edited."""
    item = await catalog.item(viewer, item_id)
    return tagged(item, if_none_match, etag=etag_of(item))


@router.get("/files/{file_id}", tags=["files"], responses=documented(FileDetail))
async def get_file(file_id: FileId, viewer: CurrentViewer, catalog: FromDishka[Catalog]) -> Response:
    """Show everything known about one file."""
    return JsonResponse(await catalog.file(viewer, file_id))


_BINARY = {"schema": {"type": "string", "format": "binary"}}
_STREAMS = dict.fromkeys(sorted({*TYPES.values(), BYTES}), _BINARY)
_STREAMED = {
    **documented(None, description="The file"),
    206: {"description": "The parts asked for", "content": {**_STREAMS, "multipart/byteranges": _BINARY}},
    304: {"description": "Unchanged"},
    412: {"description": "Not in the state asked for any more"},
    416: {"description": "Nothing of the range lies inside the file"},
}
_STREAMED[200]["content"] = _STREAMS
_HEAD = {**documented(None, description="What the file is"), 304: _STREAMED[304], 412: _STREAMED[412]}


@router.head("/files/{file_id}/stream", tags=["files"], responses=_HEAD, operation_id="stream_file_head")
@router.get("/files/{file_id}/stream", tags=["files"], responses=_STREAMED)
async def stream_file(
    file_id: FileId, viewer: Streamer, catalog: FromDishka[Catalog], media: FromDishka[MediaBytes]
) -> Response:
    """Send the file's bytes: all, or with `Range` one or several parts. Conditional requests work as HTTP has them."""
    return stream(media, await catalog.location(viewer, file_id))


@router.post(
    "/files/{file_id}/token", status_code=201, tags=["files"], responses=documented(MediaUrl, 201, description="Made")
)
async def create_media_token(
    file_id: FileId,
    viewer: CurrentViewer,
    catalog: FromDishka[Catalog],
    tokens: FromDishka[MediaTokenService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Make an address that a player can open which sends no headers. Good for this file alone, and for some hours."""
    await catalog.file(viewer, file_id)
    if not viewer.may(Scope.STREAM):
        raise MissingScope(Scope.STREAM)
    path = f"/api/v1/files/{file_id}/stream"
    if viewer.account_id is None:
        return JsonResponse(MediaUrl(path, None), 201, {"Cache-Control": "no-store"})
    async with transactions.begin() as tx:
        token, expires_at = await tokens.create(tx, viewer, file_id)
    return JsonResponse(MediaUrl(f"{path}?{MEDIA_TOKEN}={token}", expires_at), 201, {"Cache-Control": "no-store"})
