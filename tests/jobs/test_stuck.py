"""A job that goes on although its time is over is reported, and may be given up for another (contract 12.1)."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from structlog.testing import capture_logs

from app.errors import InvalidInput
from app.jobs.client_config import ClientConfig
from app.jobs.insert_opts import InsertOpts
from app.jobs.stuck import StuckJob, StuckJobs
from app.jobs.types import JobState
from tests.fixtures.clients import WorkArgs, WorkFunction, until, until_state

LIMIT = timedelta(milliseconds=20)
SOON = timedelta(milliseconds=20)


@pytest.fixture
def logs():
    with capture_logs() as logs:
        yield logs


def reports(logs):
    return [line for line in logs if line["event"] == "a job does not end although its time is over"]


class Stubborn:
    """Works a job until it is let go, whatever anybody says."""

    def __init__(self):
        self.gate = asyncio.Event()
        self.working = []

    async def __call__(self, job):
        self.working.append(job.args.number)
        while job.args.number and not self.gate.is_set():
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                continue


@pytest.fixture
def stubborn():
    stubborn = Stubborn()
    yield stubborn
    stubborn.gate.set()


async def test_a_job_that_ignores_its_timeout_is_reported_once(make_client, logs, stubborn):
    client = make_client(WorkFunction(stubborn, timeout=LIMIT), job_stuck_threshold=SOON)
    await client.start()
    inserted = await client.insert(WorkArgs(number=1))
    await until(lambda: reports(logs))
    assert (await client.jobs.get(inserted.job.id)).state is JobState.RUNNING
    stubborn.gate.set()
    await until_state(client, inserted.job.id, JobState.COMPLETED)

    assert [(line["job"], line["kind"], line["log_level"]) for line in reports(logs)] == [
        (inserted.job.id, "test.work", "warning")
    ]
    assert [line["job"] for line in logs if line["event"] == "a stuck job has ended"] == [inserted.job.id]
    assert client.crew.executor.stuck.total == 0


async def test_a_job_that_heeds_its_timeout_is_not_reported(make_client, logs, monkeypatch):
    looks = []
    look = StuckJobs.look

    def note(stuck, attempt):
        looks.append(attempt.row.id)
        look(stuck, attempt)

    monkeypatch.setattr(StuckJobs, "look", note)

    async def wait(_job):
        await asyncio.Event().wait()

    client = make_client(WorkFunction(wait, timeout=LIMIT), max_attempts=1, job_stuck_threshold=SOON)
    await client.start()
    await client.insert(WorkArgs())

    await until(lambda: looks)

    await until_state(client, looks[0], JobState.DISCARDED)
    assert reports(logs) == []


async def test_the_handler_hears_of_each_with_the_total_of_all_queues(make_client, stubborn):
    heard = []

    def handle(stuck):
        heard.append(stuck)
        return False

    client = make_client(
        WorkFunction(stubborn, timeout=LIMIT),
        queues={"one": 1, "two": 1},
        job_stuck_threshold=SOON,
        job_stuck_handler=handle,
    )
    await client.start()
    first = await client.insert(WorkArgs(number=1), InsertOpts(queue="one"))
    await until(lambda: len(heard) == 1)
    second = await client.insert(WorkArgs(number=2), InsertOpts(queue="two"))
    await until(lambda: len(heard) == 2)

    assert heard == [
        StuckJob(first.job.id, "test.work", "one", 1),
        StuckJob(second.job.id, "test.work", "two", 2),
    ]


async def test_a_stuck_job_keeps_its_slot_unless_the_handler_gives_it_up(make_client, stubborn):
    answers = {1: False, 2: True}
    asked = []

    def handle(stuck):
        asked.append(stuck.id)
        return answers[len(asked)]

    client = make_client(
        WorkFunction(stubborn, timeout=LIMIT), queues={"default": 2}, job_stuck_threshold=SOON, job_stuck_handler=handle
    )
    await client.start()
    stuck = [(await client.insert(WorkArgs(number=number))).job.id for number in (1, 2)]
    await until(lambda: len(asked) == 2)
    done = [(await client.insert(WorkArgs(number=0))).job.id for _ in range(3)]
    for job_id in done:
        await until_state(client, job_id, JobState.COMPLETED)

    assert [(await client.jobs.get(job_id)).state for job_id in stuck] == [JobState.RUNNING] * 2
    stubborn.gate.set()
    for job_id in stuck:
        await until_state(client, job_id, JobState.COMPLETED)
    producer = client.crew.producers["default"]
    await until(lambda: producer._busy == 0)
    assert not producer._slotless


async def test_a_job_given_up_can_still_be_cancelled_and_is_waited_for(make_client, stubborn):
    asked = []
    client = make_client(
        WorkFunction(stubborn, timeout=LIMIT),
        queues={"default": 1},
        job_stuck_threshold=SOON,
        job_stuck_handler=lambda stuck: asked.append(stuck.id) or True,
    )
    await client.start()
    inserted = await client.insert(WorkArgs(number=1))
    await until(lambda: asked)
    stopping = asyncio.create_task(client.stop())
    await until(client.crew.producers["default"]._stop_asked.is_set)
    assert client.crew.producers["default"].running_ids == [inserted.job.id]
    stubborn.gate.set()
    await stopping

    assert (await client.jobs.get(inserted.job.id)).state is JobState.COMPLETED


async def test_a_defect_of_the_handler_changes_nothing(make_client, logs, stubborn):
    def handle(_stuck):
        raise KeyError

    client = make_client(
        WorkFunction(stubborn, timeout=LIMIT), queues={"default": 1}, job_stuck_threshold=SOON, job_stuck_handler=handle
    )
    await client.start()
    inserted = await client.insert(WorkArgs(number=1))
    await until(lambda: [line for line in logs if line["event"] == "the handler of stuck jobs failed"])
    stubborn.gate.set()

    await until_state(client, inserted.job.id, JobState.COMPLETED)


async def test_a_job_abandoned_by_the_stop_gives_up_no_second_slot(make_client, stubborn, monkeypatch):
    """The stop has given its slot back already; given up once more, the next start would work one job too many."""
    asked, timed_out = [], []
    monkeypatch.setattr(StuckJobs, "timed_out", lambda stuck, attempt: timed_out.append(partial(stuck.look, attempt)))
    client = make_client(
        WorkFunction(stubborn, timeout=LIMIT),
        queues={"default": 1},
        job_stuck_handler=lambda stuck: asked.append(stuck.id) or True,
        abandon_after=timedelta(0),
    )
    await client.start()
    inserted = await client.insert(WorkArgs(number=1))
    await until(lambda: timed_out)
    await client.stop_and_cancel()
    (look,) = timed_out
    look()

    assert asked == [inserted.job.id]
    assert not client.crew.producers["default"]._slotless


def test_a_negative_threshold_is_refused():
    with pytest.raises(InvalidInput, match="job_stuck_threshold"):
        ClientConfig(job_stuck_threshold=timedelta(-1)).check()
