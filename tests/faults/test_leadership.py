"""Leadership given up again and again under load, and handed to and fro between two fleets."""

from itertools import pairwise

import pytest

from tests.faults.fleet import SOAK, Fleet

pytestmark = pytest.mark.process

ASK_TO_RESIGN = """SELECT pg_notify('river.river_leadership', '{"action":"request_resign","leader_id":""}')"""
TERM = "SELECT max(elected_at)::text FROM river.river_leader"
SWAPS = 4
MEMBERS = 2 if SOAK else 1


async def test_leaders_that_are_asked_to_resign_never_lead_two_at_once(fleet: Fleet):
    """Whoever is first is elected anew, which may be the one that has just resigned."""
    for _ in range(2):
        await fleet.start()
    async for _ in fleet.rounds():
        for _ in range(SWAPS):
            await fleet.insert(50)
            await fleet.leader_in_office()
            ((before,),) = await fleet.query(TERM)
            await fleet.query(ASK_TO_RESIGN)
            await fleet.until(TERM, is_true=lambda term, before=before: term not in (None, before))
    await fleet.judge()

    assert len((await fleet.journal()).terms) >= SWAPS


async def test_two_fleets_hand_leadership_to_and_fro_and_one_leads_at_a_time(fleet: Fleet):
    """Whichever leads is restarted as a whole, so the other one takes over: each upgrade of one of them does this."""
    fleets = [[await fleet.start() for _ in range(MEMBERS)] for _ in range(2)]
    led: list[int] = []
    async for _ in fleet.rounds():
        for _ in range(2):
            await fleet.insert(50)
            leading = int(await fleet.leader_in_office() in fleets[1])
            led.append(leading)
            for member in fleets[leading]:
                await member.stop()
            await fleet.leader_in_office()
            fleets[leading] = [await fleet.start() for _ in range(MEMBERS)]
    await fleet.judge()

    assert len(led) >= 2
    assert all(before != after for before, after in pairwise(led))
