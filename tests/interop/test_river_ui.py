"""River UI shows what we write, and what is pressed there happens to our workers."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.jobs.client import Client
from app.jobs.errors import JobNotFound
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.types import JobRow, JobState
from tests.fixtures.clients import MakeClient, until_state
from tests.fixtures.waiting import eventually
from tests.interop.go_peer import GoPeer, job
from tests.interop.ours import SELDOM, WorkArgs, WorkWorker, view
from tests.interop.river_ui import RiverUI

STATE_AFTER = {
    "": "completed",
    "fail": "retryable",
    "panic": "retryable",
    "cancel": "cancelled",
    "snooze": "scheduled",
    "output": "completed",
    "wait": "running",
}


class InAnHour:
    def next_retry(self, _job: JobRow, now: datetime) -> datetime:
        return now + timedelta(hours=1)


@pytest.fixture
async def ui(programs: Path, database_url: str) -> AsyncIterator[RiverUI]:
    async with RiverUI.started(programs / "riverui", database_url) as ui:
        yield ui


@pytest.fixture
def worker() -> WorkWorker:
    return WorkWorker()


@pytest.fixture
async def client(worker: WorkWorker, make_client: MakeClient) -> Client:
    client = make_client(worker, queues={"default": 20}, fetch_poll_interval=SELDOM, retry_policy=InAnHour())
    await client.start()
    await eventually(lambda: client.is_listening)
    return client


async def _one_of_each(client: Client) -> dict[int, str]:
    """Insert jobs that come to every state; return the state each has come to."""
    found = {}
    for behavior, state in STATE_AFTER.items():
        args = WorkArgs(behavior=behavior, text=f"“{behavior}”", seconds=3600)
        inserted = await client.insert(args, InsertOpts(tags=("first", "second"), metadata={"by": "us"}))
        found[inserted.job.id] = state
    doomed = await client.insert(WorkArgs(behavior="panic", text="last"), InsertOpts(max_attempts=1, priority=4))
    parked = await client.insert(WorkArgs(), InsertOpts(pending=True, queue="parking"))
    waiting = await client.insert(WorkArgs(), InsertOpts(queue="nobody"))
    found |= {doomed.job.id: "discarded", parked.job.id: "pending", waiting.job.id: "available"}

    async def there() -> bool:
        return [(await client.jobs.get(job_id)).state for job_id in found] == list(found.values())

    await eventually(there)
    return found


async def test_every_state_is_listed_counted_and_shown(ui: RiverUI, client: Client) -> None:
    found = await _one_of_each(client)
    rows = [await client.jobs.get(job_id) for job_id in found]

    counts = await ui.get("/api/states")
    for state in JobState:
        of_state = sorted(row.id for row in rows if row.state is state)
        listed = await ui.jobs(state=state.value, limit=100)
        assert sorted(one["id"] for one in listed) == of_state, state
        assert counts[state.value]["count"] == len(of_state)
    assert {row.state for row in rows} == set(JobState)
    for row in rows:
        shown, ours = await ui.get(f"/api/jobs/{row.id}"), view(row)
        for name in (
            "attempt",
            "attempted_by",
            "kind",
            "max_attempts",
            "metadata",
            "priority",
            "queue",
            "state",
            "tags",
        ):
            assert shown[name] == ours[name], name
        assert [(error["error"], error["trace"]) for error in shown["errors"]] == [
            (error["error"], error["trace"]) for error in ours["errors"]
        ]


async def test_filters(ui: RiverUI, client: Client) -> None:
    await client.stop()
    one = await client.insert(WorkArgs(), InsertOpts(queue="a-b_c", priority=2, tags=("abc",)))
    other = await client.insert(WorkArgs(), InsertOpts(queue="other", priority=3))

    for params in (
        {"queues": "a-b_c"},
        {"priorities": "2"},
        {"tags": "abc"},
        {"ids": str(one.job.id)},
        {"kinds": "interop.work", "queues": "a-b_c"},
    ):
        assert [row["id"] for row in await ui.jobs(state="available", **params)] == [one.job.id], params
    assert {row["id"] for row in await ui.jobs(state="available")} == {one.job.id, other.job.id}
    kinds = await ui.get("/api/autocomplete", facet="job_kind", match="TEROP")
    assert kinds["data"] == ["interop.work"]


async def test_a_crash_is_shown_with_its_trace_and_output_as_output(ui: RiverUI, client: Client) -> None:
    crashed = await client.insert(WorkArgs(behavior="panic", text="“boom”"), InsertOpts(max_attempts=1))
    shown = await client.insert(WorkArgs(behavior="output", text="<é>"))
    await until_state(client, crashed.job.id, JobState.DISCARDED)
    await until_state(client, shown.job.id, JobState.COMPLETED)

    (error,) = (await ui.get(f"/api/jobs/{crashed.job.id}"))["errors"]
    assert error["error"] == "“boom”"
    assert error["trace"].startswith("Traceback")
    assert "ZeroDivisionError" in error["trace"]
    assert (await ui.get(f"/api/jobs/{shown.job.id}"))["metadata"] == {"output": {"text": "<é>"}}


async def test_logs_of_rivers_attempts_survive_ours(ui: RiverUI, peer: GoPeer, client: Client) -> None:
    await client.stop()
    await peer.work()
    (logged,) = await peer.insert(job("output", text="said"))
    await peer.told("job_completed", logged["id"])
    await peer.call("stop")
    await client.jobs.retry(logged["id"])

    await client.start()

    await until_state(client, logged["id"], JobState.COMPLETED)
    (log,) = (await ui.get(f"/api/jobs/{logged['id']}"))["metadata"]["river:log"]
    assert log["attempt"] == 1
    assert "said" in log["log"]


async def test_cancel_reaches_our_worker(ui: RiverUI, client: Client, worker: WorkWorker) -> None:
    running = await client.insert(WorkArgs(behavior="wait"))
    waiting = await client.insert(WorkArgs(), InsertOpts(queue="nobody"))
    await eventually(lambda: worker.working)

    assert await ui.act("cancel", running.job.id, waiting.job.id) == 200

    await until_state(client, running.job.id, JobState.CANCELLED)
    await until_state(client, waiting.job.id, JobState.CANCELLED)
    assert [one["id"] for one in await ui.jobs(state="running")] == []


async def test_retry_is_worked_again_and_a_unique_conflict_is_told(ui: RiverUI, make_client: MakeClient) -> None:
    client = make_client(WorkWorker())
    await client.start()
    failed = await client.insert(WorkArgs(behavior="fail"), InsertOpts(max_attempts=1))
    await until_state(client, failed.job.id, JobState.DISCARDED)
    assert await ui.act("retry", failed.job.id) == 200
    await eventually(lambda: _has_errors(client, failed.job.id, 2))
    assert (await client.jobs.get(failed.job.id)).max_attempts == 2

    unique = InsertOpts(queue="nobody", unique=UniqueOpts(by_queue=True))
    first = await client.insert(WorkArgs(), unique)
    await client.jobs.cancel(first.job.id)
    second = await client.insert(WorkArgs(), unique)
    assert second.job.id != first.job.id
    assert await ui.act("retry", first.job.id) == 409
    assert (await client.jobs.get(first.job.id)).state is JobState.CANCELLED


async def _has_errors(client: Client, job_id: int, count: int) -> bool:
    row = await client.jobs.get(job_id)
    return len(row.errors) == count and row.state is JobState.DISCARDED


async def test_delete_spares_what_runs(ui: RiverUI, client: Client, worker: WorkWorker) -> None:
    running = await client.insert(WorkArgs(behavior="wait"))
    waiting = await client.insert(WorkArgs(), InsertOpts(queue="nobody"))
    await eventually(lambda: worker.working)

    assert await ui.act("delete", running.job.id) == 400
    assert await ui.act("delete", waiting.job.id) == 200
    assert await ui.act("delete", waiting.job.id) == 404
    with pytest.raises(JobNotFound):
        await client.jobs.get(waiting.job.id)


async def test_pause_and_resume_reach_our_producer(ui: RiverUI, client: Client, worker: WorkWorker) -> None:
    events = client.subscribe()
    assert await ui.press("pause", "default") == 200
    paused = await events.get()
    assert paused is not None
    assert paused.queue == "default"
    held = await client.insert(WorkArgs())
    (queue,) = (await ui.get("/api/queues"))["data"]
    assert (queue["name"], queue["count_available"], queue["paused_at"] is None) == ("default", 1, False)
    assert not worker.working

    assert await ui.press("resume", "default") == 200
    await until_state(client, held.job.id, JobState.COMPLETED)
    assert (await ui.get("/api/queues/default"))["paused_at"] is None


async def test_it_is_healthy(ui: RiverUI) -> None:
    assert (await ui.get("/api/health-checks/complete"))["status"] == "ok"
    assert (await ui.http.get("/")).status_code == 200
