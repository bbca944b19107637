"""Gathers the ends of attempts and writes them in batches (contract 16, 2.4)."""

import asyncio
import enum
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

import psycopg
import structlog
from prometheus_client import Histogram

from app.clock import Clock
from app.jobs.driver.driver import Driver, JobSetState
from app.jobs.signals import TestSignal
from app.jobs.subscription import Event, EventKind, JobStatistics, SubscriptionManager
from app.jobs.types import JobRow, JobState
from app.lifecycle import Service
from app.observability import Metrics, observe_all

log = structlog.get_logger("jobs.completer")

# River's numbers (contract 16), kept because its users know their effects; not studied further.
TICK = 0.05
WORTH_A_TICK = 100
PATIENT_TICKS = 5
WORTH_WAKING = 5_000
BATCH = 5_000
FULL = 10_000
ROOM_AGAIN = 5_000
ALARMING = 20_000
STATEMENT_TIMEOUT = 10.0
STATEMENT_PAUSES = (1.0, 2.0, 4.0)

FLUSH_TIMEOUT = 15.0
"""Seconds a stop waits for the database to take what is left. What it does not take stays running in the table and is
rescued once our presence has faded."""

DATABASE_AWAY = (psycopg.OperationalError, OSError, TimeoutError)
"""What a database that is away, or too busy to answer, looks like. Everything waits for it; nothing fails for it."""


class Outcome(enum.StrEnum):
    """How an attempt ended, as the worker and the queue saw it; the row may have been decided otherwise meanwhile."""

    COMPLETED = "completed"
    RETRYABLE = "retryable"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"
    SNOOZED = "snoozed"
    INTERRUPTED = "interrupted"


EVENT_OF_OUTCOME = {
    Outcome.COMPLETED: EventKind.JOB_COMPLETED,
    Outcome.RETRYABLE: EventKind.JOB_FAILED,
    Outcome.DISCARDED: EventKind.JOB_FAILED,
    Outcome.CANCELLED: EventKind.JOB_CANCELLED,
    Outcome.SNOOZED: EventKind.JOB_SNOOZED,
    Outcome.INTERRUPTED: EventKind.JOB_INTERRUPTED,
}

EVENT_OF_FINAL_STATE = {
    JobState.COMPLETED: EventKind.JOB_COMPLETED,
    JobState.CANCELLED: EventKind.JOB_CANCELLED,
    JobState.DISCARDED: EventKind.JOB_FAILED,
}


@dataclass(slots=True)
class Completion:
    """One attempt's end, on its way to the table."""

    row: JobRow
    """As it was fetched."""
    change: JobSetState
    outcome: Outcome
    started_at: datetime
    run_seconds: float

    @property
    def is_plain(self) -> bool:
        return self.outcome is Outcome.COMPLETED and self.change.metadata is None


class TakesCompletions(Protocol):
    def offer(self, completion: Completion) -> None:
        """Take over an attempt's end. Never refuses."""
        ...


Write = Callable[[list[Completion]], Awaitable[list[JobRow | None]]]


