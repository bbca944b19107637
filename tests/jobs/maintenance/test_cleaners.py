"""What is forgotten, and what never."""

from datetime import timedelta

from app.jobs.client_config import FOREVER
from app.jobs.maintenance.job_cleaner import JobCleaner
from app.jobs.maintenance.queue_cleaner import QueueCleaner
from app.jobs.maintenance.queue_reporter import QueueReporter
from app.jobs.types import JobState
from app.observability import Metrics

HOUR = timedelta(hours=1)


def cleaner(driver, clock, **retention):
    values = {"completed": 24 * HOUR, "cancelled": 48 * HOUR, "discarded": 72 * HOUR, **retention}
    return JobCleaner(driver, clock, may_run=lambda: True, **values)


async def test_finished_jobs_are_deleted_each_state_after_its_own_time(driver, clock, factory):
    kept, gone = [], []
    for state, hours in (("completed", 24), ("cancelled", 48), ("discarded", 72)):
        kept.append(await factory.id_of(state=state, finalized_at=clock.now() - (hours * HOUR - timedelta(seconds=1))))
        gone.append(await factory.id_of(state=state, finalized_at=clock.now() - (hours * HOUR + timedelta(seconds=1))))
    await cleaner(driver, clock).run_once()
    assert {job.id for job in await driver.job_get_by_ids([*kept, *gone])} == set(kept)


async def test_what_is_not_finished_is_never_deleted(driver, clock, factory):
    old = clock.now() - 10_000 * HOUR
    for state in JobState:
        if not state.is_final:
            await factory.id_of(state=state, created_at=old, scheduled_at=old)
    await cleaner(driver, clock, completed=timedelta(0), cancelled=timedelta(0), discarded=timedelta(0)).run_once()
    assert await factory.count() == 5


async def test_what_is_to_be_kept_for_ever_is(driver, clock, factory):
    old = clock.now() - 10_000 * HOUR
    kept = await factory.id_of(state="completed", finalized_at=old)
    gone = await factory.id_of(state="discarded", finalized_at=old)
    await cleaner(driver, clock, completed=FOREVER, cancelled=FOREVER).run_once()
    assert [job.id for job in await driver.job_get_by_ids([kept, gone])] == [kept]
    await cleaner(driver, clock, completed=FOREVER, cancelled=FOREVER, discarded=FOREVER).run_once()
    assert await factory.count() == 1


async def test_many_are_deleted_in_batches(driver, clock, factory, monkeypatch):
    monkeypatch.setattr("app.jobs.maintenance.maintenance_service.SHORTEST_BATCH_PAUSE", 0)
    monkeypatch.setattr("app.jobs.maintenance.maintenance_service.LONGEST_BATCH_PAUSE", 0)
    for _ in range(7):
        await factory.id_of(state="completed", finalized_at=clock.now() - 100 * HOUR)
    service = cleaner(driver, clock)
    service._batch.limit = 3
    await service.run_once()
    assert await factory.count() == 0


async def test_queues_nobody_works_are_forgotten_after_a_day(driver, clock, connection):
    await driver.queue_create_or_set_updated_at("worked")
    await driver.queue_create_or_set_updated_at("left")
    await connection.execute(
        "UPDATE river.river_queue SET updated_at = now() - interval '25 hours' WHERE name = 'left'"
    )
    await QueueCleaner(driver, clock, may_run=lambda: True).run_once()
    assert [queue.name for queue in await driver.queue_list()] == ["worked"]


async def test_the_depth_of_queues_is_shown_and_forgotten_with_the_office(driver, factory):
    metrics = Metrics()
    reporter = QueueReporter(driver, metrics, may_run=lambda: True)
    reporter.stepped.init()
    await factory.id_of(queue="low")
    await factory.id_of(queue="low", state="running")
    await reporter.start()
    await reporter.stepped.wait()
    text = metrics.exposition().decode()
    assert 'revenge_job_queue_depth{queue="low",state="available"} 1.0' in text
    assert 'revenge_job_queue_depth{queue="low",state="running"} 1.0' in text
    await reporter.stop()
    assert 'queue="low"' not in metrics.exposition().decode()
