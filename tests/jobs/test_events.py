"""Events of a working client: every kind, with the row as stored and how long it took (contract 12.4)."""

import asyncio
from datetime import timedelta

import pytest

from app.errors import InvalidInput
from app.jobs.client import Client
from app.jobs.completion import job_complete_tx
from app.jobs.errors import JobCancel, JobError, JobSnooze
from app.jobs.insert_opts import InsertOpts
from app.jobs.subscription import EventKind
from app.jobs.types import JobState
from tests.fixtures.clients import WorkArgs, WorkFunction, do_nothing, until, until_state

HOUR = timedelta(hours=1)


async def first_event(client, opts=None):
    await client.start()
    events = client.subscribe()
    await client.insert(WorkArgs(), opts)
    async with asyncio.timeout(60):
        return await events.get()


def raising(err):
    async def work(_job):
        raise err

    return WorkFunction(work)


@pytest.mark.parametrize(
    ("worker", "opts", "kind", "state"),
    [
        (WorkFunction(do_nothing), None, EventKind.JOB_COMPLETED, JobState.COMPLETED),
        (raising(JobError("no")), None, EventKind.JOB_FAILED, JobState.AVAILABLE),
        (raising(KeyError("no")), InsertOpts(max_attempts=1), EventKind.JOB_FAILED, JobState.DISCARDED),
        (raising(JobCancel("no")), None, EventKind.JOB_CANCELLED, JobState.CANCELLED),
        (raising(JobSnooze(HOUR)), None, EventKind.JOB_SNOOZED, JobState.SCHEDULED),
    ],
    ids=["completed", "failed", "discarded", "cancelled", "snoozed"],
)
async def test_every_end_of_an_attempt_is_told_with_its_row(make_client, worker, opts, kind, state):
    client = make_client(worker)
    event = await first_event(client, opts)
    assert (event.kind, event.job.state, event.queue) == (kind, state, None)
    assert event.job == await client.jobs.get(event.job.id)
    assert event.statistics.run >= timedelta(0)
    assert event.statistics.queue_wait >= timedelta(0)
    assert event.statistics.complete >= timedelta(0)


async def test_run_time_is_the_workers(make_client):
    async def work(_job):
        await asyncio.sleep(0.05)

    event = await first_event(make_client(WorkFunction(work)))
    assert event.statistics.run >= timedelta(seconds=0.04)


async def test_an_interruption_is_told_before_the_stream_ends(make_client):
    begun = asyncio.Event()

    async def work(_job):
        begun.set()
        await asyncio.Event().wait()

    client = make_client(WorkFunction(work))
    await client.start()
    events = client.subscribe(EventKind.JOB_INTERRUPTED)
    await client.insert(WorkArgs())
    await begun.wait()
    await client.stop_and_cancel()
    (event,) = [event async for event in events]
    assert (event.job.state, event.job.attempt) == (JobState.AVAILABLE, 0)


async def test_queues_tell_by_name_alone(make_client):
    client = make_client()
    await client.start()
    events = client.subscribe(EventKind.QUEUE_PAUSED, EventKind.QUEUE_RESUMED)
    await client.queues.pause("default")
    paused = await events.get()
    await client.queues.resume("default")
    resumed = await events.get()
    assert [(one.kind, one.queue, one.job, one.statistics) for one in (paused, resumed)] == [
        (EventKind.QUEUE_PAUSED, "default", None, None),
        (EventKind.QUEUE_RESUMED, "default", None, None),
    ]


async def test_a_job_completed_in_its_own_transaction_is_completed_whatever_its_worker_says(
    make_client, driver, connection
):
    async def complete_and_fail(job):
        async with connection.transaction():
            await job_complete_tx(driver, connection, job)
        raise JobError("too late")

    event = await first_event(make_client(WorkFunction(complete_and_fail)))
    assert (event.kind, event.job.state) == (EventKind.JOB_COMPLETED, JobState.COMPLETED)


async def test_a_job_cancelled_from_elsewhere_is_cancelled_although_its_worker_puts_it_off(make_client):
    async def wait_and_put_off(job):
        await client.jobs.cancel(job.id)
        await until(job.cancelled.is_set)
        raise JobSnooze(HOUR)

    client = make_client(WorkFunction(wait_and_put_off))
    event = await first_event(client)
    assert (event.kind, event.job.state) == (EventKind.JOB_CANCELLED, JobState.CANCELLED)


async def test_cancelling_a_job_that_does_not_run_tells_nobody(make_client):
    client = make_client()
    await client.start()
    events = client.subscribe()
    waiting = await client.insert(WorkArgs(), InsertOpts(pending=True))
    await client.jobs.cancel(waiting.job.id)
    worked = await client.insert(WorkArgs())
    event = await events.get()
    assert (event.kind, event.job.id) == (EventKind.JOB_COMPLETED, worked.job.id)


async def test_a_subscriber_that_never_reads_holds_nobody_up(make_client):
    client = make_client()
    await client.start()
    slow, quick = client.subscribe(buffer=1), client.subscribe()
    results = await client.insert_many([WorkArgs(number=number) for number in range(20)])
    for result in results:
        await until_state(client, result.job.id)
    for _ in results:
        await quick.get()
    assert slow.dropped == len(results) - 1
    assert quick.dropped == 0


async def test_streams_end_with_the_client_and_new_ones_begin_with_its_next_start(make_client):
    client = make_client()
    await client.start()
    events = client.subscribe()
    await client.stop()
    assert [event async for event in events] == []
    event = await first_event(client)
    assert event.kind is EventKind.JOB_COMPLETED


def test_what_could_never_come_is_refused(make_client, driver):
    client = make_client()
    with pytest.raises(InvalidInput, match="no events of kind 'job_exploded'"):
        client.subscribe("job_exploded")
    with pytest.raises(InvalidInput, match="room for one event"):
        client.subscribe(buffer=0)
    with pytest.raises(InvalidInput, match="works no queues"):
        Client(driver).subscribe()
