"""Rescue and clean-up (contract 6.2, 6.3)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.jobs.driver.driver import JobRescue
from app.jobs.types import JobState

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
ERROR = b'{"at":"2026-11-23T12:00:00Z","attempt":1,"error":"Stuck job rescued by JobRescuer","trace":""}'


def rescue(job, state=JobState.RETRYABLE, **values):
    return JobRescue(id=job.id, attempt=job.attempt, attempted_at=job.attempted_at, state=state, error=ERROR, **values)


async def test_stuck_jobs_are_found_page_by_page(driver, factory):
    stuck = [await factory.id_of(state="running", attempted_at=NOW - HOUR) for _ in range(3)]
    await factory.id_of(state="running", attempted_at=NOW)
    await factory.id_of(state="retryable", attempted_at=NOW - HOUR)

    first = await driver.job_get_stuck(limit=2, horizon=NOW)
    second = await driver.job_get_stuck(limit=2, horizon=NOW, after_id=first[-1].id)

    assert [job.id for job in first + second] == stuck


@pytest.mark.parametrize(
    ("state", "values"),
    [
        (JobState.RETRYABLE, {"scheduled_at": NOW}),
        (JobState.AVAILABLE, {"scheduled_at": NOW}),
        (JobState.DISCARDED, {"finalized_at": NOW}),
        (JobState.CANCELLED, {"finalized_at": NOW}),
    ],
)
async def test_a_rescue_writes_its_columns_and_no_other(driver, factory, state, values):
    job = await factory.job(state="running", metadata='{"a": 1.10}')
    before = await factory.raw(job.id)

    (returned,) = await driver.job_rescue_many([rescue(job, state, **values)])

    after = await factory.raw(job.id)
    expected = before | values | {"state": state.value, "errors": [json.loads(ERROR)]}
    text = '{"a": 1.10, "river:rescue_count": 1}'
    assert after == expected | {"metadata_text": text, "metadata": json.loads(text)}
    assert returned == await factory.read(job.id)


@pytest.mark.parametrize(
    ("count", "next_count"), [("2", "3"), ('"2"', "1"), ("null", "1"), ("9007199254740993", "9007199254740994")]
)
async def test_rescues_are_counted(driver, factory, count, next_count):
    job = await factory.job(state="running", metadata=f'{{"river:rescue_count": {count}}}')

    (returned,) = await driver.job_rescue_many([rescue(job, scheduled_at=NOW)])

    assert returned.metadata.decode() == f'{{"river:rescue_count": {next_count}}}'


@pytest.mark.parametrize("lost", [{"attempt": 2}, {"attempted_at": NOW}, {"state": "available"}])
async def test_a_job_that_moved_on_is_not_rescued(driver, factory, lost):
    job = await factory.job(state="running")
    for column, value in lost.items():
        await factory.connection.execute(f"UPDATE river.river_job SET {column} = %s WHERE id = %s", [value, job.id])
    before = await factory.raw(job.id)

    assert await driver.job_rescue_many([rescue(job, scheduled_at=NOW)]) == []
    assert await factory.raw(job.id) == before


async def test_a_cancel_after_the_decision_wins(driver, factory):
    job = await factory.job(state="running")
    await driver.job_cancel(job.id, cancel_attempted_at="2026-11-23T12:00:00Z")

    (returned,) = await driver.job_rescue_many([rescue(job, scheduled_at=NOW)])

    assert returned.state is JobState.CANCELLED
    assert returned.finalized_at is not None
    assert returned.scheduled_at == job.scheduled_at


async def test_a_poison_row_does_not_stop_the_rescue_of_the_others(driver, factory):
    array = await factory.job(state="running", metadata="[1]", attempted_at=NOW)
    healthy = await factory.job(state="running", attempted_at=NOW)
    stuck = await driver.job_get_stuck(limit=10, horizon=NOW + HOUR)

    rescued = await driver.job_rescue_many([rescue(job, scheduled_at=NOW) for job in stuck])

    assert {job.id for job in rescued} == {array.id, healthy.id}
    assert (await factory.read(array.id)).metadata == b"[1]"


async def test_each_end_has_its_own_retention(driver, factory):
    old = {
        state: await factory.id_of(state=state, finalized_at=NOW - HOUR)
        for state in ("completed", "cancelled", "discarded")
    }
    for state in old:
        await factory.id_of(state=state, finalized_at=NOW)
    await factory.id_of(state="pending", created_at=NOW - 99 * HOUR)
    await factory.id_of(state="running", attempted_at=NOW - 99 * HOUR)

    async def clean(**before):
        limits = dict.fromkeys(("completed_before", "cancelled_before", "discarded_before")) | before
        return await driver.job_delete_finished(**limits, limit=10)

    assert await clean() == 0
    for state, job_id in old.items():
        assert await clean(**{f"{state}_before": NOW}) == 1
        assert await driver.job_get_by_id(job_id) is None
    assert await factory.count() == 5


async def test_cleaning_goes_in_batches_by_id(driver, factory):
    ids = [await factory.id_of(state="completed", finalized_at=NOW - HOUR) for _ in range(5)]
    before = {"completed_before": NOW, "cancelled_before": NOW, "discarded_before": NOW}

    assert await driver.job_delete_finished(**before, limit=3) == 3
    assert [job.id for job in await driver.job_get_by_ids(ids)] == ids[3:]
    assert await driver.job_delete_finished(**before, limit=3) == 2
