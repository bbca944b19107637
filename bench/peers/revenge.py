"""Our own queue over psycopg and uvloop, at the settings that River's own bench uses for itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
import structlog

from app.clock import SystemClock
from app.db.migrate import upgrade
from app.jobs.args import JobArgs
from app.jobs.client import Client, ClientConfig
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.job import Job
from app.jobs.types import QueueConfig
from app.jobs.worker import Worker, Workers
from bench.peers.peer import LATENCY_WARM_UP, Inserted, Measured, check

SCHEMA = "river"
QUEUE_REVISION = "0009"
"""The last one that is about the queue: the library's tables would only lie there."""

MAX_WORKERS = 2_000
FETCH_COOLDOWN = timedelta(milliseconds=2)
BURN_POLL = timedelta(milliseconds=20)
IDLE_POLL = timedelta(seconds=1)
"""River's default: an idle client finds its job by the announcement, not by asking fifty times a second."""


class BenchmarkArgs(JobArgs, kind="benchmark"):
    num: int


class BenchmarkWorker(Worker[BenchmarkArgs]):
    """Does nothing but tell that it was called."""

    def __init__(self, on_work: Callable[[int], None]) -> None:
        self._on_work = on_work

    async def work(self, job: Job[BenchmarkArgs]) -> None:
        self._on_work(job.id)


class Revenge:
    name = "revenge"

    def __init__(self, url: str) -> None:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
        self._url = url

    def settings(self) -> str:
        return (
            f"psycopg, uvloop; {MAX_WORKERS:,} workers, cooldown {FETCH_COOLDOWN / timedelta(milliseconds=1):g} ms,"
            f" poll {BURN_POLL / timedelta(milliseconds=1):g} ms (pick-up: {IDLE_POLL.total_seconds():g} s);"
            " one client with all its actors: election, presence, maintenance, metrics, timeouts, typed args"
        )

    @asynccontextmanager
    async def _driver(self) -> AsyncIterator[PsycopgDriver]:
        driver = PsycopgDriver(lambda: self._url, SCHEMA)
        await driver.open()
        try:
            yield driver
        finally:
            await driver.close()

    @asynccontextmanager
    async def _inserter(self) -> AsyncIterator[Client]:
        """A client without queues: it inserts and does nothing else."""
        async with self._driver() as driver:
            await driver.ping()
            yield Client(driver, ClientConfig(fetch_cooldown=FETCH_COOLDOWN), Workers(), (), SystemClock())

    def _worker(self, driver: PsycopgDriver, poll: timedelta, on_work: Callable[[int], None]) -> Client:
        config = ClientConfig(
            queues={"default": QueueConfig(max_workers=MAX_WORKERS)},
            fetch_cooldown=FETCH_COOLDOWN,
            fetch_poll_interval=poll,
        )
        return Client(driver, config, Workers([BenchmarkWorker(on_work)]), (), SystemClock())

    async def install(self) -> None:
        await upgrade(self._url, SCHEMA, QUEUE_REVISION)

    async def insert_many(self, count: int) -> Measured:
        async with self._inserter() as client:
            with Measured() as measured:
                await client.insert_many([BenchmarkArgs(num=number) for number in range(count)])
        return measured

    async def insert_many_fast(self, count: int) -> Measured:
        async with self._inserter() as client:
            with Measured() as measured:
                await client.insert_many_fast([BenchmarkArgs(num=number) for number in range(count)])
        return measured

    async def insert_singly(self, count: int, gaps: Callable[[], float] | None) -> list[Inserted]:
        inserted = []
        async with self._inserter() as client:
            for number in range(LATENCY_WARM_UP + count):
                if gaps is not None:
                    await asyncio.sleep(gaps())
                called = time.monotonic_ns()
                result = await client.insert(BenchmarkArgs(num=number))
                inserted.append(Inserted(result.job.id, called, time.monotonic_ns()))
        return inserted[LATENCY_WARM_UP:]

    async def burn_down(self, count: int) -> Measured:
        runs = bytearray(count + 1)
        left = count
        done = asyncio.Event()

        def note(job_id: int) -> None:
            nonlocal left
            runs[job_id] += 1
            left -= 1
            if left == 0:
                done.set()

        with Measured() as measured:
            async with self._driver() as driver:
                client = self._worker(driver, BURN_POLL, note)
                await client.start()
                await done.wait()
                await client.stop()
        check(self.name, "runs of each job", runs[1:].count(1), count)
        return measured

    async def pick_up(self, count: int, on_ready: Callable[[], None]) -> dict[int, int]:
        started: dict[int, int] = {}
        done = asyncio.Event()

        def note(job_id: int) -> None:
            started[job_id] = time.monotonic_ns()
            if len(started) == count:
                done.set()

        async with self._driver() as driver:
            client = self._worker(driver, IDLE_POLL, note)
            await client.start()
            on_ready()
            await done.wait()
            await client.stop()
        return started

    async def work_along(
        self, until_told: Callable[[], Awaitable[object]], until_end: Callable[[], Awaitable[object]]
    ) -> tuple[int, Measured]:
        """Work whatever there is, beside others; return how many jobs ran here."""
        worked = 0

        def note(_job_id: int) -> None:
            nonlocal worked
            worked += 1

        async with self._driver() as driver:
            await driver.ping()
            client = self._worker(driver, BURN_POLL, note)
            await until_told()
            with Measured() as measured:
                await client.start()
                await until_end()
                await client.stop()
        return worked, measured

    async def verify_inserted(self, count: int) -> None:
        found = await self._count("SELECT count(*) FROM river.river_job WHERE state = 'available' AND attempt = 0")
        check(self.name, "jobs inserted", found, (count,))

    async def verify_completed(self, count: int) -> None:
        found = await self._count(
            "SELECT count(*), count(*) FILTER (WHERE state = 'completed' AND attempt = 1 AND finalized_at IS NOT NULL"
            " AND cardinality(attempted_by) = 1 AND errors IS NULL) FROM river.river_job"
        )
        check(self.name, "jobs, and those completed at the first attempt", found, (count, count))

    async def _count(self, query: str) -> tuple[object, ...] | None:
        async with await psycopg.AsyncConnection.connect(self._url) as connection:
            return await (await connection.execute(query.encode())).fetchone()


PEER = Revenge
