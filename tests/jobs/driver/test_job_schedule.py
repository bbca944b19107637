"""From scheduled and retryable to available, and who of one unique key may go on (contract 6.1)."""

from datetime import UTC, datetime, timedelta

import pytest

from app.jobs.errors import UniqueConflict
from app.jobs.types import JobState

NOW = datetime.now(UTC)
PAST = NOW - timedelta(minutes=1)
DEFAULT_MASK = "11110101"
WITHOUT_RETRYABLE = "11010101"
WITHOUT_RETRYABLE_WITH_DISCARDED = "11011101"


def unique(mask=DEFAULT_MASK, key=b"key"):
    return {"unique_key": key, "unique_states": mask}


async def states(factory, *job_ids):
    return [(await factory.read(job_id)).state.value for job_id in job_ids]


async def test_due_jobs_become_available_and_keep_their_time(driver, factory):
    scheduled = await factory.job(state="scheduled", scheduled_at=PAST, queue="a")
    retryable = await factory.job(state="retryable", scheduled_at=NOW, queue="b", attempt=2)
    later = await factory.job(state="scheduled", scheduled_at=NOW + timedelta(seconds=1))
    pending = await factory.job(state="pending", scheduled_at=PAST)

    moved = await driver.job_schedule(limit=10, now=NOW)

    assert sorted((job.id, job.queue, job.state, job.scheduled_at) for job in moved) == [
        (scheduled.id, "a", JobState.AVAILABLE, PAST),
        (retryable.id, "b", JobState.AVAILABLE, NOW),
    ]
    after = await factory.read(retryable.id)
    retryable.state = JobState.AVAILABLE
    assert after == retryable
    assert await states(factory, later.id, pending.id) == ["scheduled", "pending"]


async def test_batches_go_by_priority_then_time(driver, factory):
    low = await factory.id_of(state="scheduled", scheduled_at=PAST, priority=4)
    late = await factory.id_of(state="scheduled", scheduled_at=NOW, priority=1)
    early = await factory.id_of(state="retryable", scheduled_at=PAST, priority=1)

    assert {job.id for job in await driver.job_schedule(limit=2, now=NOW)} == {early, late}
    assert [job.id for job in await driver.job_schedule(limit=2, now=NOW)] == [low]
    assert await driver.job_schedule(limit=2, now=NOW) == []


async def test_a_key_held_outside_the_batch_discards(driver, factory):
    await factory.id_of(state="running", **unique())
    job_id = await factory.id_of(state="retryable", scheduled_at=PAST, metadata='{"a": 1}', **unique(WITHOUT_RETRYABLE))

    (moved,) = await driver.job_schedule(limit=10, now=NOW)

    assert moved.state is JobState.DISCARDED
    job = await factory.read(job_id)
    assert (job.state, job.finalized_at) == (JobState.DISCARDED, NOW)
    assert job.metadata_value() == {"a": 1, "unique_key_conflict": "scheduler_discarded"}


@pytest.mark.parametrize("state", ["completed", "cancelled"])
async def test_a_key_that_nobody_holds_any_more_discards_nothing(driver, factory, state):
    mask = "11010001"  # neither completed nor cancelled nor retryable
    await factory.id_of(state=state, **unique(mask))
    job_id = await factory.id_of(state="retryable", scheduled_at=PAST, **unique(mask))

    await driver.job_schedule(limit=10, now=NOW)

    assert await states(factory, job_id) == ["available"]


async def test_without_a_holder_the_first_of_a_key_goes_on(driver, factory):
    first, second, third = [
        await factory.id_of(state="retryable", scheduled_at=PAST, priority=priority, **unique(WITHOUT_RETRYABLE))
        for priority in (1, 2, 2)
    ]
    other = await factory.id_of(state="retryable", scheduled_at=PAST, **unique(WITHOUT_RETRYABLE, b"other"))

    await driver.job_schedule(limit=10, now=NOW)

    assert await states(factory, first, second, third, other) == ["available", "discarded", "discarded", "available"]


@pytest.mark.parametrize(("priority_of_holder", "priority_of_other"), [(1, 2), (2, 1)])
async def test_of_a_scheduled_and_a_retryable_job_the_holder_goes_on(
    driver, factory, priority_of_holder, priority_of_other
):
    """River discards both when the retryable one comes first: each sees the other (contract 6.1)."""
    holder = await factory.id_of(state="scheduled", scheduled_at=PAST, priority=priority_of_holder, **unique())
    other = await factory.id_of(
        state="retryable", scheduled_at=PAST, priority=priority_of_other, **unique(WITHOUT_RETRYABLE)
    )

    await driver.job_schedule(limit=10, now=NOW)

    assert await states(factory, holder, other) == ["available", "discarded"]


async def test_a_holder_that_is_not_due_yet_discards_the_due(driver, factory):
    holder = await factory.id_of(state="scheduled", scheduled_at=NOW + timedelta(hours=1), **unique())
    other = await factory.id_of(state="retryable", scheduled_at=PAST, **unique(WITHOUT_RETRYABLE))

    await driver.job_schedule(limit=10, now=NOW)

    assert await states(factory, holder, other) == ["scheduled", "discarded"]


async def test_a_mask_with_discarded_does_not_block_the_batch_for_ever(driver, factory):
    """A discarded row that its mask covers would collide with the winner at every attempt to write the batch."""
    first, second = [
        await factory.id_of(state="retryable", scheduled_at=PAST, **unique(WITHOUT_RETRYABLE_WITH_DISCARDED))
        for _ in range(2)
    ]

    await driver.job_schedule(limit=10, now=NOW)

    assert await states(factory, first, second) == ["available", "discarded"]
    assert (await factory.raw(second))["unique_key"] == b"key"


async def test_jobs_without_a_whole_unique_mark_are_not_unique(driver, factory):
    ids = [
        await factory.id_of(state="retryable", scheduled_at=PAST, unique_key=b"key"),
        await factory.id_of(state="retryable", scheduled_at=PAST, unique_key=b"key"),
        await factory.id_of(state="retryable", scheduled_at=PAST, unique_states=DEFAULT_MASK),
    ]

    await driver.job_schedule(limit=10, now=NOW)

    assert await states(factory, *ids) == ["available"] * 3


async def test_a_control_shows_that_two_holders_cannot_be(driver, factory):
    """Control: the index that these rules serve is really there."""
    await factory.id_of(state="retryable", scheduled_at=PAST, **unique())
    with pytest.raises(UniqueConflict):
        await driver.job_retry(await factory.id_of(state="cancelled", **unique()))
