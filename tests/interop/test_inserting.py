"""What one side inserts the other works, and at once: nobody here polls within the time of a test."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.jobs.insert_opts import InsertOpts
from app.jobs.types import JobState
from tests.fixtures.clients import MakeClient, until_state
from tests.fixtures.waiting import eventually
from tests.interop.go_peer import SELDOM as SELDOM_FOR_RIVER
from tests.interop.go_peer import GoPeer, job
from tests.interop.ours import SELDOM, WorkArgs, WorkWorker, view, view_of_theirs


@pytest.mark.parametrize("how", ["single", "many", "fast"])
async def test_what_river_inserts_we_work_when_it_is_announced(peer: GoPeer, make_client: MakeClient, how: str) -> None:
    worker = WorkWorker()
    client = make_client(worker, fetch_poll_interval=SELDOM)
    await client.start()
    await eventually(lambda: client.is_listening)

    await peer.call("insert", jobs=[job(text=str(number)) for number in range(7)], how=how)

    await eventually(lambda: len(worker.working) == 7)
    for job_id in worker.working:
        await until_state(client, job_id, JobState.COMPLETED)


@pytest.mark.parametrize("how", ["insert", "insert_many", "insert_many_fast"])
async def test_what_we_insert_river_works_when_it_is_announced(peer: GoPeer, make_client: MakeClient, how: str) -> None:
    """Each single insert comes from a client of its own: one client announces once within its cooldown, as River's do,
    and what it inserts in between waits for the next poll."""
    await peer.work(poll_seconds=SELDOM_FOR_RIVER)
    client = make_client(WorkWorker())

    if how == "insert":
        for number in range(7):
            await make_client(WorkWorker()).insert(WorkArgs(text=str(number)))
    else:
        await getattr(client, how)([WorkArgs(text=str(number)) for number in range(7)])

    await eventually(lambda: [kind for kind, _ in peer.events].count("job_completed") == 7)
    page = await client.jobs.list()
    assert [(one.state, one.args_value()["text"]) for one in page.jobs] == [
        (JobState.COMPLETED, str(number)) for number in range(7)
    ]


async def test_rows_are_the_same_whoever_inserts_them(peer: GoPeer, make_client: MakeClient) -> None:
    """All that can be said of a job, on rows that differ in nothing but who wrote them, and when."""
    at = datetime(2040, 2, 3, 4, 5, 6, 789_012, tzinfo=UTC)
    client = make_client(WorkWorker())
    text = '\u2028 <&> é \\ " / \x01 \U0001f600'
    ours = await client.insert(
        WorkArgs(behavior="output", text=text, seconds=1.5e-7),
        InsertOpts(
            queue="a-b_c", priority=3, max_attempts=9, tags=("first", "second-1"), metadata={"ü": [1]}, scheduled_at=at
        ),
    )
    await peer.call(
        "insert",
        how="single",
        jobs=[
            job(
                "output",
                text=text,
                seconds=1.5e-7,
                queue="a-b_c",
                priority=3,
                max_attempts=9,
                tags=["first", "second-1"],
                metadata={"ü": [1]},
                scheduled_at=at.isoformat(),
            )
        ],
    )

    one, other = (view(row) for row in (await client.jobs.list()).jobs)
    assert one == view(ours.job)
    assert other.pop("id") == one.pop("id") + 1
    assert other.pop("created_at") >= one.pop("created_at")
    assert one == other


async def test_pending_and_scheduled_jobs_of_one_wait_for_the_other(peer: GoPeer, make_client: MakeClient) -> None:
    worker = WorkWorker()
    client = make_client(worker, fetch_poll_interval=SELDOM)
    await client.start()
    soon = datetime.now(UTC) + timedelta(milliseconds=50)

    pending, due = await peer.insert(job(pending=True), job(scheduled_at=soon.isoformat()))
    assert (pending["state"], due["state"]) == ("pending", "scheduled")

    await until_state(client, due["id"], JobState.COMPLETED)  # we lead, so it is our scheduler that moved it
    assert (await client.jobs.get(pending["id"])).state is JobState.PENDING
    await client.jobs.retry(pending["id"])
    assert (await peer.call("get", id=pending["id"]))["state"] in {"available", "running", "completed"}


async def test_both_work_one_queue_and_no_job_twice(peer: GoPeer, make_client: MakeClient) -> None:
    worker = WorkWorker()
    client = make_client(worker)
    inserted = await client.insert_many([(WorkArgs(text=str(number)), None) for number in range(500)])
    await asyncio.gather(client.start(), peer.work(poll_seconds=0.05))

    await eventually(lambda: len(worker.working) + [kind for kind, _ in peer.events].count("job_completed") >= 500)

    async def all_done() -> bool:
        page = await peer.call("list", order_by="id", limit=1000, states=["completed"])
        return len(page["jobs"]) == 500

    await eventually(all_done)
    theirs = [row["id"] for kind, row in peer.events if kind == "working" and row is not None]
    assert sorted(worker.working + theirs) == [result.job.id for result in inserted]
    rows = (await peer.call("list", order_by="id", limit=1000))["jobs"]
    assert all(row["attempt"] == 1 and len(row["attempted_by"]) == 1 for row in rows)
    assert {row["attempted_by"][0] == client.id for row in rows if row["id"] in set(worker.working)} <= {True}


async def test_a_listing_reads_the_same_on_both_sides(peer: GoPeer, make_client: MakeClient) -> None:
    """Every state that either side's worker can leave behind."""
    worker = WorkWorker()
    client = make_client(worker, queues={"ours": 10})
    await peer.work("theirs", retry_seconds=3600)
    await client.start()
    behaviors = ["", "fail", "panic", "cancel", "snooze", "output", "unheard of"]
    for queue in ("ours", "theirs"):
        await client.insert_many(
            [(WorkArgs(behavior=name, text=f"“{name}”", seconds=3600), InsertOpts(queue=queue)) for name in behaviors]
            + [(WorkArgs(behavior="panic", text="last"), InsertOpts(queue=queue, max_attempts=1))]
        )

    async def settled() -> bool:
        states = [one.state for one in (await client.jobs.list()).jobs]
        return not {JobState.RUNNING, JobState.AVAILABLE} & set(states[8:]) and JobState.RUNNING not in states

    await client.stop()
    await eventually(settled)
    await peer.call("stop")

    ours = [view(one) for one in (await client.jobs.list()).jobs]
    theirs = [view_of_theirs(one) for one in (await peer.call("list", order_by="id", limit=100))["jobs"]]

    assert len(ours) == 16
    assert ours == theirs
    assert {one["state"] for one in ours[8:]} == {"completed", "retryable", "cancelled", "scheduled", "discarded"}
    crashes = [one["errors"][0] for one in ours if one["errors"] and one["args"]["behavior"] == "panic"]
    assert len(crashes) == 4
    assert all(crash["trace"] for crash in crashes)
