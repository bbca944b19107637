"""Shows how deep the queues are, to whoever collects metrics."""

from collections.abc import Callable

from app.jobs.driver.driver import Driver
from app.jobs.maintenance.maintenance_service import MaintenanceService
from app.observability import Metrics


class QueueReporter(MaintenanceService):
    """The leader alone tells: the same numbers from every node would be added up."""

    interval = 15.0
    start_delay = 0.0

    def __init__(self, driver: Driver, metrics: Metrics, *, may_run: Callable[[], bool]) -> None:
        super().__init__(may_run)
        self._driver = driver
        self._metrics = metrics

    async def run_once(self) -> None:
        queues = await self._driver.job_count_by_queue_and_state()
        self._metrics.show_queues(
            [(queue.queue, state.value, count) for queue in queues for state, count in queue.by_state.items()],
            {queue.queue: age for queue in queues if (age := queue.oldest_available_seconds) is not None},
        )

    async def finish(self) -> None:
        self._metrics.forget_queues()
