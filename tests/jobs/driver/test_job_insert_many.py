"""One statement for one job or thousands: rows, order, duplicates, notification (contract 7.6, 8)."""

import asyncio
import json
from contextlib import aclosing
from datetime import timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.errors import UniqueConflict
from app.jobs.types import JobState, Topic
from tests.fixtures.insert_params import DEFAULT_MASK, NOW, params, unique

LATER = NOW + timedelta(days=3650)


async def test_a_plain_row_is_as_river_leaves_it(driver, factory):
    (result,) = await driver.job_insert_many([params()])

    raw = await factory.raw(result.job.id)
    del raw["metadata_text"], raw["id"]
    assert raw == {
        "state": "available",
        "attempt": 0,
        "max_attempts": 25,
        "attempted_at": None,
        "created_at": NOW,
        "finalized_at": None,
        "scheduled_at": NOW,
        "priority": 1,
        "args": {},
        "attempted_by": None,
        "errors": None,
        "kind": "test",
        "metadata": {},
        "queue": "default",
        "tags": [],
        "unique_key": None,
        "unique_states": None,
    }
    assert not result.unique_skipped_as_duplicate
    assert await factory.read(result.job.id) == result.job


async def test_every_column_is_written(driver, factory):
    text = 'quote " backslash \\ brace {} comma , newline \n é \u2028 😀 NULL'
    (result,) = await driver.job_insert_many(
        [
            params(
                kind="kind/[x]",
                encoded_args='{"b": "é\\"\\\\", "big": 12345678901234567890.10, "a": null}'.encode(),
                queue="a|b-c",
                priority=4,
                max_attempts=40_000,
                state=JobState.SCHEDULED,
                scheduled_at=LATER,
                tags=["abc", "de-f"],
                metadata=json.dumps({"text": text}).encode(),
                unique_key=bytes(range(32)),
                unique_states=0b11010101,
            )
        ]
    )

    job = await factory.read(result.job.id)
    assert job == result.job
    assert job.encoded_args == '{"a": null, "b": "é\\"\\\\", "big": 12345678901234567890.10}'.encode()
    assert job.metadata_value() == {"text": text}
    assert (job.kind, job.queue, job.priority, job.max_attempts) == ("kind/[x]", "a|b-c", 4, 32_767)
    assert (job.state, job.scheduled_at, job.tags) == (JobState.SCHEDULED, LATER, ["abc", "de-f"])
    assert job.unique_key == bytes(range(32))
    assert job.unique_states == frozenset(JobState) - {JobState.CANCELLED, JobState.DISCARDED, JobState.RETRYABLE}
    assert (await factory.raw(job.id))["unique_states"] == "11010101"


async def test_six_thousand_rows_come_back_in_input_order(driver, factory):
    existing = await driver.job_insert_many([unique(b"%d" % number) for number in (17, 5_000)])
    jobs = [unique(b"%d" % number, encoded_args=b'{"n": %d}' % number) for number in range(6_500)]

    results = await driver.job_insert_many(jobs)

    assert [result.unique_skipped_as_duplicate for result in results].count(True) == 2
    for number, (job, result) in enumerate(zip(jobs, results, strict=True)):
        assert result.job.unique_key == job.unique_key
        if number not in {17, 5_000}:
            assert result.job.encoded_args == b'{"n": %d}' % number
    assert [results[17].job.id, results[5_000].job.id] == [result.job.id for result in existing]
    fresh = [result.job.id for result in results if not result.unique_skipped_as_duplicate]
    assert fresh == sorted(fresh)
    assert await factory.count() == 6_500


async def test_a_duplicate_returns_the_row_unchanged(driver, factory):
    (first,) = await driver.job_insert_many([unique(b"key", kind="first", encoded_args=b'{"a": 1}', priority=3)])
    before = await factory.raw(first.job.id)

    (second,) = await driver.job_insert_many([unique(b"key", kind="second", encoded_args=b'{"a": 2}')])

    assert second.unique_skipped_as_duplicate
    assert second.job == first.job
    assert await factory.raw(first.job.id) == before


@pytest.mark.parametrize(
    ("state", "blocks"), [(state, state not in {JobState.CANCELLED, JobState.DISCARDED}) for state in JobState]
)
async def test_by_default_all_but_cancelled_and_discarded_jobs_block(driver, factory, state, blocks):
    await factory.id_of(state=state, unique_key=b"key", unique_states="11110101")

    (result,) = await driver.job_insert_many([unique(b"key")])

    assert result.unique_skipped_as_duplicate is blocks


