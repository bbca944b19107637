"""Inserting: rows, transactions, notification and its limits, duplicates, unknown kinds (contract 8, 4.3)."""

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from app.errors import InvalidInput
from app.jobs.args import JobArgs
from app.jobs.errors import UnknownJobKind
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.inserter import Inserter
from app.jobs.notify_limiter import NotifyLimiter
from app.jobs.types import JobState, Topic
from app.jobs.worker import Worker, Workers
from app.observability import Metrics
from tests.fixtures.announcements import announced

UNIQUE_BY_ARGS = UniqueOpts(by_args=True)


class NumberArgs(JobArgs, kind="test.number"):
    number: int = 0


class OtherArgs(JobArgs, kind="test.other"):
    pass


class NumberWorker(Worker[NumberArgs]):
    def work(self, job):
        raise NotImplementedError


@pytest.fixture
def metrics():
    return Metrics(CollectorRegistry())


@pytest.fixture
def inserter(driver, clock, metrics):
    return Inserter(driver, None, clock, metrics=metrics)


async def test_one_job(inserter, factory, clock):
    result = await inserter.insert(NumberArgs(number=7), InsertOpts(priority=2))

    job = await factory.read(result.job.id)
    assert job == result.job
    assert (job.kind, job.encoded_args, job.priority) == ("test.number", b'{"number": 7}', 2)
    assert job.created_at == job.scheduled_at == clock.now()


async def test_many_jobs_with_and_without_opts(inserter, factory):
    results = await inserter.insert_many(
        [NumberArgs(number=1), (NumberArgs(number=2), InsertOpts(queue="low")), (OtherArgs(), None)]
    )

    jobs = [result.job for result in results]
    assert [(job.kind, job.queue) for job in jobs] == [
        ("test.number", "default"),
        ("test.number", "low"),
        ("test.other", "default"),
    ]
    assert [await factory.read(job.id) for job in jobs] == jobs


async def test_no_jobs_is_an_error(inserter):
    with pytest.raises(InvalidInput, match="no jobs to insert"):
        await inserter.insert_many([])


async def test_one_bad_job_inserts_none(inserter, factory):
    with pytest.raises(InvalidInput):
        await inserter.insert_many([NumberArgs(), (NumberArgs(), InsertOpts(priority=9))])

    assert await factory.count() == 0


async def test_in_the_callers_transaction_all_comes_and_goes_with_it(inserter, factory, driver, connection):
    async with announced(driver, Topic.INSERT) as heard:
        async with connection.transaction(force_rollback=True):
            lost = await inserter.insert_tx(connection, NumberArgs(), InsertOpts(queue="lost"))
            await inserter.insert_many_tx(connection, [NumberArgs()])
            assert await factory.count() == 2
            assert await driver.job_get_by_id(lost.job.id) is None
        async with connection.transaction():
            kept = await inserter.insert_tx(connection, NumberArgs(), InsertOpts(queue="kept"))

    assert heard == ['{"queue": "kept"}']
    assert await factory.count() == 1
    assert (await driver.job_get_by_id(kept.job.id)).queue == "kept"


async def test_one_announcement_per_queue_of_available_jobs(inserter, driver, clock):
    later = InsertOpts(queue="later", scheduled_at=clock.now() + timedelta(hours=1))
    async with announced(driver, Topic.INSERT) as heard:
        await inserter.insert_many(
            [
                NumberArgs(),
                (NumberArgs(), InsertOpts(queue="b")),
                NumberArgs(),
                (NumberArgs(), later),
                (NumberArgs(), InsertOpts(queue="parked", pending=True)),
            ]
        )

    assert heard == ['{"queue": "default"}', '{"queue": "b"}']


