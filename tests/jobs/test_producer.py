"""Claiming: never too much, never too often, and nothing lost between the table and a worker."""

import asyncio
from datetime import timedelta
from functools import partial

import psycopg
import pytest

from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.producer import wait_for
from app.jobs.subscription import EventKind
from app.jobs.types import JobState
from tests.fixtures.clients import WorkArgs, WorkFunction, do_nothing, until, until_state

HOUR = timedelta(hours=1)


class FetchBarrier(PsycopgDriver):
    """Keeps what the first successful claim returned until it is released: claimed, committed, and nobody told yet."""

    def __init__(self, conninfo, schema):
        super().__init__(conninfo, schema)
        self.held = asyncio.Event()
        self.release = asyncio.Event()
        self.lose_answers = 0
        self.limits = []

    async def job_get_available(self, **options):
        self.limits.append(options["limit"])
        rows = await super().job_get_available(**options)
        if rows and self.lose_answers:
            self.lose_answers -= 1
            raise psycopg.OperationalError("the answer never came")
        if rows and not self.held.is_set():
            self.held.set()
            await self.release.wait()
        return rows


@pytest.fixture
async def barrier(database_url):
    driver = FetchBarrier(lambda: database_url, "river")
    await driver.open()
    yield driver
    driver.release.set()
    await driver.close()


class Crowd:
    """Counts how many work at once, and lets them go one by one."""

    def __init__(self):
        self.now = self.most = 0
        self.gate = asyncio.Semaphore(0)

    async def __call__(self, _job):
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.gate.acquire()
        finally:
            self.now -= 1


async def test_no_more_jobs_are_taken_than_there_are_slots(make_client):
    crowd = Crowd()
    client = make_client(WorkFunction(crowd), queues={"default": 3}, fetch_poll_interval=HOUR)
    await client.start()
    await client.insert_many([WorkArgs(number=n) for n in range(10)])
    await until(lambda: crowd.now == 3)
    (queue,) = await client.statistics.queues()
    assert queue.by_state == {JobState.AVAILABLE: 7, JobState.RUNNING: 3}

    for _ in range(10):  # a freed slot is refilled at once: the poll comes in an hour
        crowd.gate.release()
    await until(lambda: crowd.most == 3 and crowd.now == 0)
    await until_state(client, 10, JobState.COMPLETED)
    assert crowd.most == 3


async def test_many_slots_are_filled_part_by_part_and_no_further(make_client, barrier, monkeypatch):
    """One claim of everything would leave the database idle while its jobs run, and us while it claims."""
    monkeypatch.setattr("app.jobs.producer.LARGEST_CLAIM", 2)
    barrier.held.set()
    crowd = Crowd()
    client = make_client(WorkFunction(crowd), queues={"default": 5}, driver=barrier, fetch_poll_interval=HOUR)
    await client.insert_many([WorkArgs(number=n) for n in range(7)])
    await client.start()
    await until(lambda: crowd.now == 5)
    assert barrier.limits == [2, 2, 1]
    for _ in range(7):
        crowd.gate.release()
    await until_state(client, 7, JobState.COMPLETED)
    assert crowd.most == 5


async def test_a_pause_that_comes_between_two_parts_is_heeded(make_client, barrier, monkeypatch):
    monkeypatch.setattr("app.jobs.producer.LARGEST_CLAIM", 2)
    client = make_client(queues={"default": 5}, driver=barrier, fetch_poll_interval=HOUR)
    producer = client.crew.producers["default"]
    await client.insert_many([WorkArgs(number=n) for n in range(7)])
    await client.start()
    await barrier.held.wait()
    producer.set_paused(paused=True)
    producer.fetched.init()
    barrier.release.set()
    assert len(await producer.fetched.wait()) == 2
    await until_state(client, 2, JobState.COMPLETED)
    assert barrier.limits == [2]


