"""Jobs that insert themselves (contract 10)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.errors import InvalidInput
from app.jobs.cron_expression import cron
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.inserter import Inserter
from app.jobs.maintenance.periodic_job_enqueuer import PeriodicJobEnqueuer
from app.jobs.maintenance.periodic_memory import TableMemory
from app.jobs.periodic import IntervalSchedule, NeverSchedule, PeriodicJob, PeriodicJobs
from app.jobs.types import JobState
from app.observability import Metrics
from tests.fixtures.clients import WorkArgs, until

HOUR = timedelta(hours=1)


def periodic(number=1, *, opts=None, **options):
    return PeriodicJob(IntervalSchedule(HOUR), lambda: (WorkArgs(number=number), opts), **options)


@pytest.fixture
def enqueuer_of(driver, clock):
    def make(*jobs, may_run=lambda: True):
        inserter = Inserter(driver, None, clock, metrics=Metrics())
        enqueuer = PeriodicJobEnqueuer(inserter, PeriodicJobs(jobs), clock, may_run=may_run)
        enqueuer.inserted.init()
        return enqueuer

    return make


async def test_a_job_comes_when_its_interval_has_passed_and_not_before(enqueuer_of, clock):
    enqueuer = enqueuer_of(periodic(id="hourly"))
    start = clock.now()
    assert enqueuer._take_in_new() == []
    clock.advance(HOUR - timedelta(seconds=1))
    assert enqueuer.take_due() == []
    clock.advance(timedelta(seconds=1))
    (run,) = enqueuer.take_due()
    assert run.planned_at == start + HOUR
    assert enqueuer.take_due() == []


async def test_its_row_says_when_it_was_meant_to_be_and_that_it_is_periodic(enqueuer_of, clock):
    enqueuer = enqueuer_of(periodic(7, id="hourly", opts=InsertOpts(metadata={"mine": 1}, queue="low")))
    enqueuer._take_in_new()
    clock.advance(HOUR + timedelta(milliseconds=50))
    runs = enqueuer.take_due()
    (result,) = await enqueuer.insert(runs)
    job = result.job
    assert job.state is JobState.AVAILABLE
    assert job.scheduled_at == runs[0].planned_at
    assert job.queue == "low"
    assert job.args_value() == {"number": 7}
    assert job.metadata_value() == {"mine": 1, "periodic": True, "river:periodic_job_id": "hourly"}


async def test_a_leader_that_was_busy_catches_up_one_run_per_missed_time(enqueuer_of, clock):
    enqueuer = enqueuer_of(periodic())
    enqueuer._take_in_new()
    start = clock.now()
    clock.advance(3 * HOUR)
    planned = [run.planned_at for _ in range(4) for run in enqueuer.take_due()]
    assert planned == [start + HOUR, start + 2 * HOUR, start + 3 * HOUR]


async def test_what_runs_on_start_runs_once_per_leadership(enqueuer_of, factory):
    enqueuer = enqueuer_of(periodic(run_on_start=True), periodic())
    for _ in range(2):
        await enqueuer.start()
        assert len(await enqueuer.inserted.wait()) == 1
        await enqueuer.stop()
    assert await factory.count() == 2


async def test_two_leaders_insert_a_unique_job_once(enqueuer_of, factory):
    unique = InsertOpts(unique=UniqueOpts(by_args=True))
    enqueuer = enqueuer_of(periodic(1, run_on_start=True, opts=unique), periodic(2, run_on_start=True))
    for expected in ([False, False], [True, False]):
        await enqueuer.start()
        results = await enqueuer.inserted.wait()
        assert [result.unique_skipped_as_duplicate for result in results] == expected
        await enqueuer.stop()
    assert await factory.count() == 3


async def test_without_a_lease_to_be_trusted_nothing_is_inserted(enqueuer_of, factory):
    asked = asyncio.Event()

    def may_run() -> bool:
        asked.set()
        return False

    enqueuer = enqueuer_of(periodic(run_on_start=True), may_run=may_run)
    await enqueuer.start()
    await asked.wait()
    await enqueuer.stop()
    assert await factory.count() == 0


async def test_a_constructor_may_skip_and_its_defect_costs_the_others_nothing(enqueuer_of, factory):
    def broken():
        raise KeyError

    hourly = IntervalSchedule(HOUR)
    enqueuer = enqueuer_of(
        PeriodicJob(hourly, lambda: None, run_on_start=True),
        PeriodicJob(hourly, broken, run_on_start=True),
        PeriodicJob(hourly, WorkArgs, run_on_start=True),
    )
    await enqueuer.start()
    assert len(await enqueuer.inserted.wait()) == 1
    await enqueuer.stop()


async def test_a_failing_insert_does_not_stop_the_loop(enqueuer_of):
    """Two equal unique keys in one batch fail the batch; the next run is another matter."""
    unique = InsertOpts(unique=UniqueOpts(by_args=True))
    enqueuer = enqueuer_of(periodic(1, run_on_start=True, opts=unique), periodic(1, run_on_start=True, opts=unique))
    await enqueuer.start()
    await until(lambda: len(enqueuer._next) == 2)
    enqueuer._jobs.add(periodic(2, run_on_start=True))
    assert len(await enqueuer.inserted.wait()) == 1
    await enqueuer.stop()


async def test_jobs_come_and_go_while_it_runs(enqueuer_of):
    enqueuer = enqueuer_of()
    await enqueuer.start()
    job = periodic(run_on_start=True, id="late")
    enqueuer._jobs.add(job)
    await enqueuer.inserted.wait()
    with pytest.raises(InvalidInput, match="already"):
        enqueuer._jobs.add(periodic(id="late"))
    assert enqueuer._jobs.remove_by_id("late")
    assert not enqueuer._jobs.remove_by_id("late")
    await until(lambda: job not in enqueuer._next)
    await enqueuer.stop()


async def test_a_client_that_leads_inserts_and_works_them(make_client):
    client = make_client(periodic_jobs=(periodic(run_on_start=True, id="at-start"),))
    events = client.subscribe()
    await client.start()
    async with asyncio.timeout(60):
        event = await events.get()
    assert event.job.metadata_value()["river:periodic_job_id"] == "at-start"


@pytest.mark.parametrize("job_id", ["", "x", "a b", "é!", "x" * 128])
def test_ids_are_names(job_id):
    with pytest.raises(InvalidInput):
        periodic(id=job_id)


def test_an_interval_is_longer_than_nothing():
    with pytest.raises(InvalidInput):
        IntervalSchedule(timedelta(0))


async def test_ten_tasks_starting_and_stopping_fifty_times_leave_nothing(enqueuer_of):
    enqueuer = enqueuer_of(periodic())

    async def stress() -> None:
        for _ in range(50):
            await enqueuer.start()
            await enqueuer.stop()

    await asyncio.gather(*(stress() for _ in range(10)))
    assert not enqueuer.is_running


async def test_a_schedule_that_cannot_tell_is_left_aside_and_costs_the_others_nothing(enqueuer_of, clock):
    class Broken:
        def next(self, after):
            if after > start:
                raise RuntimeError
            return after + HOUR

    start = clock.now()
    broken, sound = PeriodicJob(Broken(), WorkArgs), periodic()
    enqueuer = enqueuer_of(broken, sound)
    enqueuer._take_in_new()
    clock.advance(HOUR)
    assert [run.job for run in enqueuer.take_due()] == [broken, sound]
    clock.advance(HOUR)
    assert [run.job for run in enqueuer.take_due()] == [sound]


async def test_a_job_follows_its_cron_expression_from_planned_time_to_planned_time(enqueuer_of, clock):
    clock.time = datetime(2026, 3, 28, 0, 30, tzinfo=UTC)
    enqueuer = enqueuer_of(PeriodicJob(cron("CRON_TZ=Europe/Berlin 30 2 * * *"), WorkArgs))
    enqueuer._take_in_new()
    planned = []
    for _ in range(3):
        clock.advance(timedelta(days=1))
        planned += [run.planned_at.isoformat() for run in enqueuer.take_due()]
    assert planned == [
        "2026-03-28T01:30:00+00:00",
        "2026-03-30T00:30:00+00:00",  # the spring skips the 29th at half past two
        "2026-03-31T00:30:00+00:00",
    ]


async def test_what_never_comes_is_not_waited_for(enqueuer_of, factory, clock):
    enqueuer = enqueuer_of(PeriodicJob(NeverSchedule(), WorkArgs, run_on_start=True))
    await enqueuer.start()
    assert len(await enqueuer.inserted.wait()) == 1
    clock.advance(10_000 * timedelta(days=1))
    assert enqueuer.take_due() == []
    await enqueuer.stop()


# -- remembered


@pytest.fixture
def leader_of(driver, clock):
    """Make the enqueuer of one more leadership, over one memory."""

    def make(*jobs):
        inserter = Inserter(driver, None, clock, metrics=Metrics())
        enqueuer = PeriodicJobEnqueuer(
            inserter, PeriodicJobs(jobs), clock, memory=TableMemory(driver), may_run=lambda: True
        )
        enqueuer.inserted.init()
        return enqueuer

    return make


async def lead(enqueuer):
    """Return the runs that a leadership begins with."""
    return await enqueuer._recall_and_take_in()


def nightly(**options):
    return PeriodicJob(cron("0 3 * * *"), lambda: WorkArgs(number=1), id="nightly", is_remembered=True, **options)


async def test_a_night_that_nobody_was_there_for_is_made_up_for_once(leader_of, clock, driver):
    clock.time = datetime(2026, 11, 23, 20, tzinfo=UTC)
    assert await lead(leader_of(nightly())) == []
    clock.advance(timedelta(days=3))

    enqueuer = leader_of(nightly())
    (run,) = await lead(enqueuer)
    assert run.planned_at == clock.now()
    (result,) = await enqueuer.insert([run])
    (known,) = await driver.periodic_list()
    assert (known.id, known.last_run_at, known.last_job_id) == ("nightly", clock.now(), result.job.id)
    assert known.next_run_at == datetime(2026, 11, 27, 3, tzinfo=UTC)
    assert await lead(leader_of(nightly())) == []


async def test_a_new_leader_goes_on_where_the_last_one_was(leader_of, clock):
    hourly = PeriodicJob(IntervalSchedule(HOUR), lambda: WorkArgs(number=1), id="hourly", is_remembered=True)
    assert await lead(leader_of(hourly)) == []
    clock.advance(HOUR - timedelta(minutes=1))
    second = leader_of(hourly)
    assert await lead(second) == []
    clock.advance(timedelta(minutes=1))
    (run,) = second.take_due()
    assert run.planned_at == clock.now()


async def test_a_schedule_made_to_come_sooner_does_not_wait_for_what_was_planned(leader_of, clock):
    yearly = PeriodicJob(cron("@yearly"), lambda: WorkArgs(number=1), id="nightly", is_remembered=True)
    clock.time = datetime(2026, 11, 23, 20, tzinfo=UTC)
    await lead(leader_of(yearly))
    second = leader_of(nightly())
    await lead(second)
    clock.advance(timedelta(hours=7))
    assert [run.job.id for run in second.take_due()] == ["nightly"]


async def test_what_is_not_remembered_leaves_no_trace(leader_of, clock, driver):
    enqueuer = leader_of(periodic(id="hourly"))
    await lead(enqueuer)
    clock.advance(HOUR)
    await enqueuer.insert(enqueuer.take_due())
    assert await driver.periodic_list() == []


async def test_tables_that_rivers_own_migrator_made_have_no_memory_and_lose_no_run(leader_of, clock, factory):
    await factory.connection.execute("DROP TABLE river.revenge_periodic")
    clock.time = datetime(2026, 11, 23, 20, tzinfo=UTC)
    enqueuer = leader_of(nightly())
    assert await lead(enqueuer) == []
    clock.advance(timedelta(hours=7))
    assert len(await enqueuer.insert(enqueuer.take_due())) == 1


def test_what_is_to_be_remembered_needs_a_name():
    with pytest.raises(InvalidInput, match="needs one"):
        periodic(is_remembered=True)
