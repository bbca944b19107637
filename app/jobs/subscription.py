"""What happened to jobs and queues of this client, for whoever in this process wants to know (contract 12.4)."""

import asyncio
import enum
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.errors import InvalidInput
from app.jobs.types import JobRow

log = structlog.get_logger("jobs.subscription")

BUFFER = 1000
"""Events kept for a subscriber that lags. River's number."""


class EventKind(enum.StrEnum):
    """What there is to be told. The kind follows what was stored, not what was asked for."""

    JOB_CANCELLED = "job_cancelled"
    JOB_COMPLETED = "job_completed"
    JOB_FAILED = "job_failed"
    """The attempt failed: to be retried, or discarded; the row's state says which."""
    JOB_INTERRUPTED = "job_interrupted"
    JOB_SNOOZED = "job_snoozed"
    QUEUE_PAUSED = "queue_paused"
    QUEUE_RESUMED = "queue_resumed"


@dataclass(frozen=True, slots=True)
class JobStatistics:
    """How long the attempt waited for a worker, ran, and waited to be written."""

    queue_wait: timedelta
    run: timedelta
    complete: timedelta


@dataclass(frozen=True, slots=True)
class Event:
    """One end of an attempt, or one change of a queue."""

    kind: EventKind
    job: JobRow | None = None
    """The row as it was stored."""
    queue: str | None = None
    statistics: JobStatistics | None = None


class EventStream:
    """One subscriber's events. Iterate over it; it ends when it is closed, or when the client stops."""

    def __init__(self, kinds: Collection[EventKind], buffer: int, on_close: Callable[["EventStream"], None]) -> None:
        self.kinds = frozenset(kinds)
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._buffer = buffer
        self._on_close = on_close
        self._closed = False
        self.dropped = 0

    def offer(self, event: Event) -> None:
        if self._events.qsize() < self._buffer:
            self._events.put_nowait(event)
            return
        if self.dropped == 0:
            log.warning("a subscriber is too slow, events are dropped", buffer=self._buffer)
        self.dropped += 1

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._events.put_nowait(None)
            self._on_close(self)

    async def get(self) -> Event | None:
        """Return the next event; None when there will be no more."""
        if self._closed and self._events.empty():
            return None
        return await self._events.get()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self.get()) is not None:
            yield event


class SubscriptionManager:
    """A slow subscriber loses events rather than hold up the queue. Nothing is built while nobody listens."""

    def __init__(self) -> None:
        self._streams: list[EventStream] = []

    @property
    def is_wanted(self) -> bool:
        return bool(self._streams)

    def subscribe(self, *kinds: EventKind, buffer: int = BUFFER) -> EventStream:
        """Receive events of these kinds from now on; all kinds when none is named.

        Raises:
            InvalidInput: there is no such kind, or no room for a single event.
        """
        if unknown := [kind for kind in kinds if kind not in list(EventKind)]:
            raise InvalidInput("kinds", f"there are no events of kind {unknown[0]!r}")
        if buffer < 1:
            raise InvalidInput("buffer", f"must have room for one event at least, has {buffer}")
        stream = EventStream(kinds or tuple(EventKind), buffer, self._streams.remove)
        self._streams.append(stream)
        return stream

    def publish(self, event: Event) -> None:
        for stream in self._streams:
            if event.kind in stream.kinds:
                stream.offer(event)

    def close(self) -> None:
        for stream in list(self._streams):
            stream.close()
