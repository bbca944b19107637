"""River's command, River's migrator and ours walk the same tables up and down, whoever took the step before."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.db import migrate
from app.jobs.client import Client, ClientConfig
from app.jobs.driver.migrations import Direction, RiverMigrator
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.types import JobState, QueueConfig
from app.jobs.worker import Workers
from app.observability import Metrics
from tests.fixtures.clients import until_state
from tests.interop.go_peer import GoPeer, job
from tests.interop.ours import WorkArgs, WorkWorker

COMMANDS_LATEST = 7
"""The last version that the released command brings; the eighth is an empty step of later releases."""

ALL = list(range(1, 9))


class River:
    """The command, on one database."""

    def __init__(self, program: Path, database_url: str) -> None:
        self._program = program
        self._words = ("--schema", "river", "--database-url", database_url)

    async def run(self, *words: str) -> tuple[int, str]:
        """Return its exit status and all that it said."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        process = await asyncio.create_subprocess_exec(
            self._program,
            *words,
            *self._words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
        )
        said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode()


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection to a database with the schema and nothing in it."""
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        await connection.execute("CREATE SCHEMA river")
        yield connection


@pytest.fixture
async def migrator_peer(programs: Path, empty: psycopg.AsyncConnection[Any], empty_database_url: str):
    async with GoPeer.started(programs / "peer", empty_database_url) as peer:
        yield peer


async def test_the_command_finds_nothing_wrong_with_our_tables(programs: Path, database_url: str) -> None:
    river = River(programs / "river", database_url)

    status, said = await river.run("validate", "-v")
    assert status == 0, said
    status, said = await river.run("migrate-up")
    assert status == 0, said
    assert "no migrations to apply" in said


async def test_the_command_lists_our_tables_up_to_what_it_knows(
    programs: Path, empty: psycopg.AsyncConnection[Any], empty_database_url: str
) -> None:
    river = River(programs / "river", empty_database_url)
    await RiverMigrator("river").migrate(empty, Direction.UP)
    status, said = await river.run("migrate-list")
    assert status != 0, "a version it does not bring is an error to it"
    assert "8" in said

    await RiverMigrator("river").migrate(empty, Direction.DOWN, COMMANDS_LATEST)
    status, said = await river.run("migrate-list")
    assert status == 0, said
    assert next(line for line in said.splitlines() if line.startswith("*")).startswith("* 007")
    assert len([line for line in said.splitlines() if line.strip(" *").startswith("00")]) == COMMANDS_LATEST


async def test_rivers_migrator_finds_nothing_wrong_with_our_tables(peer: GoPeer) -> None:
    assert (await peer.call("validate"))["ok"]
    assert await peer.call("versions") == ALL
    assert await peer.call("migrate", direction="up") == []


@pytest.mark.parametrize("maker", ["command", "migrator"])
async def test_we_adopt_what_river_made(
    programs: Path,
    migrator_peer: GoPeer,
    empty: psycopg.AsyncConnection[Any],
    empty_database_url: str,
    maker: str,
) -> None:
    """Its rows stay, both sides work on what it made, and then on what we added to it."""
    if maker == "command":
        status, said = await River(programs / "river", empty_database_url).run("migrate-up")
        assert status == 0, said
    else:
        assert await migrator_peer.call("migrate", direction="up") == ALL
    (kept,) = await migrator_peer.insert(job(queue="kept", metadata={"a": 1}))

    await _work_both_ways(migrator_peer, empty_database_url)
    await migrate.upgrade(empty_database_url)
    await _work_both_ways(migrator_peer, empty_database_url)

    assert await migrator_peer.call("versions") == ALL
    assert (await migrator_peer.call("validate"))["ok"]
    assert await migrator_peer.call("get", id=kept["id"]) == kept


async def _work_both_ways(peer: GoPeer, database_url: str) -> None:
    driver = PsycopgDriver(lambda: database_url, "river")
    await driver.open()
    config = ClientConfig(queues={"ours": QueueConfig(2)})
    client = Client(driver, config, Workers([WorkWorker()]), metrics=Metrics())
    try:
        await client.start()
        await peer.work("default")
        inserted = await client.insert(WorkArgs())
        (theirs,) = await peer.insert(job(queue="ours"))
        await peer.told("job_completed", inserted.job.id)
        await until_state(client, theirs["id"], JobState.COMPLETED)
        await peer.call("stop")
    finally:
        await client.stop_and_cancel()
        await driver.close()


async def test_each_takes_back_the_others_steps(migrator_peer: GoPeer, empty: psycopg.AsyncConnection[Any]) -> None:
    ours = RiverMigrator("river")
    for version in ALL:
        assert await ours.migrate(empty, Direction.UP, version) == [version]
        assert await migrator_peer.call("migrate", direction="down", target_version=version - 1 or -1) == [version]
        assert await migrator_peer.call("migrate", direction="up", target_version=version) == [version]
        assert await ours.migrate(empty, Direction.DOWN, version - 1 or -1) == [version]
        assert await ours.migrate(empty, Direction.UP, version) == [version]


async def test_the_commands_steps_and_ours(
    programs: Path, empty: psycopg.AsyncConnection[Any], empty_database_url: str
) -> None:
    river, ours = River(programs / "river", empty_database_url), RiverMigrator("river")
    await ours.migrate(empty, Direction.UP, COMMANDS_LATEST)
    status, said = await river.run("migrate-down", "--target-version", "4")
    assert status == 0, said
    assert await ours.existing_versions(empty) == [1, 2, 3, 4]
    assert await ours.migrate(empty, Direction.UP) == [5, 6, 7, 8]
    status, said = await river.run("validate")
    assert status == 0, said
    assert await ours.migrate(empty, Direction.DOWN, 5) == [8, 7, 6]
    status, said = await river.run("validate")
    assert status == 1, said
    status, said = await river.run("migrate-up")
    assert status == 0, said
    assert await ours.existing_versions(empty) == list(range(1, COMMANDS_LATEST + 1))


CATALOG = {  # but for what stands inside functions, which is ours
    "columns": """
        SELECT c.relname, c.relkind, c.relpersistence, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
               a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'river'::regnamespace ORDER BY c.relname, a.attnum""",
    "constraints": """
        SELECT conrelid::regclass::text, regexp_replace(conname, '^river_migration_pkey1$', 'river_migration_pkey'),
               pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'river'::regnamespace ORDER BY 1, 2""",
    "indexes": """
        SELECT replace(indexdef, 'river_migration_pkey1', 'river_migration_pkey') FROM pg_indexes
        WHERE schemaname = 'river' ORDER BY 1""",
    "functions": """
        SELECT oid::regprocedure::text, prorettype::regtype::text, prolang, provolatile, proisstrict, prosecdef,
               proparallel
        FROM pg_proc WHERE pronamespace = 'river'::regnamespace ORDER BY 1""",
    "triggers": """
        SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE c.relnamespace = 'river'::regnamespace AND NOT tgisinternal ORDER BY 1""",
    "states": """
        SELECT typname, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
        WHERE typnamespace = 'river'::regnamespace ORDER BY enumsortorder""",
}


async def _catalog(connection: psycopg.AsyncConnection[Any]) -> dict[str, list[Any]]:
    return {name: await (await connection.execute(query)).fetchall() for name, query in CATALOG.items()}


@pytest.mark.parametrize("version", ALL)
async def test_the_tables_are_the_same_at_every_version(
    migrator_peer: GoPeer, empty: psycopg.AsyncConnection[Any], version: int
) -> None:
    await RiverMigrator("river").migrate(empty, Direction.UP, version)
    ours = await _catalog(empty)
    await RiverMigrator("river").migrate(empty, Direction.DOWN, -1)
    await empty.execute("DROP SCHEMA river CASCADE; CREATE SCHEMA river")  # a down step leaves an enum behind
    await migrator_peer.call("migrate", direction="up", target_version=version)

    assert ours == await _catalog(empty)
