"""Jobs whose time comes."""

from datetime import timedelta

import pytest

from app.jobs.maintenance.job_scheduler import JobScheduler
from app.jobs.notifier import Notifier
from app.jobs.notify_limiter import NotifyLimiter
from app.jobs.types import JobState, Topic
from tests.fixtures.clients import until

SECOND = timedelta(seconds=1)


@pytest.fixture
def scheduler(driver, clock):
    return JobScheduler(driver, NotifyLimiter(0.1), clock, may_run=lambda: True)


@pytest.mark.parametrize("state", ["scheduled", "retryable"])
async def test_jobs_due_within_five_seconds_become_available(scheduler, factory, clock, state):
    due = await factory.job(state=state, scheduled_at=clock.now() + 4.9 * SECOND)
    later = await factory.job(state=state, scheduled_at=clock.now() + 5.1 * SECOND)
    await scheduler.run_once()
    job = await factory.read(due.id)
    assert job.state is JobState.AVAILABLE
    assert job.scheduled_at == due.scheduled_at  # the fetch waits for it
    assert (await factory.read(later.id)).state == state


async def test_pending_jobs_are_nobodys_business(scheduler, factory, clock):
    pending = await factory.job(state="pending", scheduled_at=clock.now() - SECOND)
    await scheduler.run_once()
    assert (await factory.read(pending.id)).state is JobState.PENDING


async def test_of_one_unique_key_one_goes_on(scheduler, factory, clock):
    at = clock.now() - SECOND
    options = {"state": "retryable", "scheduled_at": at, "unique_key": b"k", "unique_states": "11010101"}
    first, second = await factory.job(**options), await factory.job(**options)
    other = await factory.job(state="retryable", scheduled_at=at)
    await scheduler.run_once()
    assert (await factory.read(first.id)).state is JobState.AVAILABLE
    job = await factory.read(second.id)
    assert job.state is JobState.DISCARDED
    assert job.metadata_value() == {"unique_key_conflict": "scheduler_discarded"}
    assert (await factory.read(other.id)).state is JobState.AVAILABLE


async def test_queues_with_due_jobs_are_told_once(scheduler, factory, clock, driver):
    heard = []
    notifier = Notifier(driver, [Topic.INSERT])
    notifier.subscribe(Topic.INSERT, heard.append)
    await notifier.start()
    await factory.id_of(state="scheduled", queue="due", scheduled_at=clock.now() - SECOND)
    await factory.id_of(state="scheduled", queue="due", scheduled_at=clock.now() - SECOND)
    await factory.id_of(state="scheduled", queue="early", scheduled_at=clock.now() + 4 * SECOND)
    await scheduler.run_once()
    await driver.notify_many(Topic.INSERT, ['{"queue": "the end"}'])
    await until(lambda: {"queue": "the end"} in heard)
    assert heard == [{"queue": "due"}, {"queue": "the end"}]
    await notifier.stop()


async def test_many_are_moved_in_batches(scheduler, factory, clock, monkeypatch, driver):
    monkeypatch.setattr("app.jobs.maintenance.maintenance_service.SHORTEST_BATCH_PAUSE", 0)
    monkeypatch.setattr("app.jobs.maintenance.maintenance_service.LONGEST_BATCH_PAUSE", 0)
    ids = [await factory.id_of(state="scheduled", scheduled_at=clock.now() - SECOND) for _ in range(7)]
    scheduler._batch.limit = 3
    await scheduler.run_once()
    assert {job.state for job in await driver.job_get_by_ids(ids)} == {JobState.AVAILABLE}
