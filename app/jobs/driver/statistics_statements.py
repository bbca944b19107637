"""The three questions an administrator asks first: what waits, what fails, how fast does it go."""

from datetime import UTC, datetime

from app.jobs.driver.rows import job_row
from app.jobs.driver.statement_runner import StatementRunner
from app.jobs.types import EndedJobs, FailureStatistics, JobRow, JobState, QueueStatistics, ThroughputStatistics


class StatisticsStatements(StatementRunner):
    async def job_count_by_queue_and_state(self) -> list[QueueStatistics]:
        by_state: dict[str, dict[JobState, int]] = {}
        oldest: dict[str, float] = {}
        for queue, state, count, oldest_available in await self._fetch("job_count_by_queue_and_state"):
            by_state.setdefault(queue, {})[JobState(state)] = count
            if oldest_available is not None:
                oldest[queue] = oldest_available
        return [QueueStatistics(queue, states, oldest.get(queue)) for queue, states in by_state.items()]

    async def job_failed_since(self, since: datetime) -> list[FailureStatistics]:
        return [FailureStatistics(*row) for row in await self._fetch("job_failed_since", {"since": since})]

    async def job_ended_between(self, since: datetime, until: datetime) -> list[EndedJobs]:
        return [
            EndedJobs(kind, JobState(state), count, tuple(ids))
            for kind, state, count, ids in await self._fetch("job_ended_between", {"since": since, "until": until})
        ]

    async def job_get_running(self, *, limit: int) -> list[JobRow]:
        return [job_row(row) for row in await self._fetch("job_get_running", {"limit": limit})]

    async def job_completed_by_minute(self, since: datetime) -> list[ThroughputStatistics]:
        return [
            ThroughputStatistics(minute.astimezone(UTC), completed)
            for minute, completed in await self._fetch("job_completed_by_minute", {"since": since})
        ]
