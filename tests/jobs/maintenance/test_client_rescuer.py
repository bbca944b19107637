"""The jobs of clients that are gone come back in seconds."""

from datetime import timedelta

import pytest

from app.jobs.maintenance.client_rescuer import ClientRescuer
from app.jobs.presence import GONE_AFTER, Presence
from app.jobs.types import JobState
from tests.fixtures.clients import until, until_state


class SteadyPresence(Presence):
    """Has been heard of for as long as a test says."""

    steady = GONE_AFTER

    @property
    def steady_for(self) -> float:
        return self.steady


@pytest.fixture
def presence(driver):
    return SteadyPresence(driver, "leader", tuple)


@pytest.fixture
def rescuer(driver, presence, clock):
    return ClientRescuer(driver, presence, clock, may_run=lambda: True)


@pytest.fixture
def says(connection):
    """Write that a client was last heard of so many seconds ago."""

    async def write(client_id: str, seconds: float) -> None:
        await connection.execute(
            "INSERT INTO river.revenge_client (id, started_at, seen_at, queues, hostname, pid)"
            " VALUES (%s, now() - interval '1 day', now() - make_interval(secs => %s), '{}', 'host', 1)",
            [client_id, seconds],
        )

    return write


async def test_the_jobs_of_a_client_that_is_gone_run_again_at_once(rescuer, says, factory, driver, clock):
    await says("dead", 16)
    lost = await factory.job(state="running", attempt=2, attempted_by=["other", "dead"])
    await rescuer.run_once()
    job = await factory.read(lost.id)
    assert job.state is JobState.AVAILABLE
    assert job.attempt == 2
    assert job.scheduled_at == lost.scheduled_at
    assert [(error.attempt, error.error, error.trace) for error in job.errors] == [
        (2, "Stuck job rescued by JobRescuer", "")
    ]
    assert job.metadata_value() == {"river:rescue_count": 1}
    assert await driver.client_list() == []


async def test_a_leader_whose_clock_is_ahead_puts_nothing_off(rescuer, says, factory, driver, clock):
    await says("dead", 16)
    lost = await factory.job(state="running", attempt=1, attempted_by=["dead"])
    clock.advance(timedelta(minutes=5))
    await rescuer.run_once()
    (claimed,) = await driver.job_get_available(queue=lost.queue, client_id="heir", limit=1)
    assert claimed.id == lost.id


async def test_who_was_heard_of_lately_keeps_its_jobs(rescuer, says, factory, driver):
    await says("alive", 5)
    held = await factory.job(state="running", attempted_by=["dead", "alive"])
    await rescuer.run_once()
    assert (await factory.read(held.id)).state is JobState.RUNNING
    assert len(await driver.client_list()) == 1


async def test_who_never_said_that_it_lives_is_left_to_the_clock(rescuer, says, factory):
    """River's own clients say nothing."""
    await says("dead", 3600)
    held = await factory.job(state="running", attempted_by=["dead", "river_go"])
    await rescuer.run_once()
    assert (await factory.read(held.id)).state is JobState.RUNNING


async def test_a_last_attempt_is_discarded_and_a_cancelled_one_cancelled(rescuer, says, factory):
    await says("dead", 16)
    last = await factory.job(state="running", attempt=3, max_attempts=3, attempted_by=["dead"])
    unwanted = await factory.job(
        state="running", attempted_by=["dead"], metadata='{"cancel_attempted_at": "2026-01-01T00:00:00Z"}'
    )
    await rescuer.run_once()
    assert (await factory.read(last.id)).state is JobState.DISCARDED
    assert (await factory.read(unwanted.id)).state is JobState.CANCELLED


@pytest.mark.parametrize("steady", [0, GONE_AFTER - 1])
async def test_after_an_outage_everyone_gets_the_time_to_come_back(rescuer, presence, says, factory, steady):
    await says("slow to come back", 600)
    held = await factory.job(state="running", attempted_by=["slow to come back"])
    presence.steady = steady
    await rescuer.run_once()
    assert (await factory.read(held.id)).state is JobState.RUNNING


async def test_who_works_the_queue_is_told(rescuer, says, factory, make_client):
    client = make_client(fetch_poll_interval=timedelta(hours=1))
    await client.start()
    producer = client.crew.producers["default"]
    await until(lambda: producer._last_fetch > 0 and not producer._wake.is_set())
    await says("dead", 16)
    lost = await factory.id_of(kind="test.work", state="running", attempted_by=["dead"])
    await rescuer.run_once()
    assert (await until_state(client, lost)).state is JobState.COMPLETED


async def test_many_jobs_are_rescued_in_batches(rescuer, says, factory, connection, monkeypatch):
    monkeypatch.setattr("app.jobs.maintenance.maintenance_service.SHORTEST_BATCH_PAUSE", 0)
    monkeypatch.setattr("app.jobs.maintenance.maintenance_service.LONGEST_BATCH_PAUSE", 0)
    await says("dead", 16)
    await connection.execute(
        "INSERT INTO river.river_job (kind, args, state, attempt, max_attempts, attempted_at, attempted_by)"
        " SELECT 'test', '{}', 'running', 1, 25, now(), '{dead}' FROM generate_series(1, 25)"
    )
    rescuer._batch.limit = 10
    await rescuer.run_once()
    answer = await connection.execute("SELECT count(*) AS n FROM river.river_job WHERE state = 'available'")
    assert (await answer.fetchone())["n"] == 25
