"""What an exception means for its job: pure, so that each row of the contract's tables can be a test (2.2–2.6)."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import psycopg

from app.errors import AppError
from app.jobs.attempt import Cause
from app.jobs.errors import JobCancel, JobSnooze

SHORT_WAIT = timedelta(seconds=5)
"""A wait no longer than the scheduler's interval goes straight to available: the fetch itself waits for it."""

DATABASE_WAIT = timedelta(seconds=10)
"""How long a job is put off that could not reach the database: it is not the job's fault, so no attempt is spent."""

REMOTE_CANCEL_TEXT = "JobCancelError: job cancelled remotely"
TIMEOUT_TEXT = "context deadline exceeded"
"""Go's own words, so that one search finds the timeouts of a whole mixed fleet."""

GONE_SQLSTATES = ("08", "57P01", "57P02", "57P03", "53300")
"""Connection exceptions, a server shutting down, crashing or starting, too many connections."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    error: str


@dataclass(frozen=True, slots=True)
class Snoozed:
    duration: timedelta


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Stopped, not failed: the attempt is given back."""


@dataclass(frozen=True, slots=True)
class Failed:
    error: BaseException
    text: str | None = None
    """None: the error's own words."""
    is_crash: bool = False
    """A crash leaves its traceback; an expected failure leaves none."""


Verdict = Cancelled | Snoozed | Interrupted | Failed


def judge(err: BaseException, cause: Cause | None) -> Verdict:  # noqa: PLR0911  one line per row of the table
    """Decide what an attempt that raised `err`, interrupted for `cause` or for none, has come to.

    A remote cancel turns any foreseen error into a cancellation; a crash stays a crash, whose row the database then
    cancels. A snooze wins over a stop, and so does JobCancel (contract 2.6).
    """
    err = unwrap(err)
    foreseen = isinstance(err, AppError | asyncio.CancelledError)
    if cause is Cause.REMOTE_CANCEL and foreseen and not isinstance(err, JobCancel):
        return Cancelled(REMOTE_CANCEL_TEXT)
    if isinstance(err, JobSnooze):
        return Snoozed(err.duration)
    if isinstance(err, JobCancel):
        return Cancelled(str(err))
    if cause in {Cause.STOP, Cause.SUPERSEDED} and foreseen and comes_from_cancellation(err):
        return Interrupted()
    if cause is Cause.TIMEOUT and isinstance(err, asyncio.CancelledError):
        return Failed(err, text=TIMEOUT_TEXT)
    if lost_database(err):
        return Snoozed(DATABASE_WAIT)
    return Failed(err, is_crash=not isinstance(err, AppError))


def unwrap(err: BaseException) -> BaseException:
    """Take the only exception out of a group: a worker's task group must not hide its verdict."""
    while isinstance(err, BaseExceptionGroup) and len(err.exceptions) == 1:
        err = err.exceptions[0]
    return err


def chain(err: BaseException) -> Iterator[BaseException]:
    """Yield an exception and everything it was raised from, each once; a driver's own error hides in `orig`."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [err]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        orig = getattr(one, "orig", None)
        waiting += [one.__cause__, one.__context__, orig if isinstance(orig, BaseException) else None]


def comes_from_cancellation(err: BaseException) -> bool:
    return any(isinstance(one, asyncio.CancelledError) for one in chain(err))


def lost_database(err: BaseException) -> bool:
    """Tell a database that is away, or a pool that is exhausted, from a statement that is wrong.

    An error without SQLSTATE never reached the server, or the answer never came back.
    """
    return any(
        isinstance(one, psycopg.OperationalError) and (one.sqlstate is None or one.sqlstate.startswith(GONE_SQLSTATES))
        for one in chain(err)
    )
