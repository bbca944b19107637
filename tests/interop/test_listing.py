"""A listing begun by one side is gone on with by the other: cursors interchange, in every order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.jobs.driver.driver import JobListParams
from app.jobs.types import JobState
from tests.fixtures.clients import MakeClient
from tests.interop.go_peer import GoPeer
from tests.interop.ours import WorkWorker

EPOCH = datetime(2030, 1, 1, tzinfo=UTC)
ORDERS: list[tuple[str, tuple[JobState, ...]]] = [
    ("id", ()),
    ("scheduled_at", ()),
    ("finalized_at", (JobState.COMPLETED, JobState.DISCARDED)),
    ("time", ()),
    ("time", (JobState.RUNNING,)),
    ("time", (JobState.COMPLETED,)),
    ("time", (JobState.RUNNING, JobState.AVAILABLE)),
    ("time", (JobState.DISCARDED, JobState.SCHEDULED)),
]


@pytest.fixture
async def jobs(factory) -> None:
    """Rows of which several share each time, so that ids have to decide too."""
    for number in range(40):
        state = list(JobState)[number % 8]
        at = EPOCH + timedelta(microseconds=number // 5)
        columns: dict[str, Any] = {"state": state, "scheduled_at": at, "kind": f"k_-{number % 3}", "queue": "a-b_c"}
        if state.is_final:
            columns |= {"finalized_at": at}
        if state is JobState.RUNNING:
            columns |= {"attempted_at": at}
        await factory.id_of(**columns)


@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("order", "states"), ORDERS)
async def test_pages_alternate(
    peer: GoPeer, make_client: MakeClient, order: str, states: tuple[JobState, ...], descending: bool
) -> None:
    client = make_client(WorkWorker())

    async def ours(after: str | None, limit: int) -> tuple[list[int], str | None]:
        params = JobListParams(states=states, order_by=order, descending=descending, after=after, limit=limit)
        page = await client.jobs.list(params)
        return [one.id for one in page.jobs], page.cursor

    async def theirs(after: str | None, limit: int) -> tuple[list[int], str | None]:
        page = await peer.call(
            "list", states=states, order_by=order, descending=descending, after=after or "", limit=limit
        )
        return [one["id"] for one in page["jobs"]], page["cursor"]

    whole = (await theirs(None, 100))[0]
    assert whole == (await ours(None, 100))[0]
    assert len(whole) >= 5
    for turns in ((ours, theirs), (theirs, ours)):
        found: list[int] = []
        cursor: str | None = None
        while len(found) < len(whole):
            ids, cursor = await turns[len(found) % 2](cursor, 3)
            assert ids
            found += ids
        assert found == whole
        assert (await ours(cursor, 3))[0] == (await theirs(cursor, 3))[0] == []


@pytest.mark.usefixtures("jobs")
async def test_the_cursor_is_the_same_text(peer: GoPeer, make_client: MakeClient) -> None:
    client = make_client(WorkWorker())
    for order, states in ORDERS:
        page = await client.jobs.list(JobListParams(states=states, order_by=order, limit=4))
        theirs = await peer.call("list", states=states, order_by=order, limit=4)
        assert page.cursor == theirs["cursor"]
