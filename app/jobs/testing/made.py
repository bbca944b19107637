"""Things that are otherwise given by the database, the time and chance, made to order."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from app.jobs.args import JobArgs
from app.jobs.insert_opts import InsertOpts
from app.jobs.insert_params import resolve
from app.jobs.job import Job
from app.jobs.resumable import CURSOR_KEY, STEP_KEY
from app.jobs.types import JobRow, JobState

A = TypeVar("A", bound=JobArgs)


class StubClock:
    """Stands still until told otherwise. What the database's clock decides it does not touch."""

    def __init__(self, now: datetime | None = None) -> None:
        self.time = now or datetime.now(UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        self.time += by


def seeded_uniform(seed: int) -> Callable[[float, float], float]:
    """Return chance that repeats itself: `RiverRetryPolicy(uniform=seeded_uniform(7))`."""
    return random.Random(seed).uniform  # a test's, no secret


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


def resume_after(step: str) -> dict[str, Any]:
    """Return metadata for `InsertOpts` with which all steps up to this one count as done."""
    return {STEP_KEY: step}


def resume_at(step: str, cursor: Any) -> dict[str, Any]:
    """The same, with this step to go on at a cursor."""
    return {STEP_KEY: step, CURSOR_KEY: {step: cursor}}