async def test_a_burst_is_announced_once_per_cooldown(driver, clock, metrics):
    seconds = [0.0]
    inserter = Inserter(driver, None, clock, metrics=metrics)
    inserter.notify_limiter = NotifyLimiter(0.1, now=lambda: seconds[0])
    async with announced(driver, Topic.INSERT) as heard:
        for at in (0, 0.05, 0.099, 0.1, 0.15):
            seconds[0] = at
            await inserter.insert(NumberArgs())
        await inserter.insert(NumberArgs(), InsertOpts(queue="other"))

    assert heard == ['{"queue": "default"}', '{"queue": "default"}', '{"queue": "other"}']


async def test_duplicates_are_announced_too(driver, clock, metrics):
    inserter = Inserter(driver, None, clock, fetch_cooldown=timedelta(0), metrics=metrics)
    async with announced(driver, Topic.INSERT) as heard:
        for _ in range(2):
            await inserter.insert(NumberArgs(), InsertOpts(unique=UNIQUE_BY_ARGS))

    assert len(heard) == 2


async def test_the_same_job_twice_is_there_once(inserter, factory, metrics):
    first = await inserter.insert(NumberArgs(number=1), InsertOpts(unique=UNIQUE_BY_ARGS))
    second = await inserter.insert(NumberArgs(number=1), InsertOpts(unique=UNIQUE_BY_ARGS, priority=4))
    other = await inserter.insert(NumberArgs(number=2), InsertOpts(unique=UNIQUE_BY_ARGS))

    assert (first.unique_skipped_as_duplicate, second.unique_skipped_as_duplicate) == (False, True)
    assert second.job == first.job != other.job
    assert await factory.count() == 2


async def test_equal_keys_in_one_call_are_refused_before_the_transaction_is_spoilt(inserter, factory, connection):
    jobs = [(NumberArgs(number=number), InsertOpts(unique=UNIQUE_BY_ARGS)) for number in (1, 2, 1)]
    async with connection.transaction():
        with pytest.raises(InvalidInput, match="jobs 0 and 2 have the same unique key"):
            await inserter.insert_many_tx(connection, jobs)
        await inserter.insert_tx(connection, NumberArgs())

    assert await factory.count() == 1


async def test_a_kind_without_a_worker_is_refused_where_there_are_workers(driver, clock, factory, metrics):
    workers = Workers([NumberWorker()])
    inserter = Inserter(driver, workers, clock, metrics=metrics)

    await inserter.insert(NumberArgs())
    with pytest.raises(UnknownJobKind):
        await inserter.insert_many([NumberArgs(), OtherArgs()])
    lenient = Inserter(driver, workers, clock, skip_unknown_job_check=True, metrics=metrics)
    await lenient.insert(OtherArgs())

    assert await factory.count() == 2


async def test_what_was_inserted_is_counted_by_kind_and_queue(inserter, metrics):
    await inserter.insert_many([NumberArgs(), NumberArgs(), (OtherArgs(), InsertOpts(queue="low"))])
    for _ in range(2):
        await inserter.insert(NumberArgs(number=5), InsertOpts(unique=UNIQUE_BY_ARGS))

    assert (
        metrics.registry.get_sample_value("revenge_jobs_enqueued_total", {"kind": "test.number", "queue": "default"})
        == 3
    )
    assert metrics.registry.get_sample_value("revenge_jobs_enqueued_total", {"kind": "test.other", "queue": "low"}) == 1


async def test_the_client_decides_how_many_attempts_when_nobody_else_does(driver, clock, metrics):
    inserter = Inserter(driver, None, clock, max_attempts=5, metrics=metrics)

    assert (await inserter.insert(NumberArgs())).job.max_attempts == 5
    assert (await inserter.insert(NumberArgs(), InsertOpts(max_attempts=2))).job.max_attempts == 2


async def test_scheduled_and_parked_jobs_wait(inserter, driver, clock):
    later = await inserter.insert(NumberArgs(), InsertOpts(scheduled_at=clock.now() - timedelta(hours=1)))
    parked = await inserter.insert(NumberArgs(), InsertOpts(pending=True))

    assert (later.job.state, parked.job.state) == (JobState.SCHEDULED, JobState.PENDING)
    assert await driver.job_get_available(queue="default", client_id="me", limit=9) == []
