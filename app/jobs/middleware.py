"""What may stand around an insert or an attempt: River's middleware (contract 8.4, 12.6).

The first one is the outermost. Each decides whether, when and how often the rest happens; like a hook it is any object
that has the method, and an object with both kinds of methods is a plugin.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

from app.jobs.driver.driver import JobInsertParams
from app.jobs.hooks import Hook
from app.jobs.job import Job
from app.jobs.types import JobInsertResult

DoInsert = Callable[[], Awaitable[list[JobInsertResult]]]
DoWork = Callable[[], Awaitable[None]]


@runtime_checkable
class JobInsertMiddleware(Protocol):
    """Stands around inserts, and may change, repeat or withhold them."""

    async def insert_many(self, jobs: Sequence[JobInsertParams], do_inner: DoInsert) -> list[JobInsertResult]:
        """Stand around one insert, of one or many jobs, which may be changed. A COPY has no results but []."""
        ...


@runtime_checkable
class WorkerMiddleware(Protocol):
    """Stands around attempts: opens what a worker needs, and closes it however the attempt ends."""

    async def work(self, job: Job[Any], do_inner: DoWork) -> None:
        """Stand around one attempt. What this raises, the attempt has come to; `job.args` is None until the worker's
        turn, for undecodable args fail within.

        An interruption arrives here as it would in the worker, as a cancellation of whatever is awaited.
        """
        ...


Middleware = JobInsertMiddleware | WorkerMiddleware

Plugin = Hook | Middleware
"""One object registered once, for everything it has a method for."""


def nest(middleware: Sequence[WorkerMiddleware], job: Job[Any], innermost: DoWork) -> DoWork:
    inner = innermost
    for one in reversed(middleware):
        inner = partial(one.work, job, inner)
    return inner


def nest_insert(
    middleware: Sequence[JobInsertMiddleware], jobs: Sequence[JobInsertParams], innermost: DoInsert
) -> DoInsert:
    inner = innermost
    for one in reversed(middleware):
        inner = partial(one.insert_many, jobs, inner)
    return inner