async def test_nobody_hears_of_a_pause_before_what_was_being_claimed_has_begun(make_client, barrier):
    """As in River: whoever has heard of it may rely on an idle queue."""
    crowd = Crowd()
    client = make_client(WorkFunction(crowd), driver=barrier, fetch_poll_interval=HOUR)
    events = client.subscribe(EventKind.QUEUE_PAUSED, EventKind.QUEUE_RESUMED)
    heard = asyncio.create_task(events.get())
    producer = client.crew.producers["default"]
    first = await client.insert(WorkArgs())
    await client.start()
    await barrier.held.wait()
    producer.set_paused(paused=True)
    assert not await wait_for(barrier.release, 0.01)
    assert not heard.done()

    barrier.release.set()

    assert (await heard).kind is EventKind.QUEUE_PAUSED
    assert producer.running_ids == [first.job.id]
    later = await client.insert(WorkArgs())
    crowd.gate.release()
    await until_state(client, first.job.id, JobState.COMPLETED)
    assert (await client.jobs.get(later.job.id)).attempt == 0


async def test_an_insert_wakes_an_idle_producer(make_client):
    client = make_client(fetch_poll_interval=HOUR)
    producer = client.crew.producers["default"]
    producer.fetched.init()
    await client.start()
    assert await producer.fetched.wait() == []
    inserted = await client.insert(WorkArgs())
    while not (rows := await producer.fetched.wait()):
        pass
    assert [row.id for row in rows] == [inserted.job.id]


async def test_an_insert_announced_to_nobody_is_found_soon_all_the_same(make_client):
    """Inserters announce a queue once in 100 ms; what comes in between must not wait for the poll."""
    client = make_client(fetch_poll_interval=HOUR, fetch_cooldown=timedelta(milliseconds=80))
    await client.start()
    first = await client.insert(WorkArgs())
    await until_state(client, first.job.id, JobState.RUNNING, JobState.COMPLETED)
    second = await client.insert(WorkArgs())
    assert (await until_state(client, second.job.id)).state is JobState.COMPLETED


async def test_jobs_are_found_without_any_announcement(make_client, factory):
    client = make_client(poll_only=True, fetch_poll_interval=timedelta(milliseconds=50))
    await client.start()
    job_id = await factory.id_of(kind="test.work")
    assert (await until_state(client, job_id)).state is JobState.COMPLETED


async def test_triggers_within_the_cooldown_become_one_fetch(make_client):
    client = make_client(fetch_poll_interval=HOUR, fetch_cooldown=timedelta(milliseconds=300))
    producer = client.crew.producers["default"]
    producer.fetched.init()
    await client.start()
    await producer.fetched.wait()
    for _ in range(50):
        producer.trigger()
        await asyncio.sleep(0)
    await producer.fetched.wait()
    assert producer.fetched._values is not None
    assert producer.fetched._values.empty()


async def test_a_cancel_between_claim_and_start_is_honoured(make_client, barrier):
    """Conformance 6, row 7: the worker starts, and finds itself cancelled."""
    cancelled_at_start = []

    async def note(job):
        cancelled_at_start.append(job.cancelled.is_set())
        await asyncio.Event().wait()

    client = make_client(WorkFunction(note), driver=barrier)
    await client.start()
    events = client.subscribe()
    inserted = await client.insert(WorkArgs())
    await barrier.held.wait()
    await client.jobs.cancel(inserted.job.id)
    await until(lambda: client.crew.producers["default"]._cancelled_in_flight)
    barrier.release.set()

    async with asyncio.timeout(60):
        event = await events.get()
    assert event.kind is EventKind.JOB_CANCELLED
    assert cancelled_at_start == [True]


async def test_a_fetch_in_flight_lands_before_the_stop_and_its_jobs_run(make_client, barrier):
    client = make_client(WorkFunction(do_nothing), driver=barrier)
    await client.start()
    inserted = await client.insert(WorkArgs())
    await barrier.held.wait()
    stopping = asyncio.create_task(client.stop())
    await until(client.crew.producers["default"]._stop_asked.is_set)
    barrier.release.set()
    await stopping
    assert (await client.jobs.get(inserted.job.id)).state is JobState.COMPLETED


async def test_what_lands_during_a_hard_stop_is_given_back_unworked(make_client, barrier):
    worked = []

    async def note(job):
        worked.append(job.id)

    client = make_client(WorkFunction(note), driver=barrier)
    await client.start()
    inserted = await client.insert(WorkArgs())
    await barrier.held.wait()
    stopping = asyncio.create_task(client.stop_and_cancel())
    await until(client.crew.producers["default"]._stop_asked.is_set)
    barrier.release.set()
    await stopping
    job = await client.jobs.get(inserted.job.id)
    assert (job.state, job.attempt, worked) == (JobState.AVAILABLE, 0, [])


