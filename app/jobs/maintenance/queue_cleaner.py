"""Forgets queues that nobody has worked for a day (contract 6.4)."""

from collections.abc import Callable
from datetime import timedelta

import structlog

from app.clock import Clock
from app.jobs.driver.driver import Driver
from app.jobs.maintenance.maintenance_service import BatchSize, MaintenanceService, pause_between_batches

log = structlog.get_logger("jobs.maintenance.queue_cleaner")

RETENTION = timedelta(hours=24)


class QueueCleaner(MaintenanceService):
    """A pause is lost with its row: a queue that is to stay paused has to be worked by somebody."""

    interval = 3600.0

    def __init__(self, driver: Driver, clock: Clock, *, may_run: Callable[[], bool]) -> None:
        super().__init__(may_run)
        self._driver = driver
        self._clock = clock
        self._batch = BatchSize()

    async def run_once(self) -> None:
        before = self._clock.now() - RETENTION
        while True:
            limit = self._batch.limit
            deleted = await self._batch.run(lambda limit: self._driver.queue_delete_expired(before=before, limit=limit))
            if deleted:
                log.info("forgot queues nobody works", queues=deleted)
            if len(deleted) < limit:
                return
            await pause_between_batches()
