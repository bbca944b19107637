"""A database that says nothing: who waits in person is told soon, who works waits on, and all goes on when it does."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from app.db.embedded import EmbeddedPostgres
from app.db.engine import Database, _bounded
from app.db.pulse import Silent, somebody_waits
from app.db.tx import Transactions
from app.jobs.verdict import lost_database
from app.web.errors import is_database_away
from tests.fixtures.waiting import eventually
from tests.fixtures.wire import Wire

PATIENCE = 0.1
LONG = 1000.0
UNHURRIED, HURRIED = 10.0, 0.2
"""Seconds in which a question must be answered: by a database that answers, however busy the machine is; and by one
that will not."""


@pytest.fixture
async def made(monkeypatch: pytest.MonkeyPatch, database_url: str) -> AsyncIterator[Callable[..., Awaitable[Database]]]:
    monkeypatch.setattr("app.db.pulse.ASK_EVERY", 0.05)
    monkeypatch.setattr("app.db.pulse.ASK_SELDOM", 0.05)
    databases: list[Database] = []

    async def make(conninfo: str, *, size: int = 2, patience: float = PATIENCE, longest: float = LONG) -> Database:
        monkeypatch.setattr("app.db.engine.ANSWER", UNHURRIED)
        database = Database(lambda: conninfo, min_size=1, max_size=size, patience=patience, longest=longest)
        databases.append(database)
        await database.start()
        return database

    yield make
    for database in databases:
        await database.stop()


async def look(database: Database, *, only_reads: bool = True) -> int:
    """Look something up as a request does."""
    with somebody_waits(only_reads=only_reads):
        async with Transactions(database).begin() as tx:
            row = await (await tx.connection.execute("SELECT 1")).fetchone()
    assert row is not None
    return int(str(row[0]))


async def looked_in_vain(database: Database, *, only_reads: bool = True, answer: float = HURRIED) -> BaseException:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Exception) as raised:  # noqa: PT011  its meaning is asked
        patch.setattr("app.db.engine.ANSWER", answer)
        await look(database, only_reads=only_reads)
    assert lost_database(raised.value)
    assert is_database_away(raised.value)
    return raised.value


@pytest.mark.parametrize("only_reads", [True, False])
async def test_somebody_who_waits_is_told_and_those_after_them_at_once(made, wire: Wire, only_reads: bool) -> None:
    database = await made(wire.conninfo)
    assert await look(database) == 1
    wire.freeze()
    await looked_in_vain(database, only_reads=only_reads)

    assert database.pulse.is_silent
    taken = database.pool.get_stats()["requests_num"]
    await looked_in_vain(database)
    assert database.pool.get_stats()["requests_num"] == taken, "it was not even asked for a connection"

    wire.thaw()
    await eventually(lambda: not database.pulse.is_silent)
    assert await look(database) == 1


async def test_who_works_waits_on_and_gets_the_answer(made, wire: Wire) -> None:
    database = await made(wire.conninfo)
    holding = asyncio.Event()

    async def work() -> int:
        async with Transactions(database).begin() as tx:
            await tx.connection.execute("SELECT 1")
            holding.set()
            row = await (await tx.connection.execute("SELECT pg_sleep(0.1), 7")).fetchone()
        assert row is not None
        return int(str(row[1]))

    working = asyncio.create_task(work())
    await holding.wait()
    wire.freeze()
    await looked_in_vain(database)
    wire.thaw()
    assert await working == 7


async def test_who_waits_for_a_connection_that_others_hold_is_told_too(made, wire: Wire) -> None:
    database = await made(wire.conninfo, size=1)
    async with Transactions(database).begin() as tx:
        await tx.connection.execute("SELECT 1")
        wire.freeze()
        await looked_in_vain(database)
        wire.thaw()
    await eventually(lambda: not database.pulse.is_silent)
    assert await look(database) == 1


async def test_a_long_statement_of_a_database_that_answers_is_waited_for(made, database_url: str) -> None:
    """The control: being slow is not being silent."""
    database = await made(database_url)
    with somebody_waits(only_reads=True):
        async with Transactions(database).begin() as tx:
            await tx.connection.execute("SELECT pg_sleep(%s)", [5 * PATIENCE])
    assert not database.pulse.is_silent


@pytest.fixture
async def server(session_directory, postgres_binaries) -> AsyncIterator[EmbeddedPostgres]:
    own = EmbeddedPostgres(session_directory / "pulse" / "postgres", binaries=postgres_binaries)
    await own.start()
    yield own
    await own.stop()


async def test_processes_of_the_server_that_are_stopped_are_left_to_themselves(made, server: EmbeddedPostgres) -> None:
    """The server makes a new process for whoever connects, so it answers; those that we had do not."""
    database = await made(server.conninfo, longest=0.5)
    async with Transactions(database).begin() as tx:
        row = await (await tx.connection.execute("SELECT pg_backend_pid()")).fetchone()
    assert row is not None
    stopped = int(str(row[0]))
    os.kill(stopped, signal.SIGSTOP)
    try:
        await looked_in_vain(database, answer=UNHURRIED)
        assert await look(database) == 1
        assert not database.pulse.is_silent
    finally:
        os.kill(stopped, signal.SIGCONT)


async def test_a_server_that_is_stopped_as_a_whole_is_silent(made, server: EmbeddedPostgres) -> None:
    database = await made(server.conninfo)
    assert await look(database) == 1
    assert server.pid is not None
    children = [int(pid) for pid in _children(server.pid)]
    for pid in (server.pid, *children):
        os.kill(pid, signal.SIGSTOP)
    try:
        await looked_in_vain(database)
        assert database.pulse.is_silent
    finally:
        for pid in (server.pid, *children):
            os.kill(pid, signal.SIGCONT)
    await eventually(lambda: not database.pulse.is_silent)
    assert await look(database) == 1


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


async def test_an_address_that_says_how_long_to_connect_is_obeyed() -> None:
    assert "connect_timeout=3" in _bounded("postgresql://localhost/x?connect_timeout=3")
    assert "connect_timeout=10" in _bounded("postgresql://localhost/x")


async def test_what_is_told_is_a_lost_connection(made, wire: Wire) -> None:
    database = await made(wire.conninfo)
    wire.freeze()
    told = await looked_in_vain(database)
    causes = []
    while told is not None:
        causes.append(type(told))
        told = told.__cause__
    assert Silent in causes
