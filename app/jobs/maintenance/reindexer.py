"""Rebuilds the queue's indexes every night: a table whose rows come and go bloats them (contract 6.6)."""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from app.clock import Clock
from app.jobs.attempt_error import text_of
from app.jobs.driver.driver import Driver
from app.jobs.maintenance.maintenance_service import MaintenanceService, next_time
from app.jobs.periodic import PeriodicSchedule

log = structlog.get_logger("jobs.maintenance.reindexer")

CLEAN_UP_TIMEOUT = 15.0
LONGEST_SLEEP = timedelta(hours=1)
"""A clock may be set: what was midnight in six hours may be so in five."""

YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

DEFAULT_INDEX_NAMES = (
    "river_job_args_index",
    "river_job_kind",
    "river_job_metadata_index",
    "river_job_pkey",
    "river_job_prioritized_fetching_index",
    "river_job_state_and_finalized_at_index",
    "river_job_unique_idx",
)

LONGEST_INDEX_NAME = 55
"""Bytes. PostgreSQL cuts longer names before it adds what marks a leftover, so that we would not know it again."""


class MidnightSchedule:
    """Every midnight UTC."""

    def next(self, after: datetime) -> datetime:
        after = after.astimezone(UTC)
        return after + DAY - (after - YEAR_ONE) % DAY


class Reindexer(MaintenanceService):
    """One index after the other, while everybody goes on reading and writing.

    A rebuild that does not end in its time leaves an invalid index behind, and every insert pays for it. It stays, and
    its index is left alone until somebody drops it: the next rebuild would take as long, and every night would end so.
    Only what our own stop cuts short is cleaned up. A run is planned from the one before, however long that took.
    """

    def __init__(
        self,
        driver: Driver,
        clock: Clock,
        *,
        index_names: Sequence[str],
        schedule: PeriodicSchedule,
        timeout: timedelta,
        may_run: Callable[[], bool],
    ) -> None:
        super().__init__(may_run)
        self._driver = driver
        self._clock = clock
        self._index_names = index_names
        self._schedule = schedule
        self._timeout = None if timeout < timedelta(0) else timeout.total_seconds()

    async def run(self) -> None:
        await asyncio.sleep(random.uniform(0, self.start_delay))
        next_at = next_time(self._schedule, self._clock.now(), of="reindexer")
        while True:
            await self._sleep_until(next_at)
            await self._step_surviving()
            next_at = next_time(self._schedule, next_at, of="reindexer")

    async def _sleep_until(self, time: datetime) -> None:
        while (left := time - self._clock.now()) > timedelta(0):  # noqa: ASYNC110  nothing but the clock tells
            await asyncio.sleep(min(left, LONGEST_SLEEP).total_seconds())

    async def run_once(self) -> None:
        there = await self._driver.indexes_exist(self._index_names)
        if missing := [name for name in self._index_names if name not in there]:
            log.warning("indexes are missing; run the migrations, or change reindexer_index_names", indexes=missing)
        for name in self._index_names:
            if name in there and self._may_run():
                await self._reindex_surviving(name)

    async def _reindex_surviving(self, name: str) -> None:
        try:
            await self.reindex(name)
        except Exception as err:  # noqa: BLE001  one index must not cost the others their turn
            log.error("an index could not be rebuilt", index=name, error=text_of(err))  # noqa: TRY400  the database's word

    async def reindex(self, name: str) -> bool:
        """Rebuild one index. False: what an earlier rebuild has left is still there.

        Raises:
            TimeoutError, psycopg.Error: it was not rebuilt.
        """
        if leftovers := await self._driver.index_reindex_artifacts(name):
            log.warning(
                "an index is not rebuilt because of what an earlier attempt has left: drop that, and allow more time",
                index=name,
                leftovers=leftovers,
                timeout=self._timeout,
            )
            return False
        try:
            async with asyncio.timeout(self._timeout):
                await self._driver.index_reindex(name)
        except asyncio.CancelledError:
            await self._clean_up(name)
            raise
        log.info("rebuilt an index", index=name)
        return True

    async def _clean_up(self, name: str) -> None:
        """Drop what the stop made of this rebuild: left there, it would end all further ones."""
        try:
            async with asyncio.timeout(CLEAN_UP_TIMEOUT):
                for leftover in await self._driver.index_reindex_artifacts(name):
                    await self._driver.index_drop_if_exists(leftover)
                    log.info("dropped what a rebuild has left that was stopped", index=name, leftover=leftover)
        except Exception as err:  # noqa: BLE001  we are stopping; the next run says what is left
            log.warning("what a stopped rebuild has left could not be dropped", index=name, error=text_of(err))
