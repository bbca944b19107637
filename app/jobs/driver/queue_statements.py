"""Rows of `river_queue` (contract 11)."""

from collections.abc import Sequence
from datetime import datetime

from app.jobs.driver.rows import queue_row
from app.jobs.driver.statement_runner import StatementRunner
from app.jobs.types import QueueRow

ALL_QUEUES = "*"


class QueueStatements(StatementRunner):
    async def queue_create_or_set_updated_at(self, name: str) -> QueueRow:
        (row,) = await self._fetch("queue_create_or_set_updated_at", {"name": name})
        return queue_row(row)

    async def queue_get(self, name: str) -> QueueRow | None:
        row = await self._fetch_one("queue_get", {"name": name})
        return queue_row(row) if row else None

    async def queue_list(self, limit: int = 100) -> list[QueueRow]:
        return [queue_row(row) for row in await self._fetch("queue_list", {"limit": limit})]

    async def queue_pause(self, name: str) -> bool:
        return self._found(name, await self._fetch("queue_pause", {"name": name}))

    async def queue_resume(self, name: str) -> bool:
        return self._found(name, await self._fetch("queue_resume", {"name": name}))

    @staticmethod
    def _found(name: str, rows: Sequence[tuple[int]]) -> bool:
        return name == ALL_QUEUES or rows[0][0] > 0

    async def queue_update(self, name: str, metadata: bytes) -> QueueRow | None:
        row = await self._fetch_one("queue_update", {"name": name, "metadata": metadata.decode()})
        return queue_row(row) if row else None

    async def queue_delete_expired(self, *, before: datetime, limit: int) -> list[str]:
        return [row[0] for row in await self._fetch("queue_delete_expired", {"before": before, "limit": limit})]
