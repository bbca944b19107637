"""Items and files: what there is to see, and its bytes."""

from typing import Annotated
from uuid import UUID

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app.catalog.browse import MAX_LIMIT, Catalog, ItemQuery
from app.catalog.views import FileDetail, Item, ItemPage
from app.web.answers import JsonResponse, documented
from app.web.api_v1.parameters import FileId, ItemId, Strict, Text
from app.web.auth import CurrentViewer
from app.web.media_bytes import MediaBytes
from app.web.media_types import BYTES, TYPES
from app.web.opening import stream

router = APIRouter(prefix="/api/v1", tags=["items"], route_class=DishkaRoute, default_response_class=Response)


class ItemListing(Strict):
    library_id: UUID | None = None
    kind: Text | None = None
    """movie, series, season, episode, artist, album or track."""
    parent_id: UUID | None = None
    q: Text | None = None
    """Words; each must begin a word of a title."""
    sort: Text | None = None
    """title, added, year, or number among the children of a parent; `-` before it turns it round."""
    cursor: Text | None = None
    """The `next_cursor` of the page before."""
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50

    def query(self) -> ItemQuery:
        return ItemQuery(**self.model_dump())


@router.get("/items", responses=documented(ItemPage))
async def list_items(
    asked: Annotated[ItemListing, Query()], viewer: CurrentViewer, catalog: FromDishka[Catalog]
) -> Response:
    """List items page by page. What has vanished from the disk stays listed, as missing."""
    return JsonResponse(await catalog.items(viewer, asked.query()))


@router.get("/items/{item_id}", responses=documented(Item))
async def get_item(item_id: ItemId, viewer: CurrentViewer, catalog: FromDishka[Catalog]) -> Response:
    """Show one item."""
    return JsonResponse(await catalog.item(viewer, item_id))


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
    file_id: FileId, viewer: CurrentViewer, catalog: FromDishka[Catalog], media: FromDishka[MediaBytes]
) -> Response:
    """Send the file's bytes: all, or with `Range` one or several parts. Conditional requests work as HTTP has them."""
    return stream(media, await catalog.location(viewer, file_id))
