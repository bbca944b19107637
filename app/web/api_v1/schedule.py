"""What comes by itself, for administrators."""

from datetime import datetime

import msgspec
from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter
from starlette.responses import Response

from app.operations.schedule import Schedule, ScheduledRun
from app.web.answers import JsonResponse, documented
from app.web.api_v1.job_view import Job
from app.web.auth import Administrator

router = APIRouter(prefix="/api/v1/schedule", tags=["jobs"], route_class=DishkaRoute, default_response_class=Response)


class ScheduleEntry(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    last_run_at: datetime | None
    next_run_at: datetime | None
    last_job: Job | None
    """How the last run went; its `output` is the report. null: none yet, or long cleaned away."""

    @classmethod
    def of(cls, run: ScheduledRun) -> "ScheduleEntry":
        return cls(
            id=run.id,
            last_run_at=run.last_run_at,
            next_run_at=run.next_run_at,
            last_job=None if run.last_job is None else Job.of(run.last_job),
        )


class ScheduleEntries(msgspec.Struct, frozen=True):
    schedule: list[ScheduleEntry]


@router.get("", responses=documented(ScheduleEntries))
async def show_schedule(_viewer: Administrator, schedule: FromDishka[Schedule]) -> Response:
    """Show what comes by itself: its last run and how that went, and its next one."""
    return JsonResponse(ScheduleEntries([ScheduleEntry.of(run) for run in await schedule.runs()]))
