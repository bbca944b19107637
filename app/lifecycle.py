"""Start in order, stop in reverse: fx's lifecycle, which a container alone does not have.

`Lifecycle` runs hooks; `Service` is what a hook usually starts: a loop in a task of its own, that can be stopped
twice, unstarted, and started again. Neither knows what it runs.
"""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

import structlog

from app.errors import AppError
from app.garbage import COLLECT_AFTER

log = structlog.get_logger("lifecycle")

DOUBLED_SIGNAL_WINDOW = 2.0
"""Seconds after the first signal in which another counts as the same one: `make` and a process group send it twice."""

LAST_CHANCE = 1.0
"""Seconds every hook gets to stop even when the total is spent: a slow hook must not cost the next one its turn."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One thing to start and to stop. A hook whose start failed is not stopped; it undoes its own half (as in fx)."""

    name: str
    on_start: Callable[[], Awaitable[object]] | None = None
    on_stop: Callable[[], Awaitable[object]] | None = None
    start_timeout: float | None = None
    """Seconds; None: what is left of the total."""
    stop_timeout: float | None = None


async def settle_memory() -> None:
    """Tell the garbage collector that what the start has built stays: the last hook of a start.

    Otherwise it looks through a hundred thousand imported objects again and again: 47 ms in which nothing is served,
    and a third of this process's CPU time while it burns down a queue. What is frozen and dies later is freed all
    the same, unless it died in a circle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


class StartFailed(AppError):
    """A hook did not start; what had started before it has been stopped again."""

    code = "start_failed"

    def __init__(self, hook: str, cause: BaseException, rollback_errors: list[Exception]) -> None:
        self.hook = hook
        self.cause = cause
        self.rollback_errors = rollback_errors
        reason = "took too long" if isinstance(cause, TimeoutError) else (str(cause) or type(cause).__name__)
        super().__init__(f"{hook} did not start: {reason}")


class Lifecycle:
    """Hooks in the order they were appended.

    States: idle → starting → running → stopping → idle. A failure, a timeout or a cancellation while starting
    stops what had started, in reverse, and goes back to idle.
    """

    def __init__(self, start_timeout: float = 60, stop_timeout: float = 60) -> None:
        self._start_timeout = start_timeout
        self._stop_timeout = stop_timeout
        self._hooks: list[Hook] = []
        self._started: list[Hook] = []
        self._shutdown = asyncio.Event()
        self._failure: BaseException | None = None

    def append(self, hook: Hook) -> None:
        self._hooks.append(hook)

    @property
    def stopping(self) -> asyncio.Event:
        """Set as soon as a stop is asked for, before any hook stops: long answers end themselves by it."""
        return self._shutdown

    def shutdown(self, failure: BaseException | None = None) -> None:
        """Ask for the orderly stop, from anywhere (fx's Shutdowner). A failure makes `run` raise it after the stop."""
        self._failure = self._failure or failure
        self._shutdown.set()

    async def start(self) -> None:
        """Start every hook in order.

        Raises:
            StartFailed: a hook failed or ran out of time; everything started before it has been stopped.
        """
        deadline = asyncio.get_running_loop().time() + self._start_timeout
        for hook in self._hooks:
            try:
                await self._start_one(hook, deadline)
            except BaseException as err:
                errors = await self._finish_stop()
                if isinstance(err, Exception):
                    raise StartFailed(hook.name, err, errors) from err
                raise

    async def _start_one(self, hook: Hook, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        if hook.on_start is not None:
            left = max(deadline - began, 0)
            async with asyncio.timeout(left if hook.start_timeout is None else min(left, hook.start_timeout)):
                await hook.on_start()
        self._started.append(hook)
        log.debug("started", hook=hook.name, milliseconds=round((loop.time() - began) * 1e3))

    async def stop(self) -> None:
        """Stop what was started, in reverse, going on past errors. May come twice, or unstarted.

        Raises:
            ExceptionGroup: what went wrong on the way, after every hook had its turn.
        """
        self._shutdown.set()
        if errors := await self._finish_stop():
            raise ExceptionGroup("some hooks did not stop cleanly", errors)

    async def _finish_stop(self) -> list[Exception]:
        """Stop in a task of its own: whoever cancels the caller must not leave half of it running."""
        stopping = asyncio.create_task(self._stop_all(), name="lifecycle.stop")
        cancelled: asyncio.CancelledError | None = None
        while not stopping.done():
            try:
                await asyncio.shield(stopping)
            except asyncio.CancelledError as err:
                cancelled = err
        if cancelled is not None:
            raise cancelled
        return stopping.result()

    async def _stop_all(self) -> list[Exception]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._stop_timeout
        errors: list[Exception] = []
        while self._started:
            hook = self._started.pop()
            if hook.on_stop is None:
                continue
            left = max(deadline - loop.time(), LAST_CHANCE)
            try:
                async with asyncio.timeout(left if hook.stop_timeout is None else min(left, hook.stop_timeout)):
                    await hook.on_stop()
            except Exception as err:  # one bad hook never keeps the others from stopping
                log.exception("did not stop cleanly", hook=hook.name)
                errors.append(err)
            else:
                log.debug("stopped", hook=hook.name)
        return errors

    async def run(self) -> None:
        """Start, wait for a signal or `shutdown`, stop.

        A second signal, later than the window in which one signal may arrive doubled, ends the process at once.

        Raises:
            StartFailed: see `start`.
            Interrupted: a signal came before everything had started; it has been rolled back.
        """
        with Signals(self.shutdown) as signals:
            starting = asyncio.create_task(self.start(), name="lifecycle.start")
            asked = asyncio.create_task(self._shutdown.wait(), name="lifecycle.asked")
            try:
                await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
                if not starting.done():
                    starting.cancel()
                    await asyncio.wait({starting})
                    if starting.cancelled() or starting.exception() is not None:
                        raise Interrupted(signals.received)
                starting.result()
                await asked
            finally:
                asked.cancel()
            await self.stop()
        if self._failure is not None:
            raise self._failure


class Interrupted(AppError):
    """A signal came while starting. Everything that had started was stopped."""

    code = "interrupted"

    def __init__(self, received: signal.Signals | None) -> None:
        super().__init__(f"stopped by {received.name if received else 'request'} before everything had started")
        self.received = received


class Signals:
    """SIGINT and SIGTERM, asked once: the first begins the orderly stop, a later one ends the process."""

    def __init__(self, on_first: Callable[[], None]) -> None:
        self._on_first = on_first
        self._first_at: float | None = None
        self._loop = asyncio.get_running_loop()
        self.received: signal.Signals | None = None

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._receive, number)
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.remove_signal_handler(number)

    def _receive(self, number: signal.Signals) -> None:
        now = self._loop.time()
        if self._first_at is None:
            self._first_at = now
            self.received = number
            log.info("stopping", signal=number.name)
            self._on_first()
        elif now - self._first_at > DOUBLED_SIGNAL_WINDOW:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)