async def test_a_claim_whose_answer_was_lost_is_worked_all_the_same(make_client, barrier):
    """River would leave these jobs running for an hour: claimed by a client that never heard of it."""
    barrier.release.set()
    barrier.lose_answers = 1
    client = make_client(WorkFunction(do_nothing), driver=barrier, fetch_poll_interval=timedelta(milliseconds=50))
    results = await client.insert_many([WorkArgs(number=n) for n in range(5)])
    await client.start()
    for result in results:
        job = await until_state(client, result.job.id)
        assert (job.state, job.attempt) == (JobState.COMPLETED, 1)
    assert barrier.lose_answers == 0


async def test_a_lost_claim_found_by_another_look_is_not_worked_twice(make_client, barrier, connection):
    """Jobs of ours that are known to run must not be taken for lost ones."""
    crowd = Crowd()
    client = make_client(
        WorkFunction(crowd), driver=barrier, fetch_poll_interval=timedelta(milliseconds=50), queues={"default": 4}
    )
    barrier.release.set()
    await client.start()
    await client.insert(WorkArgs())
    await until(lambda: crowd.now == 1)
    barrier.lose_answers = 1
    await client.insert(WorkArgs())
    await until(lambda: crowd.now == 2)
    crowd.gate.release()
    crowd.gate.release()
    await until_state(client, 1)
    await until_state(client, 2)
    assert crowd.most == 2


async def test_a_job_that_was_rescued_and_came_back_supersedes_its_older_attempt(make_client, connection):
    begun, ends = [], []

    async def work(job):
        begun.append(job.attempt)
        try:
            await (asyncio.Event().wait() if job.attempt == 1 else asyncio.sleep(0))
        finally:
            ends.append(job.attempt)

    client = make_client(WorkFunction(work))
    await client.start()
    inserted = await client.insert(WorkArgs())
    await until(lambda: begun == [1])
    await connection.execute("UPDATE river.river_job SET state = 'available'")
    job = await until_state(client, inserted.job.id)
    assert (job.state, job.attempt) == (JobState.COMPLETED, 2)
    await until(lambda: sorted(ends) == [1, 2])
    assert (await client.jobs.get(inserted.job.id)).errors == []


async def test_nothing_is_begun_while_too_many_results_wait(make_client):
    client = make_client()
    await client.start()
    client.crew.completer.room.clear()
    inserted = await client.insert(WorkArgs())
    producer = client.crew.producers["default"]
    await until(lambda: producer._echo is None and producer._wake.is_set())  # asked twice, and still waiting for room
    assert (await client.jobs.get(inserted.job.id)).attempt == 0
    client.crew.completer.room.set()
    assert (await until_state(client, inserted.job.id)).state is JobState.COMPLETED


async def test_a_stop_does_not_wait_for_room(make_client):
    client = make_client()
    await client.start()
    client.crew.completer.room.clear()
    client.crew.producers["default"].trigger()
    await client.stop()


async def test_a_producer_survives_a_database_that_goes_away(wire, driver, make_client):
    far = PsycopgDriver(lambda: wire.conninfo, "river")
    await far.open()
    client = make_client(driver=far, fetch_poll_interval=timedelta(milliseconds=100))
    await client.start()
    first = await client.insert(WorkArgs())
    await until_state(client, first.job.id)
    wire.cut()
    near = make_client()
    second = await near.insert(WorkArgs())
    await until(lambda: wire.refused >= 3)
    wire.mend()
    assert (await until_state(near, second.job.id)).state is JobState.COMPLETED
    await client.stop()
    await far.close()


async def test_backends_that_are_terminated_under_load_lose_nothing(make_client, connection):
    async def breathe(_job):
        await asyncio.sleep(0.001)

    client = make_client(WorkFunction(breathe), queues={"default": 20}, fetch_poll_interval=timedelta(milliseconds=100))
    await client.insert_many([WorkArgs(number=n) for n in range(400)])
    await client.start()

    async def completed() -> int:
        row = await (
            await connection.execute("SELECT count(*) AS n FROM river.river_job WHERE state = 'completed'")
        ).fetchone()
        return int(row["n"])

    for share in (50, 150, 250):
        await until(partial(at_least, completed, share))
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await until(partial(at_least, completed, 400))


async def at_least(count, number) -> bool:
    return await count() >= number
