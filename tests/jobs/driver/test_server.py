"""A server that is not quite PostgreSQL: no announcements, no system columns."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.driver.server import POSTGRESQL, Server, server_of
from app.jobs.driver.statements import Statements
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.types import JobState
from tests.fixtures.clients import WorkArgs, WorkFunction, until_state

UNIQUE = InsertOpts(unique=UniqueOpts(by_args=True))

DISGUISE = """
    CREATE SCHEMA yugabyte;
    CREATE FUNCTION yugabyte.version() RETURNS text LANGUAGE sql AS $$ SELECT 'PostgreSQL 15.2-YB-2.25.1.0-b0' $$;
    CREATE FUNCTION yugabyte.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'NOTIFY not supported yet'; END $$;
"""
"""Stands before the catalogue in the search path, so that the server answers as YugabyteDB does."""


@pytest.fixture
async def driver(database_url, connection) -> AsyncIterator[PsycopgDriver]:
    await connection.execute(DISGUISE)
    disguised = make_conninfo(database_url, options="-csearch_path=yugabyte,pg_catalog")
    driver = PsycopgDriver(lambda: disguised, "river")
    await driver.open()
    yield driver
    await driver.close()


async def test_the_server_is_known_by_its_word(database_url, driver):
    assert not driver.announces
    async with await psycopg.AsyncConnection.connect(database_url) as plain:
        assert await server_of(plain) == POSTGRESQL


@pytest.mark.parametrize(("setting", "announces"), [("'on'", True), ("'off'", False), ("NULL", False)])
async def test_a_yugabyte_that_was_told_to_announces(database_url, driver, connection, setting, announces):
    await connection.execute(
        "CREATE FUNCTION yugabyte.current_setting(text, boolean) RETURNS text LANGUAGE sql"
        f" AS $$ SELECT CASE $1 WHEN 'yb_enable_listen_notify' THEN {setting} END $$"
    )
    async with await psycopg.AsyncConnection.connect(
        database_url, options="-csearch_path=yugabyte,pg_catalog"
    ) as disguised:
        assert await server_of(disguised) == Server(announces=announces, has_system_columns=False)


def test_no_statement_asks_for_what_is_not_there():
    for name, text in Statements("river", Server(announces=False, has_system_columns=False))._texts.items():
        assert b"ctid" not in text.partition(b"*/")[2], name
        assert b"xmax" not in text, name


async def test_nothing_is_announced_though_everything_could_be(make_client, driver):
    """pg_notify raises here: one call would fail its whole statement."""

    async def wait(_job):
        await asyncio.Event().wait()

    client = make_client(WorkFunction(wait))
    await client.start()
    assert not client.is_listening
    job = (await client.insert(WorkArgs())).job
    await until_state(client, job.id, JobState.RUNNING)
    await client.queues.pause("default")
    await client.queues.resume("default")
    await client.request_resign()
    await client.jobs.cancel(job.id)
    assert (await until_state(client, job.id)).state is JobState.CANCELLED, "found by looking"
    await client.insert_many_fast([WorkArgs()])
    await client.stop()


async def test_a_duplicate_is_told_by_a_mark_of_the_insert(make_client):
    client = make_client()
    first = await client.insert(WorkArgs(number=1), UNIQUE)
    again, other, plain = await client.insert_many(
        [(WorkArgs(number=1), UNIQUE), (WorkArgs(number=2), UNIQUE), WorkArgs(number=1)]
    )

    assert [one.unique_skipped_as_duplicate for one in (first, again, other, plain)] == [False, True, False, False]
    assert again.job == first.job
    assert set(first.job.metadata_value()) == {"river:unique_nonce"}
    assert len(first.job.metadata_value()["river:unique_nonce"]) == 16
    assert plain.job.metadata_value() == {}


async def test_a_row_without_a_mark_was_there_before(make_client, connection):
    """Somebody else's: River itself marks nothing on PostgreSQL."""
    client = make_client()
    first = (await client.insert(WorkArgs(), UNIQUE)).job
    await connection.execute("UPDATE river.river_job SET metadata = '[1]'")

    again = await client.insert(WorkArgs(), UNIQUE)

    assert (again.job.id, again.unique_skipped_as_duplicate) == (first.id, True)
