"""Keeps a queue's row alive, and asks the table what nobody may have told us (contract 6.7, 4.3)."""

import asyncio
import random

import structlog

from app.jobs.driver.driver import Driver
from app.jobs.notifier import Notifier
from app.jobs.producer import Producer, wait_for
from app.jobs.signals import TestSignal
from app.jobs.types import Topic
from app.lifecycle import Service

log = structlog.get_logger("jobs.queue_keeper")

KEEP_ALIVE = 600.0
"""Seconds between signs of life; a row without one for a day is deleted by the leader."""

LOOK = 2.0
"""Seconds between looks while nothing is announced to us."""

LOOK_ANYWAY = 60.0
"""Seconds between looks while we are told: a word can be lost and nobody notice. River looks as often since 0.51."""

LONGEST_START_DELAY = 1.0


class QueueKeeper(Service):
    """One per producer: keeps its queue's row alive, and looks for pauses and cancellations by itself.

    Often while we do not listen, once after every time we could not, and now and then in any case.
    """

    def __init__(self, producer: Producer, driver: Driver, notifier: Notifier | None) -> None:
        super().__init__()
        self._producer = producer
        self._driver = driver
        self._notifier = notifier
        self._gap = asyncio.Event()
        self._unsubscribe = _nothing
        self.looked = TestSignal[None]()

    async def prepare(self) -> None:
        self._gap.clear()
        if self._notifier is not None:
            self._unsubscribe = self._notifier.subscribe(Topic.CONTROL, _ignore, on_gap=self._gap.set)

    async def finish(self) -> None:
        self._unsubscribe()
        self._unsubscribe = _nothing

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        next_sign = loop.time() + KEEP_ALIVE + random.uniform(0, LONGEST_START_DELAY)
        next_look = loop.time() + LOOK_ANYWAY
        while True:
            left = max(next_sign - loop.time(), 0)
            has_gap = await wait_for(self._gap, min(left, LOOK))
            must_look = has_gap or not self._is_told or loop.time() >= next_look
            self._gap.clear()
            try:
                if loop.time() >= next_sign:
                    await self.keep_alive()
                    next_sign = loop.time() + KEEP_ALIVE
                elif must_look:
                    await self.look()
                    next_look = loop.time() + LOOK_ANYWAY
            except Exception as err:  # noqa: BLE001  the next round tries again; nothing depends on a single one
                log.warning("could not look after the queue", queue=self._producer.queue, error=str(err))

    @property
    def _is_told(self) -> bool:
        return self._notifier is not None and self._notifier.is_listening

    async def keep_alive(self) -> None:
        row = await self._driver.queue_create_or_set_updated_at(self._producer.queue)
        self._producer.set_paused(paused=row.paused_at is not None)

    async def look(self) -> None:
        """Take over the pause from the queue's row, and cancel what others have asked to cancel."""
        if (row := await self._driver.queue_get(self._producer.queue)) is not None:
            self._producer.set_paused(paused=row.paused_at is not None)
        if ids := self._producer.running_ids:
            for job in await self._driver.job_get_by_ids(ids):
                if job.wants_cancel:
                    self._producer.cancel(job.id)
        self.looked.signal(None)


def _nothing() -> None:
    """There is no subscription to end."""


def _ignore(_payload: object) -> None:
    """The producer hears announcements itself; the keeper only wants to know when some may have been missed."""
