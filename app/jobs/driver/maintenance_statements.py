"""What the leader runs: schedule, rescue, clean (contract 6)."""

from collections.abc import Sequence
from datetime import UTC, datetime

from app.jobs.driver.arrays import json_array, number_array, text_array, time_array
from app.jobs.driver.driver import JobRescue, JobSchedule
from app.jobs.driver.rows import job_row
from app.jobs.driver.statement_runner import StatementRunner
from app.jobs.types import JobRow, JobState


class MaintenanceStatements(StatementRunner):
    async def job_schedule(self, *, limit: int, now: datetime) -> list[JobSchedule]:
        rows = await self._fetch("job_schedule", {"limit": limit, "now": now})
        return [
            JobSchedule(id=job_id, queue=queue, state=JobState(state), scheduled_at=scheduled_at.astimezone(UTC))
            for job_id, queue, state, scheduled_at in rows
        ]

    async def job_get_stuck(self, *, limit: int, horizon: datetime, after_id: int = 0) -> list[JobRow]:
        rows = await self._fetch("job_get_stuck", {"limit": limit, "horizon": horizon, "after_id": after_id})
        return [job_row(row) for row in rows]

    async def job_get_running_by_clients(self, *, client_ids: Sequence[str], limit: int) -> list[JobRow]:
        rows = await self._fetch("job_get_running_by_clients", {"client_ids": text_array(client_ids), "limit": limit})
        return [job_row(row) for row in rows]

    async def job_rescue_many(self, jobs: Sequence[JobRescue]) -> list[JobRow]:
        rows = await self._fetch(
            "job_rescue_many",
            {
                "ids": number_array([job.id for job in jobs]),
                "attempts": number_array([job.attempt for job in jobs]),
                "attempted_ats": time_array([job.attempted_at for job in jobs]),
                "states": text_array([job.state for job in jobs]),
                "errors": json_array([job.error for job in jobs]),
                "scheduled_ats": time_array([job.scheduled_at for job in jobs]),
                "finalized_ats": time_array([job.finalized_at for job in jobs]),
            },
        )
        return [job_row(row) for row in rows]

    async def job_delete_finished(
        self,
        *,
        completed_before: datetime | None,
        cancelled_before: datetime | None,
        discarded_before: datetime | None,
        limit: int,
    ) -> int:
        rows = await self._fetch(
            "job_delete_finished",
            {
                "completed_before": completed_before,
                "cancelled_before": cancelled_before,
                "discarded_before": discarded_before,
                "limit": limit,
            },
        )
        return len(rows)
