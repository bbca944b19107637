"""What comes by itself, for administrators."""

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter
from starlette.responses import Response

from app.operations.schedule import Schedule
from app.web.answers import JsonResponse, documented
from app.web.api_v1.schedule_view import ScheduleEntries, ScheduleEntry
from app.web.auth import Administrator

router = APIRouter(prefix="/api/v1/schedule", tags=["jobs"], route_class=DishkaRoute, default_response_class=Response)


@router.get("", responses=documented(ScheduleEntries))
async def show_schedule(_viewer: Administrator, schedule: FromDishka[Schedule]) -> Response:
    """Show what comes by itself: its last run and how that went, and its next one."""
    return JsonResponse(ScheduleEntries([ScheduleEntry.of(run) for run in await schedule.runs()]))
