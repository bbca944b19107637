"""The pool, lent connections, transactions, and a database that goes away and comes back."""

import asyncio
import contextlib
import os
from contextlib import aclosing
from datetime import UTC

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from app.errors import InvalidInput
from app.jobs.driver.connections import Connections
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.driver.statements import Statements
from app.jobs.types import Topic
from tests.fixtures.waiting import eventually


async def kill_all_others(connection):
    """Return when they are gone; the pool may be making new ones meanwhile.

    Their processes, that is: PostgreSQL lists them no more a moment before their ends of the wires are closed.
    """
    cursor = await connection.execute(
        "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    killed = [row["pid"] for row in await cursor.fetchall()]
    assert killed
    await eventually(lambda: not any(map(is_there, killed)))


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_wrong_address_is_found_at_the_start():
    driver = PsycopgDriver(lambda: "postgresql://nobody@127.0.0.1:1/none", "river")

    with pytest.raises(psycopg.OperationalError):
        await driver.open()
    with pytest.raises(psycopg.OperationalError):
        await driver.ping()
    await driver.close()


async def test_closing_twice_or_unopened_is_no_error(driver):
    await driver.close()
    await driver.close()


async def test_connections_that_the_server_dropped_are_not_handed_out(driver, connection):
    """Every idle one is dead: without a look before use the first statements after a restart would all fail."""
    await asyncio.gather(*(driver.ping() for _ in range(8)))
    await kill_all_others(connection)

    await asyncio.gather(*(driver.ping() for _ in range(8)))


class ForgetfulPool:
    """As psycopg_pool on Python 3.11, now and then: a cancellation is forgotten over the connection it came with."""

    def __init__(self, connection):
        self.connection = connection
        self.given_back = []

    async def getconn(self):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return self.connection

    async def putconn(self, connection):
        self.given_back.append(connection)


async def test_a_cancellation_is_not_forgotten_over_a_connection(driver, connection):
    connections = Connections(lambda: "", 1)
    pool = connections._pool = ForgetfulPool(connection)
    taking = asyncio.create_task(connections.take())
    await asyncio.sleep(0)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert pool.given_back == [connection]


async def test_a_lent_connection_is_used_as_it_is(database_url, driver, factory):
    """Whatever its rows, its time zone and its adapters look like: an ORM's may differ."""
    async with await psycopg.AsyncConnection.connect(
        database_url, row_factory=dict_row, options="-c timezone=Asia/Kolkata -c search_path=public"
    ) as lent:
        bound = driver.using(lent)
        job_id = await factory.id_of()
        (job,) = await bound.job_get_available(queue="default", client_id="me", limit=1)
        await bound.leader_attempt_elect(leader_id="me", ttl=15)
        assert (await factory.read(job_id)).attempt == 0
        assert await driver.leader_get() is None
        await lent.commit()

    assert await factory.read(job_id) == job
    assert job.attempted_at.tzinfo is job.created_at.tzinfo is job.scheduled_at.tzinfo is UTC
    assert (await driver.leader_get()).elected_at == job.attempted_at


async def test_begin_commits_and_rolls_back(driver, factory):
    async with driver.begin() as tx:
        await tx.queue_create_or_set_updated_at("kept")
        assert await driver.queue_get("kept") is None
    with pytest.raises(ZeroDivisionError):
        await fail_within(driver)

    assert [queue.name for queue in await driver.queue_list()] == ["kept"]


async def fail_within(driver):
    async with driver.begin() as tx:
        await tx.queue_create_or_set_updated_at("lost")
        raise ZeroDivisionError


async def test_on_a_lent_connection_begin_adds_no_savepoint(driver, connection):
    """As in River since 0.49: after an error the caller can only roll back (conformance 6, row 18)."""
    async with driver.begin() as tx:
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            await update_badly(tx)
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await tx.ping()
        await connection.execute("SELECT 1")


async def update_badly(tx):
    async with tx.begin() as inner:
        await inner.queue_update("default", b"no json")


async def test_two_drivers_on_one_database_keep_their_schemas_apart(driver, database_url, connection):
    await connection.execute('CREATE SCHEMA "a ""b"" %s {schema}"')
    await connection.execute('CREATE TABLE "a ""b"" %s {schema}".river_queue (LIKE river.river_queue INCLUDING ALL)')
    other = PsycopgDriver(lambda: database_url, 'a "b" %s {schema}')
    await other.open()
    try:
        await other.queue_create_or_set_updated_at("theirs")
        await driver.queue_create_or_set_updated_at("ours")
        assert [queue.name for queue in await other.queue_list()] == ["theirs"]
        assert [queue.name for queue in await driver.queue_list()] == ["ours"]
    finally:
        await other.close()


async def test_without_a_schema_the_search_path_decides(driver, database_url, connection):
    on_path = PsycopgDriver(lambda: make_conninfo(database_url, options="-csearch_path=nowhere,river"), None)
    await on_path.open()
    listener = on_path.listener()
    try:
        await on_path.queue_create_or_set_updated_at("theirs")
        await listener.connect()
        await listener.listen(Topic.CONTROL)
        await driver.notify_many(Topic.CONTROL, ["heard"])
        async with aclosing(listener.notifications(60)) as notes:
            assert [note.payload async for note in first(notes)] == ["heard"]
    finally:
        await listener.close()
        await on_path.close()

    assert on_path.schema == "river"
    assert [queue.name for queue in await driver.queue_list()] == ["theirs"]


async def first(notes):
    async for note in notes:
        yield note
        return


async def test_a_search_path_that_leads_nowhere_is_found_at_the_start(database_url):
    lost = PsycopgDriver(lambda: make_conninfo(database_url, options="-csearch_path=nowhere"), None)

    with pytest.raises(InvalidInput, match="search path"):
        await lost.open()


async def test_one_pool_serves_several_schemas(driver, connection):
    await connection.execute('CREATE SCHEMA "Other"')
    await connection.execute('CREATE TABLE "Other".river_queue (LIKE river.river_queue INCLUDING ALL)')
    other = driver.in_schema("Other")

    await other.queue_create_or_set_updated_at("theirs")
    await driver.queue_create_or_set_updated_at("ours")

    assert (other.schema, driver.schema) == ("Other", "river")
    assert [queue.name for queue in await other.queue_list()] == ["theirs"]
    assert [queue.name for queue in await driver.queue_list()] == ["ours"]


async def test_a_schema_that_no_channel_could_name_is_refused(driver, database_url):
    assert driver.in_schema("s" * 46).schema == "s" * 46
    with pytest.raises(InvalidInput):
        driver.in_schema("s" * 47)
    too_long = PsycopgDriver(lambda: database_url, "é" * 24)
    with pytest.raises(InvalidInput):
        await too_long.open()


async def test_a_listener_hears_its_topics_of_its_schema(driver, connection):
    listener = driver.listener()
    with pytest.raises(psycopg.OperationalError):
        await listener.ping()
    await listener.connect()
    try:
        await listener.listen(Topic.INSERT)
        await listener.listen(Topic.CONTROL)
        await listener.ping()
        await connection.execute("SELECT pg_notify('public.river_insert', 'other schema')")
        await driver.notify_many(Topic.LEADERSHIP, ["not listened to"])
        await driver.notify_many(Topic.INSERT, ["one", 'two "\\,{}'])
        await driver.notify_many(Topic.CONTROL, ["three"])
        heard = []
        async with aclosing(listener.notifications(60)) as notes:
            async for note in notes:
                heard.append((note.topic, note.payload))
                if len(heard) == 3:
                    break
    finally:
        await listener.close()
        await listener.close()

    assert heard == [(Topic.INSERT, "one"), (Topic.INSERT, 'two "\\,{}'), (Topic.CONTROL, "three")]


async def test_a_listener_that_is_cut_off_says_so(driver, connection):
    listener = driver.listener()
    await listener.connect()
    try:
        await listener.listen(Topic.INSERT)
        await kill_all_others(connection)
        with pytest.raises(psycopg.OperationalError):
            [note async for note in listener.notifications(60)]
        await listener.connect()
        await listener.listen(Topic.INSERT)
        await listener.ping()
    finally:
        await listener.close()


async def test_waiting_for_notifications_ends(driver):
    listener = driver.listener()
    await listener.connect()
    try:
        assert [note async for note in listener.notifications(0.01)] == []
    finally:
        await listener.close()


def test_every_statement_names_the_schema_and_no_bare_table():
    statements = Statements("some schema")
    for name, text in statements._texts.items():
        for table in ("river_job", "river_leader", "river_queue", "revenge_client"):
            assert text.replace(b'"some schema".' + table.encode(), b"").count(b" " + table.encode()) == 0, name
        assert b"--" not in text, name
