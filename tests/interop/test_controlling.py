"""What one side says of a job or a queue the other obeys, at once and as if one of its own had said it."""

import pytest

from app.errors import NotFound
from app.jobs.errors import JobRunning
from app.jobs.insert_opts import InsertOpts
from app.jobs.subscription import EventKind
from app.jobs.types import JobState
from tests.fixtures.clients import MakeClient, until_state
from tests.fixtures.waiting import eventually
from tests.interop.go_peer import GoPeer, PeerError, job
from tests.interop.ours import SELDOM, WorkArgs, WorkWorker


async def test_river_cancels_what_we_work(peer: GoPeer, make_client: MakeClient) -> None:
    worker = WorkWorker()
    client = make_client(worker, fetch_poll_interval=SELDOM)
    await client.start()
    inserted = await client.insert(WorkArgs(behavior="wait"))
    await eventually(lambda: worker.working)

    asked = await peer.call("cancel", id=inserted.job.id)

    assert asked["state"] == "running"
    cancelled = await peer.until_state(inserted.job.id, "cancelled")
    assert [error["error"] for error in cancelled["errors"]] == ["JobCancelError: job cancelled remotely"]
    assert isinstance(cancelled["metadata"]["cancel_attempted_at"], str)


async def test_we_cancel_what_river_works(peer: GoPeer, make_client: MakeClient) -> None:
    await peer.work()
    client = make_client(WorkWorker())
    inserted = await client.insert(WorkArgs(behavior="wait"))
    await peer.told("working", inserted.job.id)

    asked = await client.jobs.cancel(inserted.job.id)

    assert asked.state is JobState.RUNNING
    told = await peer.told("job_cancelled", inserted.job.id)
    assert [error["error"] for error in told["errors"]] == ["JobCancelError: job cancelled remotely"]
    assert (await client.jobs.get(inserted.job.id)).state is JobState.CANCELLED


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.RUNNING])
async def test_verbs_leave_the_same_row_whoever_says_them(
    peer: GoPeer, make_client: MakeClient, state: JobState, factory
) -> None:
    client = make_client(WorkWorker())
    for verb in ("cancel", "retry"):
        columns = {"state": state, "attempt": 3, "max_attempts": 3}
        ours, theirs = await factory.id_of(**columns), await factory.id_of(**columns)

        await getattr(client.jobs, verb)(ours)
        await peer.call(verb, id=theirs)

        one, other = await client.jobs.get(ours), await client.jobs.get(theirs)
        assert (one.state, one.max_attempts, one.finalized_at is None) == (
            other.state,
            other.max_attempts,
            other.finalized_at is None,
        ), verb
        assert one.metadata_value().keys() == other.metadata_value().keys(), verb


async def test_running_jobs_are_not_deleted_and_others_are(peer: GoPeer, make_client: MakeClient) -> None:
    worker = WorkWorker()
    client = make_client(worker, queues={"ours": 5})
    await client.start()
    running, waiting = await peer.insert(job("wait", queue="ours"), job(queue="theirs"))
    await eventually(lambda: worker.working)

    with pytest.raises(PeerError, match="running jobs cannot be deleted"):
        await peer.call("delete", id=running["id"])
    with pytest.raises(JobRunning):
        await client.jobs.delete(running["id"])
    await peer.call("delete", id=waiting["id"])
    with pytest.raises(NotFound):
        await client.jobs.get(waiting["id"])


async def test_river_pauses_and_resumes_our_queue(peer: GoPeer, make_client: MakeClient) -> None:
    worker = WorkWorker()
    client = make_client(worker, queues={"default": 5, "other": 5}, fetch_poll_interval=SELDOM)
    events = client.subscribe()
    await client.start()
    await eventually(lambda: client.is_listening)

    await peer.call("queue_pause", name="default")
    paused = await events.get()
    assert paused is not None
    assert paused.kind is EventKind.QUEUE_PAUSED
    held, free = await peer.insert(job(), job(queue="other"))
    await until_state(client, free["id"], JobState.COMPLETED)
    assert (await client.jobs.get(held["id"])).state is JobState.AVAILABLE
    assert (await client.queues.get("default")).paused_at is not None

    await peer.call("queue_resume", name="*")
    await until_state(client, held["id"], JobState.COMPLETED)
    assert worker.working == [free["id"], held["id"]]


async def test_we_pause_and_resume_rivers_queue(peer: GoPeer, make_client: MakeClient) -> None:
    await peer.work("default", "other")
    client = make_client(WorkWorker())

    await client.queues.pause("default")
    await peer.told("queue_paused")
    held, free = [one.job for one in await client.insert_many([WorkArgs(), (WorkArgs(), InsertOpts(queue="other"))])]
    await peer.told("job_completed", free.id)
    assert (await client.jobs.get(held.id)).state is JobState.AVAILABLE
    assert (await peer.call("queue_get", name="default"))["is_paused"]

    await client.queues.resume("*")
    await peer.told("job_completed", held.id)


async def test_metadata_of_queues_and_output_of_jobs_are_read_by_the_other(
    peer: GoPeer, make_client: MakeClient
) -> None:
    client = make_client(WorkWorker(), queues={"ours": 5})
    await client.start()
    await peer.work("theirs")

    await client.queues.update("theirs", metadata={"note": "<ours>"})
    await peer.call("queue_update", name="ours", metadata={"note": "<theirs>"})
    (inserted,) = await peer.insert(job(queue="nobody", metadata={"kept": 2**62}))
    await client.jobs.update(inserted["id"], output={"by": "us"})
    ours = await peer.call("get", id=inserted["id"])
    await peer.call("update", id=inserted["id"], output={"by": "them"})
    theirs = await client.jobs.get(inserted["id"])

    assert {queue["name"]: queue["metadata"] for queue in await peer.call("queue_list")} == {
        "ours": {"note": "<theirs>"},
        "theirs": {"note": "<ours>"},
    }
    assert ours["metadata"] == {"kept": 2**62, "output": {"by": "us"}}
    assert theirs.metadata_value() == {"kept": 2**62, "output": {"by": "them"}}


@pytest.mark.parametrize("who_cancels", ["us", "them"])
async def test_a_retry_frees_a_job_of_its_cancellation(peer: GoPeer, make_client: MakeClient, who_cancels: str) -> None:
    """River does so since 0.51: the cancel was meant for the attempt before, and must not end the next one."""
    client = make_client(WorkWorker())
    for retry in (lambda job_id: peer.call("retry", id=job_id), client.jobs.retry):
        inserted = await client.insert(WorkArgs(), InsertOpts(queue="nobody", metadata={"kept": 1}))
        job_id = inserted.job.id
        await (client.jobs.cancel(job_id) if who_cancels == "us" else peer.call("cancel", id=job_id))
        assert (await client.jobs.get(job_id)).wants_cancel

        await retry(job_id)

        row = await client.jobs.get(job_id)
        assert row.state is JobState.AVAILABLE
        assert row.metadata_value() == {"kept": 1}
