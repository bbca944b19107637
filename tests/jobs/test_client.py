"""The client as its users meet it: starting, stopping, cancelling, two of them at once (contract 2.6, 2.7, 12)."""

import asyncio
import threading
from datetime import timedelta

import psycopg
import pytest

from app.errors import InvalidInput
from app.jobs.client import Client, ClientConfig
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.errors import UnknownJobKind
from app.jobs.periodic import IntervalSchedule, PeriodicJob
from app.jobs.subscription import EventKind
from app.jobs.types import JobState, QueueConfig
from app.jobs.worker import Workers
from tests.fixtures.clients import PlainFunction, WorkArgs, WorkFunction, do_nothing, until, until_state

MOMENT = timedelta(milliseconds=20)
HOUR = timedelta(hours=1)


class Gate:
    """A worker that says when it has begun and waits to be let through."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.open = asyncio.Event()
        self.interrupted = 0

    async def __call__(self, job):
        self.begun.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.interrupted += 1
            raise


async def begin(client, gate):
    await client.start()
    inserted = await client.insert(WorkArgs())
    await gate.begun.wait()
    return inserted.job.id


# -- stopping


async def test_a_stop_waits_for_what_runs(make_client):
    gate = Gate()
    client = make_client(WorkFunction(gate))
    job_id = await begin(client, gate)
    stopping = asyncio.create_task(client.stop())
    await until(client.crew.producers["default"]._stop_asked.is_set)
    late = await client.insert(WorkArgs())
    gate.open.set()
    await stopping

    assert (await client.jobs.get(job_id)).state is JobState.COMPLETED
    assert (await client.jobs.get(late.job.id)).attempt == 0  # nothing is fetched any more
    assert gate.interrupted == 0


async def test_a_soft_stop_gives_back_what_outlasts_it(make_client):
    gate = Gate()
    client = make_client(WorkFunction(gate), soft_stop_timeout=MOMENT)
    job_id = await begin(client, gate)
    events = client.subscribe()
    await client.stop()

    job = await client.jobs.get(job_id)
    assert job.state is JobState.AVAILABLE
    assert job.attempt == 0
    assert job.errors == []
    assert job.attempted_at is not None
    assert len(job.attempted_by) == 1  # who had it stays on the row, as in River
    assert [event.kind async for event in events] == [EventKind.JOB_INTERRUPTED]


async def test_a_hard_stop_interrupts_at_once(make_client):
    gate = Gate()
    client = make_client(WorkFunction(gate))
    job_id = await begin(client, gate)
    await client.stop_and_cancel()
    assert gate.interrupted == 1
    assert (await client.jobs.get(job_id)).state is JobState.AVAILABLE


async def test_a_hard_stop_shortens_a_soft_one(make_client):
    gate = Gate()
    client = make_client(WorkFunction(gate))
    job_id = await begin(client, gate)
    stopping = asyncio.create_task(client.stop())
    await until(client.crew.producers["default"]._stop_asked.is_set)
    await client.stop_and_cancel()
    await stopping
    assert (await client.jobs.get(job_id)).state is JobState.AVAILABLE


async def test_a_worker_that_fails_by_itself_during_the_stop_has_failed(make_client):
    async def crash_in_cleanup(_job):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ZeroDivisionError

    begun = asyncio.Event()
    client = make_client(WorkFunction(crash_in_cleanup))
    await client.start()
    inserted = await client.insert(WorkArgs())
    await begun.wait()
    await client.stop_and_cancel()
    job = await client.jobs.get(inserted.job.id)
    assert job.attempt == 1
    assert len(job.errors) == 1


async def test_a_job_cancelled_by_others_is_not_given_back(make_client, connection):
    """Conformance 6, row 9: an interruption must not bring a cancelled job back to life."""
    gate = Gate()
    client = make_client(WorkFunction(gate))
    job_id = await begin(client, gate)
    await connection.execute(
        """UPDATE river.river_job SET metadata = '{"cancel_attempted_at": "2026-01-01T00:00:00Z"}'"""
    )
    await client.stop_and_cancel()
    assert (await client.jobs.get(job_id)).state is JobState.CANCELLED


async def test_a_job_that_ignores_its_interruption_is_given_back_without_it(make_client):
    begun, released, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def ignore(_job):
        begun.set()
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        ended.set()

    client = make_client(WorkFunction(ignore), abandon_after=MOMENT)
    await client.start()
    inserted = await client.insert(WorkArgs())
    await begun.wait()
    await client.stop_and_cancel()
    job = await client.jobs.get(inserted.job.id)
    assert (job.state, job.attempt) == (JobState.AVAILABLE, 0)

    released.set()
    await ended.wait()
    await until(lambda: not client.crew.producers["default"].running_ids)
    assert client.crew.completer.held_ids() == set()  # its late success is nobody's any more


async def test_a_stop_that_is_cut_short_leaves_nothing_running(make_client):
    """As when the process allows no more time: what runs is interrupted and given back all the same."""
    gate = Gate()
    client = make_client(WorkFunction(gate))
    job_id = await begin(client, gate)
    stopping = asyncio.create_task(client.stop())
    await until(client.crew.producers["default"]._stop_asked.is_set)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    job = await client.jobs.get(job_id)
    assert (job.state, job.attempt) == (JobState.AVAILABLE, 0)
    await until(lambda: gate.interrupted == 1)


async def test_a_thread_is_left_running_and_so_are_its_row_and_our_presence(make_client, driver):
    """Nothing can end a thread. Given back, its job would be worked twice at once."""
    begun, released = threading.Event(), threading.Event()

    def work(_job):
        begun.set()
        released.wait()

    client = make_client(PlainFunction(work), abandon_after=MOMENT)
    await client.start()
    inserted = await client.insert(WorkArgs())
    await until(begun.is_set)
    await client.stop_and_cancel()

    assert (await client.jobs.get(inserted.job.id)).state is JobState.RUNNING
    assert [present.id for present in await driver.client_list()] == [client.id]

    released.set()
    await until(lambda: not client.crew.producers["default"].may_hold_rows)
    await client.start()  # the result that came too late for the stop is written at the next start
    assert (await until_state(client, inserted.job.id)).state is JobState.COMPLETED
    await client.stop()
    assert await driver.client_list() == []


async def test_a_stop_forgives(make_client):
    client = make_client()
    await client.stop()
    await client.start()
    await client.start()
    await asyncio.gather(client.stop(), client.stop())
    await client.stop_and_cancel()


async def test_a_stopped_client_starts_again(make_client):
    client = make_client()
    for _ in range(3):
        await client.start()
        inserted = await client.insert(WorkArgs())
        assert (await until_state(client, inserted.job.id)).state is JobState.COMPLETED
        await client.stop()


async def test_ten_tasks_starting_and_stopping_fifty_times_leave_nothing(make_client, driver):
    client = make_client()

    async def stress():
        for _ in range(50):
            await client.start()
            await client.stop()

    await asyncio.gather(*(stress() for _ in range(10)))
    assert await driver.leader_get() is None
    assert await driver.client_list() == []


async def test_the_last_results_are_written_before_the_stop_ends(make_client):
    client = make_client(queues={"default": 100})
    await client.insert_many([WorkArgs(number=n) for n in range(500)])
    await client.start()
    events = client.subscribe()
    await events.get()
    await client.stop()
    counts = {state: n for queue in await client.statistics.queues() for state, n in queue.by_state.items()}
    assert JobState.RUNNING not in counts


# -- starting


async def test_a_start_proves_the_database(driver, make_client, connection):
    await connection.execute("DROP TABLE river.river_queue")
    client = make_client()
    with pytest.raises(psycopg.errors.UndefinedTable):
        await client.start()
    assert not client.is_started
    assert await driver.client_list() == []


async def test_a_database_that_is_away_fails_the_start():
    driver = PsycopgDriver(lambda: "host=127.0.0.1 port=1 connect_timeout=1", "river")
    client = Client(driver, ClientConfig(queues={"default": QueueConfig(1)}), Workers([WorkFunction(do_nothing)]))
    with pytest.raises(psycopg.OperationalError):
        await client.start()
    await driver.close()


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "x" * 101}, "id"),
        ({"fetch_cooldown": timedelta(microseconds=1)}, "fetch_cooldown"),
        ({"fetch_poll_interval": timedelta(microseconds=1500), "fetch_cooldown": MOMENT}, "fetch_cooldown"),
        ({"queues": {"Wrong": 1}}, "queue"),
        ({"queues": {"default": 0}}, "max_workers"),
        ({"queues": {"default": 10_001}}, "max_workers"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"rescue_stuck_jobs_after": timedelta(seconds=1)}, "rescue_stuck_jobs_after"),
    ],
)
async def test_a_configuration_that_makes_no_sense_stops_the_start(make_client, config, field):
    client = make_client(**config)
    with pytest.raises(InvalidInput, match=field):
        await client.start()


async def test_a_client_with_queues_needs_workers(driver):
    with pytest.raises(InvalidInput, match="workers"):
        await Client(driver, ClientConfig(queues={"default": QueueConfig(1)})).start()


async def test_a_client_that_may_not_lead_refuses_periodic_jobs(make_client):
    job = PeriodicJob(IntervalSchedule(HOUR), WorkArgs)
    with pytest.raises(InvalidInput, match="periodic_jobs"):
        await make_client(periodic_jobs=(job,), leader_election_disabled=True).start()


async def test_a_client_that_may_not_lead_works_all_the_same(make_client):
    client = make_client(leader_election_disabled=True)
    await client.start()
    inserted = await client.insert(WorkArgs())
    assert (await until_state(client, inserted.job.id)).state is JobState.COMPLETED
    assert not client.is_leader


async def test_an_insert_only_client_leaves_no_trace(driver):
    client = Client(driver)
    await client.start()
    inserted = await client.insert(WorkArgs())
    assert inserted.job.state is JobState.AVAILABLE
    assert await driver.client_list() == []
    assert await driver.leader_get() is None
    with pytest.raises(InvalidInput, match="no events"):
        client.subscribe()
    await client.stop()


async def test_kinds_are_checked_where_there_are_workers(make_client):
    from app.jobs.args import JobArgs

    class Other(JobArgs, kind="test.other"):
        pass

    with pytest.raises(UnknownJobKind):
        await make_client().insert(Other())
    assert await make_client(skip_unknown_job_check=True).insert(Other())


async def test_a_client_that_only_inserted_works_from_its_first_queue_on(driver):
    client = Client(driver, ClientConfig(), Workers([WorkFunction(do_nothing)]))
    await client.start()
    await client.add_queue("default", QueueConfig(1))
    inserted = await client.insert(WorkArgs())
    assert (await until_state(client, inserted.job.id)).state is JobState.COMPLETED
    await client.remove_queue("default")
    await client.stop()
    assert await driver.client_list() == []
    assert await driver.leader_get() is None


# -- control from elsewhere


async def test_a_running_job_is_cancelled_from_another_process(make_client):
    gate = Gate()
    worker, other = make_client(WorkFunction(gate), fetch_poll_interval=HOUR), make_client()
    job_id = await begin(worker, gate)
    events = worker.subscribe()

    asked = await other.jobs.cancel(job_id)
    assert asked.state is JobState.RUNNING
    async with asyncio.timeout(60):
        event = await events.get()

    assert event.kind is EventKind.JOB_CANCELLED
    job = await other.jobs.get(job_id)
    assert job.state is JobState.CANCELLED
    assert [error.error for error in job.errors] == ["JobCancelError: job cancelled remotely"]
    assert job.metadata_value()["cancel_attempted_at"] == asked.metadata_value()["cancel_attempted_at"]


async def test_a_client_that_only_polls_notices_a_cancel_too(make_client):
    gate = Gate()
    worker, other = make_client(WorkFunction(gate), poll_only=True), make_client()
    assert not worker.is_listening
    job_id = await begin(worker, gate)
    await other.jobs.cancel(job_id)
    assert (await until_state(other, job_id)).state is JobState.CANCELLED


async def test_a_job_that_succeeds_in_spite_of_a_cancel_has_succeeded(make_client):
    begun = asyncio.Event()

    async def finish(_job):
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    client = make_client(WorkFunction(finish))
    await client.start()
    inserted = await client.insert(WorkArgs())
    await begun.wait()
    await client.jobs.cancel(inserted.job.id)
    assert (await until_state(client, inserted.job.id)).state is JobState.COMPLETED


async def test_a_crash_after_a_cancel_keeps_its_trace_and_is_not_retried(make_client):
    begun = asyncio.Event()

    async def crash(_job):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise KeyError("clean-up")

    client = make_client(WorkFunction(crash))
    await client.start()
    inserted = await client.insert(WorkArgs())
    await begun.wait()
    await client.jobs.cancel(inserted.job.id)
    job = await until_state(client, inserted.job.id)
    assert job.state is JobState.CANCELLED
    assert "KeyError" in job.errors[0].trace


@pytest.mark.parametrize("name", ["default", "*"])
async def test_a_paused_queue_rests_and_goes_on_at_once(make_client, name):
    client, other = make_client(fetch_poll_interval=HOUR), make_client()
    await client.start()
    events = client.subscribe(EventKind.QUEUE_PAUSED, EventKind.QUEUE_RESUMED)
    await other.queues.pause(name)
    assert (await events.get()).kind is EventKind.QUEUE_PAUSED
    await other.queues.pause(name)  # twice is as good as once, and tells nothing new

    inserted = await client.insert(WorkArgs())
    await until(lambda: not client.crew.producers["default"]._wake.is_set())
    assert (await client.jobs.get(inserted.job.id)).attempt == 0

    await other.queues.resume(name)
    event = await events.get()
    assert (event.kind, event.queue) == (EventKind.QUEUE_RESUMED, "default")
    assert (await until_state(client, inserted.job.id)).state is JobState.COMPLETED


async def test_a_pause_survives_a_restart(make_client):
    client = make_client()
    await client.start()
    await client.queues.pause("default")
    await client.stop()
    await client.start()
    assert client.crew.producers["default"].is_paused


async def test_two_clients_work_every_job_once(make_client):
    worked = []

    async def note(job):
        worked.append(job.id)
        await asyncio.sleep(0)

    clients = [make_client(WorkFunction(note), queues={"default": 8}) for _ in range(2)]
    await asyncio.gather(*(client.start() for client in clients))
    results = await clients[0].insert_many([WorkArgs(number=n) for n in range(300)])
    ids = sorted(result.job.id for result in results)
    await until(lambda: len(worked) >= len(ids))
    assert sorted(worked) == ids
    for job_id in ids:
        job = await until_state(clients[0], job_id)
        assert (job.state, job.attempt, len(job.attempted_by)) == (JobState.COMPLETED, 1, 1)


async def test_queues_come_and_go_while_the_client_runs(make_client):
    gate = Gate()
    client = make_client(WorkFunction(gate))
    await client.start()
    with pytest.raises(InvalidInput, match="already"):
        await client.add_queue("default", QueueConfig(1))
    await client.add_queue("extra", QueueConfig(1))
    from app.jobs.insert_opts import InsertOpts

    inserted = await client.insert(WorkArgs(), InsertOpts(queue="extra"))
    await gate.begun.wait()
    gate.open.set()
    await client.remove_queue("extra")  # waits for its running jobs
    assert (await until_state(client, inserted.job.id)).state is JobState.COMPLETED
    assert not client.crew.producers.keys() - {"default"}
    with pytest.raises(InvalidInput, match="not worked"):
        await client.remove_queue("extra")
