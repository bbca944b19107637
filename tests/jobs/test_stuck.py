"""A job that goes on although its time is over is reported, and keeps its slot (contract 12.1, JobStuckThreshold)."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from app.jobs.executor import Executor
from app.jobs.types import JobState
from tests.fixtures.clients import WorkArgs, WorkFunction, until, until_state

LIMIT = timedelta(milliseconds=20)


@pytest.fixture
def logs(monkeypatch):
    monkeypatch.setattr("app.jobs.executor.STUCK_AFTER", 0.02)
    with capture_logs() as logs:
        yield logs


def reports(logs):
    return [line for line in logs if line["event"] == "a job does not end although its time is over"]


async def test_a_job_that_ignores_its_timeout_is_reported_once(make_client, logs):
    gate = asyncio.Event()

    async def stay(_job):
        while not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                continue

    client = make_client(WorkFunction(stay, timeout=LIMIT))
    await client.start()
    inserted = await client.insert(WorkArgs())
    await until(lambda: reports(logs))
    assert (await client.jobs.get(inserted.job.id)).state is JobState.RUNNING
    gate.set()
    await until_state(client, inserted.job.id, JobState.COMPLETED)

    assert [(line["job"], line["kind"], line["log_level"]) for line in reports(logs)] == [
        (inserted.job.id, "test.work", "warning")
    ]


async def test_a_job_that_heeds_its_timeout_is_not_reported(make_client, logs, monkeypatch):
    looks = []
    look = Executor._report_if_stuck

    def note(executor, attempt):
        looks.append(attempt.row.id)
        look(executor, attempt)

    monkeypatch.setattr(Executor, "_report_if_stuck", note)

    async def wait(_job):
        await asyncio.Event().wait()

    client = make_client(WorkFunction(wait, timeout=LIMIT), max_attempts=1)
    await client.start()
    await client.insert(WorkArgs())

    await until(lambda: looks)

    await until_state(client, looks[0], JobState.DISCARDED)
    assert reports(logs) == []
