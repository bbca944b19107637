"""A statement prepared by hand behaves as one of psycopg's: same values, same rows, same errors."""

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


NOW = datetime(2026, 11, 23, 12, 30, 1, 250, UTC)


async def test_values_and_rows_are_as_psycopg_has_them(raw):
    query = (
        "SELECT %(text)s::text, %(number)s::bigint, %(time)s::timestamptz, %(nothing)s::text, %(text)s::text || '%%',"
        " '{\"a\": 1}'::jsonb, ARRAY['x']"
    )
    values = {"text": "e\u00e9\\'", "number": 2**40, "time": NOW, "nothing": None}

    ours = await PreparedStatement(query.encode()).run(raw, values)
    theirs = await (await raw.execute(query.encode(), values, binary=True)).fetchall()

    assert ours == theirs
    assert ours[0][0] == ours[0][4].removesuffix("%") == values["text"]
    assert ours[0][5] == b'{"a": 1}'


async def test_it_is_prepared_once_a_connection(raw, database_url):
    statement = PreparedStatement(b"SELECT %(number)s::integer")
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as another:
        for connection in (raw, another, raw, another):
            assert await statement.run(connection, {"number": 7}) == [(7,)]

        assert len(await prepared_on(raw)) == len(await prepared_on(another)) == 1


async def test_what_the_server_has_forgotten_is_prepared_again(raw):
    statement = PreparedStatement(b"SELECT 1")
    await statement.run(raw, {})
    await raw.execute("DISCARD ALL")

    assert await statement.run(raw, {}) == [(1,)]


async def test_a_changed_table_is_met_with_a_new_plan(raw):
    await raw.execute("CREATE TABLE changing (a integer)")
    await raw.execute("INSERT INTO changing VALUES (1)")
    statement = PreparedStatement(b"SELECT * FROM changing")
    assert await statement.run(raw, {}) == [(1,)]
    await raw.execute("ALTER TABLE changing ALTER COLUMN a TYPE text")

    assert await statement.run(raw, {}) == [("1",)]


async def test_errors_are_psycopgs_and_leave_the_connection_usable(raw):
    statement = PreparedStatement(b"SELECT 1 / %(number)s::integer")
    with pytest.raises(psycopg.errors.DivisionByZero):
        await statement.run(raw, {"number": 0})
    with pytest.raises(psycopg.errors.SyntaxError):
        await PreparedStatement(b"SELEKT").run(raw, {})

    assert await statement.run(raw, {"number": 1}) == [(1,)]


async def test_a_text_with_a_nul_is_refused_not_cut(raw):
    with pytest.raises(psycopg.DataError, match="NUL"):
        await PreparedStatement(b"SELECT %(text)s::text").run(raw, {"text": "a\0b"})


async def test_a_lost_connection_is_an_operational_error(raw, database_url):
    statement = PreparedStatement(b"SELECT 1")
    await statement.run(raw, {})
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as another:
        await another.execute("SELECT pg_terminate_backend(%s, 10000)", [raw.info.backend_pid])

    with pytest.raises(psycopg.OperationalError):
        await statement.run(raw, {})


async def test_times_out_of_range_become_none(raw):
    assert await PreparedStatement(b"SELECT 'infinity'::timestamptz, 1").run(raw, {}) == [(None, 1)]
