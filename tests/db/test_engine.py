"""The pool while PostgreSQL comes and goes."""

import asyncio
import contextlib

import psycopg
import pytest
from psycopg_pool import PoolTimeout
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db.embedded import EmbeddedPostgres
from app.db.engine import Database
from app.errors import Unavailable
from tests.fixtures.waiting import eventually


@pytest.fixture
async def database(empty_database_url):
    database = Database(lambda: empty_database_url, min_size=2, max_size=4)
    await database.start()
    yield database
    await database.stop()


async def test_both_users_share_one_pool(database):
    async with database.engine.connect() as connection:
        assert (await connection.execute(text("SELECT current_setting('application_name')"))).scalar() == "revenge"
        assert database.pool.get_stats()["pool_available"] == 1
    await eventually(lambda: database.pool.get_stats()["pool_available"] == 2)


async def test_a_connection_that_died_unnoticed_is_not_handed_out(database, empty_database_url):
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as other:
        await other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'revenge'"
        )
    for _ in range(4):
        async with database.engine.connect() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar() == 1


async def test_a_cancellation_is_not_forgotten_over_a_connection(database, monkeypatch):
    """As Python 3.11 forgets it now and then, when both come at once."""
    getconn = database.pool.getconn
    waits, goes_on = asyncio.Event(), asyncio.Event()

    async def forgetful():
        waits.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return await getconn()

    async def work():
        async with database.engine.connect():
            goes_on.set()

    monkeypatch.setattr(database.pool, "getconn", forgetful)
    working = asyncio.create_task(work())
    await waits.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert not goes_on.is_set()
    await eventually(lambda: database.pool.get_stats()["pool_available"] == 2)


async def test_it_may_be_stopped_twice_and_started_again(database):
    await database.stop()
    await database.stop()
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = database.pool
    await database.start()
    await database.start()
    async with database.engine.connect() as connection:
        assert (await connection.execute(text("SELECT 1"))).scalar() == 1


async def test_nobody_there_at_the_start(monkeypatch, tmp_path):
    monkeypatch.setattr("app.db.engine.START_PATIENCE", 0.05)
    database = Database(lambda: f"host={tmp_path}")
    with pytest.raises(Unavailable, match=r"the database took no connection within 0\.05 s"):
        await database.start()
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = database.pool


@pytest.fixture
async def own_server(session_directory, postgres_binaries, request):
    """A server that this test may stop, and its address."""
    data = session_directory / f"engine-{abs(hash(request.node.name)) % 10**6}" / "postgres"
    server = EmbeddedPostgres(data, binaries=postgres_binaries, settings={"fsync": "off"})
    await server.start()
    yield server
    await server.stop()


async def test_who_asks_while_the_server_is_away_waits_and_is_served_when_it_is_back(own_server, monkeypatch):
    monkeypatch.setattr("app.db.engine.RECONNECT_PATIENCE", 0.05)
    database = Database(lambda: own_server.conninfo, min_size=2, max_size=4)
    await database.start()

    async def ask():
        async with database.engine.connect() as connection:
            return (await connection.execute(text("SELECT 1"))).scalar()

    await own_server.stop()
    waiting = [asyncio.create_task(ask()) for _ in range(8)]
    await eventually(lambda: database._recovery is not None)  # the pool itself has given up
    await own_server.start()

    assert await asyncio.gather(*waiting) == [1] * 8
    await database.stop()


async def test_a_statement_in_flight_fails_and_the_next_one_works(own_server):
    database = Database(lambda: own_server.conninfo, min_size=1, max_size=1)
    await database.start()
    async with database.pool.connection() as connection:
        await connection.execute("SELECT 1")
        await own_server.stop()
        await own_server.start()
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT 1")
        await connection.close()
    async with database.pool.connection() as connection:
        assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    await database.stop()


async def test_stopped_while_it_looks_for_the_server_it_leaves_nothing_running(own_server, monkeypatch):
    monkeypatch.setattr("app.db.engine.RECONNECT_PATIENCE", 0.05)
    database = Database(lambda: own_server.conninfo, min_size=1, max_size=2, timeout=0.05)
    await database.start()
    await own_server.stop()
    with pytest.raises(PoolTimeout):
        await eventually(database.pool.getconn)
    await eventually(lambda: database._recovery is not None)
    recovery = database._recovery
    await database.stop()
    assert recovery.cancelled()


async def test_every_new_connection_asks_where_the_server_is_now(empty_database_url, database_url):
    """Our own server may come back elsewhere, started by another process."""
    addresses = iter([empty_database_url, database_url])
    database = Database(lambda: next(addresses), min_size=1, max_size=2)
    await database.start()
    async with database.pool.connection() as first, database.pool.connection() as second:
        assert first.info.dbname != second.info.dbname
    await database.stop()


async def test_an_error_quotes_its_statement_and_no_value(database):
    """It is logged, and a value may be anybody's secret."""
    async with database.engine.connect() as connection:
        with pytest.raises(DBAPIError) as failed:
            await connection.execute(text("SELECT 1 / :zero WHERE :secret <> ''"), {"zero": 0, "secret": "hushhush"})
    assert "SELECT 1 /" in str(failed.value)
    assert "hushhush" not in str(failed.value)
