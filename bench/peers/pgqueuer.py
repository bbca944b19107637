"""pgqueuer over asyncpg and uvloop, at the settings that made it fastest here."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no types
from pgqueuer import Queries, QueueManager
from pgqueuer.errors import FailingListenerError
from pgqueuer.models import Job
from pgqueuer.types import QueueExecutionMode

from bench.peers.peer import LATENCY_WARM_UP, Inserted, Measured, check

KIND = "benchmark"

BATCH_SIZE = 1000
"""10, 100, 500, 2000 and 5000 were all slower. It is also how many results it gathers before it writes them."""


class Pgqueuer:
    name = "pgqueuer"

    def __init__(self, url: str) -> None:
        self._url = url

    def settings(self) -> str:
        return (
            f"asyncpg, uvloop, durable tables; burn-down: one QueueManager, batch_size {BATCH_SIZE}, drain mode,"
            " a pool of 4; inserts on one connection"
        )

    @asynccontextmanager
    async def _one_connection(self) -> AsyncIterator[Queries]:
        """For inserts: a third faster than through a pool."""
        connection = await asyncpg.connect(self._url)
        try:
            yield Queries.from_asyncpg_connection(connection)
        finally:
            await connection.close()

    def _pool(self) -> AbstractAsyncContextManager[Any]:
        """For work: completions overlap with fetching."""
        pool: AbstractAsyncContextManager[Any] = asyncpg.create_pool(self._url, min_size=2, max_size=4)
        return pool

    async def install(self) -> None:
        async with self._pool() as pool:
            await Queries.from_asyncpg_pool(pool).install()

    async def insert_many(self, count: int) -> Measured:
        async with self._one_connection() as queries:
            with Measured() as measured:
                payloads: list[bytes | None] = [b'{"num": %d}' % number for number in range(count)]
                await queries.enqueue([KIND] * count, payloads, [0] * count)
        return measured

    async def insert_many_fast(self, count: int) -> Measured:
        """It has one way only."""
        return await self.insert_many(count)

    async def insert_singly(self, count: int, gaps: Callable[[], float] | None) -> list[Inserted]:
        inserted = []
        async with self._one_connection() as queries:
            for number in range(LATENCY_WARM_UP + count):
                if gaps is not None:
                    await asyncio.sleep(gaps())
                called = time.monotonic_ns()
                (job_id,) = await queries.enqueue(KIND, b'{"num": %d}' % number)
                inserted.append(Inserted(job_id, called, time.monotonic_ns()))
        return inserted[LATENCY_WARM_UP:]

    async def burn_down(self, count: int) -> Measured:
        runs = bytearray(count + 1)
        with Measured() as measured:
            async with self._pool() as pool:
                manager = QueueManager(Queries.from_asyncpg_pool(pool))

                @manager.entrypoint(KIND)
                async def work(job: Job) -> None:
                    runs[job.id] += 1

                await manager.run(batch_size=BATCH_SIZE, mode=QueueExecutionMode.drain)
        check(self.name, "runs of each job", runs[1:].count(1), count)
        return measured

    async def pick_up(self, count: int, on_ready: Callable[[], None]) -> dict[int, int]:
        started: dict[int, int] = {}
        async with self._pool() as pool:
            manager = QueueManager(Queries.from_asyncpg_pool(pool))

            @manager.entrypoint(KIND)
            async def work(job: Job) -> None:
                started[job.id] = time.monotonic_ns()
                if len(started) == count:
                    manager.shutdown.set()

            running = asyncio.create_task(manager.run())
            await is_listening(manager)
            on_ready()
            await running
        return started

    async def verify_inserted(self, count: int) -> None:
        async with self._pool() as pool:
            found = await pool.fetchval("SELECT count(*) FROM pgqueuer WHERE status = 'queued'")
        check(self.name, "jobs inserted", found, count)

    async def verify_completed(self, count: int) -> None:
        """It deletes what is done and keeps a line of each in its log."""
        async with self._pool() as pool:
            left = await pool.fetchval("SELECT count(*) FROM pgqueuer")
            done = await pool.fetchval(
                "SELECT count(DISTINCT job_id) FROM pgqueuer_log WHERE status = 'successful' AND job_id <= $1", count
            )
            lines = await pool.fetchval("SELECT count(*) FROM pgqueuer_log WHERE status NOT IN ('queued', 'picked')")
        check(self.name, "jobs left, completed, endings logged", (left, done, lines), (0, count, count))


async def is_listening(manager: QueueManager) -> None:
    """Send its own probe through the channel that jobs are announced on, again until one comes back."""
    for _ in range(100):
        with contextlib.suppress(FailingListenerError):
            await manager.listener_healthy(timeout=timedelta(seconds=0.1))
            return
    raise FailingListenerError


PEER = Pgqueuer
