"""Starting proves, stopping ends, and nobody from outside is let in."""

import asyncio
import contextlib
import errno
import gc
import os
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.config import HttpSettings
from app.lifecycle import Lifecycle
from app.web.disk import Disk
from app.web.listening import CannotListen, NotLoopback, bind
from app.web.server import ServerFailed, WebServer
from tests.fixtures.web import Films, Web

MakeServer = Callable[..., WebServer]


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


@pytest.fixture
async def make_server() -> AsyncIterator[MakeServer]:
    made: list[WebServer] = []

    def make(
        app: ASGIApp = hello,
        lifecycle: Lifecycle | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        accounts: bool = False,
    ) -> WebServer:
        async def has_accounts() -> bool:
            return accounts

        made.append(WebServer(app, HttpSettings(host=host, port=port), lifecycle or Lifecycle(), Disk(), has_accounts))
        return made[-1]

    yield make
    for server in made:
        await server.stop()


async def get(url: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        return await http.get(url, headers=headers)


def sockets() -> int:
    """Count this process's open sockets."""
    return sum("socket:" in str(link.resolve()) for link in Path("/proc/self/fd").iterdir())


async def test_start_returns_when_requests_are_answered(make_server: MakeServer) -> None:
    server = make_server()
    await server.start()
    await server.start()

    assert (await get(server.url)).text == "hello"


async def test_stop_may_come_twice_or_unstarted_and_leaves_no_socket(make_server: MakeServer) -> None:
    before = sockets()
    server = make_server()
    await server.stop()
    for _ in range(3):
        await server.start()
        url = server.url
        assert (await get(url)).text == "hello"
        await server.stop()
        await server.stop()
        with pytest.raises(httpx.ConnectError):
            await get(url)

    assert sockets() == before


async def test_a_port_in_use_is_one_clear_sentence(make_server: MakeServer) -> None:
    before = sockets()
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = make_server(port=other.getsockname()[1])
        with pytest.raises(CannotListen, match=r"127\.0\.0\.1:\d+: something listens there already.*http\.port"):
            await server.start()
    assert sockets() == before


async def test_a_server_that_has_just_stopped_leaves_its_port_to_the_next(make_server: MakeServer) -> None:
    first = make_server()
    await first.start()
    port = first.port
    assert (await get(first.url)).text == "hello"
    await first.stop()

    second = make_server(port=port)
    await second.start()
    assert second.port == port


@pytest.mark.parametrize("turns", range(12))
async def test_whoever_comes_while_it_stops_is_sent_away(make_server: MakeServer, turns: int) -> None:
    """In whatever turn of the loop: none is left open, which the loop would tell of."""
    server = make_server()
    await server.start()
    address = (server.host, server.port)
    stopping = asyncio.create_task(server.stop())
    for _ in range(turns):
        await asyncio.sleep(0)
    with contextlib.suppress(ConnectionError), socket.create_connection(address) as late:
        await stopping
        gc.collect()
        assert late.recv(1) == b""
    await stopping


async def test_every_address_is_listened_on_once_there_is_an_account(make_server: MakeServer) -> None:
    server = make_server(host="0.0.0.0", accounts=True)
    await server.start()
    assert (await get(f"http://127.0.0.1:{server.port}")).text == "hello"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "", "8.8.8.8", "::ffff:1.2.3.4"])
async def test_no_address_that_others_reach_is_listened_on(host: str) -> None:
    with pytest.raises((NotLoopback, CannotListen), match=r"no accounts|no such address"):
        bind(host, 0)


async def test_the_refusal_says_why_and_what_to_set() -> None:
    with pytest.raises(NotLoopback, match=r"refusing to listen on 0\.0\.0\.0.*no accounts.*REVENGE_HTTP__HOST"):
        bind("0.0.0.0", 8484)


