"""A statement prepared by hand behaves as one of psycopg's: same values, same rows, same errors."""

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.rows import tuple_row

from app.jobs.driver.prepared import PreparedStatement
from app.jobs.driver.rows import read_jsonb_as_bytes


@pytest.fixture
async def raw(database_url):
    async with await psycopg.AsyncConnection.connect(
        database_url, autocommit=True, row_factory=tuple_row
    ) as connection:
        await connection.execute("SET TimeZone TO 'UTC'")
        read_jsonb_as_bytes(connection)
        yield connection


async def prepared_on(connection):
    answer = await connection.execute(
        "SELECT name FROM pg_prepared_statements WHERE name LIKE 'revenge%' ORDER BY name"
    )
    return [name for (name,) in await answer.fetchall()]


async def whole(statement, connection, values):
    return await statement.run(connection, values)


async def read_early(statement, connection, values):
    return await statement.run_and_read(connection, values, lambda row: row)


@pytest.fixture(params=[whole, read_early])
def run(request):
    return request.param


NOW = datetime(2026, 11, 23, 12, 30, 1, 250, UTC)


async def test_values_and_rows_are_as_psycopg_has_them(raw, run):
    query = (
        "SELECT %(text)s::text, %(number)s::bigint, %(time)s::timestamptz, %(nothing)s::text, %(text)s::text || '%%',"
        " '{\"a\": 1}'::jsonb, ARRAY['x']"
    )
    values = {"text": "e\u00e9\\'", "number": 2**40, "time": NOW, "nothing": None}

    ours = await run(PreparedStatement(query.encode()), raw, values)
    theirs = await (await raw.execute(query.encode(), values, binary=True)).fetchall()

    assert ours == theirs
    assert ours[0][0] == ours[0][4].removesuffix("%") == values["text"]
    assert ours[0][5] == b'{"a": 1}'


async def test_it_is_prepared_once_a_connection(raw, run, database_url):
    statement = PreparedStatement(b"SELECT %(number)s::integer")
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as another:
        for connection in (raw, another, raw, another):
            assert await run(statement, connection, {"number": 7}) == [(7,)]

        assert len(await prepared_on(raw)) == len(await prepared_on(another)) == 1


async def test_what_the_server_has_forgotten_is_prepared_again(raw, run):
    statement = PreparedStatement(b"SELECT 1")
    await run(statement, raw, {})
    await raw.execute("DISCARD ALL")

    assert await run(statement, raw, {}) == [(1,)]


async def test_a_changed_table_is_met_with_a_new_plan(raw, run):
    await raw.execute("CREATE TABLE changing (a integer)")
    await raw.execute("INSERT INTO changing VALUES (1)")
    statement = PreparedStatement(b"SELECT * FROM changing")
    assert await run(statement, raw, {}) == [(1,)]
    await raw.execute("ALTER TABLE changing ALTER COLUMN a TYPE text")

    assert await run(statement, raw, {}) == [("1",)]


async def test_errors_are_psycopgs_and_leave_the_connection_usable(raw, run):
    statement = PreparedStatement(b"SELECT 1 / %(number)s::integer")
    with pytest.raises(psycopg.errors.DivisionByZero):
        await run(statement, raw, {"number": 0})
    with pytest.raises(psycopg.errors.SyntaxError):
        await run(PreparedStatement(b"SELEKT"), raw, {})

    assert await run(statement, raw, {"number": 1}) == [(1,)]


async def test_a_text_with_a_nul_is_refused_not_cut(raw, run):
    with pytest.raises(psycopg.DataError, match="NUL"):
        await run(PreparedStatement(b"SELECT %(text)s::text"), raw, {"text": "a\0b"})


async def test_a_lost_connection_is_an_operational_error(raw, run, database_url):
    statement = PreparedStatement(b"SELECT 1")
    await run(statement, raw, {})
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as another:
        await another.execute("SELECT pg_terminate_backend(%s, 10000)", [raw.info.backend_pid])

    with pytest.raises(psycopg.OperationalError):
        await run(statement, raw, {})


async def test_times_out_of_range_become_none(raw, run):
    assert await run(PreparedStatement(b"SELECT 'infinity'::timestamptz, 1"), raw, {}) == [(None, 1)]


AT_COMMIT = """
    CREATE TABLE kept (number integer);
    CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {}; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON kept DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION at_commit();
"""
KEEP = PreparedStatement(b"INSERT INTO kept VALUES (%(number)s::integer) RETURNING number")


async def test_rows_are_read_while_the_server_commits_and_returned_when_it_has(raw, connection):
    await raw.execute(AT_COMMIT.format("PERFORM pg_advisory_xact_lock(7)").encode())
    await connection.execute("SELECT pg_advisory_lock(7)")
    is_read = asyncio.Event()

    def read(row):
        is_read.set()
        return row[0] + 1

    keeping = asyncio.create_task(KEEP.run_and_read(raw, {"number": 1}, read))
    await is_read.wait()
    assert not keeping.done()
    assert await (await connection.execute("SELECT * FROM kept")).fetchall() == []
    await connection.execute("SELECT pg_advisory_unlock(7)")

    assert await keeping == [2]
    assert len(await (await connection.execute("SELECT * FROM kept")).fetchall()) == 1


async def test_rows_whose_commit_fails_are_not_returned(raw, run):
    await raw.execute(AT_COMMIT.format("RAISE 'not this one'").encode())

    with pytest.raises(psycopg.errors.RaiseException, match="not this one"):
        await run(KEEP, raw, {"number": 1})

    assert await (await raw.execute("SELECT * FROM kept")).fetchall() == []


async def test_reading_that_is_cancelled_ends_the_statement_too(raw, connection):
    await raw.execute(AT_COMMIT.format("PERFORM pg_advisory_xact_lock(7)").encode())
    await connection.execute("SELECT pg_advisory_lock(7)")
    is_read = asyncio.Event()
    keeping = asyncio.create_task(KEEP.run_and_read(raw, {"number": 1}, lambda _row: is_read.set()))
    await is_read.wait()
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping

    assert raw.pgconn.pipeline_status == psycopg.pq.PipelineStatus.OFF
    assert await (await raw.execute("SELECT * FROM kept")).fetchall() == []
