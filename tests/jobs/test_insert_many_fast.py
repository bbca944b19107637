"""Inserting by COPY: the same rules and notifications as any insert, and no rows back (contract 8.3)."""

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from app.errors import InvalidInput
from app.jobs.args import JobArgs
from app.jobs.driver.copy_rows import JOBS_PER_BLOCK
from app.jobs.errors import UniqueConflict, UnknownJobKind
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.inserter import Inserter
from app.jobs.types import JobState, Topic
from app.jobs.worker import Workers
from app.observability import Metrics
from tests.fixtures.announcements import announced
from tests.fixtures.clients import WorkFunction, do_nothing, until

UNIQUE = InsertOpts(unique=UniqueOpts(by_args=True))


class NumberArgs(JobArgs, kind="test.number"):
    number: int = 0


@pytest.fixture
def metrics():
    return Metrics(CollectorRegistry())


@pytest.fixture
def inserter(driver, clock, metrics):
    return Inserter(driver, None, clock, metrics=metrics)


async def test_jobs_with_and_without_opts_are_written_and_counted(inserter, driver, metrics, clock):
    later = InsertOpts(queue="low", scheduled_at=clock.now() + timedelta(hours=1))

    count = await inserter.insert_many_fast([NumberArgs(number=1), (NumberArgs(number=2), later), NumberArgs(number=3)])

    assert count == 3
    jobs = await driver.job_get_available(queue="default", client_id="me", limit=9)
    assert [job.args_value()["number"] for job in jobs] == [1, 3]
    (waiting,) = await driver.job_get_by_ids([jobs[0].id + 1])
    assert (waiting.state, waiting.queue) == (JobState.SCHEDULED, "low")
    labels = {"kind": "test.number", "queue": "default"}
    assert metrics.registry.get_sample_value("revenge_jobs_enqueued_total", labels) == 2


async def test_a_burst_is_announced_once_per_queue_and_only_when_it_commits(inserter, driver, connection):
    async with announced(driver, Topic.INSERT) as heard:
        async with connection.transaction(force_rollback=True):
            await inserter.insert_many_fast_tx(connection, [(NumberArgs(), InsertOpts(queue="lost"))])
        async with connection.transaction():
            await inserter.insert_many_fast_tx(connection, [NumberArgs()] * 3)

    assert heard == ['{"queue": "default"}']


async def test_a_job_that_is_there_already_makes_all_fail(inserter, factory, connection):
    await inserter.insert(NumberArgs(number=1), UNIQUE)

    with pytest.raises(UniqueConflict):
        await inserter.insert_many_fast([NumberArgs(number=2), (NumberArgs(number=1), UNIQUE)])
    with pytest.raises(UniqueConflict):
        async with connection.transaction():
            await inserter.insert_many_fast_tx(connection, [NumberArgs(number=2), (NumberArgs(number=1), UNIQUE)])

    assert await factory.count() == 1


async def test_what_makes_no_sense_is_refused_before_the_transaction_is_spoilt(inserter, driver, clock, connection):
    strict = Inserter(driver, Workers([WorkFunction(do_nothing)]), clock, metrics=Metrics())
    async with connection.transaction():
        with pytest.raises(InvalidInput, match="no jobs to insert"):
            await inserter.insert_many_fast_tx(connection, [])
        with pytest.raises(InvalidInput, match="jobs 0 and 1 have the same unique key"):
            await inserter.insert_many_fast_tx(connection, [(NumberArgs(), UNIQUE)] * 2)
        with pytest.raises(UnknownJobKind):
            await strict.insert_many_fast_tx(connection, [NumberArgs()])
        assert await inserter.insert_many_fast_tx(connection, [NumberArgs()]) == 1


async def test_args_that_are_no_json_insert_and_announce_nothing(inserter, driver, factory, connection):
    class AnyArgs(JobArgs, kind="test.any"):
        value: object = None

    many = [AnyArgs()] * 2 * JOBS_PER_BLOCK
    async with announced(driver, Topic.INSERT) as heard:
        with pytest.raises(InvalidInput, match="args"):
            await inserter.insert_many_fast([*many, AnyArgs(value=object()), *many])
        async with connection.transaction():
            with pytest.raises(InvalidInput, match="args"):
                await inserter.insert_many_fast_tx(connection, [*many, AnyArgs(value=object())])
            assert await inserter.insert_many_fast_tx(connection, [(NumberArgs(), InsertOpts(queue="low"))]) == 1

    assert heard == ['{"queue": "low"}']
    assert await factory.count() == 1
    assert await inserter.insert_many_fast(many) == len(many), "the connection is as good as new"


async def test_a_client_works_what_was_inserted_so(make_client):
    worked = []

    async def work(job):
        worked.append(job.args.number)

    worker = WorkFunction(work)
    client = make_client(worker)
    await client.start()

    assert await client.insert_many_fast([worker.args_type(number=number) for number in range(100)]) == 100

    await until(lambda: len(worked) == 100)
    assert sorted(worked) == list(range(100))
