"""Leadership that moves to and fro between two fleets, under load."""

import pytest

from tests.faults.fleet import Fleet

pytestmark = pytest.mark.process

ASK_TO_RESIGN = """SELECT pg_notify('river.river_leadership', '{"action":"request_resign","leader_id":""}')"""
SWAPS = 4


async def test_two_fleets_swap_leadership_and_one_leads_at_a_time(fleet: Fleet):
    for _ in range(2):
        await fleet.start()
    terms = set()
    async for _ in fleet.rounds():
        for _ in range(SWAPS):
            await fleet.insert(50)
            before = await fleet.leader()
            terms.add(before.id)
            await fleet.query(ASK_TO_RESIGN)
            await fleet.until(
                "SELECT max(leader_id) FROM river.river_leader WHERE expires_at > now() AND leader_id <> %s", before.id
            )
    await fleet.judge()

    assert terms == {"worker-1", "worker-2"}
    assert len((await fleet.journal()).terms) >= SWAPS
