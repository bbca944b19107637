"""What nobody may have told us about a queue."""

import asyncio
from datetime import timedelta

import pytest

from app.jobs.subscription import EventKind
from app.jobs.types import JobState
from tests.fixtures.clients import WorkArgs, WorkFunction, until, until_state

HOUR = timedelta(hours=1)


@pytest.fixture
async def client(make_client):
    """A client that hears nothing by itself for the length of a test, and whose worker waits to be cancelled."""

    async def wait(_job):
        await asyncio.Event().wait()

    client = make_client(WorkFunction(wait), fetch_poll_interval=HOUR)
    await client.start()
    return client


def keeper_of(client):
    return client.crew._keepers["default"]


async def test_a_pause_nobody_told_us_of_is_found_by_looking(client, driver):
    events = client.subscribe(EventKind.QUEUE_PAUSED, EventKind.QUEUE_RESUMED)
    await driver.queue_pause("default")  # the row alone: the announcement is lost
    await keeper_of(client).look()
    assert (await events.get()).kind is EventKind.QUEUE_PAUSED
    await driver.queue_resume("default")
    await keeper_of(client).look()
    assert (await events.get()).kind is EventKind.QUEUE_RESUMED


async def test_a_cancel_nobody_told_us_of_is_found_by_looking(client, connection):
    inserted = await client.insert(WorkArgs())
    await until_state(client, inserted.job.id, JobState.RUNNING)
    await connection.execute("""UPDATE river.river_job SET metadata = '{"cancel_attempted_at": "x", "n": 1e400}'""")
    await keeper_of(client).look()
    assert (await until_state(client, inserted.job.id)).state is JobState.CANCELLED


async def test_after_a_gap_it_looks_by_itself(client, connection):
    keeper_of(client).looked.init()
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    await keeper_of(client).looked.wait()


async def test_the_row_is_kept_alive_and_made_anew(client, driver, connection):
    await connection.execute("DELETE FROM river.river_queue")
    await keeper_of(client).keep_alive()
    assert (await driver.queue_get("default")) is not None


async def test_without_announcements_it_looks_every_now_and_then(make_client, driver, monkeypatch):
    monkeypatch.setattr("app.jobs.queue_keeper.LOOK", 0.02)
    client = make_client(poll_only=True)
    await client.start()
    await driver.queue_pause("default")
    await until(lambda: client.crew.producers["default"].is_paused)


async def test_what_is_lost_while_it_listens_is_found_sooner_or_later(make_client, driver, monkeypatch):
    monkeypatch.setattr("app.jobs.queue_keeper.LOOK", 0.02)
    monkeypatch.setattr("app.jobs.queue_keeper.LOOK_ANYWAY", 0.04)
    client = make_client()
    await client.start()
    await until(lambda: client.is_listening)
    await driver.queue_pause("default")
    await until(lambda: client.crew.producers["default"].is_paused)
    assert client.is_listening


async def test_its_loop_keeps_the_row_alive(make_client, driver, connection, monkeypatch):
    monkeypatch.setattr("app.jobs.queue_keeper.KEEP_ALIVE", 0.02)
    monkeypatch.setattr("app.jobs.queue_keeper.LONGEST_START_DELAY", 0.0)
    client = make_client()
    await client.start()
    await connection.execute("DELETE FROM river.river_queue")

    async def is_back() -> bool:
        return await driver.queue_get("default") is not None

    await until(is_back)


async def test_ten_tasks_starting_and_stopping_a_queue_fifty_times_leave_nothing(make_client):
    client = make_client()
    producer, keeper = client.crew.producers["default"], keeper_of(client)

    async def stress() -> None:
        for _ in range(50):
            await producer.start()
            await keeper.start()
            await keeper.stop()
            await producer.stop()

    await asyncio.gather(*(stress() for _ in range(10)))
    assert not producer.is_running
    assert not keeper.is_running
    assert client.crew.notifier._subscriptions == []
