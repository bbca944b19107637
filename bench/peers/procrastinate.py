"""procrastinate over psycopg and uvloop, at the concurrency that made it fastest here."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from procrastinate import App, JobContext, PsycopgConnector

from bench.peers.peer import LATENCY_WARM_UP, UNSEEN_START, Inserted, Measured, check

CONCURRENCY = 30
"""1, 10 and 100 were slower, or no faster."""

POOL = 10
"""30 was slower."""


class Procrastinate:
    name = "procrastinate"

    def __init__(self, url: str) -> None:
        logging.getLogger("procrastinate").setLevel(logging.WARNING)
        self._url = url
        self._on_work: Callable[[int], None] = lambda _job_id: None
        self._app = App(connector=PsycopgConnector(conninfo=url, min_size=2, max_size=POOL))

        @self._app.task(name="benchmark", pass_context=True)
        async def benchmark(context: JobContext, num: int) -> None:  # noqa: ARG001  every peer's job has it
            self._on_work(int(context.job.id or 0))

        self._benchmark: Any = benchmark

    def settings(self) -> str:
        return f"psycopg, uvloop; concurrency {CONCURRENCY}, a pool of {POOL}; bulk: batch_defer_async"

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        async with self._app.open_async():
            yield

    async def install(self) -> None:
        async with self._opened():
            await self._app.schema_manager.apply_schema_async()

    async def insert_many(self, count: int) -> Measured:
        async with self._opened():
            with Measured() as measured:
                await self._benchmark.batch_defer_async(*({"num": number} for number in range(count)))
        return measured

    async def insert_many_fast(self, count: int) -> Measured:
        """It has one way only."""
        return await self.insert_many(count)

    async def insert_singly(self, count: int, gaps: Callable[[], float] | None) -> list[Inserted]:
        inserted = []
        async with self._opened():
            for number in range(LATENCY_WARM_UP + count):
                if gaps is not None:
                    await asyncio.sleep(gaps())
                called = time.monotonic_ns()
                job_id = await self._benchmark.defer_async(num=number)
                inserted.append(Inserted(job_id, called, time.monotonic_ns()))
        return inserted[LATENCY_WARM_UP:]

    async def burn_down(self, count: int) -> Measured:
        runs = bytearray(count + 1)

        def note(job_id: int) -> None:
            runs[job_id] += 1

        self._on_work = note
        with Measured() as measured:
            async with self._opened():
                await self._app.run_worker_async(
                    concurrency=CONCURRENCY, wait=False, install_signal_handlers=False, delete_jobs="never"
                )
        check(self.name, "runs of each job", runs[1:].count(1), count)
        return measured

    async def pick_up(self, count: int, on_ready: Callable[[], None]) -> dict[int, int]:
        started: dict[int, int] = {}
        done = asyncio.Event()

        def note(job_id: int) -> None:
            started[job_id] = time.monotonic_ns()
            if len(started) == count:
                done.set()

        self._on_work = note
        async with self._opened():
            working = asyncio.create_task(
                self._app.run_worker_async(concurrency=CONCURRENCY, install_signal_handlers=False, delete_jobs="never")
            )
            await asyncio.sleep(UNSEEN_START)
            on_ready()
            await done.wait()
            working.cancel()
            await asyncio.wait({working})
        return started

    async def verify_inserted(self, count: int) -> None:
        found = await self._count("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND attempts = 0")
        check(self.name, "jobs inserted", found, (count,))

    async def verify_completed(self, count: int) -> None:
        found = await self._count(
            "SELECT count(*), count(*) FILTER (WHERE status = 'succeeded' AND attempts = 1) FROM procrastinate_jobs"
        )
        check(self.name, "jobs, and those completed at the first attempt", found, (count, count))

    async def _count(self, query: str) -> tuple[object, ...] | None:
        async with await psycopg.AsyncConnection.connect(self._url) as connection:
            return await (await connection.execute(query.encode())).fetchone()


PEER = Procrastinate
