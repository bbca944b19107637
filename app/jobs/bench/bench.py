"""Inserts and works jobs that do nothing, and tells how many a second (as `river bench`, with its settings)."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from app.errors import InvalidInput
from app.jobs.args import JobArgs
from app.jobs.bench.memory import memory_mib
from app.jobs.client import Client, ClientConfig
from app.jobs.driver.driver import Driver
from app.jobs.job import Job
from app.jobs.types import QueueConfig
from app.jobs.worker import Worker, Workers
from app.observability import Metrics

# River's numbers, for its bench; kept so that the figures can be compared.
WORKERS = 2_000
FETCH_COOLDOWN = timedelta(milliseconds=2)
FETCH_POLL_INTERVAL = timedelta(milliseconds=20)
INSERT_BATCH = 5_000
BACKLOG = 75_000
"""Jobs that wait at least, while a bench goes on and on: more than a second's work."""
REFILL_PAUSE = 0.25
PERIOD = 2.0

GLANCE = 0.005
"""Seconds between two looks at the count. The end of a burn-down is known as exactly as that."""


class BenchmarkArgs(JobArgs, kind="benchmark"):
    num: int


class BenchmarkWorker(Worker[BenchmarkArgs]):
    async def work(self, job: Job[BenchmarkArgs]) -> None:
        """Succeed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchConfig:
    num_total_jobs: int | None = None
    """Insert so many, then work until none is left. None: insert and work side by side, until told to stop."""
    duration: timedelta | None = None
    """End after so long, if not before."""
    workers: int = WORKERS
    period: float = PERIOD
    """Seconds between two lines about how it goes."""

    def check(self) -> None:
        """Raises: InvalidInput."""
        if self.num_total_jobs is not None and self.num_total_jobs < 1:
            raise InvalidInput("num_total_jobs", "there must be a job at least")
        if self.duration is not None and not self.duration:
            raise InvalidInput("duration", "must be longer than nothing")


@dataclass(frozen=True, slots=True)
class Interval:
    """What happened since the last line."""

    seconds: float
    inserted: int
    worked: int
    jobs_per_second: float
    memory_mib: float | None
    """Of this process, as it is now; None where the system does not tell."""


@dataclass(frozen=True, slots=True)
class Summary:
    inserted: int
    worked: int
    """Written as completed in the table, not only run."""
    seconds: float
    """From the client's start until the last job was completed. Before it, nothing counts."""
    jobs_per_second: float
    memory_mib: float | None


class Bench:
    """One client on tables that are its own: whatever waits in them is worked as well, and counted.

    States: inserting → working → stopping, once. In a burn-down all jobs are inserted before the first is worked;
    otherwise a first backlog is, and then inserting goes on beside working, in the same process, as River has it.
    """

    def __init__(self, driver: Driver, config: BenchConfig) -> None:
        self._config = config
        self._metrics = Metrics()
        self._inserted = 0
        self._stop_asked = asyncio.Event()
        self._last_count = 0
        self._last_counted_at = 0.0
        self._client = Client(
            driver,
            ClientConfig(
                queues={"default": QueueConfig(max_workers=config.workers)},
                fetch_cooldown=FETCH_COOLDOWN,
                fetch_poll_interval=FETCH_POLL_INTERVAL,
            ),
            Workers([BenchmarkWorker()]),
            metrics=self._metrics,
        )

    def stop(self) -> None:
        """End soon: what is running ends and is counted."""
        self._stop_asked.set()

    async def run(self, tell: Callable[[Interval], None]) -> Summary:
        """Measure until there is nothing left, the time is over or a stop was asked for; tell of every period.

        Raises:
            InvalidInput: the configuration makes no sense.
        """
        self._config.check()
        if self._config.num_total_jobs is None:
            await self._fill_up()
        else:
            await self._insert(self._config.num_total_jobs)
        began = self._last_counted_at = time.perf_counter()
        await self._client.start()
        try:
            await self._watch(began, tell)
        finally:
            await self._client.stop()
        self._count()  # what was still running
        return self._summary(self._last_counted_at - began)

    async def _watch(self, began: float, tell: Callable[[Interval], None]) -> None:
        limit = None if self._config.duration is None else self._config.duration.total_seconds()
        refilling = None if self._config.num_total_jobs else asyncio.create_task(self._refill())
        telling = Telling(began, self._inserted, self._config.period, tell)
        try:
            while not self._is_over(began, limit):
                telling.look(self._inserted, self._count())
                if refilling is not None and refilling.done():
                    await refilling  # nobody has asked it to end, so this raises what has ended it
                await self._pause(GLANCE)
        finally:
            self._stop_asked.set()
            if refilling is not None:  # not cancelled: what it just inserts would be there and not counted
                await asyncio.wait({refilling})

    def _is_over(self, began: float, limit: float | None) -> bool:
        if self._stop_asked.is_set():
            return True
        if limit is not None and time.perf_counter() - began >= limit:
            return True
        return self._config.num_total_jobs is not None and self._count() >= self._inserted

    def _count(self) -> int:
        """Return how many jobs have been written as ended. Each batch is counted when it is in the table."""
        (ended,) = self._metrics.jobs_completed.collect()
        count = sum(int(sample.value) for sample in ended.samples)
        if count != self._last_count:
            self._last_count, self._last_counted_at = count, time.perf_counter()
        return count

    async def _refill(self) -> None:
        while not self._stop_asked.is_set():
            await self._pause(REFILL_PAUSE)
            await self._fill_up()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop_asked.wait()

    async def _fill_up(self) -> None:
        while self._inserted - self._last_count < BACKLOG and not self._stop_asked.is_set():
            await self._insert(INSERT_BATCH)

    async def _insert(self, count: int) -> None:
        for first in range(0, count, INSERT_BATCH):
            if self._stop_asked.is_set():
                return
            jobs = [BenchmarkArgs(num=number) for number in range(first, min(first + INSERT_BATCH, count))]
            await self._client.insert_many(jobs)
            self._inserted += len(jobs)

    def _summary(self, seconds: float) -> Summary:
        worked = self._last_count
        return Summary(self._inserted, worked, seconds, worked / seconds if seconds > 0 else 0.0, memory_mib())


class Telling:
    """Tells of each period that is over: how many since the last one."""

    def __init__(self, began: float, inserted: int, period: float, tell: Callable[[Interval], None]) -> None:
        self._told_at = began
        self._inserted = inserted
        self._worked = 0
        self._period = period
        self._tell = tell

    def look(self, inserted: int, worked: int) -> None:
        now = time.perf_counter()
        if (seconds := now - self._told_at) < self._period:
            return
        fresh = worked - self._worked
        self._tell(Interval(seconds, inserted - self._inserted, fresh, fresh / seconds, memory_mib()))
        self._told_at, self._inserted, self._worked = now, inserted, worked
