"""A day of periodic jobs in a few seconds: the clock is moved from one planned run to the next, and leaders change."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.jobs.args import JobArgs
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.inserter import Inserter
from app.jobs.maintenance.periodic_job_enqueuer import PeriodicJobEnqueuer
from app.jobs.periodic import IntervalSchedule, PeriodicJob, PeriodicJobs
from app.jobs.testing import StubClock
from app.observability import Metrics
from tests.faults.fleet import SOAK

MIDNIGHT = datetime(2030, 3, 30, tzinfo=UTC)
DAYS = 7 if SOAK else 1
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class TickArgs(JobArgs, kind="faults.tick"):
    every: str = ""


@dataclass(frozen=True)
class Daily:
    hour: int

    def next(self, after: datetime) -> datetime:
        today = after.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        return today if today > after else today + DAY


def periodic(every: str, period: timedelta, schedule=None) -> PeriodicJob:
    opts = InsertOpts(unique=UniqueOpts(by_args=True, by_period=period))
    return PeriodicJob(schedule or IntervalSchedule(period), lambda: (TickArgs(every=every), opts), id=every)


class Leader:
    """A leader's enqueuer, whose sleep until the next run is a step of the clock."""

    def __init__(self, driver: PsycopgDriver, clock: StubClock) -> None:
        jobs = PeriodicJobs((periodic("minute", MINUTE), periodic("hour", HOUR), periodic("day", DAY, Daily(4))))
        self._clock = clock
        inserter = Inserter(driver, None, clock, metrics=Metrics())
        self._enqueuer = PeriodicJobEnqueuer(inserter, jobs, clock, may_run=lambda: True)
        self._enqueuer._take_in_new()

    async def lead_until(self, end: datetime) -> None:
        while (due := min(self._enqueuer._next.values())) <= end:
            self._clock.time = max(due, self._clock.time)
            await self._enqueuer.insert(self._enqueuer.take_due())
        self._clock.time = end


async def test_a_days_runs_are_each_inserted_once_though_leaders_change(driver, connection):
    """A new leader counts intervals from its own start, here always a whole hour; so its runs are those of the old."""
    clock = StubClock(MIDNIGHT)
    for hour in range(0, 24 * DAYS, 3):
        start = MIDNIGHT + hour * HOUR
        old = Leader(driver, clock)
        await old.lead_until(start + 3 * HOUR)
        clock.time = start + 2 * HOUR
        overlapping = Leader(driver, clock)
        await overlapping.lead_until(start + 3 * HOUR)

    cursor = await connection.execute(
        "SELECT args->>'every' AS every, scheduled_at FROM river.river_job ORDER BY id, scheduled_at"
    )
    runs: dict[str, list[datetime]] = {}
    for row in await cursor.fetchall():
        runs.setdefault(row["every"], []).append(row["scheduled_at"].astimezone(UTC))

    assert sorted(runs["minute"]) == [MIDNIGHT + number * MINUTE for number in range(1, 1440 * DAYS + 1)]
    assert sorted(runs["hour"]) == [MIDNIGHT + number * HOUR for number in range(1, 24 * DAYS + 1)]
    assert sorted(runs["day"]) == [MIDNIGHT + 4 * HOUR + number * DAY for number in range(DAYS)]
