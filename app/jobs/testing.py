"""For tests of those who have jobs: was it inserted, and what does its worker do with it? Ships with the queue."""

import inspect
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from app.jobs.args import JobArgs
from app.jobs.driver.driver import Connection, Driver, JobListParams
from app.jobs.insert_opts import InsertOpts
from app.jobs.insert_params import resolve
from app.jobs.job import Job
from app.jobs.signals import TestSignal
from app.jobs.threads import run_in_daemon_thread
from app.jobs.types import JobRow, JobState
from app.jobs.worker import Worker

__all__ = ["TestSignal", "make_job", "require_inserted", "require_not_inserted", "work_one"]

A = TypeVar("A", bound=JobArgs)

MOST = 10_000
"""Jobs of one kind looked at; a test that inserts more asks the driver itself."""


def make_job(args: A, opts: InsertOpts | None = None, *, job_id: int = 1, attempt: int = 1) -> Job[A]:
    """Make a job as a worker would be handed it, without any database."""
    now = datetime.now(UTC)
    params = resolve(args, opts, now=now)
    row = JobRow(
        id=job_id,
        state=JobState.RUNNING,
        attempt=attempt,
        max_attempts=params.max_attempts,
        attempted_at=now,
        created_at=now,
        finalized_at=None,
        scheduled_at=params.scheduled_at,
        priority=params.priority,
        encoded_args=params.encoded_args,
        attempted_by=["test"],
        errors=[],
        kind=params.kind,
        metadata=params.metadata,
        queue=params.queue,
        tags=list(params.tags),
        unique_key=params.unique_key,
        unique_states=None,
    )
    return Job(row, args)


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


async def require_inserted(
    driver: Driver,
    args_type: type[A],
    *,
    connection: Connection | None = None,
    queue: str | None = None,
    priority: int | None = None,
    max_attempts: int | None = None,
    state: JobState | None = None,
    tags: Sequence[str] | None = None,
) -> Job[A]:
    """Return the one job of this kind there is, checked against what is expected of it.

    Raises:
        AssertionError: there is none, there are several, or it differs; says how.
    """
    rows = await _rows(driver, args_type, connection)
    if len(rows) != 1:
        raise AssertionError(f"expected one job of kind {args_type.kind}, found {len(rows)}")
    (row,) = rows
    expected: dict[str, Any] = {"queue": queue, "priority": priority, "max_attempts": max_attempts, "state": state}
    if tags is not None:
        expected["tags"] = list(tags)
    wrong = [
        f"{name} is {getattr(row, name)!r} instead of {value!r}"
        for name, value in expected.items()
        if value is not None and getattr(row, name) != value
    ]
    if wrong:
        raise AssertionError(f"job {row.id} of kind {row.kind}: {'; '.join(wrong)}")
    return Job(row, msgspec.json.decode(row.encoded_args, type=args_type))


async def require_not_inserted(
    driver: Driver, args_type: type[JobArgs], *, connection: Connection | None = None
) -> None:
    """Check that there is no job of this kind.

    Raises:
        AssertionError: there is.
    """
    if rows := await _rows(driver, args_type, connection):
        raise AssertionError(f"expected no job of kind {args_type.kind}, found {len(rows)}")


async def _rows(driver: Driver, args_type: type[JobArgs], connection: Connection | None) -> list[JobRow]:
    source = driver if connection is None else driver.using(connection)
    return await source.job_list(JobListParams(kinds=[args_type.kind], limit=MOST))
