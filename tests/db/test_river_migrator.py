"""River's versions, one by one, up and down."""

import psycopg
import pytest
from psycopg import sql

from app.jobs.driver.migrations import Direction, RiverMigrator
from app.jobs.driver.migrations.river_migrator import versions

UP, DOWN = Direction.UP, Direction.DOWN
ALL = [1, 2, 3, 4, 5, 6, 7, 8]

CATALOGUE = """
SELECT concat_ws(' ', 'column', relname, attname, format_type(atttypid, atttypmod), attnotnull,
    pg_get_expr(adbin, adrelid), relpersistence)
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = %(schema)s::text::regnamespace AND relkind = 'r'
UNION ALL
SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = %(schema)s::text::regnamespace
UNION ALL
SELECT concat_ws(' ', 'index', indexname, indexdef) FROM pg_indexes WHERE schemaname = %(schema)s::text
UNION ALL
SELECT concat_ws(' ', 'function', oid::regprocedure, prosrc) FROM pg_proc
WHERE pronamespace = %(schema)s::text::regnamespace
UNION ALL
SELECT concat_ws(' ', 'trigger', tgrelid::regclass, pg_get_triggerdef(oid)) FROM pg_trigger
WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = %(schema)s::text::regnamespace)
ORDER BY 1
"""
"""Enum values apart: PostgreSQL cannot take one away."""


@pytest.fixture
async def connection(empty_database_url):
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        await connection.execute("CREATE SCHEMA river")
        yield connection


async def catalogue(connection, schema="river"):
    answer = await connection.execute(CATALOGUE, {"schema": schema})
    return [line for (line,) in await answer.fetchall()]


async def test_every_step_down_undoes_its_step_up(connection):
    river = RiverMigrator()
    stages = [await catalogue(connection)]
    for version in ALL:
        assert await river.migrate(connection, UP, version) == [version]
        assert await river.existing_versions(connection) == ALL[:version]
        stages.append(await catalogue(connection))

    for version in reversed(ALL):
        assert await catalogue(connection) == stages[version]
        assert await river.migrate(connection, DOWN) == [version]
        assert await river.existing_versions(connection) == ALL[: version - 1]
    assert await catalogue(connection) == stages[0] == []

    assert await river.migrate(connection, UP) == ALL
    assert await catalogue(connection) == stages[8]


@pytest.mark.parametrize("version", ALL)
async def test_down_to_a_version_and_up_again_is_the_same(connection, version):
    river = RiverMigrator()
    await river.migrate(connection, UP)
    before = await catalogue(connection)
    assert await river.migrate(connection, DOWN, version) == [each for each in reversed(ALL) if each > version]
    assert await river.migrate(connection, UP) == [each for each in ALL if each > version]
    assert await catalogue(connection) == before


async def test_all_the_way_down_and_what_there_is_nothing_to_do_for(connection):
    river = RiverMigrator()
    assert await river.validate(connection) == ALL
    await river.migrate(connection, UP)
    assert await river.validate(connection) == []
    assert await river.migrate(connection, UP) == []
    assert await river.migrate(connection, DOWN, -1) == list(reversed(ALL))
    assert await river.migrate(connection, DOWN, -1) == []


async def test_a_version_that_does_not_exist(connection):
    with pytest.raises(ValueError, match="there is no version 9 of River's tables; known: "):
        await RiverMigrator().migrate(connection, UP, 9)
    with pytest.raises(ValueError, match="there is no version 9"):
        await RiverMigrator().apply(connection, 9, UP)


async def test_a_step_that_fails_leaves_neither_tables_nor_a_row(connection):
    river = RiverMigrator()
    await river.migrate(connection, UP, 6)
    await connection.execute("CREATE TABLE river.river_notification ()")
    before = await catalogue(connection)
    with pytest.raises(psycopg.errors.DuplicateTable):
        await river.migrate(connection, UP)
    assert await river.existing_versions(connection) == ALL[:6]
    assert await catalogue(connection) == before


