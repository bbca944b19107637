"""A client whose clock is wrong by two seconds may begin its jobs late, and loses none."""

from datetime import timedelta

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


@pytest.fixture(params=[-2, 2], ids=["behind", "ahead"])
async def skewed(driver, request):
    clock = SkewedClock(timedelta(seconds=request.param))
    config = ClientConfig(
        queues={"default": QueueConfig(4)},
        fetch_cooldown=timedelta(milliseconds=1),
        fetch_poll_interval=timedelta(milliseconds=50),
    )
    client = Client(driver, config, Workers([WorkFunction(do_nothing)]), clock=clock, metrics=Metrics())
    await client.start()
    yield client, clock
    await client.stop()


async def test_jobs_for_now_and_for_later_are_all_worked(skewed):
    client, clock = skewed
    now = await client.insert(WorkArgs())
    later = await client.insert(WorkArgs(), InsertOpts(scheduled_at=clock.now() + timedelta(milliseconds=10)))

    for inserted in (now, later):
        job = await until_state(client, inserted.job.id)
        assert (job.state, job.attempt, job.errors) == (JobState.COMPLETED, 1, [])
        assert job.attempted_at >= job.scheduled_at  # both as the database sees them: never early
