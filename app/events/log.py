"""Reading what has happened since somebody listened last: from PostgreSQL, so every node tells the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.db.tx import Transactions, Tx
from app.events.position import Position
from app.jobs.driver.driver import Driver
from app.jobs.types import EndedJobs, JobRow

KEPT = timedelta(hours=1)
"""How long an event can be asked for again."""

PAGE = 500
RUNNING = 200
"""Running jobs looked at, the oldest first."""

SETTLED = timedelta(seconds=2)
"""Ends of jobs are stamped a moment before they are committed: they are told so long afterwards, each once."""


@dataclass(frozen=True, slots=True)
class LibraryEvent:
    transaction: int
    number: int
    kind: str
    library_id: UUID
    min_age: int | None
    data: dict[str, Any]


class EventLog:
    def __init__(self, transactions: Transactions, driver: Driver) -> None:
        self._transactions = transactions
        self._driver = driver

    async def now(self) -> Position:
        """Return where somebody stands who wants to hear what comes from now on."""
        async with self._transactions.begin() as tx:
            row = (await tx.session.execute(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text, now()"))).one()
        return Position(int(row[0]) - 1, 2**53, row[1].astimezone(UTC) - SETTLED)

    async def settled(self) -> datetime:
        """Return until when jobs have ended for good, by the database's clock: all nodes have that one in common."""
        async with self._transactions.begin() as tx:
            now: datetime = (await tx.session.execute(text("SELECT now()"))).scalar_one()
        return now.astimezone(UTC) - SETTLED

    async def library_events(self, position: Position) -> list[LibraryEvent]:
        """Return a page of events after a position, in an order that no later commit changes: those of transactions
        that are older than every one still open."""
        async with self._transactions.begin() as tx:
            rows = await tx.session.execute(
                text(
                    """
                    SELECT transaction, id, kind, library_id, min_age, data FROM event
                    WHERE (transaction, id) > (CAST(:transaction AS bigint), CAST(:number AS bigint))
                        AND transaction < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)
                    ORDER BY transaction, id LIMIT :page
                    """
                ),
                {"transaction": position.transaction, "number": position.number, "page": PAGE},
            )
            return [LibraryEvent(*row) for row in rows]

    async def ended_jobs(self, since: datetime, until: datetime) -> Sequence[EndedJobs]:
        return await self._driver.job_ended_between(since, until)

    async def running_jobs(self) -> Sequence[JobRow]:
        return await self._driver.job_get_running(limit=RUNNING)

    async def forget(self, tx: Tx) -> int:
        """Delete events older than anybody may ask for; return how many."""
        gone = await tx.session.scalars(
            text("DELETE FROM event WHERE at < now() - CAST(:kept AS interval) RETURNING id"), {"kept": KEPT}
        )
        return len(gone.all())
