"""An attempt of one side goes on where an attempt of the other stopped."""

import pytest

from app.jobs.types import JobState
from tests.fixtures.clients import MakeClient, until_state
from tests.fixtures.waiting import eventually
from tests.interop.go_peer import GoPeer, job
from tests.interop.ours import WorkArgs, WorkWorker

TAKEN = {"resume": ["second from 7", "third"], "resume the first": ["only from 7"]}


@pytest.mark.parametrize("behavior", TAKEN)
async def test_river_resumes_after_our_steps(peer: GoPeer, make_client: MakeClient, behavior: str) -> None:
    client = make_client(WorkWorker())
    await client.start()
    inserted = await client.insert(WorkArgs(behavior=behavior))
    await eventually(lambda: _has_failed(client, inserted.job.id))
    await client.stop()

    await peer.work(poll_seconds=0.1)

    done = await peer.told("job_completed", inserted.job.id)
    assert done["attempted_by"][0] == client.id
    assert done["metadata"]["output"] == {"taken": TAKEN[behavior]}


@pytest.mark.parametrize("behavior", TAKEN)
async def test_we_resume_after_rivers_steps(peer: GoPeer, make_client: MakeClient, behavior: str) -> None:
    their_id = await peer.work()
    (inserted,) = await peer.insert(job(behavior))
    await peer.told("job_failed", inserted["id"])
    await peer.call("stop")
    client = make_client(WorkWorker())

    await client.start()

    done = await until_state(client, inserted["id"], JobState.COMPLETED)
    assert done.attempted_by[0] == their_id
    assert done.metadata_value()["output"] == {"taken": TAKEN[behavior]}


async def _has_failed(client, job_id: int) -> bool:
    return bool((await client.jobs.get(job_id)).errors)


@pytest.mark.parametrize("who", ["ours", "theirs"])
async def test_snoozes_are_counted_on(peer: GoPeer, make_client: MakeClient, who: str) -> None:
    client = make_client(WorkWorker())
    if who == "ours":
        await client.start()
    else:
        await peer.work()
    (inserted,) = await peer.insert(job("snooze", seconds=0.001, metadata={"kept": [1]}))
    snoozed = await eventually(lambda: _snoozed(peer, inserted["id"]))
    assert snoozed["metadata"] == {"kept": [1], "snoozes": 1}
    await (client.stop() if who == "ours" else peer.call("stop"))
    before = await client.jobs.get(inserted["id"])

    if who == "ours":
        await peer.work(poll_seconds=0.1)
    else:
        await client.start()

    done = await until_state(client, inserted["id"], JobState.COMPLETED)
    assert done.attempt == 1
    assert len(done.attempted_by) >= len(before.attempted_by) >= 1
    assert done.metadata_value() == {"kept": [1], "snoozes": 1}


async def _snoozed(peer: GoPeer, job_id: int):
    row = await peer.call("get", id=job_id)
    return row if "snoozes" in row["metadata"] else None


async def test_a_stop_gives_the_attempt_back_for_the_other(peer: GoPeer, make_client: MakeClient) -> None:
    """Interrupted by their stop, worked by us; interrupted by ours, worked by them: nothing was lost by it."""
    await peer.work(soft_stop_seconds=0)
    (inserted,) = await peer.insert(job("wait"))
    await peer.told("working", inserted["id"])
    await peer.call("stop", cancel=True)
    worker = WorkWorker()
    client = make_client(worker)
    await client.start()
    await eventually(lambda: worker.working)
    await client.stop_and_cancel()

    row = await client.jobs.get(inserted["id"])
    assert (row.state, row.attempt, row.errors, len(row.attempted_by)) == (JobState.AVAILABLE, 0, [], 2)
    await peer.work(poll_seconds=0.1)
    await eventually(lambda: [kind for kind, _ in peer.events].count("working") == 2)
