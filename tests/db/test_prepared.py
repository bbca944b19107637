"""Statements that are composed once, and connections on which each is a transaction of its own."""

import asyncio

import psycopg
import pytest
from psycopg import sql
from psycopg.pq import TransactionStatus

from app.db.engine import Database
from app.db.prepared import Prepared
from app.db.tx import Transactions


@pytest.fixture
async def database(empty_database_url):
    database = Database(lambda: empty_database_url, min_size=1, max_size=1)
    await database.start()
    yield database
    await database.stop()


def test_names_become_numbers_and_percent_signs_stay():
    of = Prepared.of(sql.SQL("SELECT %(b)s::int %% 7, %(a)s::text, %(b)s").format())
    assert of.text == b"SELECT $1::int % 7, $2::text, $1"
    assert of.names == ("b", "a")


async def test_a_statement_takes_what_it_names_and_is_planned_once(database):
    statement = Prepared.of(sql.SQL("SELECT %(n)s::int %% 7 AS rest, %(word)s::text AS word").format())
    async with Transactions(database).autocommit() as asked:
        for n in range(8):
            rows = await statement.fetch(asked.connection, {"n": n, "word": "a", "unused": object()})
            assert rows == [{"rest": n % 7, "word": "a"}]
        assert await statement.value(asked.connection, {"n": 15, "word": "a"}) == 1
        planned = await asked.connection.execute(
            "SELECT generic_plans > 0 FROM pg_prepared_statements WHERE statement LIKE '% AS rest, %'"
        )
        assert await planned.fetchall() == [(True,)]


async def test_each_statement_is_kept_by_itself(database):
    with pytest.raises(LookupError):
        async with Transactions(database).autocommit() as asked:
            await asked.connection.execute("CREATE TABLE kept (n int)")
            raise LookupError
    async with Transactions(database).begin() as tx:
        assert tx.connection.autocommit is False
        assert await (await tx.connection.execute("SELECT count(*) FROM kept")).fetchone() == (0,)


async def test_a_connection_left_in_the_middle_is_replaced(database):
    """Whoever is cut off takes nothing along: the pool of this test has one connection."""
    begun = asyncio.Event()

    async def hang():
        async with Transactions(database).autocommit() as asked:
            await asked.connection.execute("BEGIN")
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with Transactions(database).autocommit() as asked:
        assert asked.connection.pgconn.transaction_status == TransactionStatus.IDLE
        assert await (await asked.connection.execute("SELECT 1")).fetchone() == (1,)


async def test_one_that_the_server_hung_up_on_is_not_lent(database, empty_database_url):
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as other:
        await other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'revenge'"
        )
    async with Transactions(database).autocommit() as asked:
        assert await (await asked.connection.execute("SELECT 1")).fetchone() == (1,)


async def test_a_cancellation_while_one_is_given_back_costs_the_pool_nothing(database, monkeypatch):
    set_autocommit = psycopg.AsyncConnection.set_autocommit

    async def cancelled(connection, value):
        await set_autocommit(connection, value)
        if value is False:
            raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.AsyncConnection, "set_autocommit", cancelled)
        with pytest.raises(asyncio.CancelledError):
            async with Transactions(database).autocommit():
                pass
    async with asyncio.timeout(60), Transactions(database).autocommit() as asked:
        assert await (await asked.connection.execute("SELECT 1")).fetchone() == (1,)
