"""Whoever comes second finds the first one's row: the keys are the same bytes, and so are the states they hold in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.jobs.errors import UniqueConflict
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.types import JobState
from tests.fixtures.clients import MakeClient
from tests.interop.go_peer import GoPeer, PeerError, job
from tests.interop.ours import Account, TaggedArgs, WorkArgs, WorkWorker

DAY = timedelta(days=1)
FEWER = frozenset({JobState.AVAILABLE, JobState.PENDING, JobState.RUNNING, JobState.SCHEDULED})
THEN = datetime(2041, 7, 8, 9, 10, 11, tzinfo=UTC)

CASES: dict[str, tuple[UniqueOpts, dict[str, Any]]] = {
    "args": (UniqueOpts(by_args=True), {"by_args": True}),
    "week": (UniqueOpts(by_period=7 * DAY), {"by_period_seconds": 7 * 86400}),
    "seven seconds": (UniqueOpts(by_period=timedelta(seconds=7)), {"by_period_seconds": 7}),
    "queue": (UniqueOpts(by_queue=True), {"by_queue": True}),
    "states": (UniqueOpts(by_state=FEWER), {"by_state": [state.value for state in FEWER]}),
    "all": (
        UniqueOpts(by_args=True, by_period=DAY, by_queue=True, exclude_kind=True),
        {"by_args": True, "by_period_seconds": 86400, "by_queue": True, "exclude_kind": True},
    ),
}
TEXT = 'a <b> & "c" \\ é \u2028 / \x7f \t'


@pytest.fixture(params=CASES)
def unique(request: pytest.FixtureRequest) -> tuple[UniqueOpts, dict[str, Any]]:
    return CASES[request.param]


async def test_ours_comes_second(
    peer: GoPeer, make_client: MakeClient, unique: tuple[UniqueOpts, dict[str, Any]]
) -> None:
    (theirs,) = await peer.insert(job("wait", TEXT, 2.5, unique=unique[1], scheduled_at=THEN.isoformat()))

    result = await make_client(WorkWorker()).insert(
        WorkArgs(behavior="wait", text=TEXT, seconds=2.5), InsertOpts(unique=unique[0], scheduled_at=THEN)
    )

    assert result.unique_skipped_as_duplicate
    assert result.job.id == theirs["id"]
    assert (result.job.unique_key or b"").hex() == theirs["unique_key"]


async def test_theirs_comes_second(
    peer: GoPeer, make_client: MakeClient, unique: tuple[UniqueOpts, dict[str, Any]]
) -> None:
    ours = await make_client(WorkWorker()).insert(
        WorkArgs(behavior="wait", text=TEXT, seconds=2.5), InsertOpts(unique=unique[0], scheduled_at=THEN)
    )

    (result,) = await peer.call(
        "insert", how="many", jobs=[job("wait", TEXT, 2.5, unique=unique[1], scheduled_at=THEN.isoformat())]
    )

    assert result["duplicate"]
    assert result["job"]["id"] == ours.job.id
    assert result["job"]["unique_states"] == sorted(ours.job.unique_states or ())


async def test_tagged_fields_alone_decide(peer: GoPeer, make_client: MakeClient) -> None:
    client = make_client(WorkWorker(), skip_unknown_job_check=True)
    by_args = InsertOpts(unique=UniqueOpts(by_args=True))
    tagged = {"account": {"id": "a<1>", "note": "one"}, "place": "é", "note": "theirs"}
    (theirs,) = await peer.insert(job(kind="interop.tagged", args=tagged, unique={"by_args": True}))

    same = await client.insert(TaggedArgs(account=Account(id="a<1>", note="other"), place="é"), by_args)
    another = await client.insert(TaggedArgs(account=Account(id="a<2>"), place="é"), by_args)

    assert same.unique_skipped_as_duplicate
    assert same.job.id == theirs["id"]
    assert not another.unique_skipped_as_duplicate


async def test_a_job_in_a_state_without_its_key_makes_room(peer: GoPeer, make_client: MakeClient) -> None:
    client = make_client(WorkWorker())
    by_kind = InsertOpts(unique=UniqueOpts(by_queue=True))
    first = await client.insert(WorkArgs(), by_kind)
    await peer.call("cancel", id=first.job.id)

    (second,) = await peer.insert(job(unique={"by_queue": True}))

    assert second["id"] != first.job.id
    with pytest.raises(UniqueConflict):
        await client.jobs.retry(first.job.id)
    with pytest.raises(PeerError, match="river_job_unique_idx"):
        await peer.call("retry", id=first.job.id)


async def test_copy_trips_over_the_others_row(peer: GoPeer, make_client: MakeClient) -> None:
    client = make_client(WorkWorker())
    await peer.insert(job(text="one", unique={"by_args": True}))
    with pytest.raises(UniqueConflict):
        await client.insert_many_fast([(WorkArgs(text="one"), InsertOpts(unique=UniqueOpts(by_args=True)))])

    await client.insert(WorkArgs(text="two"), InsertOpts(unique=UniqueOpts(by_args=True)))
    with pytest.raises(PeerError, match="river_job_unique_idx"):
        await peer.call("insert", how="fast", jobs=[job(text="two", unique={"by_args": True})])

    assert len((await client.jobs.list()).jobs) == 2