class Service:
    """A loop in a task of its own. Subclasses write `prepare` (proves, may fail) and `run` (waits and survives).

    States: idle → running → ending → idle. `start` on a running service and `stop` on an idle one do nothing; both may
    be called from several tasks at once. `stop` cancels `run` after `ask_to_stop`, and `finish` always follows, once
    for each `prepare`: the end is a task of its own, so that cancelling whoever waits for it does not leave half of it
    undone. It goes on without them, and the next `start` or `stop` waits for it: there are never two loops.
    """

    def __init__(self) -> None:
        self._changing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        async with self._changing:
            if self._ending is not None:
                await asyncio.shield(self._ending)
            if self._task is not None:
                return
            await self.prepare()
            self._task = asyncio.create_task(self.run(), name=type(self).__name__)

    async def stop(self) -> None:
        async with self._changing:
            if self._task is None and self._ending is None:
                return
            try:
                if self._ending is None:
                    await self.ask_to_stop()
            finally:  # even when asking failed, or whoever stops us was cancelled: no loop is left behind
                self.leave()
                if self._ending is not None:
                    await asyncio.shield(self._ending)

    def leave(self) -> None:
        """Cancel `run` at once and wait for nothing: for whoever must not go on and cannot wait until it has ended.

        What it was waiting for may take a while to be given up; the next `start` or `stop` sees the end of it.
        """
        if self._task is not None and self._ending is None:
            self._task.cancel()
            self._ending = asyncio.create_task(self._end(self._task), name=f"{type(self).__name__}.end")

    async def _end(self, task: asyncio.Task[None]) -> None:
        try:
            await asyncio.wait({task})
            if not task.cancelled() and (err := task.exception()) is not None:
                log.error("service had failed", service=type(self).__name__, exc_info=err)
        finally:
            self._task = None
            try:
                await self.finish()
            finally:
                self._ending = None

    async def prepare(self) -> None:
        """Touch what the loop will need, before it goes to the background. Raise when it is not there."""

    async def run(self) -> None:
        """Do the work until cancelled."""
        raise NotImplementedError

    async def ask_to_stop(self) -> None:
        """End what must end in order, before `run` is cancelled."""

    async def finish(self) -> None:
        """Give back what `prepare` took."""
