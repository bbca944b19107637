"""The wire between a worker and PostgreSQL breaks, or stands still, and is mended."""

import pytest

from tests.faults.fleet import Fleet
from tests.fixtures.waiting import eventually
from tests.fixtures.wire import Wire

pytestmark = pytest.mark.process

RESCUED = "SELECT count(*) FROM river.river_job WHERE metadata ? 'river:rescue_count'"


async def test_a_wire_that_is_cut_and_mended_costs_no_job(fleet: Fleet, wire: Wire):
    cut_off = await fleet.start(wire.conninfo)
    await fleet.start()
    fleet.cut_off.add(cut_off.id)
    async for _ in fleet.rounds():
        await fleet.insert_under_way(200, by=cut_off.id)
        refused = wire.refused
        wire.cut()
        await eventually(lambda refused=refused: wire.refused > refused)
        wire.mend()
    await fleet.judge()


async def test_the_jobs_behind_a_stalled_wire_are_taken_over_and_its_late_results_fenced_out(fleet: Fleet, wire: Wire):
    stalled = await fleet.start(wire.conninfo)
    await fleet.start()
    fleet.cut_off.add(stalled.id)
    async for _ in fleet.rounds():
        ((before,),) = await fleet.query(RESCUED)
        async with fleet.journal_locked():  # else what it holds might have ended, as far as the server can tell
            await fleet.insert(200, mixture=("plain", "commit"))
            await fleet.under_way(stalled.id)
            wire.freeze()
        await fleet.until(RESCUED, is_true=lambda count, before=before: count > before)
        wire.thaw()
    await fleet.judge()
