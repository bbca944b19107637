"""What comes by itself: when it last ran and how that went, and when it runs next."""

from dataclasses import dataclass
from datetime import datetime

from app.jobs.driver.driver import Driver
from app.jobs.types import JobRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRun:
    id: str
    """The kind, for all of ours."""
    last_run_at: datetime | None
    next_run_at: datetime | None
    last_job: JobRow | None
    """None: it has not run yet, or its row has been cleaned away since."""


class Schedule:
    """Known once somebody has led: a node that has just been installed shows nothing for a second."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def runs(self) -> list[ScheduledRun]:
        known = await self._driver.periodic_list()
        ids = [run.last_job_id for run in known if run.last_job_id is not None]
        jobs = {row.id: row for row in await self._driver.job_get_by_ids(ids)} if ids else {}
        return [
            ScheduledRun(
                id=run.id,
                last_run_at=run.last_run_at,
                next_run_at=run.next_run_at,
                last_job=jobs.get(run.last_job_id or 0),
            )
            for run in known
        ]
