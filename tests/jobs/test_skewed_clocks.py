"""A client whose clock is wrong by two seconds may begin its jobs late, and loses none."""

import asyncio
from datetime import datetime, timedelta

import pytest

from app.clock import SystemClock
from app.jobs.client import Client, ClientConfig
from app.jobs.insert_opts import InsertOpts
from app.jobs.types import JobState, QueueConfig
from app.jobs.worker import Workers
from app.observability import Metrics
from tests.fixtures.clients import WorkArgs, WorkFunction, do_nothing, until_state


class SkewedClock(SystemClock):
    def __init__(self, skew: timedelta) -> None:
        self.skew = skew

    def now(self):
        return super().now() + self.skew


def make_client(driver, skew: timedelta, work=do_nothing, **config) -> Client:
    settings = ClientConfig(
        queues={"default": QueueConfig(4)},
        fetch_cooldown=timedelta(milliseconds=1),
        fetch_poll_interval=timedelta(milliseconds=50),
        **config,
    )
    return Client(driver, settings, Workers([WorkFunction(work)]), clock=SkewedClock(skew), metrics=Metrics())


@pytest.fixture(params=[-2, 2], ids=["behind", "ahead"])
async def skewed(driver, request):
    client = make_client(driver, timedelta(seconds=request.param))
    await client.start()
    yield client, client._clock
    await client.stop()


async def test_jobs_for_now_and_for_later_are_all_worked(skewed):
    client, clock = skewed
    now = await client.insert(WorkArgs())
    later = await client.insert(WorkArgs(), InsertOpts(scheduled_at=clock.now() + timedelta(milliseconds=10)))

    for inserted in (now, later):
        job = await until_state(client, inserted.job.id)
        assert (job.state, job.attempt, job.errors) == (JobState.COMPLETED, 1, [])
        assert job.attempted_at >= job.scheduled_at  # both as the database sees them: never early


async def database_now(connection) -> datetime:
    return (await (await connection.execute("SELECT now() AS now")).fetchone())["now"]


@pytest.mark.parametrize("work", ["interrupted", "abandoned"])
@pytest.mark.parametrize("minutes", [-5, 5], ids=["behind", "ahead"])
async def test_what_a_stop_gives_back_is_due_at_once_by_everybodys_clock(driver, connection, minutes: int, work: str):
    """A client whose clock is ahead would put it off for as long, and rolling restarts would hold jobs up."""
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def go_on(_job) -> None:
        begun.set()
        while not may_end.is_set():
            try:
                await may_end.wait()
            except asyncio.CancelledError:
                if work == "interrupted":
                    raise

    moment = timedelta(milliseconds=10)
    client = make_client(driver, timedelta(minutes=minutes), go_on, soft_stop_timeout=moment, abandon_after=moment)
    inserted = await client.insert(WorkArgs(), InsertOpts(scheduled_at=client._clock.now() - timedelta(hours=1)))
    before = await database_now(connection)
    await client.start()
    await begun.wait()
    await client.stop()
    may_end.set()
    after = await database_now(connection)

    job = await client.jobs.get(inserted.job.id)
    assert (job.state, job.attempt) == (JobState.AVAILABLE, 0)
    assert before <= job.scheduled_at <= after
