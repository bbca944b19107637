"""Statements that only tests of workers need."""

from datetime import datetime
from typing import Protocol

from app.jobs.driver.driver import Driver
from app.jobs.driver.rows import job_row
from app.jobs.driver.statement_runner import StatementRunner
from app.jobs.types import JobRow


class DriverForTests(Driver, Protocol):
    """A driver that can also begin a job of one's choice; a production client takes what comes."""

    async def job_begin(self, job_id: int, *, client_id: str, now: datetime | None = None) -> JobRow | None:
        """Make a job running. None: there is none, or it is running already."""
        ...


class StatementsForTests(StatementRunner):
    async def job_begin(self, job_id: int, *, client_id: str, now: datetime | None = None) -> JobRow | None:
        row = await self._fetch_one("job_begin", {"id": job_id, "client_id": client_id, "now": now})
        return job_row(row) if row else None
