"""What comes by itself, as the API shows it."""

from datetime import datetime

import msgspec

from app.operations.schedule import ScheduledRun
from app.web.api_v1.job_view import Job


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
