"""Jobs left running too long (contract 6.2)."""

from datetime import timedelta

import pytest

from app.jobs.errors import JobError
from app.jobs.maintenance.job_rescuer import JobRescuer
from app.jobs.retry_policy import RiverRetryPolicy
from app.jobs.types import JobState
from app.jobs.worker import NO_TIMEOUT, Workers
from tests.fixtures.clients import WorkFunction, do_nothing

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def rescuer_with(driver, clock):
    def make(worker=None, *, leave_unknown_kinds=False):
        return JobRescuer(
            driver,
            Workers([worker or WorkFunction(do_nothing)]),
            clock,
            rescue_after=HOUR,
            job_timeout=MINUTE,
            retry_policy=RiverRetryPolicy(),
            leave_unknown_kinds=leave_unknown_kinds,
            may_run=lambda: True,
        )

    return make


@pytest.fixture
def stuck(factory, clock):
    """Write a job that has been running for two hours."""

    async def write(**columns):
        at = clock.now() - 2 * HOUR
        return await factory.job(**{"kind": "test.work", "state": "running", "attempted_at": at, **columns})

    return write


async def test_a_job_left_running_too_long_becomes_retryable(rescuer_with, stuck, factory, clock):
    """Rescue goes by time alone: it cannot tell a dead client from a slow one, so the attempt stays counted."""
    lost = await stuck(attempt=1)
    await rescuer_with().run_once()
    job = await factory.read(lost.id)
    assert job.state is JobState.RETRYABLE
    assert job.attempt == job.errors[-1].attempt == 1
    assert job.errors[-1].error == "Stuck job rescued by JobRescuer"
    assert job.errors[-1].trace == ""
    assert job.errors[-1].at == clock.now()
    assert clock.now() + 0.9 * timedelta(seconds=1) <= job.scheduled_at <= clock.now() + 1.1 * timedelta(seconds=1)
    assert job.metadata_value() == {"river:rescue_count": 1}


async def test_rescues_are_counted_on(rescuer_with, stuck, factory):
    lost = await stuck(metadata='{"river:rescue_count": 4, "mine": 1}')
    odd = await stuck(metadata='{"river:rescue_count": "many"}')
    await rescuer_with().run_once()
    assert (await factory.read(lost.id)).metadata_value() == {"river:rescue_count": 5, "mine": 1}
    assert (await factory.read(odd.id)).metadata_value() == {"river:rescue_count": 1}


async def test_the_last_attempt_is_discarded(rescuer_with, stuck, factory, clock):
    lost = await stuck(attempt=25)
    await rescuer_with().run_once()
    job = await factory.read(lost.id)
    assert job.state is JobState.DISCARDED
    assert job.finalized_at == clock.now()
    assert job.scheduled_at == lost.scheduled_at


async def test_a_job_somebody_wanted_to_cancel_is_cancelled(rescuer_with, stuck, factory):
    lost = await stuck(metadata='{"cancel_attempted_at": "2026-01-01T00:00:00Z"}')
    await rescuer_with().run_once()
    assert (await factory.read(lost.id)).state is JobState.CANCELLED


@pytest.mark.parametrize("limit", [NO_TIMEOUT, 3 * HOUR])
async def test_a_worker_may_take_its_time(rescuer_with, stuck, factory, limit):
    slow = await stuck()
    await rescuer_with(WorkFunction(do_nothing, timeout=limit)).run_once()
    assert (await factory.read(slow.id)).state is JobState.RUNNING


async def test_a_job_that_runs_for_less_than_an_hour_is_left_alone(rescuer_with, stuck, factory, clock):
    young = await stuck(attempted_at=clock.now() - 59 * MINUTE)
    await rescuer_with().run_once()
    assert (await factory.read(young.id)).state is JobState.RUNNING


async def test_a_kind_nobody_knows_is_discarded_as_river_does(rescuer_with, stuck, factory):
    foreign = await stuck(kind="go.only", attempt=1)
    await rescuer_with().run_once()
    assert (await factory.read(foreign.id)).state is JobState.DISCARDED


async def test_a_kind_nobody_knows_is_left_to_those_who_do_when_we_claim_only_ours(rescuer_with, stuck, factory):
    foreign = await stuck(kind="go.only", attempt=1)
    await rescuer_with(leave_unknown_kinds=True).run_once()
    assert (await factory.read(foreign.id)).state is JobState.RUNNING


async def test_rows_that_break_the_contract_do_not_stop_the_others(rescuer_with, stuck, factory):
    undecodable = await stuck(args='{"number": "many"}')
    poison = await stuck(tags=["a", None], errors=['{"at": "yesterday", "attempt": "1"}'])
    array = await stuck(metadata="[1]")
    good = await stuck()
    await rescuer_with().run_once()
    for job in (undecodable, poison, array, good):
        assert (await factory.read(job.id)).state is JobState.RETRYABLE


async def test_the_worker_may_say_when(rescuer_with, stuck, factory, clock):
    class Patient(WorkFunction):
        def next_retry(self, job):
            return clock.now() + 7 * HOUR

    lost = await stuck()
    await rescuer_with(Patient(do_nothing)).run_once()
    assert (await factory.read(lost.id)).scheduled_at == clock.now() + 7 * HOUR


async def test_a_worker_that_cannot_say_costs_its_job_nothing(rescuer_with, stuck, factory):
    class Broken(WorkFunction):
        def timeout(self, job):
            raise JobError("unknown")

    lost = await stuck()
    await rescuer_with(Broken(do_nothing)).run_once()
    assert (await factory.read(lost.id)).state is JobState.RETRYABLE


async def test_it_pages_past_jobs_that_are_to_be_left_alone(rescuer_with, connection, factory, stuck, monkeypatch):
    monkeypatch.setattr("app.jobs.maintenance.maintenance_service.BATCH", 10)
    monkeypatch.setattr("app.jobs.maintenance.maintenance_service.SHORTEST_BATCH_PAUSE", 0)
    monkeypatch.setattr("app.jobs.maintenance.maintenance_service.LONGEST_BATCH_PAUSE", 0)
    for _ in range(25):
        await stuck(kind="go.only")
    lost = await stuck()
    await rescuer_with(leave_unknown_kinds=True).run_once()
    assert (await factory.read(lost.id)).state is JobState.RETRYABLE
