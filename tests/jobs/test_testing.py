"""What the queue offers to the tests of others."""

import pytest

from app.jobs.errors import JobError
from app.jobs.insert_opts import InsertOpts
from app.jobs.inserter import Inserter
from app.jobs.testing import TestSignal, make_job, require_inserted, require_not_inserted, work_one
from app.jobs.types import JobState
from app.observability import Metrics
from tests.fixtures.clients import PlainFunction, WorkArgs, WorkFunction


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
