"""More attempts than connections: whoever gets none in time is put off, and no attempt is spent on it."""

import pytest

from tests.faults.fleet import Fleet

pytestmark = pytest.mark.process

SNOOZED = "SELECT count(*) FROM river.river_job WHERE metadata ? 'snoozes'"


async def test_an_exhausted_pool_puts_jobs_off_and_spends_no_attempt(fleet: Fleet):
    """The table's lock holds the only connection for as long as it takes."""
    await fleet.start(workers=10, pool_size=1, own_pool_size=1, pool_timeout=0.2)
    async for _ in fleet.rounds():
        ((before,),) = await fleet.query(SNOOZED)
        async with fleet.journal_locked():
            await fleet.insert(100, ["plain", "commit"])
            await fleet.until(SNOOZED, is_true=lambda count, before=before: count > before)
    await fleet.judge()

    assert {job.attempt for job in await fleet.rows()} == {1}
