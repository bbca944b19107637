"""Pictures of the chapters of a film."""

from functools import partial

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter
from starlette.responses import Response

from app.catalog.browse import Catalog
from app.playback.chapters.service import ChapterService
from app.web.answers import documented
from app.web.api_v1.parameters import ChapterNumber, FileId
from app.web.auth import Streamer
from app.web.segment_response import segment_response

router = APIRouter(prefix="/api/v1", tags=["files"], route_class=DishkaRoute, default_response_class=Response)

_PICTURE = documented(None, description="The picture")
_PICTURE[200]["content"] = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}


@router.get("/files/{file_id}/chapters/{number}.jpg", responses=_PICTURE)
async def get_chapter_picture(
    file_id: FileId,
    number: ChapterNumber,
    viewer: Streamer,
    catalog: FromDishka[Catalog],
    chapters: FromDishka[ChapterService],
) -> Response:
    """Send the picture of a chapter, which a file's description names."""
    await catalog.location(viewer, file_id)
    place = await chapters.place(file_id, number)
    return segment_response(partial(place.read_bytes), place.name)
