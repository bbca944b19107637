"""Deletes finished jobs after their retention (contract 6.3)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from app.clock import Clock
from app.jobs.driver.driver import Driver
from app.jobs.maintenance.maintenance_service import BatchSize, MaintenanceService, pause_between_batches

log = structlog.get_logger("jobs.maintenance.job_cleaner")


class JobCleaner(MaintenanceService):
    """Never touches a job that is not finished, however old. A negative retention keeps that state for ever."""

    interval = 30.0

    def __init__(
        self,
        driver: Driver,
        clock: Clock,
        *,
        completed: timedelta,
        cancelled: timedelta,
        discarded: timedelta,
        may_run: Callable[[], bool],
    ) -> None:
        super().__init__(may_run)
        self._driver = driver
        self._clock = clock
        self._completed = completed
        self._cancelled = cancelled
        self._discarded = discarded
        self._batch = BatchSize()

    async def run_once(self) -> None:
        if max(self._completed, self._cancelled, self._discarded) < timedelta(0):
            return
        while True:
            limit = self._batch.limit
            deleted = await self._batch.run(self._delete)
            if deleted:
                log.info("deleted finished jobs", jobs=deleted)
            if deleted < limit:
                return
            await pause_between_batches()

    async def _delete(self, limit: int) -> int:
        return await self._driver.job_delete_finished(
            completed_before=self._before(self._completed),
            cancelled_before=self._before(self._cancelled),
            discarded_before=self._before(self._discarded),
            limit=limit,
        )

    def _before(self, retention: timedelta) -> datetime | None:
        return None if retention < timedelta(0) else self._clock.now() - retention