async def test_every_loopback_address_of_a_name_gets_the_same_port() -> None:
    bound = bind("localhost", 0)
    try:
        assert len({sock.getsockname()[1] for sock in bound}) == 1
        assert bound[0].getsockname()[0] == "127.0.0.1"
    finally:
        for sock in bound:
            sock.close()


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.EACCES, "below 1024"), (errno.EADDRNOTAVAIL, "no such address"), (errno.EMFILE, "too many open files")],
)
async def test_what_else_keeps_us_from_listening_is_told(
    monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("app.web.listening._bind", refuse)
    with pytest.raises(CannotListen, match=advice):
        bind("127.0.0.1", 80)


async def test_a_request_under_way_is_answered_before_the_stop(make_server: MakeServer) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.set()
        await go_on.wait()
        await PlainTextResponse("late, but here")(scope, receive, send)

    server = make_server(slow)
    await server.start()
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(get(server.url))
        await arrived.wait()
        stopping = tasks.create_task(server.stop())
        await asyncio.sleep(0)
        go_on.set()

    assert asking.result().text == "late, but here"
    assert stopping.done()


async def test_a_request_that_never_ends_is_cut_off(make_server: MakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.server.GRACE", 0)
    arrived, given_back = asyncio.Event(), asyncio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_back.set()

    server = make_server(endless)
    await server.start()
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(failing(get(server.url)))
        await arrived.wait()
        await server.stop()

    assert given_back.is_set()
    assert asking.result()


async def failing(asking: object) -> bool:
    """Say whether what was asked failed as it does when a server is gone."""
    try:
        answer = await asking  # type: ignore[misc]
    except httpx.TransportError:
        return True
    return answer.status_code >= 500


async def test_a_stream_ends_when_the_process_is_asked_to_stop(
    web: Web, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A film would hold the stop for hours. Its player asks for the rest when the server is back."""
    monkeypatch.setattr("app.web.media_bytes.LAST_BYTES", 0)
    size = 32 * 1024 * 1024
    film = await films.add("large.mkv", bytes(size))
    with socket.create_connection(("127.0.0.1", web.server.port)) as reader:
        reader.sendall(f"GET {film.url} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        received = len(await asyncio.to_thread(reader.recv, 100))

        web.lifecycle.stopping.set()
        while piece := await asyncio.to_thread(reader.recv, 1 << 20):
            received += len(piece)

    assert received < size


async def test_a_stream_that_nobody_takes_does_not_keep_the_server(web: Web, films: Films) -> None:
    film = await films.add("large.mkv", bytes(32 * 1024 * 1024))
    with socket.create_connection(("127.0.0.1", web.server.port)) as reader:
        reader.sendall(f"GET {film.url} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await asyncio.to_thread(reader.recv, 100)
        server = web.server._server
        assert server is not None
        server.config.timeout_graceful_shutdown = 0

        await web.server.stop()

        assert not server.server_state.connections
        assert not server.server_state.tasks


async def test_a_server_that_ends_by_itself_takes_the_process_with_it(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle = Lifecycle()
    server = make_server(lifecycle=lifecycle)

    async def broken(*_: object) -> bool:
        raise RuntimeError("out of luck")

    await server.start()
    monkeypatch.setattr("uvicorn.Server.on_tick", broken)
    server._server._asked_to_stop.set()  # type: ignore[union-attr]  # wakes the loop, which then fails
    await lifecycle.stopping.wait()

    with pytest.raises(ServerFailed, match="out of luck"):
        await lifecycle.run()
    await server.stop()
    monkeypatch.undo()
    await server.start()
    assert (await get(server.url)).text == "hello", "a listener that was never closed swallows the next one's requests"


async def test_what_is_no_http_is_told_so_as_a_problem(make_server: MakeServer) -> None:
    server = make_server()
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"\x16\x03\x01 not http\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in head
    assert b'"code":"malformed_request"' in body


async def test_signals_are_left_to_the_lifecycle(make_server: MakeServer) -> None:
    import signal

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    server = make_server(JSONResponse({}))
    await server.start()

    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
