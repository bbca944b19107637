"""Listing: filters, orders, pages and their cursors (contract 12.5)."""

from datetime import UTC, datetime, timedelta

import pytest

from app.errors import InvalidInput
from app.jobs.driver.driver import JobListParams
from app.jobs.driver.job_list import plan
from app.jobs.driver.statements import Statements
from app.jobs.job_control import JobControl
from app.jobs.job_list_cursor import JobListCursor
from app.jobs.types import JobState

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def ids(driver, **filters):
    return [job.id for job in await driver.job_list(JobListParams(**filters))]


async def test_filters_are_any_within_and_all_between(driver, factory):
    a = await factory.id_of(kind="a", queue="x", priority=1, tags=["one", "two"], metadata='{"m": {"n": 1}, "o": 2}')
    b = await factory.id_of(kind="b", queue="x", priority=2, tags=["two"], state="running")
    c = await factory.id_of(kind="c", queue="y", priority=2, state="completed")

    assert await ids(driver) == [a, b, c]
    assert await ids(driver, ids=[c, a, 0, 2**63]) == [a, c]
    assert await ids(driver, ids=[10**30]) == []
    assert await ids(driver, kinds=["a", "c"]) == [a, c]
    assert await ids(driver, queues=["x"]) == [a, b]
    assert await ids(driver, priorities=[2, 2**15]) == [b, c]
    assert await ids(driver, states=[JobState.RUNNING, JobState.COMPLETED]) == [b, c]
    assert await ids(driver, tags_all=["one", "two"]) == [a]
    assert await ids(driver, tags_any=["one", "two"]) == [a, b]
    assert await ids(driver, metadata=b'{"m": {"n": 1}}') == [a]
    assert await ids(driver, metadata={"m": {"n": 1}}) == [a]
    assert await ids(driver, queues=["x"], priorities=[2], kinds=["a", "b"]) == [b]
    assert await ids(driver, kinds=["a"], priorities=[2]) == []
    assert await ids(driver, limit=2) == [a, b]
    assert await ids(driver, descending=True) == [c, b, a]


ORDERS = [
    JobListParams(order_by=order, states=states, descending=descending)
    for descending in (False, True)
    for order, states in [
        ("id", ()),
        ("scheduled_at", ()),
        ("time", ()),
        ("time", (JobState.AVAILABLE, JobState.COMPLETED)),
        ("time", (JobState.RUNNING, JobState.AVAILABLE)),
        ("time", (JobState.COMPLETED, JobState.RUNNING)),
        ("finalized_at", (JobState.COMPLETED, JobState.DISCARDED)),
    ]
]


def label(params):
    return f"{params.order_by}-{'-'.join(params.states)}-{'desc' if params.descending else 'asc'}"


@pytest.mark.parametrize("params", ORDERS, ids=label)
async def test_pages_put_together_are_the_whole_list(driver, factory, clock, params):
    """NULLs of the ordering column included: last when ascending, first when descending."""
    for number in range(3):
        for state in ("available", "completed", "discarded", "running"):
            await factory.id_of(
                state=state,
                scheduled_at=NOW - number % 2 * MINUTE,
                attempted_at=[None, NOW, NOW + MINUTE][number] if state != "available" else None,
                **({"finalized_at": NOW + number % 2 * MINUTE} if state in {"completed", "discarded"} else {}),
            )
    whole = await driver.job_list(params)
    assert len(whole) == 12 if not params.states else len(whole) in {6, 9}

    paged = []
    params.limit = 2
    control = JobControl(driver, clock)
    while (page := await control.list(params)).jobs:
        paged += page.jobs
        params.after = page.cursor
    params.limit, params.after = 100, None

    assert page.cursor is None
    assert [job.id for job in paged] == [job.id for job in whole]


@pytest.mark.parametrize(
    ("field", "params"),
    [
        ("limit", {"limit": 0}),
        ("limit", {"limit": 10_001}),
        ("order_by", {"order_by": "kind"}),
        ("order_by", {"order_by": "finalized_at"}),
        ("order_by", {"order_by": "finalized_at", "states": [JobState.COMPLETED, JobState.RUNNING]}),
        ("kinds", {"kinds": ["a\x00"]}),
        ("tags_any", {"tags_any": ["\ud800"]}),
        ("metadata", {"metadata": b"{"}),
        ("metadata", {"metadata": {"a": object()}}),
        ("metadata", {"metadata": {"a": "\x00"}}),
        ("metadata", {"metadata": b'{"a": "\\u0000"}'}),
        ("after", {"after": JobListCursor(2**63, "k", "q", "id", None).encode()}),
        ("after", {"after": "nonsense"}),
        ("after", {"after": "e30="}),
        ("after", {"after": JobListCursor(1, "k", "q", "time", NOW).encode()}),
    ],
)
async def test_what_makes_no_sense_is_named(driver, field, params):
    with pytest.raises(InvalidInput) as caught:
        await driver.job_list(JobListParams(**params))

    assert caught.value.field == field


async def test_one_final_state_by_time_reads_the_index_in_order(factory):
    await factory.connection.execute(
        "INSERT INTO river.river_job (kind, args, max_attempts, state, finalized_at)"
        " SELECT 'test', '{}', 1, 'completed', now() - n * interval '1 s' FROM generate_series(1, 20000) AS n"
    )
    await factory.connection.execute("ANALYZE river.river_job")
    params = JobListParams(states=[JobState.COMPLETED], order_by="time", descending=True, limit=20)
    params.after = JobListCursor(1, "test", "default", "time", datetime.now(UTC)).encode()
    conditions, order, values = plan(params)
    query = Statements("river").fragment("job_list", conditions=conditions, order=order).decode()

    cursor = await factory.connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", values)
    explained = str(await cursor.fetchone())

    assert "Seq Scan" not in explained
    assert "'Index Name': 'river_job_state_and_finalized_at_index'" in explained
    assert "Incremental Sort" in explained
