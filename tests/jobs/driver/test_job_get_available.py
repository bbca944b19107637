"""The claim: which rows, in which order, what is written, and what it costs."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from app.jobs.driver.statements import Statements
from app.jobs.types import JobState

SECOND = timedelta(seconds=1)


async def claim(driver, limit=100, **options):
    return await driver.job_get_available(queue="default", client_id="me", limit=limit, **options)


async def test_a_claimed_row_is_running_its_next_attempt_by_the_databases_clock(driver, factory):
    before = await factory.job(errors=['{"at":"2026-01-01T00:00:00Z","attempt":1,"error":"x","trace":""}'], attempt=1)

    (job,) = await claim(driver)

    assert job.id == before.id
    assert (job.state, job.attempt, job.attempted_by) == (JobState.RUNNING, 2, ["me"])
    assert abs(job.attempted_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert job.scheduled_at == before.scheduled_at
    assert job.errors == before.errors
    assert job.finalized_at is None
    assert await factory.read(job.id) == job


async def test_order_is_priority_then_time_then_id(driver, factory):
    now = datetime.now(UTC)
    late = await factory.id_of(priority=1, scheduled_at=now - SECOND)
    low = await factory.id_of(priority=2, scheduled_at=now - 9 * SECOND)
    early = await factory.id_of(priority=1, scheduled_at=now - 5 * SECOND)
    twin = await factory.id_of(priority=1, scheduled_at=now - 5 * SECOND)

    claimed = [(await claim(driver, limit=1))[0].id for _ in range(4)]

    assert claimed == [early, twin, late, low]


async def test_only_available_due_jobs_of_the_queue_are_taken(driver, factory):
    wanted = await factory.id_of()
    await factory.id_of(queue="other")
    await factory.id_of(scheduled_at=datetime.now(UTC) + timedelta(minutes=1))
    for state in set(JobState) - {JobState.AVAILABLE}:
        await factory.id_of(state=state)

    assert [job.id for job in await claim(driver)] == [wanted]


async def test_the_limit_holds(driver, factory):
    for _ in range(5):
        await factory.id_of()

    assert len(await claim(driver, limit=3)) == 3
    assert len(await claim(driver, limit=3)) == 2
    assert await claim(driver, limit=3) == []


async def test_known_kinds_leave_the_others_untouched(driver, factory):
    foreign = await factory.id_of(kind="foreign")
    known, alias = await factory.id_of(kind="known"), await factory.id_of(kind="alias")

    claimed = await claim(driver, kinds=["known", "alias"])

    assert [job.id for job in sorted(claimed, key=lambda job: job.id)] == [known, alias]
    assert (await factory.read(foreign)).attempt == 0


async def test_now_can_be_set_by_a_test(driver, factory):
    due = datetime.now(UTC) + timedelta(hours=1)
    await factory.id_of(scheduled_at=due)

    (job,) = await claim(driver, now=due)

    assert job.attempted_at == due


@pytest.mark.parametrize(("length", "kept"), [(98, 99), (99, 100), (100, 100), (103, 100)])
async def test_attempted_by_keeps_the_newest_hundred(driver, factory, length, kept):
    await factory.id_of(attempted_by=[f"client{number}" for number in range(length)])

    (job,) = await claim(driver)

    assert len(job.attempted_by) == kept
    assert job.attempted_by[-2:] == [f"client{length - 1}", "me"]
    assert job.attempted_by[0] == f"client{length + 1 - kept}"


async def test_a_locked_row_is_skipped(driver, factory):
    locked, free = await factory.id_of(), await factory.id_of()
    async with factory.connection.transaction():
        await factory.connection.execute("SELECT 1 FROM river.river_job WHERE id = %s FOR UPDATE", [locked])
        assert [job.id for job in await claim(driver)] == [free]
    assert [job.id for job in await claim(driver)] == [locked]


async def test_no_row_is_claimed_twice(driver, factory):
    await factory.connection.execute(
        "INSERT INTO river.river_job (kind, args, max_attempts) SELECT 'test', '{}', 1 FROM generate_series(1, 300)"
    )

    batches = await asyncio.gather(*(claim(driver, limit=20) for _ in range(20)))
    while rest := await claim(driver):
        batches.append(rest)

    ids = [job.id for batch in batches for job in batch]
    assert len(ids) == len(set(ids)) == 300


async def test_the_largest_attempt_does_not_fail_the_batch(driver, factory):
    worn, fresh = await factory.id_of(attempt=32_767), await factory.id_of()

    assert {job.id for job in await claim(driver)} == {worn, fresh}


async def plan(connection, statement, **parameters):
    query = Statements("river")[statement].decode()
    cursor = await connection.execute(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}",
        {"queue": "default", "client_id": "me", "limit": 10, "kinds": None, "now": None, **parameters},
    )
    row = await cursor.fetchone()
    return row["QUERY PLAN"][0]["Plan"]


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def index_rows(plan):
    """Return how many entries were read from the fetch index."""
    return sum(
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        for node in nodes(plan)
        if node.get("Index Name") == "river_job_prioritized_fetching_index"
    )


async def fill(connection, count, kind="test"):
    await connection.execute(
        "INSERT INTO river.river_job (kind, args, max_attempts, queue, priority)"
        " SELECT %s, '{}', 25, 'default', 1 + n %% 4 FROM generate_series(1, %s) AS n",
        [kind, count],
    )
    await connection.execute("ANALYZE river.river_job")


async def test_a_claim_reads_rows_in_proportion_to_its_batch_not_to_the_backlog(factory):
    await fill(factory.connection, 20_000)

    explained = await plan(factory.connection, "job_get_available")

    assert 0 < index_rows(explained) <= 20
    kinds_of_scan = {node["Node Type"] for node in nodes(explained)}
    assert "Tid Scan" in kinds_of_scan
    assert "Seq Scan" not in kinds_of_scan
    assert "Sort" not in kinds_of_scan


async def test_the_count_of_rows_read_could_show_a_bad_plan(factory):
    """Control: without the order of the index the same claim reads the whole backlog."""
    await fill(factory.connection, 5_000)
    await factory.connection.execute("SET enable_indexscan = off")
    await factory.connection.execute("SET enable_bitmapscan = off")

    explained = await plan(factory.connection, "job_get_available")

    assert index_rows(explained) == 0
    assert any(node["Node Type"] == "Seq Scan" and node["Actual Rows"] >= 5_000 for node in nodes(explained))


async def test_a_poison_row_fails_alone(driver, factory):
    """Go would strand the whole batch here (contract 2.3): the rows are running, and nobody can read the answer."""
    healthy = await factory.id_of()
    array = await factory.id_of(metadata="[1]")
    untagged = await factory.id_of(tags=["one", None, "two"])
    ancient = await factory.id_of(scheduled_at="-infinity")
    endless = await factory.id_of(created_at="infinity")

    jobs = {job.id: job for job in await claim(driver)}

    assert jobs.keys() == {healthy, array, untagged, ancient, endless}
    assert jobs[healthy].undecodable is None
    assert jobs[array].undecodable == "metadata is not an object"
    assert jobs[untagged].undecodable == "tags hold a NULL"
    assert jobs[untagged].tags == ["one", "two"]
    assert jobs[ancient].undecodable == "scheduled_at is out of range"
    assert jobs[endless].undecodable == "created_at is out of range"
    assert all(job.state is JobState.RUNNING and job.attempted_at.tzinfo is UTC for job in jobs.values())


async def test_odd_errors_are_read_leniently_and_left_as_they_are(driver, factory):
    elements = [
        '{"at":"2026-01-02T03:04:05.678901234+05:30","attempt":1,"error":"go","trace":"t","more":1}',
        '{"at":"2026-01-02 03:04:05","attempt":"2","error":{"b": 1,"a":[1, 2]},"trace":null}',
        '{"at":null,"attempt":null}',
        '"plain text"',
        "[1, 2]",
        "null",
        None,
    ]
    await factory.id_of(errors=elements)

    (job,) = await claim(driver)

    assert job.undecodable is None
    assert [(error.at, error.attempt, error.error, error.trace) for error in job.errors] == [
        (datetime(2026, 1, 1, 21, 34, 5, 678901, UTC), 1, "go", "t"),
        (ZERO, 2, '{"a":[1,2],"b":1}', ""),
        (ZERO, 0, "", ""),
        (ZERO, 0, "plain text", ""),
        (ZERO, 0, "[1,2]", ""),
        (ZERO, 0, "", ""),
        (ZERO, 0, "", ""),
    ]
    assert job.errors[0].nanosecond == 234
    kept = (await factory.raw(job.id))["errors"]
    assert kept == [json.loads(element) if element else None for element in elements]


ZERO = datetime(1, 1, 1, tzinfo=UTC)
