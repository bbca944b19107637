"""kill -9, under load, of whoever there is to kill."""

import os
import signal
import time

import pytest

from app.db.embedded import EmbeddedPostgres
from tests.faults.fleet import Fleet
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.process


@pytest.mark.parametrize("role", ["worker", "leader"])
async def test_a_killed_process_costs_no_job(fleet: Fleet, role: str):
    await fleet.start()
    await fleet.start()
    async for _ in fleet.rounds():
        leader = await fleet.leader()
        others = [member for member in fleet.members if member.is_there and member is not leader]
        doomed = leader if role == "leader" else others[0]
        await fleet.insert_under_way(200, by=doomed.id)
        fleet.kill(doomed)
        await fleet.start()
    await fleet.judge()


@pytest.mark.every_postgres
async def test_a_killed_postgresql_costs_no_job(fleet_apart: Fleet, own_postgres: EmbeddedPostgres):
    await fleet_apart.start()
    await fleet_apart.start()
    async for _ in fleet_apart.rounds():
        await fleet_apart.insert_under_way(200)
        killed = own_postgres.pid
        fleet_apart.crashes.append(time.monotonic())  # before: by when it is noted, another may have been elected
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda killed=killed: own_postgres.pid not in (killed, None))
    await fleet_apart.judge()
