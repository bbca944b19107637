"""Every way to stop against every way a running job may take it (contract 2.6)."""

import asyncio
import contextlib
from datetime import timedelta

import pytest

from app.jobs.errors import JobCancel, JobError, JobSnooze
from app.jobs.insert_opts import InsertOpts
from app.jobs.subscription import EventKind
from app.jobs.types import JobState
from tests.fixtures.clients import PlainFunction, WorkArgs, WorkFunction, until

MOMENT = timedelta(milliseconds=20)
HOUR = timedelta(hours=1)


async def soft(client):
    await client.stop()


async def hard(client):
    await client.stop_and_cancel()


async def soft_then_hard(client):
    stopping = asyncio.create_task(client.stop())
    await until(client.crew.producers["default"]._stop_asked.is_set)
    await client.stop_and_cancel()
    await stopping


STOPS = {
    "after the soft stop's time": (soft, {"soft_stop_timeout": MOMENT}),
    "at once": (hard, {}),
    "at once, with a soft stop's time": (hard, {"soft_stop_timeout": HOUR}),
    "shortened": (soft_then_hard, {}),
}


async def let_through():
    await asyncio.Event().wait()


async def wrap():
    try:
        await let_through()
    except asyncio.CancelledError as err:
        raise JobError("interrupted while downloading") from err


async def in_a_group():
    async with asyncio.TaskGroup() as group:
        group.create_task(let_through())


async def fail_otherwise():
    with contextlib.suppress(asyncio.CancelledError):
        await let_through()
    raise JobError("no such film")


async def cancel_itself():
    try:
        await let_through()
    except asyncio.CancelledError as err:
        raise JobCancel(err) from err


async def put_itself_off():
    try:
        await let_through()
    except asyncio.CancelledError as err:
        raise JobSnooze(HOUR) from err


async def crash():
    try:
        await let_through()
    except asyncio.CancelledError:
        raise ZeroDivisionError from None


async def succeed():
    try:
        await let_through()
    except asyncio.CancelledError:
        return


REACTIONS = [
    # how the worker takes it; then what its job has come to: state, attempt, number of errors; and the event
    (let_through, (JobState.AVAILABLE, 0, 0), EventKind.JOB_INTERRUPTED),
    (wrap, (JobState.AVAILABLE, 0, 0), EventKind.JOB_INTERRUPTED),
    (in_a_group, (JobState.AVAILABLE, 0, 0), EventKind.JOB_INTERRUPTED),
    (fail_otherwise, (JobState.AVAILABLE, 1, 1), EventKind.JOB_FAILED),
    (cancel_itself, (JobState.CANCELLED, 1, 1), EventKind.JOB_CANCELLED),
    (put_itself_off, (JobState.SCHEDULED, 0, 0), EventKind.JOB_SNOOZED),
    (crash, (JobState.AVAILABLE, 1, 1), EventKind.JOB_FAILED),
    (succeed, (JobState.COMPLETED, 1, 0), EventKind.JOB_COMPLETED),
]


async def begin(client, begun, opts=None):
    await client.start()
    events = client.subscribe()
    job_id = (await client.insert(WorkArgs(), opts)).job.id
    await begun.wait()
    return job_id, events


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize(("react", "outcome", "event"), REACTIONS, ids=[reaction[0].__name__ for reaction in REACTIONS])
async def test_what_becomes_of_a_job_depends_on_how_its_worker_takes_the_stop(make_client, stop, react, outcome, event):
    begun = asyncio.Event()

    async def work(_job):
        begun.set()
        await react()

    how, config = STOPS[stop]
    client = make_client(WorkFunction(work), **config)
    job_id, events = await begin(client, begun)
    await how(client)

    job = await client.jobs.get(job_id)
    assert (job.state, job.attempt, len(job.errors)) == outcome
    assert len(job.attempted_by) == 1
    assert [one.kind async for one in events] == [event]


@pytest.mark.parametrize("config", [{}, {"soft_stop_timeout": HOUR}], ids=["without limit", "in time"])
async def test_a_soft_stop_lets_a_job_end(make_client, config):
    begun, end = asyncio.Event(), asyncio.Event()

    async def work(job):
        begun.set()
        await end.wait()
        assert not job.cancelled.is_set()

    client = make_client(WorkFunction(work), **config)
    job_id, events = await begin(client, begun)
    stopping = asyncio.create_task(client.stop())
    await until(client.crew.producers["default"]._stop_asked.is_set)
    end.set()
    await stopping
    assert (await client.jobs.get(job_id)).state is JobState.COMPLETED
    assert [one.kind async for one in events] == [EventKind.JOB_COMPLETED]


async def test_an_interruption_discards_nothing_even_on_the_last_attempt(make_client):
    begun = asyncio.Event()

    async def work(_job):
        begun.set()
        await let_through()

    client = make_client(WorkFunction(work))
    job_id, _ = await begin(client, begun, InsertOpts(max_attempts=1))
    await client.stop_and_cancel()
    job = await client.jobs.get(job_id)
    assert (job.state, job.attempt, job.errors) == (JobState.AVAILABLE, 0, [])


async def test_a_job_cancelled_from_elsewhere_is_cancelled_by_the_interruption(make_client, connection):
    """Its cancellation was announced to nobody; the row knows of it all the same."""
    begun = asyncio.Event()

    async def work(_job):
        begun.set()
        await let_through()

    client = make_client(WorkFunction(work))
    job_id, events = await begin(client, begun)
    await connection.execute(
        'UPDATE river.river_job SET metadata = \'{"cancel_attempted_at": "2026-01-01T00:00:00Z"}\' WHERE id = %s',
        [job_id],
    )
    await client.stop_and_cancel()
    assert (await client.jobs.get(job_id)).state is JobState.CANCELLED
    assert [one.kind async for one in events] == [EventKind.JOB_CANCELLED]


async def test_a_thread_is_told_and_may_leave_in_time(make_client):
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(job):
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(job.cancelled.wait(), loop).result(60)
        raise JobError("left early")

    client = make_client(PlainFunction(work))
    job_id, events = await begin(client, begun)
    await client.stop_and_cancel()
    job = await client.jobs.get(job_id)
    assert (job.state, job.attempt) == (JobState.AVAILABLE, 1)  # a failure by itself: nothing cancelled it
    assert [one.kind async for one in events] == [EventKind.JOB_FAILED]


async def test_whoever_cancels_the_stop_leaves_no_job_running(make_client):
    """Where River's start context is cancelled: here the task that stops may be."""
    begun = asyncio.Event()

    async def work(_job):
        begun.set()
        await let_through()

    client = make_client(WorkFunction(work))
    job_id, _ = await begin(client, begun)
    stopping = asyncio.create_task(client.stop())
    await until(client.crew.producers["default"]._stop_asked.is_set)
    stopping.cancel()
    await asyncio.wait({stopping})
    assert stopping.cancelled()
    assert (await client.jobs.get(job_id)).state is JobState.AVAILABLE
