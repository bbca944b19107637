"""The nightly round: statistics for the planner, retention, invariants, health; and a report of all of it."""

from datetime import timedelta

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.accounts import audit
from app.clock import Clock
from app.config import Settings
from app.db.tx import Transactions
from app.metadata.answers import Answers
from app.metadata.images.sweeping import StoreSweeper, Swept
from app.operations.health import HealthReport, check_health
from app.operations.invariants import Broken, check_invariants

log = structlog.get_logger("operations")


class MaintenanceReport(msgspec.Struct, frozen=True, kw_only=True):
    analyzed_tables: int
    forgotten: dict[str, int]
    """How many rows of each kind had been kept long enough."""
    images: Swept
    broken_invariants: list[Broken]
    health: HealthReport


class DatabaseMaintenance:
    """Killed anywhere and run again it does the same: every step stands alone."""

    def __init__(
        self,
        engine: AsyncEngine,
        transactions: Transactions,
        settings: Settings,
        clock: Clock,
        *,
        answers: Answers,
        store: StoreSweeper,
    ) -> None:
        self._engine = engine
        self._transactions = transactions
        self._audit_retention: timedelta | None = settings.accounts.audit_retention
        self._clock = clock
        self._answers = answers
        self._store = store

    async def run(self) -> MaintenanceReport:
        analyzed = await self._analyze()
        forgotten = await self._forget()
        report = MaintenanceReport(
            analyzed_tables=analyzed,
            forgotten=forgotten,
            images=await self._store.sweep(),
            broken_invariants=await check_invariants(self._transactions),
            health=await check_health(self._transactions),
        )
        for broken in report.broken_invariants:
            log.error("this does not hold", invariant=broken.invariant, count=broken.count, examples=broken.examples)
        for warning in report.health.warnings:
            log.warning("database", warning=warning)
        return report

    async def _analyze(self) -> int:
        """Analyse table by table: each a short transaction, so nothing waits for the whole, and a table dropped
        meanwhile is no failure of the night."""
        async with self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            tables = await connection.scalars(
                text(
                    "SELECT format('%I.%I', schemaname, relname) FROM pg_stat_user_tables"
                    " WHERE n_mod_since_analyze > 0 ORDER BY 1"
                )
            )
            names = list(tables)
            for name in names:
                await connection.execute(text(f"ANALYZE (SKIP_LOCKED) {name}"))
        return len(names)

    async def _forget(self) -> dict[str, int]:
        """Histories as long as the configuration says, what sources answered as long as their terms allow."""
        forgotten = {"source_answers": await self._answers.forget(), "audit_events": 0}
        if self._audit_retention is not None:
            async with self._transactions.begin() as tx:
                forgotten["audit_events"] = await audit.forget(tx, self._clock.now() - self._audit_retention)
        return forgotten
