"""chancy over psycopg and uvloop, with the plugins that it needs and no others: its metrics made it half as fast."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from chancy import Chancy as App
from chancy import Job, Queue, Worker
from chancy.plugins.leadership import Leadership
from chancy.plugins.pruner import Pruner
from chancy.plugins.recovery import Recovery

from bench.peers.peer import LATENCY_WARM_UP, UNSEEN_START, Inserted, Measured, check

BURN_CONCURRENCY = 2_000
IDLE_CONCURRENCY = 100
BATCH_SIZE = 1_000
"""Its own default."""

FLUSH = 0.1
"""Seconds between two writes of results; its default of a second was slower."""

on_work: Callable[[int], None] = lambda _number: None  # noqa: E731  replaced by the step that works
"""chancy finds a job's function by its module's name, so what the function calls must be found there too."""


async def work(*, num: int) -> None:
    on_work(num)


def hear(call: Callable[[int], None]) -> None:
    global on_work  # noqa: PLW0603  see there
    on_work = call


class Chancy:
    """Its job ids are UUIDs, so a job is known by its number here."""

    name = "chancy"

    def __init__(self, url: str) -> None:
        logger = logging.getLogger("chancy")
        logger.setLevel(logging.WARNING)
        self._url = url
        self._app = App(url, plugins=[Leadership(), Pruner(), Recovery()], no_default_plugins=True, log=logger)

    def settings(self) -> str:
        return (
            f"psycopg, uvloop, AsyncExecutor, eager polling; concurrency {BURN_CONCURRENCY:,}"
            f" (pick-up: {IDLE_CONCURRENCY}), results written every {FLUSH * 1000:g} ms; push_many of {BATCH_SIZE:,};"
            " plugins Leadership, Pruner, Recovery only"
        )

    async def install(self) -> None:
        async with self._app:
            await self._app.migrate()

    async def insert_many(self, count: int) -> Measured:
        jobs = [job(number) for number in range(1, count + 1)]
        async with self._app:
            with Measured() as measured:
                async for _references in self._app.push_many(jobs, batch_size=BATCH_SIZE):
                    pass
        return measured

    async def insert_many_fast(self, count: int) -> Measured:
        """It has one way only."""
        return await self.insert_many(count)

    async def insert_singly(self, count: int, gaps: Callable[[], float] | None) -> list[Inserted]:
        inserted = []
        async with self._app:
            for number in range(1, LATENCY_WARM_UP + count + 1):
                if gaps is not None:
                    await asyncio.sleep(gaps())
                called = time.monotonic_ns()
                await self._app.push(job(number))
                inserted.append(Inserted(number, called, time.monotonic_ns()))
        return inserted[LATENCY_WARM_UP:]

    @asynccontextmanager
    async def _working(self, concurrency: int) -> AsyncIterator[None]:
        queue = Queue("default", concurrency=concurrency, executor=App.Executor.Async, eager_polling=True)
        async with self._app:
            await self._app.declare(queue, upsert=True)
            worker: Any = Worker(self._app, register_signal_handlers=False)
            worker.send_outgoing_interval = FLUSH
            async with worker:
                yield

    async def burn_down(self, count: int) -> Measured:
        runs = bytearray(count + 1)
        left = count
        done = asyncio.Event()

        def note(number: int) -> None:
            nonlocal left
            runs[number] += 1
            left -= 1
            if left == 0:
                done.set()

        hear(note)
        with Measured() as measured:
            async with self._working(BURN_CONCURRENCY):
                await done.wait()
        check(self.name, "runs of each job", runs[1:].count(1), count)
        return measured

    async def pick_up(self, count: int, on_ready: Callable[[], None]) -> dict[int, int]:
        started: dict[int, int] = {}
        done = asyncio.Event()

        def note(number: int) -> None:
            started[number] = time.monotonic_ns()
            if len(started) == count:
                done.set()

        hear(note)
        async with self._working(IDLE_CONCURRENCY):
            await asyncio.sleep(UNSEEN_START)
            on_ready()
            await done.wait()
        return started

    async def verify_inserted(self, count: int) -> None:
        found = await self._count("SELECT count(*) FROM chancy_jobs WHERE state = 'pending' AND attempts = 0")
        check(self.name, "jobs inserted", found, (count,))

    async def verify_completed(self, count: int) -> None:
        found = await self._count(
            "SELECT count(*), count(*) FILTER (WHERE state = 'succeeded' AND attempts = 1) FROM chancy_jobs"
        )
        check(self.name, "jobs, and those completed at the first attempt", found, (count, count))

    async def _count(self, query: str) -> tuple[object, ...] | None:
        async with await psycopg.AsyncConnection.connect(self._url) as connection:
            return await (await connection.execute(query.encode())).fetchone()


def job(number: int) -> Job:
    return Job.from_func(work, kwargs={"num": number})


PEER = Chancy
