"""A PostgreSQL of our own, kept running while we run."""

import asyncio
import contextlib
import signal
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import structlog

from app.db.embedded import binaries as programs
from app.db.embedded.binaries import Binaries
from app.db.embedded.child import Identity, choose_identity, spawn
from app.db.embedded.cluster import Cluster, Running
from app.db.embedded.errors import ServerFailed
from app.db.embedded.initdb import make_cluster
from app.db.embedded.sockets import socket_directory
from app.errors import AppError
from app.lifecycle import Service

log = structlog.get_logger("postgres")

READY_POLL = 0.02
WATCH_POLL = 0.5
"""Seconds between looks at a server that another process runs: as long may a takeover wait."""
LONGEST_BACKOFF = 30.0
STEADY_AFTER = 10.0
"""Seconds a server must have lived for its end to count as the first: it is started again at once."""


class EmbeddedPostgres(Service):
    """Runs PostgreSQL in `data`, or uses the one that another process of ours runs there.

    States: stopped → owning | attached → stopped. Whoever gets the lock starts the server as its child and owns it;
    the others attach. A server that ends is started again by whoever is first, so an attached process takes over
    when the owner stops: `work` goes on after `serve` has ended, at the price of one restart and its reconnections.
    The address may change with the owner, so ask `conninfo` for every new connection.

    Dies with us: the kernel signals the server when the thread that started it ends (Linux; elsewhere a server whose
    owner was killed stays, and the next start attaches to it). So the event loop must run in the main thread.
    """

    def __init__(
        self,
        data: Path,
        *,
        binaries: Path | None = None,
        settings: Mapping[str, str] | None = None,
        start_timeout: float = 60,
        stop_timeout: float = 20,
    ) -> None:
        super().__init__()
        self._cluster = Cluster(data.absolute())
        self._explicit_binaries = binaries
        self._settings = settings or {}
        self._start_timeout = start_timeout
        self._stop_timeout = stop_timeout
        self._running: Running | None = None
        self._child: Process | None = None
        self._identity: Identity | None = None

    @property
    def conninfo(self) -> str:
        """Where the server listens; the last known place while it is being started again.

        Raises:
            RuntimeError: never started.
        """
        if self._running is None:
            raise RuntimeError("the embedded server has not been started")
        return self._running.conninfo

    @property
    def pid(self) -> int | None:
        return self._running.pid if self._running else None

    @property
    def is_owner(self) -> bool:
        """Whether the server is our child, rather than another process's."""
        return self._child is not None

    async def prepare(self) -> None:
        try:
            await self._ensure()
        except BaseException:
            await self.finish()
            raise

    async def run(self) -> None:
        """Watch the server and start it again when it ends, waiting longer each time it does so soon."""
        loop = asyncio.get_running_loop()
        backoff = 0.0
        while True:
            began = loop.time()
            await self._ended()
            backoff = 0.0 if loop.time() - began > STEADY_AFTER else min(max(backoff * 2, 0.5), LONGEST_BACKOFF)
            log.warning("server ended", data=str(self._cluster.data), starting_again_in=backoff)
            await asyncio.sleep(backoff)
            with contextlib.suppress(AppError):  # logged; the next round waits longer and tries again
                await self._ensure_logged()

    async def finish(self) -> None:
        """Stop the server if it is ours: quickly, then at once, then by force, each within the stop timeout."""
        child, self._child = self._child, None
        if child is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if child.returncode is None:
                child.send_signal(number)
            try:
                async with asyncio.timeout(self._stop_timeout):
                    await child.wait()
            except TimeoutError:
                log.warning("server does not stop", asked_by=number.name)
            else:
                log.info("server stopped", status=child.returncode)
                return

    async def _ended(self) -> None:
        """Wait until nobody runs the server any more, following it when another process starts it again."""
        if self._child is not None:
            await self._child.wait()
            self._child = None
            return
        while True:
            await asyncio.sleep(WATCH_POLL)
            lock = self._cluster.try_lock()
            self._running = self._cluster.running() or self._running
            if lock is None:
                continue
            lock.close()
            if self._cluster.running() is None:
                return

    async def _ensure_logged(self) -> None:
        try:
            await self._ensure()
        except AppError as err:
            log.error("server does not start", error=str(err))  # noqa: TRY400  # expected: a sentence, no traceback
            raise

    async def _ensure(self) -> None:
        """Attach to a running server or start one."""
        self._cluster.make_place()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._start_timeout
        while True:
            if (running := self._cluster.running()) is not None:
                self._running = running
                log.info("server attached", pid=running.pid, data=str(self._cluster.data))
                return
            if (lock := self._cluster.try_lock()) is not None:
                with lock:
                    await self._start_server(lock, deadline)
                return
            if loop.time() > deadline:
                raise ServerFailed(
                    f"another process has been starting or stopping the server in {self._cluster.data} for"
                    f" {self._start_timeout:g} s",
                    output=self._cluster.log_tail(),
                    log=self._cluster.log,
                )
            await asyncio.sleep(READY_POLL)

    async def _start_server(self, lock: IO[bytes], deadline: float) -> None:
        """Start the server as our child and wait until it answers. The lock is held, and the child inherits it."""
        cluster = self._cluster
        found = await asyncio.to_thread(
            programs.find, self._explicit_binaries, data=cluster.data, major=cluster.major()
        )
        self._identity = identity = self._identity or await choose_identity()
        if cluster.major() is None:
            await make_cluster(cluster, found, identity, lock=lock.fileno())
        cluster.forget_dead_server()
        if identity.kind == "user":
            cluster.give_to(identity.uid, identity.gid)
        with cluster.open_log() as log_file:
            log_began = log_file.tell()
            self._child = await spawn(
                identity,
                self._command(found, identity),
                directory=cluster.data,
                output=log_file,
                death_signal=signal.SIGINT,
                keep_open=[lock.fileno()],
            )
        await self._ready(self._child, deadline, log_began)
        log.info("server started", pid=self.pid, version=found.version, data=str(cluster.data))

    def _command(self, found: Binaries, identity: Identity) -> list[str | Path]:
        sockets = socket_directory(
            self._cluster.data, uid=identity.uid, gid=identity.gid, in_data=identity.kind != "user"
        )
        quoted = str(sockets).replace('"', '""')
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": f'"{quoted}"',
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
            "log_destination": "stderr",
            **self._settings,
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [found.program("postgres"), "-D", identity.reaches(self._cluster.data), *arguments]

    async def _ready(self, child: Process, deadline: float, log_began: int) -> None:
        loop = asyncio.get_running_loop()
        while True:
            running = self._cluster.running()
            if running is not None and running.pid == child.pid:
                self._running = running
                return
            if child.returncode is not None:
                self._child = None
                problem = f"PostgreSQL ended with status {child.returncode} while starting in {self._cluster.data}"
                break
            if loop.time() > deadline:
                await self.finish()
                problem = f"PostgreSQL in {self._cluster.data} was not ready within {self._start_timeout:g} s"
                break
            await asyncio.sleep(READY_POLL)
        raise ServerFailed(problem, output=self._cluster.log_tail(log_began), log=self._cluster.log)
