"""Where a leader leaves the times of remembered periodic jobs for the next one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import psycopg
import structlog

from app.jobs.driver.driver import Driver, PeriodicRun

log = structlog.get_logger("jobs.maintenance.periodic_job_enqueuer")


class PeriodicMemory(Protocol):
    async def recall(self) -> Mapping[str, datetime]:
        """Return the next time of each job that was remembered."""
        ...

    async def remember(self, runs: Sequence[PeriodicRun]) -> None: ...


class NoMemory:
    async def recall(self) -> Mapping[str, datetime]:
        return {}

    async def remember(self, runs: Sequence[PeriodicRun]) -> None:
        """Forget them."""


class TableMemory:
    """A run whose remembering fails comes again with the next leader: rather twice than never.

    Tables that River's own migrator made have no place for it: there schedules start anew with every leader.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def recall(self) -> Mapping[str, datetime]:
        try:
            return {run.id: run.next_run_at for run in await self._driver.periodic_list() if run.next_run_at}
        except psycopg.errors.UndefinedTable:
            return {}
        except psycopg.Error as err:
            log.warning("the times of periodic jobs cannot be read; they are counted from now", error=str(err))
            return {}

    async def remember(self, runs: Sequence[PeriodicRun]) -> None:
        if not runs:
            return
        try:
            await self._driver.periodic_upsert_many(runs)
        except psycopg.errors.UndefinedTable:
            log.debug("no table for the times of periodic jobs")
