"""The work and the end of its job in one transaction (contract 12.3)."""

import pytest

from app.jobs.args import JobArgs
from app.jobs.completion import job_complete_tx
from app.jobs.driver.driver import JobSetState
from app.jobs.errors import JobNotFound, JobNotRunning
from app.jobs.job import Job
from app.jobs.types import JobState


class WorkArgs(JobArgs, kind="test.work"):
    pass


@pytest.fixture
async def job(driver, factory):
    await factory.id_of(kind="test.work", metadata='{"kept": 1.10}')
    (row,) = await driver.job_get_available(queue="default", client_id="me", limit=1)
    return Job(row, WorkArgs())


async def test_it_completes_when_the_transaction_commits(driver, connection, job):
    job.record_output({"rows": 3})
    async with connection.transaction():
        row = await job_complete_tx(driver, connection, job)
        assert (await driver.job_get_by_id(job.id)).state is JobState.RUNNING

    assert row.state is JobState.COMPLETED
    stored = await driver.job_get_by_id(job.id)
    assert stored == row
    assert stored.metadata == b'{"kept": 1.10, "output": {"rows": 3}}'


async def test_a_roll_back_leaves_the_job_running(driver, connection, job):
    async with connection.transaction(force_rollback=True):
        await job_complete_tx(driver, connection, job)

    assert (await driver.job_get_by_id(job.id)) == job.row


async def test_the_ordinary_completion_after_it_changes_nothing_but_metadata(driver, connection, job):
    async with connection.transaction():
        row = await job_complete_tx(driver, connection, job)
    late = JobSetState(
        id=job.id,
        attempt=job.attempt,
        attempted_at=job.row.attempted_at,
        state=JobState.RETRYABLE,
        scheduled_at=job.row.scheduled_at,
        error=b'{"at":"2026-01-01T00:00:00Z","attempt":1,"error":"x","trace":""}',
    )

    assert await driver.job_complete_many([late]) == set()
    assert await driver.job_set_state_if_running_many([late]) == [row]


@pytest.mark.parametrize(
    "lost",
    [
        "state = 'retryable'",
        "state = 'completed', finalized_at = now()",
        "attempt = 2",
        "attempted_at = attempted_at + interval '1 us'",
    ],
)
async def test_an_attempt_that_lost_its_job_cannot_complete_it(driver, connection, factory, job, lost):
    await connection.execute(f"UPDATE river.river_job SET {lost}")
    before = await factory.raw(job.id)

    with pytest.raises(JobNotRunning):
        await complete_in_a_transaction(driver, connection, job)

    assert await factory.raw(job.id) == before


async def test_a_deleted_job_cannot_be_completed(driver, connection, job):
    await connection.execute("DELETE FROM river.river_job")

    with pytest.raises(JobNotFound):
        await complete_in_a_transaction(driver, connection, job)


async def complete_in_a_transaction(driver, connection, job):
    job.metadata_set("mine", 1)
    async with connection.transaction():
        await job_complete_tx(driver, connection, job)
