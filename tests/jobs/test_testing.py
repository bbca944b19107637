"""What the queue offers to the tests of others."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.jobs.args import JobArgs
from app.jobs.client_config import ClientConfig
from app.jobs.context import client_from_context
from app.jobs.errors import JobCancel, JobError, JobNotRunning, JobSnooze
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.inserter import Inserter
from app.jobs.retry_policy import ExponentialRetryPolicy, RiverRetryPolicy
from app.jobs.subscription import EventKind
from app.jobs.testing import (
    Expected,
    StubClock,
    TestSignal,
    make_job,
    require_inserted,
    require_many_inserted,
    require_not_inserted,
    resume_after,
    resume_at,
    seeded_uniform,
    work_job_tx,
    work_one,
    work_one_tx,
)
from app.jobs.types import JobState
from app.observability import Metrics
from tests.fixtures.clients import PlainFunction, WorkArgs, WorkFunction, do_nothing


class OtherArgs(JobArgs, kind="test.other"):
    pass


@pytest.fixture
def inserter(driver, clock):
    return Inserter(driver, None, clock, metrics=Metrics())


async def test_a_worker_is_worked_without_a_database():
    async def work(job):
        job.record_output(job.args.number)

    job = await work_one(WorkFunction(work), WorkArgs(number=3))
    assert bytes(job.staged_metadata["output"]) == b"3"


async def test_a_plain_worker_too_and_its_error_comes_out():
    def work(_job):
        raise JobError("no")

    with pytest.raises(JobError, match="no"):
        await work_one(PlainFunction(work), make_job(WorkArgs(), attempt=2))


async def test_an_inserted_job_is_found_and_compared(driver, clock):
    await require_not_inserted(driver, WorkArgs)
    with pytest.raises(AssertionError, match="found 0"):
        await require_inserted(driver, WorkArgs)
    inserter = Inserter(driver, None, clock, metrics=Metrics())
    await inserter.insert(WorkArgs(number=5), InsertOpts(queue="low", priority=3, tags=("one-tag",)))

    job = await require_inserted(driver, WorkArgs, queue="low", priority=3, tags=["one-tag"], state=JobState.AVAILABLE)
    assert job.args.number == 5
    with pytest.raises(AssertionError, match="queue is 'low' instead of 'high'; max_attempts is 25 instead of 1"):
        await require_inserted(driver, WorkArgs, queue="high", max_attempts=1)
    with pytest.raises(AssertionError, match="found 1"):
        await require_not_inserted(driver, WorkArgs)
    await inserter.insert(WorkArgs())
    with pytest.raises(AssertionError, match="found 2"):
        await require_inserted(driver, WorkArgs)


async def test_a_signal_remembers_from_init_on():
    signal = TestSignal[int]()
    signal.signal(1)
    with pytest.raises(RuntimeError):
        await signal.wait()
    signal.init()
    signal.signal(2)
    signal.signal(3)
    assert [await signal.wait(), await signal.wait()] == [2, 3]
    with pytest.raises(TimeoutError):
        await signal.wait(0.001)


# -- what was inserted


async def test_many_are_compared_in_order(driver, inserter):
    await inserter.insert_many([WorkArgs(number=1), OtherArgs(), (WorkArgs(number=2), InsertOpts(priority=2))])
    first, _, second = await require_many_inserted(
        driver, [Expected(WorkArgs(number=1)), Expected(OtherArgs), Expected(WorkArgs, {"priority": 2})]
    )
    assert (first.args.number, second.args.number) == (1, 2)
    with pytest.raises(
        AssertionError, match=r"expected jobs of kinds .*, found \['test.work', 'test.other', 'test.work'\]"
    ):
        await require_many_inserted(driver, [Expected(OtherArgs), Expected(WorkArgs), Expected(WorkArgs)])
    with pytest.raises(AssertionError, match=r"args are WorkArgs\(number=2\) instead of WorkArgs\(number=3\)"):
        await require_many_inserted(
            driver, [Expected(WorkArgs), Expected(OtherArgs), Expected(WorkArgs(number=3), {"priority": 2})]
        )


async def test_args_name_one_job_among_many(driver, inserter):
    await inserter.insert_many([WorkArgs(number=1), WorkArgs(number=2)])
    assert (await require_inserted(driver, WorkArgs(number=2))).args.number == 2
    with pytest.raises(AssertionError, match=r"one job of kind test.work with WorkArgs\(number=3\), found 0"):
        await require_inserted(driver, WorkArgs(number=3))


async def test_only_jobs_with_all_that_is_named_are_unwanted(driver, inserter):
    await inserter.insert(WorkArgs(number=1), InsertOpts(queue="low"))
    await require_not_inserted(driver, WorkArgs, queue="high")
    await require_not_inserted(driver, WorkArgs(number=2))
    await require_not_inserted(driver, WorkArgs(number=1), queue="low", priority=4)
    with pytest.raises(AssertionError, match="found 1"):
        await require_not_inserted(driver, WorkArgs(number=1), queue="low")


async def test_a_time_is_compared_to_the_microsecond(driver, inserter):
    at = datetime(2027, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    await inserter.insert(WorkArgs(), InsertOpts(scheduled_at=at))
    await require_inserted(driver, WorkArgs, scheduled_at=at, state=JobState.SCHEDULED)
    with pytest.raises(AssertionError, match="scheduled_at is"):
        await require_inserted(driver, WorkArgs, scheduled_at=at + timedelta(microseconds=1))


async def test_what_a_transaction_inserts_is_seen_in_it_alone(driver, connection, inserter):
    async with connection.transaction(force_rollback=True):
        await inserter.insert_tx(connection, WorkArgs())
        await require_inserted(driver, WorkArgs, connection=connection)
        await require_not_inserted(driver, WorkArgs)
    await require_not_inserted(driver, WorkArgs, connection=connection)


# -- working within a transaction


async def test_a_job_is_worked_within_the_tests_own_transaction(driver, connection, factory, clock):
    async def work(job):
        await client_from_context().insert(OtherArgs())
        job.record_output(job.args.number)

    async with connection.transaction(force_rollback=True):
        result = await work_one_tx(driver, connection, WorkFunction(work), WorkArgs(number=3), clock=clock)
        await require_inserted(driver, OtherArgs, connection=connection)
        assert result.event_kind is EventKind.JOB_COMPLETED
        assert result.output == 3
        assert (result.job.state, result.job.attempt) == (JobState.COMPLETED, 1)
        assert result.job.attempted_at == result.job.finalized_at == clock.now()
    assert await factory.count() == 0


@pytest.mark.parametrize(
    ("verdict", "state", "event"),
    [
        (JobError("no"), JobState.AVAILABLE, EventKind.JOB_FAILED),
        (ZeroDivisionError("no"), JobState.AVAILABLE, EventKind.JOB_FAILED),
        (JobCancel("never"), JobState.CANCELLED, EventKind.JOB_CANCELLED),
        (JobSnooze(timedelta(hours=1)), JobState.SCHEDULED, EventKind.JOB_SNOOZED),
    ],
    ids=["error", "crash", "cancel", "snooze"],
)
async def test_every_verdict_is_as_in_production(driver, connection, verdict, state, event):
    def work(_job):
        raise verdict

    async with connection.transaction(force_rollback=True):
        result = await work_one_tx(driver, connection, PlainFunction(work), WorkArgs())
    assert (result.job.state, result.event_kind) == (state, event)


async def test_a_timeout_strikes_the_worker_and_not_the_test(driver, connection):
    worker = WorkFunction(lambda _job: asyncio.Event().wait(), timeout=timedelta(milliseconds=10))
    async with connection.transaction(force_rollback=True):
        result = await work_one_tx(driver, connection, worker, WorkArgs())
    assert result.job.errors[0].error == "context deadline exceeded"


async def test_nothing_is_unique_in_a_test(driver, connection):
    opts = InsertOpts(unique=UniqueOpts(by_args=True))
    async with connection.transaction(force_rollback=True):
        ids = [
            (await work_one_tx(driver, connection, WorkFunction(do_nothing), WorkArgs(), opts)).job.id for _ in range(2)
        ]
    assert len(set(ids)) == 2


async def test_hooks_and_middleware_are_called_as_in_production(driver, connection):
    called = []

    class Plugin:
        async def insert_begin(self, params):
            called.append("insert")

        async def work(self, job, do_inner):
            called.append("work")
            await do_inner()

    async with connection.transaction(force_rollback=True):
        config = ClientConfig(plugins=[Plugin()])
        await work_one_tx(driver, connection, WorkFunction(do_nothing), WorkArgs(), config=config)
    assert called == ["insert", "work"]


async def test_a_job_that_is_there_is_worked_again_and_again_until_it_is_out_of_attempts(driver, connection, inserter):
    async def fail(_job):
        raise JobError("no")

    worker = WorkFunction(fail)
    async with connection.transaction(force_rollback=True):
        job_id = (await inserter.insert_tx(connection, WorkArgs(), InsertOpts(max_attempts=2))).job.id
        first = await work_job_tx(driver, connection, worker, job_id)
        second = await work_job_tx(driver, connection, worker, job_id)
        assert [first.job.state, second.job.state] == [JobState.AVAILABLE, JobState.DISCARDED]
        assert [error.attempt for error in second.job.errors] == [1, 2]
        with pytest.raises(JobNotRunning):
            await work_job_tx(driver, connection, worker, job_id + 1)


async def test_a_resumable_job_is_begun_in_its_middle(driver, connection):
    done = []

    async def work(job):
        await job.steps.step("download", lambda: note("download"))
        await job.steps.step_cursor("import", int, lambda last: note(f"import from {last}"))

    async def note(what):
        done.append(what)

    async with connection.transaction(force_rollback=True):
        for metadata in (resume_after("download"), resume_at("import", 41)):
            await work_one_tx(driver, connection, WorkFunction(work), WorkArgs(), InsertOpts(metadata=metadata))
    assert done == ["import from None", "import from 41"]


def test_time_and_chance_obey():
    clock = StubClock(datetime(2027, 1, 1, tzinfo=UTC))
    job = make_job(WorkArgs())
    for policy in (RiverRetryPolicy, ExponentialRetryPolicy):
        delays = {policy(uniform=seeded_uniform(seed)).next_retry(job.row, clock.now()) for seed in (7, 7, 7)}
        assert len(delays) == 1
        assert delays != {policy(uniform=seeded_uniform(8)).next_retry(job.row, clock.now())}
    clock.advance(timedelta(days=1))
    assert clock.now() == datetime(2027, 1, 2, tzinfo=UTC)
