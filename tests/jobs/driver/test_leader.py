"""One lease, one holder, one term (contract 5)."""

import asyncio
from datetime import timedelta

from app.jobs.types import Topic
from tests.fixtures.announcements import announced

TTL = 15.0


async def expire(factory):
    await factory.connection.execute("UPDATE river.river_leader SET expires_at = now() - interval '1 ms'")


async def test_the_first_bid_wins(driver, factory):
    leader = await driver.leader_attempt_elect(leader_id="a", ttl=TTL)

    assert leader.leader_id == "a"
    assert leader.expires_at - leader.elected_at == timedelta(seconds=TTL)
    assert await driver.leader_attempt_elect(leader_id="b", ttl=TTL) is None
    assert await driver.leader_attempt_elect(leader_id="a", ttl=TTL) is None
    assert await driver.leader_get() == leader


async def test_an_expired_lease_is_taken_over(driver, factory):
    first = await driver.leader_attempt_elect(leader_id="a", ttl=TTL)
    await expire(factory)

    second = await driver.leader_attempt_elect(leader_id="b", ttl=TTL)

    assert second.leader_id == "b"
    assert second.elected_at > first.elected_at
    assert await driver.leader_get() == second


async def test_of_many_bids_one_wins(driver):
    bids = await asyncio.gather(*(driver.leader_attempt_elect(leader_id=f"c{n}", ttl=TTL) for n in range(20)))

    assert len([leader for leader in bids if leader]) == 1


async def test_only_the_very_term_is_renewed(driver, factory):
    term = await driver.leader_attempt_elect(leader_id="a", ttl=TTL)

    renewed = await driver.leader_attempt_reelect(leader_id="a", elected_at=term.elected_at, ttl=TTL)

    assert renewed.elected_at == term.elected_at
    assert renewed.expires_at > term.expires_at
    other = term.elected_at - timedelta(microseconds=1)
    assert await driver.leader_attempt_reelect(leader_id="a", elected_at=other, ttl=TTL) is None
    assert await driver.leader_attempt_reelect(leader_id="b", elected_at=term.elected_at, ttl=TTL) is None
    await expire(factory)
    assert await driver.leader_attempt_reelect(leader_id="a", elected_at=term.elected_at, ttl=TTL) is None


async def test_resigning_frees_the_lease_and_says_so(driver):
    term = await driver.leader_attempt_elect(leader_id="a", ttl=TTL)
    async with announced(driver, Topic.LEADERSHIP) as heard:
        assert not await driver.leader_resign(leader_id="b", elected_at=term.elected_at)
        assert not await driver.leader_resign(leader_id="a", elected_at=term.elected_at + timedelta(microseconds=1))
        assert await driver.leader_resign(leader_id="a", elected_at=term.elected_at)
        assert not await driver.leader_resign(leader_id="a", elected_at=term.elected_at)

    assert heard == ['{"leader_id" : "a", "action" : "resigned"}']
    assert await driver.leader_get() is None
