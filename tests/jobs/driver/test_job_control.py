"""Cancel, retry and delete for every state, and under contention (contract 2.7; conformance 6, rows 10 and 21)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.jobs.errors import JobRunning, UniqueConflict
from app.jobs.types import FINAL_STATES, JobState, Topic
from tests.fixtures.announcements import announced

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
STAMP = "2026-11-23T12:00:00.5Z"
IDLE = [JobState.AVAILABLE, JobState.PENDING, JobState.RETRYABLE, JobState.SCHEDULED]
FINAL = sorted(FINAL_STATES)


def changed(before, after):
    return {name for name in before if before[name] != after[name]}


async def controls(driver, act):
    """Return what is announced on the control topic by an act."""
    async with announced(driver, Topic.CONTROL) as heard:
        await act()
    return heard


# -- cancel


@pytest.mark.parametrize("state", IDLE)
async def test_cancelling_an_idle_job_ends_it(driver, factory, state):
    job_id = await factory.id_of(state=state, metadata='{"kept": 1.10}')
    before = await factory.raw(job_id)

    job = await driver.job_cancel(job_id, cancel_attempted_at=STAMP)

    assert job.state is JobState.CANCELLED
    assert job.metadata == b'{"kept": 1.10, "cancel_attempted_at": "%b"}' % STAMP.encode()
    after = await factory.raw(job_id)
    assert changed(before, after) == {"state", "finalized_at", "metadata", "metadata_text"}
    assert abs(after["finalized_at"] - datetime.now(UTC)) < timedelta(minutes=1)


async def test_cancelling_a_running_job_marks_it(driver, factory):
    job_id = await factory.id_of(state="running")
    before = await factory.raw(job_id)

    job = await driver.job_cancel(job_id, cancel_attempted_at=STAMP)

    assert job.state is JobState.RUNNING
    assert job.metadata_value() == {"cancel_attempted_at": STAMP}
    assert changed(before, await factory.raw(job_id)) == {"metadata", "metadata_text"}


@pytest.mark.parametrize("state", FINAL)
async def test_a_finished_job_is_not_cancelled(driver, factory, state):
    job_id = await factory.id_of(state=state)
    before = await factory.raw(job_id)

    job = await driver.job_cancel(job_id, cancel_attempted_at=STAMP)

    assert job == await factory.read(job_id)
    assert await factory.raw(job_id) == before


async def test_cancelling_metadata_that_is_no_object_still_cancels(driver, factory):
    job_id = await factory.id_of(metadata="[1]")

    job = await driver.job_cancel(job_id, cancel_attempted_at=STAMP)

    assert (job.state, job.metadata) == (JobState.CANCELLED, b"[1]")


@pytest.mark.parametrize("state", list(JobState))
async def test_every_job_that_is_not_finished_is_announced_byte_for_byte(driver, factory, state):
    job_id = await factory.id_of(state=state, queue="a|b")

    heard = await controls(driver, lambda: driver.job_cancel(job_id, cancel_attempted_at=STAMP))

    expected = f'{{"action" : "cancel", "job_id" : {job_id}, "queue" : "a|b"}}'
    assert heard == ([] if state in FINAL_STATES else [expected])


async def test_a_missing_job_is_none(driver):
    assert await driver.job_get_by_id(1) is None
    assert await driver.job_cancel(1, cancel_attempted_at=STAMP) is None
    assert await driver.job_retry(1) is None
    assert await driver.job_delete(1) is None


async def test_the_loser_of_two_cancels_returns_what_the_winner_committed(driver, factory):
    job_id = await factory.id_of()
    async with driver.begin() as tx:
        winner = await tx.job_cancel(job_id, cancel_attempted_at=STAMP)
        losing = asyncio.create_task(driver.job_cancel(job_id, cancel_attempted_at="2027-01-01T00:00:00Z"))
        await factory.until_somebody_waits()

    assert await losing == winner


async def test_the_loser_of_two_retries_returns_what_the_winner_committed(driver, factory):
    job_id = await factory.id_of(state="discarded", attempt=1, max_attempts=1)
    async with driver.begin() as tx:
        winner = await tx.job_retry(job_id)
        losing = asyncio.create_task(driver.job_retry(job_id))
        await factory.until_somebody_waits()

    loser = await losing
    assert (loser.state, loser.max_attempts, loser.attempt) == (JobState.AVAILABLE, 2, 1)
    assert winner.max_attempts == 2


# -- retry


@pytest.mark.parametrize("state", [*FINAL, JobState.PENDING, JobState.RETRYABLE, JobState.SCHEDULED])
async def test_retry_makes_a_job_available_now_and_keeps_its_past(driver, factory, state):
    job_id = await factory.id_of(
        state=state,
        attempt=2,
        errors=['{"at":"2026-01-01T00:00:00Z","attempt":1,"error":"x","trace":""}'],
        metadata=f'{{"kept": 1.10, "cancel_attempted_at": "{STAMP}"}}',
    )
    before = await factory.raw(job_id)

    job = await driver.job_retry(job_id)

    after = await factory.raw(job_id)
    assert changed(before, after) <= {"state", "finalized_at", "scheduled_at", "metadata", "metadata_text"}
    assert job.metadata == b'{"kept": 1.10}', "the cancel was meant for the attempt before"
    assert (job.state, job.finalized_at) == (JobState.AVAILABLE, None)
    assert job.scheduled_at > before["scheduled_at"]


async def test_retry_leaves_metadata_that_is_no_object_as_it_is(driver, factory):
    job_id = await factory.id_of(state="discarded", metadata='["cancel_attempted_at"]')

    assert (await driver.job_retry(job_id)).metadata == b'["cancel_attempted_at"]'


async def test_retry_with_attempts_used_up_grants_one_more(driver, factory):
    used = await factory.id_of(state="discarded", attempt=3, max_attempts=3)
    left = await factory.id_of(state="discarded", attempt=1, max_attempts=3)

    assert (await driver.job_retry(used)).max_attempts == 4
    assert (await driver.job_retry(left)).max_attempts == 3


async def test_an_available_job_is_only_brought_forward(driver, factory):
    due = await factory.job(scheduled_at=datetime.now(UTC) - timedelta(hours=1))
    ahead = await factory.job(scheduled_at=datetime.now(UTC) + timedelta(hours=1))

    assert await driver.job_retry(due.id) == due
    assert (await driver.job_retry(ahead.id)).scheduled_at < ahead.scheduled_at


async def test_a_running_job_is_not_retried(driver, factory):
    running = await factory.job(state="running", attempt=25, max_attempts=25)

    assert await driver.job_retry(running.id) == running


async def test_retry_announces_nothing(driver, factory):
    """River's harness compares; the next poll finds the job."""
    job_id = await factory.id_of(state="cancelled")

    assert await controls(driver, lambda: driver.job_retry(job_id)) == []


async def test_retrying_into_a_taken_key_is_refused(driver, factory):
    unique = {"unique_key": b"key", "unique_states": "11110101"}
    cancelled = await factory.id_of(state="cancelled", **unique)
    await factory.id_of(**unique)

    with pytest.raises(UniqueConflict):
        await driver.job_retry(cancelled)


async def test_the_retry_time_can_be_set_by_a_test(driver, factory):
    job_id = await factory.id_of(state="cancelled")

    assert (await driver.job_retry(job_id, now=NOW)).scheduled_at == NOW


# -- delete


@pytest.mark.parametrize("state", sorted(set(JobState) - {JobState.RUNNING}))
async def test_delete_returns_the_row(driver, factory, state):
    job = await factory.job(state=state)

    assert await driver.job_delete(job.id) == job
    assert await factory.count() == 0


async def test_a_running_job_is_not_deleted(driver, factory):
    job_id = await factory.id_of(state="running")

    with pytest.raises(JobRunning):
        await driver.job_delete(job_id)

    assert await factory.count() == 1
