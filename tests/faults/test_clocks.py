"""Clients whose clocks are wrong, in both directions at once, one of them killed."""

import pytest

from tests.faults.fleet import Fleet

pytestmark = pytest.mark.process


@pytest.mark.parametrize("seconds", [2, 300])
async def test_clocks_apart_cost_no_job(fleet: Fleet, seconds: int):
    """What waits for a clock that is ahead is let go at once, instead of waiting for five minutes."""
    await fleet.start(skew=seconds)
    async for _ in fleet.rounds():
        await fleet.start(skew=-seconds)
        await fleet.insert_under_way(200, by=fleet.members[-1].id)
        fleet.kill(fleet.members[-1])
        await fleet.drained_without_waiting()
    await fleet.judge()


@pytest.mark.parametrize("seconds", [-300, 300])
async def test_jobs_of_the_dead_run_again_at_once_whatever_the_leaders_clock_says(fleet: Fleet, seconds: int):
    leader = await fleet.start(skew=seconds)
    assert await fleet.leader() is leader
    async for _ in fleet.rounds():
        doomed = await fleet.start(hold=0.2)
        await fleet.insert_under_way(50, ["plain", "commit"], by=doomed.id)
        fleet.kill(doomed)
    await fleet.judge()


async def test_what_a_client_minutes_ahead_gives_back_is_worked_at_once(fleet: Fleet):
    """By its own clock the jobs that its stop interrupts were due in five minutes."""
    await fleet.start()
    async for _ in fleet.rounds():
        ahead = await fleet.start(skew=300, hold=3600, soft_stop=0.05)
        await fleet.insert_under_way(50, ["plain", "commit"], by=ahead.id)
        await ahead.stop()
    await fleet.judge()

    rows = await fleet.rows()
    assert {(job.attempt, len(job.errors)) for job in rows} == {(1, 0)}
    assert any(len(job.attempted_by) == 2 for job in rows)
