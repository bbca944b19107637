"""Attempts with somebody called on the way (contract 2.5, 12.6)."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from app.jobs.extensions import Extensions
from app.jobs.job import Job
from app.jobs.middleware import DoWork, nest
from app.jobs.worker import Worker


class ExtendedWork:
    """One kind's attempts. From outside in: the worker's own middleware, the resuming of steps, the client's plugins
    and middleware, the kind's plugins; then the hooks, the decoding of args, and the worker."""

    def __init__(self, worker: Worker[Any], extensions: Extensions) -> None:
        self._worker = worker
        self._extensions = extensions

    @classmethod
    def of(cls, worker: Worker[Any], extensions: Extensions) -> "ExtendedWork | None":
        """Return None where nobody is to be called, so that such a kind pays nothing."""
        extensions = extensions.plus(worker.args_type)
        has_own = type(worker).middleware is not Worker.middleware
        is_called = extensions.work_begin or extensions.work_end or extensions.worker_middleware
        return cls(worker, extensions) if is_called or has_own else None

    async def run(self, job: Job[Any], decode: Callable[[], None], work: DoWork) -> None:
        inner = partial(self._work_between_hooks, job, decode, work)
        inner = partial(_resume, job, nest(self._extensions.worker_middleware, job, inner))
        await nest(self._worker.middleware(job.row), job, inner)()

    async def _work_between_hooks(self, job: Job[Any], decode: Callable[[], None], work: DoWork) -> None:
        for hook in self._extensions.work_begin:
            await hook.work_begin(job)
        decode()
        err = await self._told(job, await _outcome(work))
        if err is not None:
            raise err

    async def _told(self, job: Job[Any], err: BaseException | None) -> BaseException | None:
        """Tell the hooks how the worker ended, and return what they make of it."""
        for hook in self._extensions.work_end:
            try:
                err = await hook.work_end(job, err)
            except Exception as raised:  # noqa: BLE001  a hook may raise anything, and the next one is told of it
                raised.__context__ = raised.__context__ or err
                err = raised
        return err


async def _resume(job: Job[Any], inner: DoWork) -> None:
    job.begin()
    await inner()


async def _outcome(work: DoWork) -> BaseException | None:
    try:
        await work()
    except (Exception, asyncio.CancelledError) as err:  # noqa: BLE001  raised again when the hooks have been told
        return err
    return None