class Completer(Service):
    """A finished job stays `running` in the table until its batch is written: 250 ms at most while little happens.

    States: idle → gathering ⇄ writing → flushing → idle. While the database is away results are kept, oldest first,
    and tried again for ever; at 10,000 of them producers begin nothing new until half of them are written, so that
    memory does not grow. Every write is fenced by (id, attempt, attempted_at): a result that comes too late changes
    nothing.
    """

    def __init__(self, driver: Driver, subscriptions: SubscriptionManager, clock: Clock, metrics: Metrics) -> None:
        super().__init__()
        self._driver = driver
        self._subscriptions = subscriptions
        self._clock = clock
        self._meter = CompletionMeter(metrics)
        self._pending: dict[int, Completion] = {}
        self._writing: dict[int, Completion] = {}
        self._wake = asyncio.Event()
        self.room = asyncio.Event()
        """Set while more results can be taken: cleared at 10,000, set again below 5,000."""
        self._stopping = False
        self.written = TestSignal[list[Completion]]()

    def offer(self, completion: Completion) -> None:
        """Take over an attempt's end. Never refuses; whoever begins attempts waits for `room` first."""
        self._pending[completion.row.id] = completion
        waiting = len(self._pending)
        if waiting in {1, WORTH_WAKING}:
            self._wake.set()
        if waiting + len(self._writing) >= FULL:
            self.room.clear()
            if waiting == ALARMING:
                log.warning("very many results wait to be written", jobs=waiting)

    def held_ids(self) -> set[int]:
        """Ids of jobs whose end is known here and not yet in the table."""
        return {*self._pending, *self._writing}

    async def prepare(self) -> None:
        self._stopping = False
        self._put_back()
        if self._pending:  # ends that came after the last stop
            self._wake.set()

    async def run(self) -> None:
        while not self._stopping:
            await self._wake.wait()
            await self._tick_while_pending()
        await self._flush_last()

    async def ask_to_stop(self) -> None:
        """Write what is left; the reporters have stopped before us."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=FLUSH_TIMEOUT)
        if left := len(self._pending) + len(self._writing):
            log.error("the database did not take the last results; their jobs will be rescued and run again", jobs=left)

    async def _tick_while_pending(self) -> None:
        ticks = 0
        while self._pending and not self._stopping:
            ticks += 1
            if len(self._pending) >= WORTH_A_TICK or ticks % PATIENT_TICKS == 0:
                await self._flush_surviving()
            if self._pending:
                await self._sleep_unless_woken(TICK)
        if not self._pending and not self._stopping:
            self._wake.clear()

    async def _sleep_unless_woken(self, seconds: float) -> None:
        if self._stopping or len(self._pending) >= WORTH_WAKING:
            return
        self._wake.clear()
        timer = asyncio.get_running_loop().call_later(seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()

    async def _flush_surviving(self) -> None:
        try:
            await self.flush()
        except DATABASE_AWAY as err:
            log.warning("results could not be written, keeping them", jobs=len(self._pending), error=str(err))
        except Exception:  # a defect, but the results are kept and the loop comes back to them
            log.exception("results could not be written, keeping them", jobs=len(self._pending))

    async def _flush_last(self) -> None:
        while self._pending:
            await self._flush_surviving()
            await asyncio.sleep(0 if not self._pending else TICK)

    async def flush(self) -> None:
        """Write what there is, in batches, until what remains is not worth a statement of its own."""
        while self._pending:
            self._writing = self._take()
            try:
                await self._write(list(self._writing.values()))
            finally:
                self._put_back()
            if len(self._pending) < WORTH_A_TICK:
                return

    def _take(self) -> dict[int, Completion]:
        if len(self._pending) <= BATCH:
            batch, self._pending = self._pending, {}
            return batch
        batch = dict(islice(self._pending.items(), BATCH))
        for job_id in batch:
            del self._pending[job_id]
        return batch

    def _put_back(self) -> None:
        """Keep what was not written, before what came meanwhile; a newer end of the same job wins."""
        if self._writing:
            self._pending = {**self._writing, **self._pending}
            self._writing = {}
        if len(self._pending) < ROOM_AGAIN:
            self.room.set()

    async def _write(self, batch: list[Completion]) -> None:
        plain = [one for one in batch if one.is_plain]
        others = [one for one in batch if not one.is_plain]
        if plain:
            await self._write_isolating(plain, self._write_plain)
        if others:
            await self._write_isolating(others, self._write_others)

    async def _write_isolating(self, batch: list[Completion], write: Write) -> None:
        """Halve a batch that the database refuses for what is in it, until the one at fault is alone."""
        try:
            stored = await self._with_retries(batch, write)
        except (psycopg.DataError, psycopg.IntegrityError):
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._write_isolating(batch[:middle], write)
                await self._write_isolating(batch[middle:], write)
                return
            log.exception("a result cannot be stored; its job stays running", job=batch[0].row.id)
            stored = []
        self._finish(batch, stored)

    async def _with_retries(self, batch: list[Completion], write: Write) -> list[JobRow | None]:
        for pause in STATEMENT_PAUSES:
            try:
                async with asyncio.timeout(STATEMENT_TIMEOUT):
                    return await write(batch)
            except DATABASE_AWAY as err:
                log.warning("writing results failed, trying again", jobs=len(batch), error=str(err))
                await asyncio.sleep(pause * random.uniform(0.9, 1.1))
        async with asyncio.timeout(STATEMENT_TIMEOUT):
            return await write(batch)

    async def _write_plain(self, batch: list[Completion]) -> list[JobRow | None]:
        completed = await self._driver.job_complete_many([one.change for one in batch])
        if not self._subscriptions.is_wanted:
            return []
        others = [one.row.id for one in batch if one.row.id not in completed]
        found = {row.id: row for row in await self._driver.job_get_by_ids(others)} if others else {}
        return [as_completed(one) if one.row.id in completed else found.get(one.row.id) for one in batch]

    async def _write_others(self, batch: list[Completion]) -> list[JobRow | None]:
        rows = await self._driver.job_set_state_if_running_many([one.change for one in batch])
        found = {row.id: row for row in rows}
        return [found.get(one.row.id) for one in batch]

    def _finish(self, batch: list[Completion], stored: Sequence[JobRow | None]) -> None:
        for one in batch:
            self._writing.pop(one.row.id, None)
        self._meter.count(batch)
        if self._subscriptions.is_wanted:
            now = self._clock.now()
            for completion, row in zip(batch, stored, strict=False):
                if row is not None and (event := event_of(completion, row, now)) is not None:
                    self._subscriptions.publish(event)
        self.written.signal(batch)


class CompletionMeter:
    """Counts whole batches: looking a labelled metric up per job would cost more than writing the job."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._durations: dict[str, Histogram] = {}
        self._waits: dict[str, Histogram] = {}

    def count(self, batch: Sequence[Completion]) -> None:
        self._metrics.job_completion_batch.observe(len(batch))
        ends = Counter((one.row.kind, one.row.queue, one.outcome) for one in batch)
        for (kind, queue, outcome), number in ends.items():
            self._metrics.jobs_completed.labels(kind, queue, outcome).inc(number)
        durations: dict[str, list[float]] = {}
        waits: dict[str, list[float]] = {}
        for one in batch:
            durations.setdefault(one.row.kind, []).append(one.run_seconds)
            waits.setdefault(one.row.queue, []).append(
                max((one.started_at - one.row.scheduled_at).total_seconds(), 0.0)
            )
        for kind, values in durations.items():
            observe_all(self._duration(kind), values)
        for queue, values in waits.items():
            observe_all(self._wait(queue), values)

    def _duration(self, kind: str) -> Histogram:
        if (found := self._durations.get(kind)) is None:
            found = self._durations[kind] = self._metrics.job_duration.labels(kind)
        return found

    def _wait(self, queue: str) -> Histogram:
        if (found := self._waits.get(queue)) is None:
            found = self._waits[queue] = self._metrics.job_wait.labels(queue)
        return found


def as_completed(completion: Completion) -> JobRow:
    """Return the row as the lean statement left it; that statement returns ids only."""
    row = completion.row
    row.state = completion.change.state
    row.finalized_at = completion.change.finalized_at
    return row


def event_of(completion: Completion, row: JobRow, now: datetime) -> Event | None:
    """Say what the stored row says, not what was asked for (contract 0.2). None: another attempt owns it now."""
    kind = EVENT_OF_FINAL_STATE.get(row.state)
    if kind is None:
        if row.state != completion.change.state:
            return None
        kind = EVENT_OF_OUTCOME[completion.outcome]
    run = timedelta(seconds=completion.run_seconds)
    statistics = JobStatistics(
        queue_wait=completion.started_at - completion.row.scheduled_at,
        run=run,
        complete=now - completion.started_at - run,
    )
    return Event(kind, job=row, statistics=statistics)
