"""Small pictures for whoever looks for a place in a film."""

from functools import partial
from typing import Annotated

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Path
from starlette.responses import Response

from app.catalog.browse import Catalog
from app.db.tx import Transactions
from app.errors import NotFound
from app.playback.trickplay import sheets
from app.playback.trickplay.service import SheetStore, TrickplayService
from app.web.answers import documented
from app.web.api_v1.parameters import FileId, Text
from app.web.auth import Streamer
from app.web.authentication import MEDIA_TOKEN
from app.web.segment_response import segment_response

router = APIRouter(prefix="/api/v1", tags=["files"], route_class=DishkaRoute, default_response_class=Response)

SheetNumber = Annotated[int, Path(ge=0, le=100_000)]

_INDEX = documented(None, description="Which part of which sheet is when")
_INDEX[200]["content"] = {"text/vtt": {"schema": {"type": "string"}}}
_SHEET = documented(None, description="A sheet of pictures")
_SHEET[200]["content"] = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}


@router.get("/files/{file_id}/trickplay/index.vtt", responses=_INDEX)
async def get_trickplay_index(  # noqa: PLR0917  the framework names them all
    file_id: FileId,
    viewer: Streamer,
    catalog: FromDishka[Catalog],
    trickplay: FromDishka[TrickplayService],
    transactions: FromDishka[Transactions],
    token: Text | None = None,
) -> Response:
    """List the small pictures of a film: WebVTT that names for each time a part of a sheet."""
    await catalog.location(viewer, file_id)
    async with transactions.begin() as tx:
        found, duration = await trickplay.find(tx, file_id)
    query = "" if token is None else f"?{MEDIA_TOKEN}={token}"
    return Response(sheets.index(found, duration, query), media_type="text/vtt", headers={"Cache-Control": "no-store"})


@router.get("/files/{file_id}/trickplay/{number}.jpg", responses=_SHEET)
async def get_trickplay_sheet(  # noqa: PLR0917  as above
    file_id: FileId,
    number: SheetNumber,
    viewer: Streamer,
    catalog: FromDishka[Catalog],
    trickplay: FromDishka[TrickplayService],
    store: FromDishka[SheetStore],
    transactions: FromDishka[Transactions],
) -> Response:
    """Send one sheet of small pictures."""
    location = await catalog.location(viewer, file_id)
    async with transactions.begin() as tx:
        found, _ = await trickplay.find(tx, file_id)
    if number >= found.sheets:
        raise NotFound("sheet", number)
    place = store.folder(file_id, (location.size, location.mtime_ns)) / f"{number}.jpg"
    return segment_response(partial(place.read_bytes), place.name)
