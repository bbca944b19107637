"""What all of the leader's services have in common: a loop around one step (contract 6)."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import structlog

from app.jobs.attempt_error import text_of
from app.jobs.completer import DATABASE_AWAY
from app.jobs.periodic import NEVER, PeriodicSchedule
from app.jobs.signals import TestSignal
from app.lifecycle import Service

log = structlog.get_logger("jobs.maintenance")

T = TypeVar("T")

LONGEST_START_DELAY = 1.0
BATCH = 10_000
REDUCED_BATCH = 1_000
TIMEOUTS_UNTIL_REDUCED = 3
TIMEOUT_WINDOW = 600.0
SHORTEST_BATCH_PAUSE = 0.05
LONGEST_BATCH_PAUSE = 1.0
STATEMENT_TIMEOUT = 30.0


class BatchSize:
    """10,000 rows, and 1,000 for the rest of the process's life after three timeouts in a row within ten minutes."""

    def __init__(self) -> None:
        self.limit = BATCH
        self._timeouts: list[float] = []

    async def run(self, statement: Callable[[int], Awaitable[T]]) -> T:
        """Run a statement with the present limit, within its time."""
        try:
            async with asyncio.timeout(STATEMENT_TIMEOUT):
                result = await statement(self.limit)
        except TimeoutError:
            self._count_timeout()
            raise
        self._timeouts.clear()
        return result

    def _count_timeout(self) -> None:
        now = asyncio.get_running_loop().time()
        self._timeouts = [*(at for at in self._timeouts if now - at < TIMEOUT_WINDOW), now]
        if len(self._timeouts) >= TIMEOUTS_UNTIL_REDUCED and self.limit != REDUCED_BATCH:
            self.limit = REDUCED_BATCH
            log.warning("maintenance goes on in smaller batches", rows=self.limit)


class MaintenanceService(Service):
    """Runs `run_once` at once and then every interval, for as long as we lead.

    The leader may have been frozen, or cut off: before every step it asks whether its lease is still to be trusted.
    """

    interval: float
    """Seconds."""
    start_delay: float = LONGEST_START_DELAY
    """The first step comes within so many seconds, at random: a new leader must not do everything at once."""

    def __init__(self, may_run: Callable[[], bool]) -> None:
        super().__init__()
        self._may_run = may_run
        self.stepped = TestSignal[None]()

    async def run(self) -> None:
        await asyncio.sleep(random.uniform(0, self.start_delay))
        while True:
            await self._step_surviving()
            await asyncio.sleep(self.interval)

    async def _step_surviving(self) -> None:
        if not self._may_run():
            return
        try:
            await self.run_once()
        except DATABASE_AWAY as err:
            log.warning("maintenance failed", service=type(self).__name__, error=text_of(err))
        except Exception:  # the next interval tries again; a dead service would not be noticed
            log.exception("maintenance failed", service=type(self).__name__)
        else:
            self.stepped.signal(None)

    async def run_once(self) -> None:
        raise NotImplementedError


def next_time(schedule: PeriodicSchedule, after: datetime, **facts: object) -> datetime:
    """Ask a schedule. One that cannot tell is not asked again: its defect must not end the loop that asks."""
    try:
        return schedule.next(after)
    except Exception:
        log.exception("a schedule cannot tell its next time; this leadership runs it no more", **facts)
        return NEVER


async def pause_between_batches() -> None:
    await asyncio.sleep(random.uniform(SHORTEST_BATCH_PAUSE, LONGEST_BATCH_PAUSE))
