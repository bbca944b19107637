"""Clients that take their time: they cost a socket, and neither a database connection, nor a thread, nor for ever.

The server's patience is shortened here; how long anything takes is asserted nowhere.
"""

import asyncio

import pytest

from app.db.engine import Database
from app.web import protocol
from tests.attacks.raw import Raw, connected, exchange, statuses
from tests.fixtures.waiting import eventually
from tests.fixtures.web import Films, Web

SLOW = 25
"""Several times as many as the test's pool has connections."""


LOGIN = b"POST /api/v1/logins HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BEGUN = {
    "nothing": b"",
    "half a line": b"GET /healthz HT",
    "half a head": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ",
    "half a body": LOGIN + b"Content-Length: 9\r\n\r\n{",
    "half a chunk": LOGIN + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{",
}


@pytest.mark.usefixtures("impatient")
async def test_a_request_that_does_not_come_is_not_waited_for(web: Web) -> None:
    said = await asyncio.gather(*(exchange(web, begun) for begun in BEGUN.values()))
    assert dict(zip(BEGUN, said, strict=True)) == {name: [408] for name in BEGUN}


@pytest.mark.usefixtures("impatient")
async def test_the_second_request_of_a_connection_has_its_time_too(web: Web) -> None:
    async with connected(web) as raw:
        await raw.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await raw.answer())[0] == 200
        await raw.send(b"GET /healthz HT")
        assert statuses(await raw.rest()) == [408]


@pytest.mark.usefixtures("impatient")
async def test_a_long_answer_is_not_cut_off_by_the_time_for_requests(web: Web, films: Films) -> None:
    film = await films.add("Long (1927).mkv", b"x" * 4_000_000)
    async with connected(web) as raw:
        await raw.send(f"GET {film.url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        await raw.answer()
        await asyncio.wait_for(asyncio.shield(begin_slowly(raw)), 60)
        assert len(await raw.rest()) == 4_000_000 - 1000


async def begin_slowly(raw: Raw) -> None:
    for _ in range(10):
        await raw.reader.readexactly(100)
        await asyncio.to_thread(lambda: None)


async def test_headers_have_an_end(web: Web) -> None:
    async with connected(web) as raw:
        await raw.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        for _ in range(3 * protocol.MAX_HEAD // 1000):
            await raw.send(b"X: " + b"y" * 1000 + b"\r\n")
        assert set(statuses(await raw.rest())) <= {431}


async def test_slow_bodies_hold_no_database_connection(web: Web, database: Database) -> None:
    await many_slow_ones_beside(web, database, LOGIN + b"Content-Length: 999\r\n\r\n{", answered=False)


async def test_slow_readers_hold_no_database_connection(web: Web, database: Database, films: Films) -> None:
    film = await films.add("Large (1927).mkv", b"x" * 20_000_000)
    head = f"GET {film.url} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    await many_slow_ones_beside(web, database, head, answered=True)


async def test_slow_listeners_to_events_hold_no_database_connection(web: Web, database: Database) -> None:
    await many_slow_ones_beside(web, database, b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n", answered=True)


async def many_slow_ones_beside(web: Web, database: Database, head: bytes, *, answered: bool) -> None:
    slow = [connected(web) for _ in range(SLOW)]
    raws = [await one.__aenter__() for one in slow]
    try:
        for raw in raws:
            await raw.send(head)
        if answered:
            assert {(await raw.answer())[0] for raw in raws} == {200}
        answers = await asyncio.gather(*(web.http.get("/api/v1/libraries") for _ in range(10)))
        assert {answer.status_code for answer in answers} == {200}
        # The last of them is given back a moment after its answer; one that a slow client held would not be.
        await eventually(lambda: all_are_free(database))
    finally:
        for one in slow:
            await one.__aexit__(None, None, None)


def all_are_free(database: Database) -> bool:
    stats = database.pool.get_stats()
    return stats["pool_available"] == stats["pool_size"]


async def test_more_clients_than_connections_wait_their_turn(web: Web) -> None:
    """The pool of this test has four connections."""
    answers = await asyncio.gather(*(web.http.get("/api/v1/items") for _ in range(100)))
    assert [answer.status_code for answer in answers] == [200] * 100
