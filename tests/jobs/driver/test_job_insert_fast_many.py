"""COPY: the same rows as the multi-row insert writes, all of them or none (contract 8.3)."""

from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from psycopg import sql

from app.db import migrate
from app.jobs.driver.copy_rows import JOBS_PER_BLOCK
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.errors import UniqueConflict
from app.jobs.types import JobState, Topic
from tests.fixtures.announcements import announced
from tests.fixtures.insert_params import NOW, params, unique

AWKWARD = "\\ \\\\ \\N \\. \\t \t \" ' {} ,; % %% é \U0001f3ac \x1f \x7f"


async def rows_of(factory, first_id=0):
    cursor = await factory.connection.execute(
        "SELECT job.*, args::text AS args_text, metadata::text AS metadata_text"
        " FROM river.river_job AS job WHERE id > %s ORDER BY id",
        [first_id],
    )
    return [{name: value for name, value in row.items() if name != "id"} for row in await cursor.fetchall()]


@pytest.mark.parametrize(
    "job",
    [
        params(),
        params(kind=AWKWARD),
        params(encoded_args=b'{"path":"C:\\\\new\\ttab\\n\\"\\u2028","n":12345678901234567890.10}'),
        params(metadata=b'{\r\n\t"a": "\\\\N"\n}', tags=["one-tag", "two"], priority=4, max_attempts=1),
        params(max_attempts=40_000, queue="a|b"),
        params(state=JobState.SCHEDULED, scheduled_at=NOW + timedelta(days=3650)),
        params(state=JobState.PENDING, scheduled_at=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-3.5)))),
        unique(b"\x00\\\x09\x0a\xff" + bytes(27)),
    ],
    ids=lambda job: f"{job.state}-{job.encoded_args.decode()[:9]}-{job.kind[:4]}",
)
async def test_the_row_is_the_one_that_the_multi_row_insert_writes(driver, factory, job):
    first = await driver.job_insert_many([job])
    ours = await rows_of(factory)
    await factory.connection.execute("DELETE FROM river.river_job")

    assert await driver.job_insert_fast_many([job]) == 1

    assert await rows_of(factory, first[0].job.id) == ours


async def test_more_than_a_block_of_them_in_order(driver, factory):
    count = 2 * JOBS_PER_BLOCK + 1
    jobs = [params(encoded_args=b'{"number":%d}' % number) for number in range(count)]

    assert await driver.job_insert_fast_many(jobs) == count

    rows = await rows_of(factory)
    assert [row["args"]["number"] for row in rows] == list(range(count))


async def test_a_duplicate_inserts_and_announces_nothing(driver, factory):
    await driver.job_insert_many([unique(b"there")])
    async with announced(driver, Topic.INSERT) as heard:
        with pytest.raises(UniqueConflict):
            await driver.job_insert_fast_many([params(), unique(b"there")], notify_queues=["default"])
        await driver.job_insert_fast_many([unique(b"new")], notify_queues=["low"])

    assert heard == ['{"queue": "low"}']
    assert await factory.count() == 2


async def test_equal_keys_in_one_call_insert_nothing(driver, factory):
    with pytest.raises(UniqueConflict):
        await driver.job_insert_fast_many([unique(b"same"), unique(b"other"), unique(b"same")])

    assert await factory.count() == 0


async def test_another_violation_is_no_unique_conflict(driver, factory):
    with pytest.raises(psycopg.errors.CheckViolation):
        await driver.job_insert_fast_many([params(), params(priority=9)])

    assert await factory.count() == 0


async def test_the_callers_transaction_is_used_as_it_is(driver, factory, connection):
    async with connection.transaction(force_rollback=True):
        await driver.using(connection).job_insert_fast_many([params()], notify_queues=["default"])
        assert await factory.count() == 1

    assert await factory.count() == 0


async def test_a_connection_in_another_encoding_is_refused_rather_than_garbled(driver, factory, connection):
    await connection.execute("SET client_encoding TO 'LATIN1'")

    with pytest.raises(psycopg.NotSupportedError, match="UTF-8"):
        await driver.using(connection).job_insert_fast_many([params(kind="·é")])

    await connection.execute("RESET client_encoding")
    assert await factory.count() == 0


async def test_a_schema_of_an_odd_name(empty_database_url):
    schema = 'o%s "d%%'
    await migrate.upgrade(empty_database_url, schema)
    driver = PsycopgDriver(lambda: empty_database_url, schema)
    await driver.open()
    try:
        await driver.job_insert_fast_many([params(), params()], notify_queues=["default"])
        async with await psycopg.AsyncConnection.connect(empty_database_url) as connection:
            counted = sql.SQL("SELECT count(*) FROM {}.river_job").format(sql.Identifier(schema))
            assert await (await connection.execute(counted)).fetchone() == (2,)
        assert [one.by_state for one in await driver.job_count_by_queue_and_state()] == [{JobState.AVAILABLE: 2}]
    finally:
        await driver.close()
