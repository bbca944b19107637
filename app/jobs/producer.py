"""Works one queue: claims jobs for its free slots and sees each to its end (contract 3)."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from app.jobs.attempt import Attempt, Cause
from app.jobs.attempt_error import text_of
from app.jobs.completer import DATABASE_AWAY, Completer
from app.jobs.driver.driver import Driver
from app.jobs.executor import Executor
from app.jobs.hooks import HookMetricEmit, emit_fetch
from app.jobs.notifier import Notifier
from app.jobs.signals import TestSignal
from app.jobs.subscription import Event, EventKind, SubscriptionManager
from app.jobs.types import JobRow, QueueRow, Topic
from app.lifecycle import Service
from app.observability import Metrics

log = structlog.get_logger("jobs.producer")

FETCH_TIMEOUT = 10.0
LARGEST_JITTER_SHARE = 0.1
SMALLEST_JITTER = 0.01

LARGEST_CLAIM = 1000
"""Jobs claimed by one statement. More free slots are filled by further ones, so that the database claims the next part
while this process works the last; did better than 2,000 at once in bench/throughput; not studied further."""

LATE_CLAIM = 15.0
"""Seconds after a fetch without an answer at which we look a second time for jobs it may have claimed: the server may
still have been at it when we looked first."""

ANNOUNCEMENT_PERIOD = 0.1
"""Seconds for which a client announces inserts into one queue only once (contract 4.3), by default."""

EVERY_QUEUE = "*"


@dataclass(frozen=True, slots=True)
class ProducerConfig:
    queue: str
    client_id: str
    max_workers: int
    cooldown: float
    poll_interval: float
    kinds: Sequence[str] | None
    """Claim only these; None: every kind of the queue."""
    soft_stop_timeout: timedelta | None
    abandon_after: timedelta


class Producer(Service):
    """Takes no more jobs than it has free slots, and none while its queue is paused.

    States: idle → fetching ⇄ waiting → landing → draining → idle. Whatever triggers a fetch (the start, an
    announcement, the poll timer, a resume, a freed slot) goes through one debouncer: at once when the cooldown is over,
    otherwise when it ends, however many triggers came. A stop lets a fetch in flight land and its jobs run, waits for
    all jobs, interrupts those that take longer than the soft stop allows, and gives back what does not end.
    """

    def __init__(
        self,
        config: ProducerConfig,
        driver: Driver,
        *,
        executor: Executor,
        completer: Completer,
        notifier: Notifier | None,
        subscriptions: SubscriptionManager,
        metrics: Metrics,
        metric_hooks: Sequence[HookMetricEmit] = (),
    ) -> None:
        super().__init__()
        self.config = config
        self._driver = driver
        self._executor = executor
        self._completer = completer
        self._notifier = notifier
        self._subscriptions = subscriptions
        self._metric_hooks = metric_hooks
        self._fetch_batch = metrics.job_fetch_batch.labels(config.queue)
        self._active: dict[int, Attempt] = {}
        self._busy = 0
        self._slotless: set[Attempt] = set()
        self._is_paused = False
        self._refetch_when_free = False
        self._cancelled_in_flight: set[int] | None = None
        self._untold: list[Event] = []
        self._lost_claim_checks: list[float] = []
        self._last_fetch = float("-inf")
        self._wake = asyncio.Event()
        self._hard = asyncio.Event()
        self._stop_asked = asyncio.Event()
        self._idle = asyncio.Event()
        self._unsubscribe: list[Callable[[], None]] = []
        self._echo: asyncio.TimerHandle | None = None
        self._echo_is_due = False
        self.fetched = TestSignal[list[JobRow]]()

    # -- what others may ask

    @property
    def queue(self) -> str:
        return self.config.queue

    @property
    def is_paused(self) -> bool:
        return self._is_paused

    @property
    def running_ids(self) -> list[int]:
        return list(self._active)

    @property
    def may_hold_rows(self) -> bool:
        """After a stop: a thread still works, or a claim went unanswered, so rows of ours may still be running."""
        return self._busy > 0 or bool(self._lost_claim_checks)

    def trigger(self) -> None:
        """Ask for a fetch, as soon as the cooldown allows."""
        self._wake.set()

    def cancel(self, job_id: int) -> None:
        """Cancel a job if it is ours; if a fetch is in flight it may be just becoming ours."""
        if (attempt := self._active.get(job_id)) is not None:
            attempt.interrupt(Cause.REMOTE_CANCEL)
        elif self._cancelled_in_flight is not None:
            self._cancelled_in_flight.add(job_id)

    def set_paused(self, *, paused: bool) -> None:
        if paused == self._is_paused:
            return
        self._is_paused = paused
        log.info("queue paused" if paused else "queue resumed", queue=self.queue)
        event = Event(EventKind.QUEUE_PAUSED if paused else EventKind.QUEUE_RESUMED, queue=self.queue)
        if self._cancelled_in_flight is None:
            self._subscriptions.publish(event)
        else:  # whoever hears that we pause may rely on it: what is being claimed begins first, as in River
            self._untold.append(event)
        if not paused:
            self.trigger()

    def give_up_slot(self, attempt: Attempt) -> None:
        """Let another job run beside this one, which is stuck. It is waited for, cancelled and counted as before."""
        if not attempt.is_abandoned:
            self._slotless.add(attempt)
            self.trigger()

    def cancel_work(self) -> None:
        """Do not wait for running jobs: interrupt them now, or as soon as the stop begins."""
        self._hard.set()

    # -- start and stop

    async def prepare(self) -> None:
        row = await self._driver.queue_create_or_set_updated_at(self.queue)
        self._begin_anew(row)
        if self._notifier is not None:
            self._unsubscribe = [
                self._notifier.subscribe(Topic.INSERT, self._on_insert, on_gap=self.trigger),
                self._notifier.subscribe(Topic.CONTROL, self._on_control),
            ]

    def _begin_anew(self, row: QueueRow) -> None:
        self._is_paused = row.paused_at is not None
        self._stop_asked.clear()
        self._hard.clear()
        self._wake.set()
        self._mark_idle()

    async def ask_to_stop(self) -> None:
        self._stop_asked.set()
        self._wake.set()
        try:
            if self._task is not None:
                await asyncio.wait({self._task}, timeout=2 * FETCH_TIMEOUT)
            await self._wait_for_attempts()
        finally:  # however the waiting ended: nothing of ours goes on as if nobody had asked it to stop
            for attempt in list(self._active.values()):
                self._abandon(attempt)

    async def finish(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        if self._echo is not None:
            self._echo.cancel()
            self._echo = None

    async def _wait_for_attempts(self) -> None:
        soft = self.config.soft_stop_timeout
        await wait_for_first(self._idle, self._hard, seconds=None if soft is None else soft.total_seconds())
        for attempt in list(self._active.values()):
            attempt.interrupt(Cause.STOP)
        await wait_for(self._idle, self.config.abandon_after.total_seconds())

    def _abandon(self, attempt: Attempt) -> None:
        """Give back what ignores its interruption. A thread goes on whatever we say, so its row stays running: handed
        to a second worker, the same job would be worked twice at once."""
        facts = {"job": attempt.row.id, "kind": attempt.row.kind, "queue": self.queue}
        if not attempt.is_interruptible:
            log.error("a job does not end; it is left running and will be rescued", **facts)
            return
        log.error("a job ignores its interruption; it is given back without it", **facts)
        attempt.interrupt(Cause.STOP)
        attempt.is_abandoned = True
        self._executor.give_back(attempt)
        self._release(attempt)

    # -- fetching

    async def run(self) -> None:
        while True:
            await self._wait_for_trigger()
            if self._stop_asked.is_set():
                return
            try:
                await self._fetch()
            except DATABASE_AWAY as err:
                log.warning("fetching failed", queue=self.queue, error=text_of(err))
            except Exception:  # the next trigger tries again; a producer that dies is a dead queue
                log.exception("fetching failed", queue=self.queue)

    async def _wait_for_trigger(self) -> None:
        loop = asyncio.get_running_loop()
        if self._echo_is_due:
            self._trigger_once_more()
        timer = loop.call_later(self._poll_delay(), self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()
        remaining = self._last_fetch + self.config.cooldown - loop.time()
        if remaining > 0:
            await wait_for(self._stop_asked, remaining)
        self._wake.clear()

    def _poll_delay(self) -> float:
        interval = self.config.poll_interval
        return interval + random.uniform(0, max(interval * LARGEST_JITTER_SHARE, SMALLEST_JITTER))

    async def _fetch(self) -> None:
        if self._is_paused:
            return
        if not self._completer.room.is_set():
            await wait_for_first(self._completer.room, self._stop_asked)
            self.trigger()
            return
        if self._lost_claim_checks:
            await self._adopt_lost_claims()
        free = self.config.max_workers - self._busy + len(self._slotless)
        if free <= 0:
            self._refetch_when_free = True
            return
        self._last_fetch = asyncio.get_running_loop().time()
        begun = 0
        while begun < free and not (self._stop_asked.is_set() or self._is_paused):
            limit = min(free - begun, LARGEST_CLAIM)
            begun += (found := await self._claim_and_begin(limit))
            if found < limit:
                break
        self._refetch_when_free = begun >= free

    async def _claim_and_begin(self, limit: int) -> int:
        began = time.perf_counter()
        with self._in_flight() as cancelled:
            rows = await self._claim(limit)
            seconds = time.perf_counter() - began
            for row in rows:
                self._begin(row, is_cancelled=row.id in cancelled)
        if 0 < len(rows) < limit:  # nothing is left to claim meanwhile: they begin before they are counted
            await asyncio.sleep(0)
        if self._metric_hooks:
            await emit_fetch(self._metric_hooks, self.queue, count=len(rows), seconds=seconds)
        if rows:
            self._fetch_batch.observe(len(rows))
        self.fetched.signal(rows)
        return len(rows)

    @contextmanager
    def _in_flight(self) -> Iterator[set[int]]:
        """Note whose cancellation is asked for until the claimed have begun, and tell of a pause only then."""
        self._cancelled_in_flight = cancelled = set[int]()
        try:
            yield cancelled
        finally:
            self._cancelled_in_flight = None
            untold, self._untold = self._untold, []
            for event in untold:
                self._subscriptions.publish(event)

    async def _claim(self, limit: int) -> list[JobRow]:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT):
                return await self._driver.job_get_available(
                    queue=self.queue, client_id=self.config.client_id, limit=limit, kinds=self.config.kinds
                )
        except BaseException:
            # No answer is not a no: the server may have claimed jobs for us that we never heard of.
            now = asyncio.get_running_loop().time()
            self._lost_claim_checks = [now, now + LATE_CLAIM]
            raise

    async def _adopt_lost_claims(self) -> None:
        """Work the jobs that the table says are ours and that we do not know: the answer that told of them was lost.

        What is known is noted before asking, so that a job that ends meanwhile is not taken for a lost one.
        """
        now = asyncio.get_running_loop().time()
        if self._lost_claim_checks[0] > now:
            return
        known = self._completer.held_ids().union(self._active)
        with self._in_flight() as cancelled:
            async with asyncio.timeout(FETCH_TIMEOUT):
                rows = await self._driver.job_get_running_by_clients(
                    client_ids=[self.config.client_id], limit=len(known) + self.config.max_workers
                )
            self._lost_claim_checks = [due for due in self._lost_claim_checks if due > now]
            lost = [row for row in rows if row.queue == self.queue and row.id not in known]
            for row in lost:
                log.warning("working a job whose claim had gone unanswered", job=row.id, queue=self.queue)
                self._begin(row, is_cancelled=row.id in cancelled)

    # -- attempts

    def _begin(self, row: JobRow, *, is_cancelled: bool) -> None:
        if self._hard.is_set():
            self._executor.give_back(Attempt(row))
            return
        attempt = Attempt(row)
        if (older := self._active.get(row.id)) is not None:
            older.interrupt(Cause.SUPERSEDED)
        self._active[row.id] = attempt
        self._busy += 1
        self._idle.clear()
        if is_cancelled:
            attempt.interrupt(Cause.REMOTE_CANCEL)
        attempt.task = asyncio.create_task(self._executor.execute(attempt, self._attempt_ended))

    def _attempt_ended(self, attempt: Attempt) -> None:
        if not attempt.is_abandoned:
            self._release(attempt)

    def _release(self, attempt: Attempt) -> None:
        if self._active.get(attempt.row.id) is attempt:
            del self._active[attempt.row.id]
        self._busy -= 1
        self._slotless.discard(attempt)
        if self._refetch_when_free:
            self._wake.set()
        self._mark_idle()

    def _mark_idle(self) -> None:
        if self._busy == 0:
            self._idle.set()

    # -- announcements

    def _on_insert(self, payload: dict[str, Any]) -> None:
        if payload.get("queue") == self.queue:
            self._echo_is_due = True
            self.trigger()

    def _trigger_once_more(self) -> None:
        """Look again when inserters may announce again: what they inserted meanwhile was announced to nobody."""
        self._echo_is_due = False
        if self._echo is None:
            self._echo = asyncio.get_running_loop().call_later(ANNOUNCEMENT_PERIOD, self._trigger_echoed)

    def _trigger_echoed(self) -> None:
        self._echo = None
        self.trigger()

    def _on_control(self, payload: dict[str, Any]) -> None:
        queue, action = payload.get("queue"), payload.get("action")
        if queue == self.queue and action == "cancel" and isinstance(job_id := payload.get("job_id"), int):
            self.cancel(job_id)
        elif queue in {self.queue, EVERY_QUEUE} and action in {"pause", "resume"}:
            self.set_paused(paused=action == "pause")


async def wait_for_first(*events: asyncio.Event, seconds: float | None = None) -> None:
    """Wait for any of several events, or for the time to be over."""
    waits = {asyncio.create_task(event.wait()) for event in events}
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()
        await asyncio.wait(waits)


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event; False when the time is over first."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