async def test_rows_of_older_versions_are_carried_over(connection):
    """A job inserted under any version is there, and valid, under the last."""
    river = RiverMigrator()
    await river.migrate(connection, UP, 2)
    await connection.execute(
        "INSERT INTO river.river_job (kind, max_attempts, args, tags)"
        " VALUES ('old', 3, NULL, NULL), ('older', 4, '[1]', '{a}')"
    )
    await river.migrate(connection, UP)
    answer = await connection.execute("SELECT kind, args, tags FROM river.river_job ORDER BY id")
    assert await answer.fetchall() == [("old", {}, []), ("older", [1], ["a"])]


async def test_what_an_older_version_cannot_hold_is_kept_as_well_as_it_can(connection):
    """Pending jobs become available before 4; of rows that share a key the newest keeps it before 6."""
    river = RiverMigrator()
    await river.migrate(connection, UP)
    await connection.execute(
        "INSERT INTO river.river_job (kind, args, state, finalized_at, unique_key, unique_states) VALUES"
        " ('k', '{}', 'completed', now(), 'one', B'11110001'),"
        " ('k', '{}', 'available', NULL, 'one', B'11110001'),"
        " ('k', '{}', 'pending', NULL, 'two', B'11110001')"
    )
    await river.migrate(connection, DOWN, 5)
    answer = await connection.execute("SELECT unique_key FROM river.river_job ORDER BY id")
    assert await answer.fetchall() == [(None,), (b"one",), (b"two",)]

    await river.migrate(connection, DOWN, 3)
    answer = await connection.execute("SELECT state::text FROM river.river_job ORDER BY id")
    assert await answer.fetchall() == [("completed",), ("available",), ("available",)]


async def test_another_line_keeps_the_table_of_versions_from_going_down(connection):
    """River Pro records its own line there; the older table could not."""
    river = RiverMigrator()
    await river.migrate(connection, UP)
    await connection.execute("INSERT INTO river.river_migration (line, version) VALUES ('pro', 1)")
    with pytest.raises(psycopg.errors.RaiseException, match="other lines than main"):
        await river.migrate(connection, DOWN, 4)
    assert await river.existing_versions(connection) == [1, 2, 3, 4, 5]


async def test_what_was_built_beforehand_is_used(connection):
    """On a large table version 6's column and index are best built concurrently, before the step."""
    river = RiverMigrator()
    await river.migrate(connection, UP, 5)
    await connection.execute("ALTER TABLE river.river_job ADD COLUMN unique_states bit(8)")
    assert await river.migrate(connection, UP) == [6, 7, 8]


@pytest.mark.parametrize("schema", ["MixedCase", "with space", 'quo"te', "apo'strophe", "select", "x" * 46])
async def test_any_schema(connection, schema):
    await connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    river = RiverMigrator(schema)
    assert await river.migrate(connection, UP) == ALL
    assert await river.existing_versions(connection) == ALL
    assert await RiverMigrator("river").existing_versions(connection) == []
    assert await river.migrate(connection, DOWN, -1) == list(reversed(ALL))


async def test_without_a_schema_the_search_path_decides(connection):
    await connection.execute("SET search_path TO river")
    river = RiverMigrator(None)
    assert await river.migrate(connection, UP) == ALL
    assert await RiverMigrator("river").existing_versions(connection) == ALL
    assert await river.migrate(connection, DOWN, -1) == list(reversed(ALL))


async def test_the_search_path_is_never_needed_with_a_schema(connection):
    await connection.execute("SET search_path TO pg_catalog")
    river = RiverMigrator("river")
    assert await river.migrate(connection, UP) == ALL
    await connection.execute("INSERT INTO river.river_job (kind, args) VALUES ('k', '{}')")
    assert await river.migrate(connection, DOWN, -1) == list(reversed(ALL))


async def test_a_step_inside_the_callers_transaction_goes_with_it(connection):
    river = RiverMigrator()
    async with connection.transaction(force_rollback=True):
        assert await river.step_up(connection, 1)
        assert not await river.step_up(connection, 1)
        assert await river.existing_versions(connection) == [1]
    assert await river.existing_versions(connection) == []
    assert not await river.step_down(connection, 1)


def test_the_last_version_is_rivers_last():
    assert versions() == ALL
