"""The lease of leadership (contract 5). A term is (leader_id, elected_at), issued by the database's clock to the µs."""

from datetime import UTC, datetime

from app.jobs.driver.driver import Leader
from app.jobs.driver.rows import Row
from app.jobs.driver.statement_runner import StatementRunner
from app.jobs.types import Topic


class LeaderStatements(StatementRunner):
    async def leader_attempt_elect(self, *, leader_id: str, ttl: float) -> Leader | None:
        return _leader(await self._fetch_one("leader_attempt_elect", {"leader_id": leader_id, "ttl": ttl}))

    async def leader_attempt_reelect(self, *, leader_id: str, elected_at: datetime, ttl: float) -> Leader | None:
        parameters = {"leader_id": leader_id, "elected_at": elected_at, "ttl": ttl}
        return _leader(await self._fetch_one("leader_attempt_reelect", parameters))

    async def leader_resign(self, *, leader_id: str, elected_at: datetime) -> bool:
        parameters = {"leader_id": leader_id, "elected_at": elected_at, "channel": self._channel(Topic.LEADERSHIP)}
        return bool(await self._fetch("leader_resign", parameters))

    async def leader_get(self) -> Leader | None:
        return _leader(await self._fetch_one("leader_get"))


def _leader(row: Row | None) -> Leader | None:
    if row is None:
        return None
    leader_id, elected_at, expires_at = row
    return Leader(leader_id, elected_at.astimezone(UTC), expires_at.astimezone(UTC))
