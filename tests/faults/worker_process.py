"""A client in a process of its own, to be killed, cut off and frozen by tests: `worker_process SETTINGS` (JSON).

It works until its input ends, and answers each line it is given with a report of what it holds. What it does is
written, line by line, to a file that survives its death.
"""

import asyncio
import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import structlog
from psycopg_pool import AsyncConnectionPool

from app.jobs import elector, presence, verdict
from app.jobs.args import JobArgs
from app.jobs.client import Client, ClientConfig
from app.jobs.context import client_from_context
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.elector import Leadership
from app.jobs.errors import JobError, JobSnooze
from app.jobs.job import Job
from app.jobs.maintenance import client_rescuer
from app.jobs.types import JobRow, QueueConfig
from app.jobs.worker import Worker, Workers
from tests.fixtures.clients import tasks_of_the_queue

BRISK_GONE_AFTER = 4.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    conninfo: str
    client_id: str
    journal: str
    workers: int = 5
    hold: float = 0.03
    """Seconds of work in each attempt: long enough that a fault finds jobs under way."""
    soft_stop: float = 5.0
    """Seconds for which a stop lets attempts go on."""
    skew: float = 0.0
    """Seconds by which this client's clock is ahead."""
    pool_size: int = 4
    own_pool_size: int = 5
    pool_timeout: float = 10.0
    is_brisk: bool = True
    """Notice the dead within seconds. The long runs keep the pace of production."""


class Report(msgspec.Struct, frozen=True):
    tasks: list[str]
    open_files: int
    resident_bytes: int


class FaultArgs(JobArgs, kind="faults.work"):
    number: int = 0
    how: str = "plain"


class SkewedClock:
    def __init__(self, seconds: float) -> None:
        self._ahead = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


class AtOnce:
    """A failed job is tried again at once: nobody is here to see how policies wait."""

    def next_retry(self, job: JobRow, now: datetime) -> datetime:
        return now


class Diary:
    """Every line is with the kernel before the next thing is done, so that a kill takes none of them away."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, *what: Any) -> None:
        os.write(self._file, msgspec.json.encode([time.monotonic(), *what]) + b"\n")

    def close(self) -> None:
        os.close(self._file)

    @contextmanager
    def attempt(self, row: JobRow) -> Iterator[None]:
        key = (row.id, row.attempt, row.attempted_at)
        self.write("begin", *key)
        try:
            yield
        finally:
            self.write("end", *key)


class WatchedLeadership:
    """What the leader alone does, with its beginning and its end written down."""

    def __init__(self, leadership: Leadership, diary: Diary) -> None:
        self._leadership = leadership
        self._diary = diary

    async def start(self) -> None:
        self._diary.write("lead")
        await self._leadership.start()

    async def stop(self) -> None:
        await self._leadership.stop()
        self._diary.write("follow")

    def leave(self) -> None:
        self._leadership.leave()
        self._diary.write("follow")


class FaultWorker(Worker[FaultArgs]):
    """Fails or snoozes first if told so, and at last has its effect: alone, or together with the end of its job."""

    def __init__(self, settings: Settings, diary: Diary, pool: AsyncConnectionPool) -> None:
        self._hold = settings.hold
        self._client_id = settings.client_id
        self._diary = diary
        self._pool = pool

    async def work(self, job: Job[FaultArgs]) -> None:
        with self._diary.attempt(job.row):
            await asyncio.sleep(self._hold)
            if job.args.how == "fail" and not job.row.errors:
                raise JobError("as told")
            if job.args.how == "snooze" and not job.row.snoozes:
                raise JobSnooze(timedelta(0))
            await self._have_effect(job)

    async def _have_effect(self, job: Job[FaultArgs]) -> None:
        with_job = job.args.how == "commit"
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO journal (job_id, attempt, client, with_job) VALUES (%s, %s, %s, %s)",
                [job.id, job.attempt, self._client_id, with_job],
            )
            if with_job:
                await client_from_context().job_complete_tx(connection, job)


def be_brisk() -> None:
    presence.INTERVAL = 0.5
    presence.GAP = 2 * presence.INTERVAL
    presence.GONE_AFTER = client_rescuer.GONE_AFTER = BRISK_GONE_AFTER
    client_rescuer.ClientRescuer.interval = 0.5
    elector.INTERVAL = 0.5
    elector.FOLLOWER_JITTER = 0.1
    elector.TTL, elector.TRUST = 6.0, 3.0  # far apart: so late may a busy machine let us notice that our trust is over
    verdict.DATABASE_WAIT = timedelta(seconds=1)


def report() -> Report:
    gc.collect()
    files = list(Path("/proc/self/fd").iterdir())
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Report(sorted(tasks_of_the_queue()), len(files), pages * os.sysconf("SC_PAGESIZE"))


async def answer_until_told_to_stop() -> None:
    while await asyncio.to_thread(sys.stdin.readline):
        sys.stdout.write(msgspec.json.encode(report()).decode() + "\n")
        sys.stdout.flush()


def make_client(settings: Settings, driver: PsycopgDriver, worker: FaultWorker, diary: Diary) -> Client:
    config = ClientConfig(
        id=settings.client_id,
        queues={"default": QueueConfig(settings.workers)},
        fetch_cooldown=timedelta(milliseconds=20),
        fetch_poll_interval=timedelta(milliseconds=500),
        retry_policy=AtOnce(),
        soft_stop_timeout=timedelta(seconds=settings.soft_stop),
    )
    client = Client(driver, config, Workers([worker]), clock=SkewedClock(settings.skew))
    client.crew.elector._leadership = WatchedLeadership(client.crew.maintainer, diary)
    return client


async def main(settings: Settings) -> None:
    if settings.is_brisk:
        be_brisk()
    diary = Diary(settings.journal)
    driver = PsycopgDriver(lambda: settings.conninfo, "river", settings.pool_size)
    await driver.open()
    async with AsyncConnectionPool(
        settings.conninfo,
        min_size=1,
        max_size=settings.own_pool_size,
        timeout=settings.pool_timeout,
        reconnect_timeout=10,
        check=AsyncConnectionPool.check_connection,
    ) as pool:
        client = make_client(settings, driver, FaultWorker(settings, diary, pool), diary)
        await client.start()
        await answer_until_told_to_stop()
        await client.stop()
    await driver.close()
    assert not (left := tasks_of_the_queue()), left
    diary.close()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # the other stream is ours to speak on
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Settings)))
