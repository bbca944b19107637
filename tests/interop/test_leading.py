"""One leader for both: who leads does what only leaders do, and the other takes over when it goes, however it goes."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.jobs.client import PeriodicJob
from app.jobs.driver.driver import JobListParams
from app.jobs.go_time import go_time
from app.jobs.insert_opts import InsertOpts
from app.jobs.periodic import IntervalSchedule
from app.jobs.types import JobState
from tests.fixtures.clients import MakeClient, until_state
from tests.fixtures.waiting import eventually
from tests.interop.conftest import StartPeer
from tests.interop.go_peer import GoPeer, job
from tests.interop.ours import WorkArgs, WorkWorker, view, view_of_theirs

OURS, THEIRS = "of_ours", "of_river"
HOUR = timedelta(hours=1)


class Leaders:
    """Who leads, as the row has it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def row(self) -> dict[str, Any] | None:
        found = await (await self._connection.execute("SELECT * FROM river.river_leader")).fetchone()
        return found and dict(found)

    async def until(self, leader_id: str) -> dict[str, Any]:
        async def leads() -> dict[str, Any] | None:
            row = await self.row()
            return row if row is not None and row["leader_id"] == leader_id else None

        found: dict[str, Any] = await eventually(leads)
        return found


@pytest.fixture
def leaders(connection) -> Leaders:
    return Leaders(connection)


async def test_river_stops_and_we_lead(peer: GoPeer, make_client: MakeClient, leaders: Leaders) -> None:
    await peer.work(id=THEIRS)
    await leaders.until(THEIRS)
    client = make_client(WorkWorker(), id=OURS)
    await client.start()
    assert not client.is_leader

    await peer.call("stop")

    await leaders.until(OURS)
    await eventually(lambda: client.is_leader)


async def test_we_stop_and_river_leads(peer: GoPeer, make_client: MakeClient, leaders: Leaders) -> None:
    client = make_client(WorkWorker(), id=OURS)
    await client.start()
    await leaders.until(OURS)
    await peer.work(id=THEIRS)

    await client.stop()

    await leaders.until(THEIRS)


async def test_each_resigns_when_the_other_asks(peer: GoPeer, make_client: MakeClient, leaders: Leaders) -> None:
    """A leader that resigned may bid again, so each side is asked until the other one leads."""
    client = make_client(WorkWorker(), id=OURS)
    await client.start()
    await leaders.until(OURS)
    await peer.work(id=THEIRS)
    terms = []

    async def ask(who: Any) -> dict[str, Any] | None:
        before = await leaders.row()
        assert before is not None
        await who()

        async def new_term() -> dict[str, Any] | None:
            row = await leaders.row()
            return row if row is not None and row["elected_at"] != before["elected_at"] else None

        after: dict[str, Any] = await eventually(new_term)
        terms.append(after["leader_id"])
        return after

    while THEIRS not in terms:
        await ask(lambda: peer.call("request_resign"))
    terms.clear()
    while OURS not in terms:
        await ask(client.request_resign)
    await eventually(lambda: client.is_leader)


async def test_river_is_killed_and_we_lead(start_peer: StartPeer, make_client: MakeClient, leaders: Leaders) -> None:
    peer = await start_peer()
    await peer.work(id=THEIRS)
    await leaders.until(THEIRS)
    client = make_client(WorkWorker(), id=OURS)
    await client.start()

    await peer.kill()

    await leaders.until(OURS)


@contextlib.asynccontextmanager
async def our_process(database_url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A client of ours in a process of its own, which can be killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.interop.our_process", database_url, OURS, stdin=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_we_are_killed_and_river_leads_and_works_on(
    peer: GoPeer, database_url: str, make_client: MakeClient, leaders: Leaders
) -> None:
    async with our_process(database_url) as process:
        await leaders.until(OURS)
        (lost,) = await peer.insert(job("wait", max_attempts=2))
        await peer.until_state(lost["id"], "running")
        await peer.work(id=THEIRS)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()

    await leaders.until(THEIRS)
    (inserted,) = await peer.insert(job())
    await peer.told("job_completed", inserted["id"])
    still = await make_client(WorkWorker()).jobs.get(lost["id"])
    assert (still.state, still.attempted_by) == (JobState.RUNNING, [OURS]), "River leaves it for an hour"


