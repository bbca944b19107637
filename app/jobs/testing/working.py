"""What does a worker do with its job? Without a database, or as in production within the test's transaction."""

import asyncio
import inspect
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from app.clock import Clock
from app.jobs import context
from app.jobs.args import JobArgs
from app.jobs.attempt import Attempt
from app.jobs.client import Client
from app.jobs.client_config import ClientConfig
from app.jobs.completer import Completion, event_of
from app.jobs.driver.driver import Connection
from app.jobs.driver.testing_statements import DriverForTests
from app.jobs.errors import JobNotFound, JobNotRunning
from app.jobs.insert_opts import InsertOpts
from app.jobs.job import Job
from app.jobs.subscription import EventKind
from app.jobs.testing.made import StubClock, make_job
from app.jobs.threads import run_in_daemon_thread
from app.jobs.types import JobRow
from app.jobs.worker import Worker, Workers

A = TypeVar("A", bound=JobArgs)


async def work_one(worker: Worker[A], job: Job[A] | A) -> Job[A]:
    """Work one attempt and return the job with what it has staged. What the worker raises is raised here."""
    job = job if isinstance(job, Job) else make_job(job)
    job.begin()
    try:
        if inspect.iscoroutinefunction(worker.work):
            await worker.work(job)
        else:
            await run_in_daemon_thread(worker.work, job, name="test")
        job.end_well()
    except BaseException:
        job.end_badly()
        raise
    return job


@dataclass(frozen=True, slots=True)
class WorkResult:
    """What has become of the job: its row as stored, errors and all, and the event subscribers would have had."""

    job: JobRow
    event_kind: EventKind | None
    """None: the attempt's end came too late, the row had been decided otherwise."""

    @property
    def output(self) -> Any:
        return self.job.metadata_value().get("output")


async def work_one_tx(
    driver: DriverForTests,
    connection: Connection,
    worker: Worker[A],
    args: A,
    opts: InsertOpts | None = None,
    *,
    config: ClientConfig | None = None,
    clock: Clock | None = None,
) -> WorkResult:
    """Insert a job and work one attempt at it, all in the caller's transaction. Nothing is unique here, so that a test
    may work the same args twice; everything else is as in production, the queue's name and a state apart."""
    client = _client(driver, connection, worker, config, clock)
    params = client.inserter.resolve(args, opts)
    params.unique_key = params.unique_states = None
    (result,) = await client.inserter.insert_resolved([params])
    return await _work(driver.using(connection), client, result.job.id, clock.now() if clock else None)


async def work_job_tx(
    driver: DriverForTests,
    connection: Connection,
    worker: Worker[Any],
    job_id: int,
    *,
    config: ClientConfig | None = None,
    clock: Clock | None = None,
) -> WorkResult:
    """Work one attempt at a job that is there already, whatever its state: inserted by what is tested, or retried.

    Raises:
        JobNotRunning: it could not be begun: another worker is at it, or there is no such job.
    """
    client = _client(driver, connection, worker, config, clock)
    return await _work(driver.using(connection), client, job_id, clock.now() if clock else None)


def _client(
    driver: DriverForTests,
    connection: Connection,
    worker: Worker[Any],
    config: ClientConfig | None,
    clock: Clock | None,
) -> Client:
    config = replace(config or ClientConfig(), queues={}, skip_unknown_job_check=True)
    return Client(driver.using(connection), config, Workers([worker]), clock=clock or StubClock())


class _Kept:
    """Takes the attempt's end, in the completer's place."""

    def __init__(self) -> None:
        self.completion: Completion | None = None

    def offer(self, completion: Completion) -> None:
        self.completion = completion


async def _work(driver: DriverForTests, client: Client, job_id: int, now: datetime | None) -> WorkResult:
    row = await driver.job_begin(job_id, client_id=client.id, now=now)
    if row is None:
        raise JobNotRunning(job_id)
    kept = _Kept()
    executor = client.crew.make_executor(kept)
    attempt = Attempt(row)
    token = context.current.set(client)
    try:
        attempt.task = asyncio.create_task(executor.execute(attempt, lambda _attempt: None))
        await attempt.task
    finally:
        context.current.reset(token)
    if kept.completion is None:
        raise RuntimeError("the attempt has come to nothing; the log says why")
    rows = await driver.job_set_state_if_running_many([kept.completion.change])
    if not rows:
        raise JobNotFound(job_id)
    event = event_of(kept.completion, rows[0], kept.completion.started_at)
    return WorkResult(rows[0], event.kind if event else None)
