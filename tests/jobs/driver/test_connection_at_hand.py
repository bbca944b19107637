"""The one at hand is taken first, and never kept from those who wait."""

import asyncio

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from app.jobs.driver import connections as module
from app.jobs.driver.connections import Connections
from tests.fixtures.clients import until


@pytest.fixture
async def connections(database_url):
    made = Connections(lambda: database_url, 2)
    await made.open()
    yield made
    await made.close()


async def give_back(connections, connection):
    if not connections.keep(connection):
        await connections.give_back(connection)


async def pid(connection):
    return (await (await connection.execute("SELECT pg_backend_pid()")).fetchone())[0]


async def hang_up(connection, database_url):
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as another:
        await another.execute("SELECT pg_terminate_backend(%s, 10000)", [connection.info.backend_pid])


async def test_the_one_used_last_is_taken_first(connections):
    first, second = await connections.take(), await connections.take()
    await give_back(connections, first)
    await give_back(connections, second)

    for _ in range(3):  # the pool alone would give out the other
        taken = await connections.take()
        assert taken is first
        await give_back(connections, taken)
    assert await connections.take() is first
    assert await connections.take() is second


async def test_who_waits_gets_it_before_it_is_kept(connections):
    first, second = await connections.take(), await connections.take()
    waiting = asyncio.create_task(connections.take())
    await until(lambda: connections._waiting)

    assert not connections.keep(first)
    await connections.give_back(first)
    assert await waiting is first
    await give_back(connections, first)
    await give_back(connections, second)


async def test_one_that_the_server_has_left_is_replaced(connections, database_url):
    lost = await connections.take()
    assert connections.keep(lost)
    await hang_up(lost, database_url)

    taken = await connections.take()
    assert taken is not lost
    assert await pid(taken) == taken.info.backend_pid
    await give_back(connections, taken)


async def test_one_that_broke_in_use_is_not_kept(connections, database_url):
    lost = await connections.take()
    await hang_up(lost, database_url)
    with pytest.raises(psycopg.OperationalError):
        await lost.execute("SELECT 1")

    assert not connections.keep(lost)
    await connections.give_back(lost)
    taken = await connections.take()
    assert await pid(taken) == taken.info.backend_pid
    await give_back(connections, taken)


async def test_a_transaction_left_open_is_rolled_back_though_its_owner_is_cancelled(connections):
    connection = await connections.take()
    await connection.execute("BEGIN")

    async def end():
        asyncio.current_task().cancel()
        assert not connections.keep(connection)
        await connections.give_back(connection)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(end())
    first, second = await connections.take(), await connections.take()  # none is missing
    assert {first.pgconn.transaction_status, second.pgconn.transaction_status} == {TransactionStatus.IDLE}
    await give_back(connections, first)
    await give_back(connections, second)


async def test_after_a_while_it_goes_through_the_pool_which_knows_their_age(connections, monkeypatch):
    connection = await connections.take()
    monkeypatch.setattr(module, "LONGEST_STAY", -1)

    assert not connections.keep(connection)
    await connections.give_back(connection)


async def test_one_in_use_when_they_are_closed_is_closed_when_it_is_given_back(connections):
    in_use, at_hand = await connections.take(), await connections.take()
    assert connections.keep(at_hand)
    await connections.close()

    assert at_hand.closed
    assert not in_use.closed
    await give_back(connections, in_use)
    assert in_use.closed
    with pytest.raises(psycopg.OperationalError, match="not open"):
        await connections.take()


async def test_prompt_statements_and_others_each_have_their_own_at_hand(connections):
    one, other = await connections.take(prompt=True), await connections.take()
    assert connections.keep(one, prompt=True)
    assert connections.keep(other)

    assert await connections.take() is other
    assert await connections.take(prompt=True) is one
    await give_back(connections, one)
    await give_back(connections, other)


async def test_what_is_at_hand_for_others_is_taken_when_the_pool_has_no_more(connections):
    first, second = await connections.take(prompt=True), await connections.take()
    assert connections.keep(first, prompt=True)

    assert await connections.take() is first  # there are two in all
    await give_back(connections, first)
    await give_back(connections, second)