async def test_who_leads_enqueues_its_own_periodic_jobs(
    start_peer: StartPeer, make_client: MakeClient, leaders: Leaders
) -> None:
    """What we remember of ours in a table beside River's, River's leader neither sees nor touches."""
    peer = await start_peer()
    ours = PeriodicJob(
        IntervalSchedule(timedelta(seconds=1)),
        lambda: (WorkArgs(text="ours"), InsertOpts(queue="nobody")),
        id="ours",
        run_on_start=True,
        is_remembered=True,
    )
    client = make_client(WorkWorker(), id=OURS, periodic_jobs=(ours,))
    own_of_river = [{"id": "theirs", "queue": "nobody", "text": "theirs", "seconds": 1, "run_on_start": True}]
    await peer.work(id=THEIRS, periodic=own_of_river)
    await leaders.until(THEIRS)
    await client.start()

    async def runs(of: str) -> list[Any]:
        page = await client.jobs.list(JobListParams(queues=["nobody"], limit=1000))
        return [one for one in page.jobs if one.args_value()["text"] == of]

    async def several(of: str, more_than: int = 2) -> list[Any] | None:
        found = await runs(of)
        return found if len(found) > more_than else None

    theirs = await eventually(lambda: several("theirs"))
    assert not await runs("ours")
    await peer.call("stop")
    own = await eventually(lambda: several("ours"))
    for name, found in (("theirs", theirs), ("ours", own)):
        for run in found:
            assert run.state is JobState.AVAILABLE
            assert run.metadata_value() == {"periodic": True, "river:periodic_job_id": name}
        planned = [run.scheduled_at for run in found[1:]]
        assert planned[1] - planned[0] == timedelta(seconds=1)
        assert found[0].scheduled_at <= found[0].created_at

    remembered = await client.driver.periodic_list()
    assert [run.id for run in remembered] == ["ours"]
    await client.stop()
    peer = await start_peer()
    await peer.work(id=THEIRS, periodic=own_of_river)
    before = len(await runs("theirs"))
    await eventually(lambda: several("theirs", before + 2))
    assert [run.id for run in await client.driver.periodic_list()] == ["ours"]


async def test_rivers_rescuer_frees_what_we_left(
    peer: GoPeer, make_client: MakeClient, factory, leaders: Leaders
) -> None:
    """Rows with all that we write into them: crashes, output, snoozes, steps."""
    client = make_client(WorkWorker())
    left = await _stuck(factory, attempted_by=[client.id])

    await peer.work("nobody", id=THEIRS, rescue_seconds=60)
    for state, job_id in left.items():
        row = await peer.until_state(job_id, state)
        assert row["errors"][-1]["error"] == "Stuck job rescued by JobRescuer"
        ours = view(await client.jobs.get(job_id))
        assert ours == view_of_theirs(await peer.call("get", id=job_id))
        assert ours["metadata"]["river:rescue_count"] == 1


async def test_our_rescuer_frees_what_river_left(peer: GoPeer, make_client: MakeClient, factory) -> None:
    left = await _stuck(factory, attempted_by=["a_river_client"])
    client = make_client(WorkWorker(), queues={"nobody": 1}, rescue_stuck_jobs_after=timedelta(minutes=1))

    await client.start()

    for state, job_id in left.items():
        row = await until_state(client, job_id, JobState(state))
        assert row.errors[-1].error == "Stuck job rescued by JobRescuer"
        assert row.metadata_value()["river:rescue_count"] == 1
        assert view(row) == view_of_theirs(await peer.call("get", id=job_id))


async def _stuck(factory, **columns: Any) -> dict[str, int]:
    """Leave jobs running since two hours ago; return their ids by the state they must come to."""
    long_ago = datetime.now(UTC) - 2 * HOUR
    crash = f'{{"at":"{go_time(long_ago)}","attempt":1,"error":"“é”","trace":"Traceback\\n  File \\"x\\"\\n"}}'
    common = {
        "kind": "interop.work",
        "state": "running",
        "attempted_at": long_ago,
        "attempt": 2,
        "errors": [crash],
        **columns,
    }
    asked = f'{{"cancel_attempted_at": "{go_time(long_ago)}"}}'
    return {
        "retryable": await factory.id_of(**common, metadata='{"snoozes": 3, "output": {"a": 1}}'),
        "discarded": await factory.id_of(**common, max_attempts=2),
        "cancelled": await factory.id_of(**common, metadata=asked),
    }
