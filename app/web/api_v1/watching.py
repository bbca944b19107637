"""What somebody has seen, and what they go on with."""

from typing import Annotated
from uuid import UUID

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app.catalog.page_views import HistoryPage, ItemRow
from app.catalog.views import UserState
from app.catalog.watching import MAX_LIMIT, Watching
from app.playback.watching.states import Told
from app.web.answers import JsonResponse, documented
from app.web.api_v1.parameters import A_NUMBER, ItemId, Strict, Text
from app.web.auth import CurrentViewer

router = APIRouter(prefix="/api/v1", tags=["watching"], route_class=DishkaRoute, default_response_class=Response)

Milliseconds = Annotated[int, Field(ge=0, le=10**12), A_NUMBER]


class ProgressTold(Strict):
    position_ms: Milliseconds
    duration_ms: Milliseconds | None = None
    """null: as long as its files are."""


class Some(Strict):
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 20


class NextUpAsked(Some):
    series_id: UUID | None = None
    """Of this series alone."""


class HistoryAsked(Strict):
    cursor: Text | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 50


@router.put("/items/{item_id}/progress", responses=documented(UserState))
async def tell_progress(
    item_id: ItemId, told: ProgressTold, viewer: CurrentViewer, watching: FromDishka[Watching]
) -> Response:
    """Keep where you are. What is all but over counts as watched, what has hardly begun does not count at all."""
    return JsonResponse(await watching.tell(viewer, item_id, Told(told.position_ms, told.duration_ms)))


@router.put("/items/{item_id}/watched", responses=documented(UserState))
async def mark_watched(item_id: ItemId, viewer: CurrentViewer, watching: FromDishka[Watching]) -> Response:
    """Say that you have seen something: of a season or a series every episode."""
    return JsonResponse(await watching.mark(viewer, item_id, watched=True))


@router.delete("/items/{item_id}/watched", responses=documented(UserState))
async def mark_unwatched(item_id: ItemId, viewer: CurrentViewer, watching: FromDishka[Watching]) -> Response:
    """Say that you have not."""
    return JsonResponse(await watching.mark(viewer, item_id, watched=False))


@router.put("/items/{item_id}/favorite", responses=documented(UserState))
async def add_favorite(item_id: ItemId, viewer: CurrentViewer, watching: FromDishka[Watching]) -> Response:
    """Count something among your favourites."""
    return JsonResponse(await watching.favor(viewer, item_id, favorite=True))


@router.delete("/items/{item_id}/favorite", responses=documented(UserState))
async def remove_favorite(item_id: ItemId, viewer: CurrentViewer, watching: FromDishka[Watching]) -> Response:
    """Take something out of your favourites."""
    return JsonResponse(await watching.favor(viewer, item_id, favorite=False))


@router.delete("/items/{item_id}/resume", status_code=204, responses=documented(None, 204))
async def remove_from_resume(item_id: ItemId, viewer: CurrentViewer, watching: FromDishka[Watching]) -> Response:
    """Take something out of what you go on with, until you play it again. Your position stays."""
    await watching.hide(viewer, item_id)
    return Response(status_code=204)


@router.get("/resume", responses=documented(ItemRow))
async def list_resume(
    asked: Annotated[Some, Query()], viewer: CurrentViewer, watching: FromDishka[Watching]
) -> Response:
    """Show what you have begun, the last first."""
    return JsonResponse(await watching.resume(viewer, asked.limit))


@router.get("/next-up", responses=documented(ItemRow))
async def list_next_up(
    asked: Annotated[NextUpAsked, Query()], viewer: CurrentViewer, watching: FromDishka[Watching]
) -> Response:
    """Show the next episode of each series that you watch. Specials come where they were shown."""
    return JsonResponse(await watching.next_up(viewer, asked.limit, asked.series_id))


@router.get("/history", responses=documented(HistoryPage))
async def list_history(
    asked: Annotated[HistoryAsked, Query()], viewer: CurrentViewer, watching: FromDishka[Watching]
) -> Response:
    """Show what you have watched to its end, the last first."""
    return JsonResponse(await watching.history(viewer, asked.cursor, asked.limit))
