"""Alembic's one chain: from nothing to head and back, by one node of many, from anywhere."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import text

from app.db import migrate
from app.db.base import Base
from app.db.migrate import MigrationBlocked, UnknownRevision
from app.jobs.driver.migrations import Direction, RiverMigrator
from app.library import models
from tests.fixtures.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
HEAD = ScriptDirectory(str(ROOT / "alembic")).get_current_head()


@pytest.fixture
async def connection(empty_database_url):
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        yield connection


async def fetch(connection, statement):
    return await (await connection.execute(statement)).fetchall()


async def everything(connection):
    """Return every column of every table of ours, of the queue and of the domains."""
    return await fetch(
        connection,
        "SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_schema IN ('public', 'river') ORDER BY 1, 2, 3",
    )


async def test_up_down_and_up_again(empty_database_url, connection):
    await migrate.upgrade(empty_database_url)
    assert await migrate.current(empty_database_url) == HEAD
    before = await everything(connection)

    await migrate.downgrade(empty_database_url)
    assert await migrate.current(empty_database_url) is None
    assert {table for _, table, *_ in await everything(connection)} == {"alembic_version"}
    assert await fetch(connection, "SELECT nspname FROM pg_namespace WHERE nspname = 'river'") == []
    enums = "SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'"
    assert await fetch(connection, enums) == []

    await migrate.upgrade(empty_database_url)
    assert await everything(connection) == before


async def test_every_single_revision_goes_down_and_up_again(empty_database_url, connection):
    await migrate.upgrade(empty_database_url)
    revisions = list(ScriptDirectory(str(ROOT / "alembic")).walk_revisions())
    assert len(revisions) > 9
    for revision in revisions:
        before = await everything(connection)
        await migrate.downgrade(empty_database_url, revision="-1")
        await migrate.upgrade(empty_database_url, revision=revision.revision)
        assert await everything(connection) == before
        await migrate.downgrade(empty_database_url, revision="-1")


async def test_what_is_up_to_date_is_left_as_it_is(database_url):
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        before = await fetch(connection, "SELECT xmin, version_num FROM alembic_version")
        await migrate.upgrade(database_url)
        assert await fetch(connection, "SELECT xmin, version_num FROM alembic_version") == before


@pytest.mark.process
async def test_ten_nodes_at_once_migrate_once(empty_database_url, connection):
    """Ten processes, as they would be; a second migration would fail on what the first one made."""
    program = "import asyncio, sys; from app.db import migrate; asyncio.run(migrate.upgrade(sys.argv[1]))"
    nodes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, empty_database_url, cwd=ROOT, stderr=subprocess.PIPE
        )
        for _ in range(10)
    ]
    said = [(await node.communicate())[1].decode() for node in nodes]
    assert [node.returncode for node in nodes] == [0] * 10, said
    assert await migrate.current(empty_database_url) == HEAD
    assert await fetch(connection, "SELECT version, count(*) FROM river.river_migration GROUP BY 1 ORDER BY 1") == [
        (version, 1) for version in range(1, 9)
    ]


async def test_nodes_of_one_process_take_turns_too(empty_database_url):
    async with asyncio.TaskGroup() as tasks:
        for _ in range(5):
            tasks.create_task(migrate.upgrade(empty_database_url))
    assert await migrate.current(empty_database_url) == HEAD


@pytest.mark.parametrize("made", range(1, 9))
async def test_tables_that_rivers_own_command_line_made_are_adopted(empty_database_url, connection, made):
    """Up to any version: what is there stays with its rows, what is missing is added."""
    await connection.execute("CREATE SCHEMA river")
    await RiverMigrator().migrate(connection, Direction.UP, made)
    if made > 1:
        await connection.execute("INSERT INTO river.river_job (kind, max_attempts, args) VALUES ('theirs', 3, '{}')")
        await connection.execute("UPDATE river.river_job SET tags = '{}'")

    await migrate.upgrade(empty_database_url)

    assert await RiverMigrator().validate(connection) == []
    if made > 1:
        assert await fetch(connection, "SELECT kind FROM river.river_job") == [("theirs",)]


@pytest.mark.parametrize("schema", ["MixedCase", 'quo"te', "public"])
async def test_the_queue_may_live_in_any_schema(empty_database_url, connection, schema):
    await migrate.upgrade(empty_database_url, schema)
    assert await RiverMigrator(schema).validate(connection) == []
    await connection.execute(
        sql.SQL("INSERT INTO {} (id) VALUES ('node')").format(sql.Identifier(schema, "revenge_client"))
    )
    await migrate.downgrade(empty_database_url, schema)
    assert await fetch(connection, "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information)'") == [
        ("public",)
    ]


async def test_what_others_keep_in_the_schema_is_left_to_them(empty_database_url, connection):
    await connection.execute("CREATE SCHEMA river")
    await connection.execute("CREATE TABLE river.theirs ()")
    await migrate.upgrade(empty_database_url)
    await migrate.downgrade(empty_database_url)
    assert await fetch(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'river'") == [("theirs",)]


async def test_a_schema_made_for_us_needs_no_right_to_make_one(empty_database_url, connection):
    """An administrator may hand out a schema and nothing more."""
    owner, guest = (
        sql.Identifier("revenge"),
        sql.Identifier(f"guest_of_{empty_database_url.split('/')[3].split('?')[0]}"),
    )
    await connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(guest))
    await connection.execute(sql.SQL("CREATE SCHEMA river; GRANT ALL ON SCHEMA river, public TO {}").format(guest))
    url = empty_database_url.replace("revenge@", f"{guest.as_string()[1:-1]}@", 1)
    await migrate.upgrade(url)
    await migrate.downgrade(url)
    assert await fetch(connection, "SELECT nspname FROM pg_namespace WHERE nspname = 'river'") == [("river",)]
    await connection.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(guest, owner))
    await connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(guest))


async def test_a_table_that_others_hold_is_not_waited_for_for_ever(database_url, monkeypatch):
    """Who waits for a lock makes every later reader wait behind it."""
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "10ms")
    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.execute("LOCK TABLE river.revenge_client IN ACCESS SHARE MODE")
        with pytest.raises(
            MigrationBlocked, match="other sessions have held locks on the tables in each of 6 attempts"
        ):
            await migrate.downgrade(database_url, revision="0008")
    assert await migrate.current(database_url) == "0009"
    await migrate.downgrade(database_url, revision="0008")


async def test_a_lock_that_is_given_back_meanwhile_is_no_obstacle(database_url, monkeypatch):
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "10ms")
    monkeypatch.setattr(migrate, "ATTEMPTS", 10_000)
    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.execute("LOCK TABLE river.revenge_client IN ACCESS SHARE MODE")
        migrating = asyncio.create_task(migrate.downgrade(database_url, revision="0008"))
        await eventually(lambda: at_revision(database_url, "0009"))
        await other.rollback()
        await migrating
    assert await migrate.current(database_url) == "0008"


async def at_revision(url, revision):
    return await migrate.current(url) == revision


async def test_another_node_that_never_ends_its_migration_is_told(empty_database_url, monkeypatch):
    monkeypatch.setattr(migrate, "GUARD_PATIENCE", 0)
    async with migrate.guarded(empty_database_url):
        with pytest.raises(MigrationBlocked, match="another node has been migrating this database"):
            await migrate.upgrade(empty_database_url)


async def test_a_database_of_a_newer_version_is_not_touched(database_url):
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(UnknownRevision, match=r"9999.* If a newer Revenge has migrated this database, run that one"):
        await migrate.upgrade(database_url)


async def test_models_and_migrations_agree(database_url):
    def compare(connection):
        options = {"compare_type": True, "compare_server_default": True, "target_metadata": Base.metadata}
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)

    assert models.Library.metadata is Base.metadata
    assert Base.metadata.tables
    async with migrate.guarded(database_url) as connection:
        assert await connection.run_sync(compare) == []


async def test_the_comparison_would_see_a_difference(database_url):
    async with migrate.guarded(database_url) as connection:
        await connection.execute(text("CREATE TABLE forgotten ()"))
        found = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
        )
    assert ("remove_table", "forgotten") in [
        (change[0], change[1].name) for change in found if change[0] == "remove_table"
    ]


def alembic(*arguments, environ):
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if not key.startswith(("REVENGE_", "DATABASE_URL"))}
        | {"XDG_CONFIG_HOME": "/nowhere"}
        | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.process
def test_a_bare_alembic_starts_our_own_server(session_directory):
    """And stops it again; the next one finds what it left."""
    place = {"REVENGE_DATA_DIR": str(session_directory / "bare")}
    done = alembic("upgrade", "head", environ=place)
    assert done.returncode == 0, done.stderr
    assert not (session_directory / "bare" / "postgres" / "postmaster.pid").exists()
    assert HEAD in alembic("current", environ=place).stdout


@pytest.mark.process
def test_a_bare_alembic_goes_where_it_is_told(empty_database_url):
    done = alembic("upgrade", "head", environ={"DATABASE_URL": empty_database_url, "REVENGE_JOBS__SCHEMA": "elsewhere"})
    assert done.returncode == 0, done.stderr
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM elsewhere.river_migration").fetchone() == (8,)
    assert (
        "No new upgrade operations detected"
        in alembic("check", environ={"DATABASE_URL": empty_database_url, "REVENGE_JOBS__SCHEMA": "elsewhere"}).stdout
    )


@pytest.mark.process
def test_a_bare_alembic_that_finds_no_server_says_so_in_a_line():
    done = alembic(
        "upgrade",
        "head",
        environ={"DATABASE_URL": "host=/nowhere password=hushhush", "REVENGE_DATABASE__CONNECT_TIMEOUT": "1ms"},
    )
    assert done.returncode == 1
    assert "no PostgreSQL answered at /nowhere" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hushhush" not in done.stderr


def test_statements_are_not_written_out_unseen():
    done = alembic("upgrade", "head", "--sql", environ={})
    assert done.returncode == 1
    assert "--sql is not offered" in done.stderr


def test_the_folder_of_revisions_is_no_package():
    """It would shadow the library of the same name."""
    assert not (ROOT / "alembic" / "__init__.py").exists()
    assert not (ROOT / "alembic" / "versions" / "__init__.py").exists()


def test_the_wheels_own_revisions_come_first(monkeypatch, tmp_path):
    package = tmp_path / "app"
    (package / "db").mkdir(parents=True)
    monkeypatch.setattr(migrate, "__file__", str(package / "db" / "migrate.py"))
    assert migrate.script_location() == tmp_path / "alembic"
    (package / "_alembic").mkdir()
    (package / "_alembic" / "env.py").touch()
    assert migrate.script_location() == package / "_alembic"
