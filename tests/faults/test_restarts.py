"""Rolling restarts: for each process that stops another one has begun."""

import pytest

from tests.faults.fleet import Fleet

pytestmark = pytest.mark.process


async def test_rolling_restarts_spend_no_attempt(fleet: Fleet):
    for _ in range(2):
        await fleet.start()
    async for _ in fleet.rounds():
        for old in [member for member in fleet.members if member.is_there]:
            await fleet.insert_under_way(100, ["plain", "commit"], by=old.id)
            await fleet.start()
            await old.stop()
    await fleet.judge()

    assert {(job.attempt, len(job.errors)) for job in await fleet.rows()} == {(1, 0)}
