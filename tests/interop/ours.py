"""Our side of a test: the same kind of job as River's side works, and rows in the form in which River's side tells."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from app.jobs.args import UNIQUE, JobArgs
from app.jobs.errors import JobCancel, JobError, JobSnooze
from app.jobs.go_time import parse_go_time_exactly
from app.jobs.job import Job
from app.jobs.types import JobRow
from app.jobs.worker import Worker

SELDOM = timedelta(minutes=10)
"""A poll interval with which only a notification brings a job in time."""


class WorkArgs(JobArgs, kind="interop.work"):
    """How the attempt is to end."""

    behavior: str = ""
    seconds: float = 0
    text: str = ""


class Account(msgspec.Struct, frozen=True):
    id: Annotated[str, UNIQUE]
    note: str = ""


class TaggedArgs(JobArgs, kind="interop.tagged"):
    """Unique by two fields, one of them nested."""

    account: Account
    place: Annotated[str, UNIQUE]
    note: str = ""


class WorkWorker(Worker[WorkArgs]):
    """`working` holds the ids of all jobs that came this far, in order."""

    def __init__(self) -> None:
        self.working: list[int] = []

    async def work(self, job: Job[WorkArgs]) -> None:
        self.working.append(job.id)
        behavior = BEHAVIORS.get(job.args.behavior)
        if behavior is None:
            raise JobError(f"unknown behavior {job.args.behavior!r}")
        await behavior(job)


async def complete(_job: Job[WorkArgs]) -> None:
    """There is nothing to do."""


async def fail(job: Job[WorkArgs]) -> None:
    raise JobError(job.args.text)


async def panic(job: Job[WorkArgs]) -> None:
    raise ZeroDivisionError(job.args.text)


async def cancel(job: Job[WorkArgs]) -> None:
    raise JobCancel(job.args.text)


async def snooze(job: Job[WorkArgs]) -> None:
    if "snoozes" not in job.row.metadata_value():
        raise JobSnooze(timedelta(seconds=job.args.seconds))


async def wait(_job: Job[WorkArgs]) -> None:
    await asyncio.Event().wait()


async def record(job: Job[WorkArgs]) -> None:
    job.record_output({"text": job.args.text})


async def resume(job: Job[WorkArgs]) -> None:
    """Fail the first attempt in the second of three steps; a later one has to begin there, at the cursor."""
    taken = []

    async def first() -> None:
        taken.append("first")

    async def second(cursor: int | None) -> None:
        if job.attempt == 1:
            job.steps.set_cursor(7)
            raise JobError("interrupted at 7")
        taken.append(f"second from {cursor}")

    async def third() -> None:
        taken.append("third")
        job.record_output({"taken": taken})

    await job.steps.step("first", first)
    await job.steps.step_cursor("second", int, second)
    await job.steps.step("third", third)


async def resume_the_first(job: Job[WorkArgs]) -> None:
    """Fail the first attempt in the only step; a later one has to go on at the cursor."""

    async def only(cursor: int | None) -> None:
        if job.attempt == 1:
            job.steps.set_cursor(7)
            raise JobError("interrupted at 7")
        job.record_output({"taken": [f"only from {cursor}"]})

    await job.steps.step_cursor("only", int, only)


BEHAVIORS = {
    "": complete,
    "fail": fail,
    "panic": panic,
    "cancel": cancel,
    "snooze": snooze,
    "wait": wait,
    "output": record,
    "resume": resume,
    "resume the first": resume_the_first,
}


def view(job: JobRow) -> dict[str, Any]:
    """Return the row as we read it."""
    return {
        "args": msgspec.json.decode(job.encoded_args),
        "attempt": job.attempt,
        "attempted_at": job.attempted_at,
        "attempted_by": job.attempted_by,
        "created_at": job.created_at,
        "errors": [
            {"at": error.at, "attempt": error.attempt, "error": error.error, "trace": error.trace}
            for error in job.errors
        ],
        "finalized_at": job.finalized_at,
        "id": job.id,
        "kind": job.kind,
        "max_attempts": job.max_attempts,
        "metadata": msgspec.json.decode(job.metadata),
        "priority": job.priority,
        "queue": job.queue,
        "scheduled_at": job.scheduled_at,
        "state": job.state.value,
        "tags": job.tags,
        "unique_key": (job.unique_key or b"").hex(),
        "unique_states": sorted(job.unique_states or ()),
    }


def view_of_theirs(job: dict[str, Any]) -> dict[str, Any]:
    """Return the row as River read it, with times instead of their text."""
    times = {name: _time(job[name]) for name in ("attempted_at", "created_at", "finalized_at", "scheduled_at")}
    errors = [{**error, "at": _time(error["at"])} for error in job["errors"]]
    return {**job, **times, "errors": errors, "unique_states": job["unique_states"] or []}


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_go_time_exactly(text)[0]