async def test_equal_keys_in_one_batch_insert_nothing(driver, factory):
    with pytest.raises(UniqueConflict):
        await driver.job_insert_many([params(), unique(b"key"), unique(b"key")])

    assert await factory.count() == 0


async def test_one_bad_row_inserts_nothing(driver, factory):
    with pytest.raises(psycopg.errors.CheckViolation):
        await driver.job_insert_many([params(), params(priority=99)])

    assert await factory.count() == 0


async def test_a_duplicate_waits_for_the_one_before_it(driver, factory):
    async with driver.begin() as tx:
        (winner,) = await tx.job_insert_many([unique(b"key")])
        loser = asyncio.create_task(driver.job_insert_many([unique(b"key")]))
        await factory.until_somebody_waits()

    (result,) = await loser
    assert result.unique_skipped_as_duplicate
    assert result.job == winner.job


async def test_rows_and_notification_are_one(driver, factory):
    listener = driver.listener()
    await listener.connect()
    try:
        await listener.listen(Topic.INSERT)
        with pytest.raises(ZeroDivisionError):
            await insert_and_fail(driver)
        async with driver.begin() as tx:
            await tx.job_insert_many([params()], notify_queues=["a", "b"])
            assert [note async for note in listener.notifications(0)] == []
        heard = await hear(listener, 2)
    finally:
        await listener.close()

    assert heard == ['{"queue": "a"}', '{"queue": "b"}']
    assert await factory.count() == 1


async def insert_and_fail(driver):
    async with driver.begin() as tx:
        await tx.job_insert_many([params(queue="lost")], notify_queues=["lost"])
        raise ZeroDivisionError


async def hear(listener, count):
    heard = []
    async with aclosing(listener.notifications(60)) as notes:
        async for note in notes:
            heard.append(note.payload)
            if len(heard) == count:
                break
    return heard


async def test_nothing_depends_on_the_search_path_nor_on_the_number_of_columns(database_url, factory):
    """River Pro adds columns of its own to the table."""
    await factory.connection.execute("ALTER TABLE river.river_job ADD COLUMN partition_key text DEFAULT 'x'")
    driver = PsycopgDriver(lambda: make_conninfo(database_url, options="-csearch_path="), "river")
    await driver.open()
    try:
        (result,) = await driver.job_insert_many([unique(b"key")])
        (job,) = await driver.job_get_available(queue="default", client_id="me", limit=1)
    finally:
        await driver.close()

    assert result.job.id == job.id


AWKWARD = "é \\ \" ' {} , \t \n % %% \U0001f3ac"
"""What has to survive text literals, arrays and the wire."""


@pytest.mark.parametrize("different", [{}, {"queue": "low"}, {"unique_key": b"key", "unique_states": DEFAULT_MASK}])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"kind": "an awkward kind " + AWKWARD, "encoded_args": json.dumps({"b": AWKWARD, "a": 1e5}).encode()},
        {"metadata": b'{ "b":1,\n "a":12345678901234567890.10 }', "tags": ("one-tag", "two"), "max_attempts": 40_000},
        {"state": JobState.PENDING, "scheduled_at": LATER.astimezone(ZoneInfo("Asia/Kathmandu")), "priority": 4},
    ],
)
async def test_however_jobs_share_their_values_what_comes_back_is_what_is_there(driver, factory, values, different):
    """Three statements share the work: jobs that are all alike, jobs that differ, and unique ones."""
    jobs = [params(**values), params(**values | {"encoded_args": b"[1]"}), params(**values | different)]

    results = await driver.job_insert_many(jobs)

    assert [result.job for result in results] == [await factory.read(result.job.id) for result in results]
    assert [result.job.queue for result in results] == [job.queue for job in jobs]
    assert results[1].job.encoded_args == b"[1]"


async def test_one_job_and_many_are_written_alike(driver, factory):
    """One has a statement of its own."""
    job = params(
        encoded_args='{"text": "quote \\" \\\\ é 😀"}'.encode(),
        tags=["abc", "de-f"],
        metadata=b'{"a": [1]}',
        state=JobState.SCHEDULED,
        scheduled_at=LATER,
        priority=3,
        max_attempts=40_000,
    )
    (alone,) = await driver.job_insert_many([job])
    two = await driver.job_insert_many([job, job])

    rows = [await factory.raw(one.job.id) for one in (alone, *two)]
    for row, result in zip(rows, (alone, *two), strict=True):
        assert row.pop("id") == result.job.id
        assert await factory.read(result.job.id) == result.job
    assert rows[0] == rows[1] == rows[2]
