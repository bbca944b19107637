"""Moves scheduled and retryable jobs to available when their time comes (contract 6.1)."""

from collections.abc import Callable
from datetime import timedelta

import structlog

from app.clock import Clock
from app.jobs.driver.driver import Driver, JobSchedule
from app.jobs.driver.job_statements import insert_payload
from app.jobs.maintenance.maintenance_service import BatchSize, MaintenanceService, pause_between_batches
from app.jobs.notify_limiter import NotifyLimiter
from app.jobs.types import JobState, Topic

log = structlog.get_logger("jobs.maintenance.job_scheduler")

LOOK_AHEAD = timedelta(seconds=5)
"""As far as the interval: a job is made available early and the fetch itself waits for its time."""

DUE = timedelta(milliseconds=5)


class JobScheduler(MaintenanceService):
    """Of several jobs with one unique key only the first goes on; the others are discarded and say so."""

    interval = LOOK_AHEAD.total_seconds()

    def __init__(
        self, driver: Driver, notify_limiter: NotifyLimiter, clock: Clock, *, may_run: Callable[[], bool]
    ) -> None:
        super().__init__(may_run)
        self._driver = driver
        self._notify_limiter = notify_limiter
        self._clock = clock
        self._batch = BatchSize()

    async def run_once(self) -> None:
        while True:
            limit = self._batch.limit
            scheduled = await self._batch.run(self._schedule)
            if scheduled:
                log.debug("scheduled jobs", jobs=len(scheduled))
            if len(scheduled) < limit:
                return
            await pause_between_batches()

    async def _schedule(self, limit: int) -> list[JobSchedule]:
        now = self._clock.now()
        async with self._driver.begin() as tx:
            scheduled = await tx.job_schedule(limit=limit, now=now + LOOK_AHEAD)
            due = {job.queue for job in scheduled if job.state is JobState.AVAILABLE and job.scheduled_at <= now + DUE}
            told = [queue for queue in sorted(due) if self._notify_limiter.should_notify(queue)]
            await tx.notify_many(Topic.INSERT, [insert_payload(queue) for queue in told])
        return scheduled
