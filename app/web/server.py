"""uvicorn in our own loop: no signals of its own, no sockets of its own, and a stop that ends.

States: idle → serving → idle. Stopping closes the listening sockets first, then gives answers under way `GRACE`
seconds, then cuts them off; a reader who has stalled cannot keep the process alive.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator

import structlog
import uvicorn
from starlette.types import ASGIApp

from app.config import HttpSettings
from app.errors import AppError
from app.lifecycle import Lifecycle
from app.web.disk import Disk
from app.web.listening import BACKLOG, authority, bind
from app.web.protocol import HttpProtocol

log = structlog.get_logger("web")

GRACE = 5
"""Seconds for answers under way. Streams end themselves within two of them (`app.web.media_bytes.LAST_BYTES`)."""

ACCEPTING = 4
"""Turns of the loop from a connection's arrival until its protocol knows of it, and one more."""

KEEP_ALIVE = 75
"""Seconds an idle connection is kept: what browsers and players are used to from other servers."""


class ServerFailed(AppError):
    code = "server_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the web server has ended by itself: {reason}")


class WebServer:
    """Serves one application on the configured address."""

    def __init__(
        self,
        app: ASGIApp,
        settings: HttpSettings,
        lifecycle: Lifecycle,
        disk: Disk,
        has_accounts: Callable[[], Awaitable[bool]],
    ) -> None:
        self._app = app
        self._settings = settings
        self._lifecycle = lifecycle
        self._disk = disk
        self._has_accounts = has_accounts
        self._sockets: list[socket.socket] = []
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, also when any free one was asked for. Only while serving."""
        return int(self._sockets[0].getsockname()[1])

    @property
    def host(self) -> str:
        """The address that is listened on, the first of several. Only while serving."""
        return str(self._sockets[0].getsockname()[0])

    @property
    def url(self) -> str:
        return f"http://{authority(self.host, self.port)}"

    async def start(self) -> None:
        """Return when connections are answered.

        Raises:
            NotLoopback, CannotListen: see `app.web.listening.bind`.
        """
        if self._serving is not None:
            return
        self._sockets = bind(self._settings.host, self._settings.port, loopback_only=not await self._has_accounts())
        self._server = _Server(self._config())
        self._serving = asyncio.create_task(self._server.serve(sockets=self._sockets), name="web.server")
        started = asyncio.create_task(self._server.serving.wait(), name="web.started")
        try:
            await asyncio.wait({self._serving, started}, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            await self.stop()
            raise
        finally:
            started.cancel()
        if self._serving.done():
            failure = repr(self._serving.exception())
            await self.stop()
            raise ServerFailed(failure)
        self._serving.add_done_callback(self._ended)
        log.info("listening", url=self.url)

    def _config(self) -> uvicorn.Config:
        proxies = [str(network) for network in self._settings.trusted_proxies]
        return uvicorn.Config(
            self._app,
            http=HttpProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
        )

    def _ended(self, serving: asyncio.Task[None]) -> None:
        """A server that ends unasked takes the process with it: half a server looks like a whole one."""
        if self._server is not None and not self._server.should_exit:
            failure = "cancelled" if serving.cancelled() else repr(serving.exception())
            self._lifecycle.shutdown(ServerFailed(failure))

    async def stop(self) -> None:
        """Stop serving. May come twice, or unstarted."""
        server, serving = self._server, self._serving
        self._server = self._serving = None
        try:
            if server is not None and serving is not None:
                server.ask_to_stop()
                await asyncio.wait({serving})
        finally:
            if server is not None:
                server.abort()
            for sock in self._sockets:
                sock.close()
            self._sockets = []
        try:
            if server is not None:
                await server.finished()
        finally:
            self._disk.close()


class _Server(uvicorn.Server):
    """uvicorn without signals, which tells when it serves and leaves nothing behind."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()
        self._asked_to_stop = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the lifecycle."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()

    async def main_loop(self) -> None:
        """Renew the Date header every second until asked to stop; uvicorn's own loop wakes ten times as often."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked_to_stop.wait(), 1)
        await self._accept_no_more()

    async def _accept_no_more(self) -> None:
        """Let connections that have just arrived come in: a listener closed meanwhile leaves them open."""
        loop = asyncio.get_running_loop()
        for listener in self.servers:
            for sock in listener.sockets:
                loop.remove_reader(sock.fileno())
        for _ in range(ACCEPTING):
            await asyncio.sleep(0)

    def ask_to_stop(self) -> None:
        self.should_exit = True
        self._asked_to_stop.set()

    def abort(self) -> None:
        """Close what the grace did not: connections whose reader has stalled keep their bytes for ever otherwise.

        A server that failed has not closed its listeners either, and the loop must be told before their sockets close:
        it would take the next socket of the same number for one that it watches already, and never look at it.
        """
        for listener in getattr(self, "servers", ()):
            listener.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    async def finished(self) -> None:
        """Wait for the tasks of requests that were cut off to give back what they hold."""
        if tasks := set(self.server_state.tasks):
            await asyncio.wait(tasks)
