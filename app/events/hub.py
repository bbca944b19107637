"""One look a second for all who look on here, and for nobody none at all."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from app.accounts.roles import Scope
from app.accounts.viewer import Viewer
from app.clock import Clock
from app.errors import Unavailable
from app.events.log import KEPT, PAGE, EventLog, LibraryEvent
from app.events.position import Position
from app.jobs.types import EndedJobs, JobRow
from app.lifecycle import Service

log = structlog.get_logger("events")

INTERVAL = 1.0
BUFFER = 500
"""Events kept for a listener that lags; one that lags more begins anew."""

LISTENERS = 1000
LISTENERS_OF_ONE = 100
"""Of one account: whoever opens more keeps others out, and nobody has so many pages open."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it goes out."""

    kind: str
    data: dict[str, Any]
    position: Position
    library_id: UUID | None = None
    """None: about the engine, for administrators."""
    min_age: int | None = None
    """From which age what it tells of is; None: unrated."""

    def to(self, viewer: Viewer) -> "Told | None":
        """Return what this viewer may know of it; None for nothing."""
        if self.library_id is None:
            return self if viewer.is_administrator and viewer.may(Scope.ADMIN) else None
        is_seen = viewer.libraries is None or self.library_id in viewer.libraries
        return self if is_seen and viewer.is_of_age(self.min_age) else None


RESET = "reset"
"""Told to whoever has missed something: ask for everything again."""


@dataclass(eq=False, slots=True)
class Listener:
    viewer: Viewer
    told: asyncio.Queue[Told] = field(default_factory=lambda: asyncio.Queue(BUFFER))
    is_lost: bool = False

    def offer(self, event: Told) -> None:
        if self.is_lost:
            return
        try:
            self.told.put_nowait(event)
        except asyncio.QueueFull:
            self.is_lost = True


class EventHub(Service):
    """Listeners hold no connection of the database; one that is slow loses its place and nobody else's time."""

    def __init__(self, event_log: EventLog, clock: Clock) -> None:
        super().__init__()
        self._log = event_log
        self._clock = clock
        self._listeners: set[Listener] = set()
        self._wanted = asyncio.Event()
        self._looking = asyncio.Lock()
        self._position: Position | None = None
        self._running: dict[int, tuple[int, object]] = {}

    async def run(self) -> None:
        while True:
            await self._wanted.wait()
            try:
                await self.look()
            except Exception as err:  # noqa: BLE001  the next look may succeed, and begins where this one did
                log.warning("events cannot be read", error=str(err) or type(err).__name__)
            await asyncio.sleep(INTERVAL)

    async def finish(self) -> None:
        self._position = None
        self._wanted.clear()

    @contextmanager
    def listener(self, viewer: Viewer) -> Iterator[Listener]:
        """Raises: Unavailable: too many listen already."""
        own = sum(one.viewer.account_id == viewer.account_id for one in self._listeners)
        if len(self._listeners) >= LISTENERS or own >= LISTENERS_OF_ONE:
            raise Unavailable("too many listen to events already; ask again later")
        listener = Listener(viewer)
        self._listeners.add(listener)
        self._wanted.set()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self._wanted.clear()
                self._position = None
                self._running = {}

    async def position(self) -> Position:
        """Return up to where all present listeners have been told."""
        if self._position is None:
            now = await self._log.now()
            # Two who come at once stand at the place of the first, or that one would miss what lies between.
            self._position = self._position or now
        return self._position

    async def catch_up(self, since: Position) -> None:
        """Look now if somebody has heard more elsewhere than has been told here, or they would hear it twice."""
        if self._position is not None and not self._position.covers(since):
            await self.look()

    async def missed(self, since: Position, until: Position) -> AsyncIterator[Told]:
        """Tell what lies between two positions to one who was away; `reset` when that is not known any more."""
        if self._clock.now() - since.jobs_until > KEPT:
            yield Told(RESET, {}, until)
            return
        position = since
        while events := await self._log.library_events(position):
            for event in events:
                position = replace(position, transaction=event.transaction, number=event.number)
                if (position.transaction, position.number) > (until.transaction, until.number):
                    break
                yield of_library(event, position)
            if len(events) < PAGE or (position.transaction, position.number) > (until.transaction, until.number):
                break
        if since.jobs_until < until.jobs_until:
            for told in of_ended(await self._log.ended_jobs(since.jobs_until, until.jobs_until), position, until):
                yield told

    async def look(self) -> None:
        """Tell everybody what has happened since the last look."""
        async with self._looking:
            await self._look()
            if not self._listeners:
                self._position = None  # the last of them has left meanwhile

    async def _look(self) -> None:
        position = await self.position()
        while events := await self._log.library_events(position):
            for event in events:
                position = replace(position, transaction=event.transaction, number=event.number)
                self._tell(of_library(event, position))
            self._position = position
            if len(events) < PAGE:
                break
        if any(listener.viewer.is_administrator for listener in self._listeners):
            await self._look_at_jobs(position)
        else:
            self._position = replace(position, jobs_until=await self._settled(position.jobs_until))

    async def _look_at_jobs(self, before: Position) -> None:
        position = replace(before, jobs_until=await self._settled(before.jobs_until))
        for told in of_ended(await self._log.ended_jobs(before.jobs_until, position.jobs_until), before, position):
            self._tell(told)
        self._position = position  # at once: who comes while we ask on stands behind what has been told
        running = await self._log.running_jobs()
        seen = {job.id: (job.attempt, job.metadata_value().get("output")) for job in running}
        for job in running:
            if self._running.get(job.id) != seen[job.id]:
                self._tell(of_running(job, position))
        self._running = dict(seen)

    async def _settled(self, before: datetime) -> datetime:
        return max(before, await self._log.settled())

    def _tell(self, event: Told) -> None:
        for listener in self._listeners:
            if (told := event.to(listener.viewer)) is not None:
                listener.offer(told)


def of_library(event: LibraryEvent, position: Position) -> Told:
    data = {"library_id": str(event.library_id), **event.data}
    return Told(event.kind, data, position, event.library_id, event.min_age)


def of_ended(all_ended: Sequence[EndedJobs], before: Position, after: Position) -> Iterator[Told]:
    """Tell what ended between two positions. Who is cut off before the last of it hears it all again."""
    for number, ended in enumerate(all_ended, 1):
        data = {"kind": ended.kind, "state": str(ended.state), "count": ended.count, "ids": list(ended.ids)}
        yield Told("jobs.ended", data, after if number == len(all_ended) else before)


def of_running(job: JobRow, position: Position) -> Told:
    data = {
        "id": job.id,
        "kind": job.kind,
        "queue": job.queue,
        "attempt": job.attempt,
        "output": job.metadata_value().get("output"),
    }
    return Told("job.running", data, position)
