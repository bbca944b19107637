"""One transaction with two views: what a domain writes and the jobs it causes commit together or not at all."""

import asyncio

import psycopg
import pytest
from sqlalchemy import Column, MetaData, String, Table, insert, select

from app.db.engine import Database
from app.db.tx import Transactions
from tests.fixtures.waiting import eventually

films = Table("films", MetaData(), Column("title", String, primary_key=True))


@pytest.fixture
async def database(empty_database_url):
    database = Database(lambda: empty_database_url, min_size=1, max_size=4, timeout=30)
    await database.start()
    async with database.pool.connection() as connection:
        await connection.execute("CREATE TABLE films (title text PRIMARY KEY)")
        await connection.execute("CREATE TABLE jobs (title text REFERENCES films)")
    yield database
    await database.stop()


async def counted(database):
    async with database.pool.connection() as connection:
        cursor = await connection.execute("SELECT (SELECT count(*) FROM films), (SELECT count(*) FROM jobs)")
        return await cursor.fetchone()


async def write_both(tx):
    await tx.session.execute(insert(films).values(title="Stalker"))
    await tx.connection.execute("INSERT INTO jobs VALUES ('Stalker')")


async def test_both_views_commit_together(database):
    async with Transactions(database).begin() as tx:
        await write_both(tx)
        assert await counted(database) == (0, 0)
    assert await counted(database) == (1, 1)


async def test_both_views_roll_back_together(database):
    with pytest.raises(LookupError):
        async with Transactions(database).begin() as tx:
            await write_both(tx)
            raise LookupError
    assert await counted(database) == (0, 0)


async def test_a_failed_statement_of_one_view_takes_the_other_with_it(database):
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        async with Transactions(database).begin() as tx:
            await tx.session.execute(insert(films).values(title="Stalker"))
            await tx.connection.execute("INSERT INTO jobs VALUES ('Solaris')")
    assert await counted(database) == (0, 0)


async def test_each_view_sees_what_the_other_wrote(database):
    async with Transactions(database).begin() as tx:
        await tx.connection.execute("INSERT INTO films VALUES ('Stalker')")
        assert (await tx.session.scalars(select(films.c.title))).all() == ["Stalker"]
        await tx.session.execute(insert(films).values(title="Solaris"))
        cursor = await tx.connection.execute("SELECT count(*) FROM films")
        assert await cursor.fetchone() == (2,)


async def test_the_raw_view_is_in_the_transaction_from_its_first_statement(database):
    """Were it not, a job inserted before the session's first write would stay when the change rolls back."""
    with pytest.raises(LookupError):
        async with Transactions(database).begin() as tx:
            await tx.connection.execute("INSERT INTO films VALUES ('Stalker')")
            raise LookupError
    assert await counted(database) == (0, 0)


async def test_a_savepoint_of_the_raw_view_ends_alone(database):
    async with Transactions(database).begin() as tx:
        with pytest.raises(LookupError):
            async with tx.connection.transaction():
                await tx.connection.execute("INSERT INTO films VALUES ('Solaris')")
                raise LookupError
        await write_both(tx)
    assert await counted(database) == (1, 1)


async def test_cancelled_in_the_middle_it_rolls_back_and_gives_its_connection_back(database):
    opened = asyncio.Event()

    async def hang():
        async with Transactions(database).begin() as tx:
            await write_both(tx)
            opened.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await opened.wait()
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()
    assert await counted(database) == (0, 0)
    await eventually(lambda: database.pool.get_stats()["pool_available"] == database.pool.get_stats()["pool_size"])


async def test_more_transactions_than_the_pool_has_connections(database):
    """SQLAlchemy closes what the pool lent it; every connection must come back."""
    transactions = Transactions(database)

    async def write(number):
        async with transactions.begin() as tx:
            await tx.session.execute(insert(films).values(title=f"film {number}"))

    async with asyncio.TaskGroup() as tasks:
        for number in range(40):
            tasks.create_task(write(number))
    assert await counted(database) == (40, 0)
    assert database.pool.get_stats()["pool_size"] <= 4
