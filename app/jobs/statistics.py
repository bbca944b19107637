"""How the queue is doing: what waits, what fails, how fast it goes. Asked now and then, never kept."""

from dataclasses import dataclass
from datetime import timedelta

from app.clock import Clock
from app.jobs.driver.driver import Driver
from app.jobs.types import FailureStatistics, QueueStatistics, ThroughputStatistics

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class JobStatistics:
    queues: list[QueueStatistics]
    failures: list[FailureStatistics]
    throughput: list[ThroughputStatistics]


class Statistics:
    def __init__(self, driver: Driver, clock: Clock) -> None:
        self._driver = driver
        self._clock = clock

    async def queues(self) -> list[QueueStatistics]:
        """Count what is not finished, by queue and state, with the age of the oldest job that could start now."""
        return await self._driver.job_count_by_queue_and_state()

    async def failures(self, period: timedelta = HOUR) -> list[FailureStatistics]:
        """Count jobs by kind whose newest attempt began within the period and failed, the most failing kind first."""
        return await self._driver.job_failed_since(self._clock.now() - period)

    async def throughput(self, period: timedelta = HOUR) -> list[ThroughputStatistics]:
        """Count completed jobs by minute; a minute without any is not listed."""
        return await self._driver.job_completed_by_minute(self._clock.now() - period)

    async def all(self, period: timedelta = HOUR) -> JobStatistics:
        return JobStatistics(await self.queues(), await self.failures(period), await self.throughput(period))
