"""When remembered periodic jobs ran and run next: `revenge_periodic`, a table of ours beside River's."""

from collections.abc import Sequence
from datetime import UTC, datetime

from app.jobs.driver.driver import PeriodicRun
from app.jobs.driver.statement_runner import StatementRunner


class PeriodicStatements(StatementRunner):
    async def periodic_list(self) -> list[PeriodicRun]:
        return [
            PeriodicRun(name, _utc(last_run_at), _utc(next_run_at), last_job_id)
            for name, last_run_at, next_run_at, last_job_id in await self._fetch("periodic_list")
        ]

    async def periodic_upsert_many(self, runs: Sequence[PeriodicRun]) -> None:
        await self._fetch(
            "periodic_upsert_many",
            {
                "ids": [run.id for run in runs],
                "last_runs": [run.last_run_at for run in runs],
                "next_runs": [run.next_run_at for run in runs],
                "last_jobs": [run.last_job_id for run in runs],
            },
        )


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)
