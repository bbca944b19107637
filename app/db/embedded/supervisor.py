"""A PostgreSQL of our own, kept running while we run."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import structlog

from app.db.embedded import binaries as programs
from app.db.embedded.binaries import Binaries
from app.db.embedded.child import Identity, choose_identity
from app.db.embedded.cluster import Cluster, Running
from app.db.embedded.errors import DataDirectoryUnusable, ServerFailed
from app.db.embedded.initdb import make_cluster
from app.db.embedded.process import READY_POLL, ServerProcess
from app.db.embedded.reach import within_reach
from app.errors import AppError
from app.lifecycle import Service

log = structlog.get_logger("postgres")

WATCH_POLL = 0.5
"""Seconds between looks at a server that another process runs: as long may a takeover wait."""
SHORTEST_BACKOFF = 0.5
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

    `start_timeout` covers recovery after a crash, which reads up to `max_wal_size` of log.
    """

    def __init__(
        self,
        data: Path,
        *,
        binaries: Path | None = None,
        settings: Mapping[str, str] | None = None,
        start_timeout: float = 300,
        stop_timeout: float = 20,
    ) -> None:
        super().__init__()
        self._cluster = Cluster(data.resolve())
        self._explicit_binaries = binaries
        self._settings = settings or {}
        self._start_timeout = start_timeout
        self._stop_timeout = stop_timeout
        self._running: Running | None = None
        self._child: ServerProcess | None = None
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
        """Whether the server that answers is our child, rather than another process's."""
        return self._child is not None and self._child.pid == self.pid

    async def prepare(self) -> None:
        try:
            await self._ensure(may_create=True)
        except BaseException:
            await self.finish()
            raise

    async def run(self) -> None:
        """Watch the server and start it again when it ends, waiting longer each time it does so soon."""
        loop = asyncio.get_running_loop()
        backoff = 0.0
        while True:
            began = loop.time()
            try:
                await self._ended()
                steady = loop.time() - began > STEADY_AFTER
                backoff = 0.0 if steady else min(max(backoff * 2, SHORTEST_BACKOFF), LONGEST_BACKOFF)
                log.warning("server is gone", said=self._cluster.log_tail(), starting_in=backoff)
                await asyncio.sleep(backoff)
                await self._ensure(may_create=False)
            except AppError as err:  # a full disk may be emptied, a lost one mounted: the next round tries again
                log.error("server does not start", error=str(err))  # noqa: TRY400  # a sentence, no traceback

    async def finish(self) -> None:
        """Stop the server if it is ours."""
        child, self._child = self._child, None
        if child is not None:
            await child.stop(self._stop_timeout)

    async def _ended(self) -> None:
        """Wait until nobody runs the server any more, following it when another process starts it again."""
        if self._child is not None:
            await self._child.wait()
            self._child = None
            return
        while True:
            await asyncio.sleep(WATCH_POLL)
            lock = self._cluster.try_lock()
            running = self._cluster.running()
            self._running = running or self._running
            if lock is not None:
                lock.close()
                if running is None:
                    return

    async def _ensure(self, *, may_create: bool) -> None:
        """Attach to a running server or start one, making its data directory the first time only.

        A directory that vanishes later means a disk that was unmounted: a new one in its place would be an empty
        library.
        """
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
                    await self._start_server(lock, deadline, may_create=may_create)
                return
            if loop.time() > deadline:
                raise ServerFailed(
                    f"another process has been starting or stopping the server in {self._cluster.data} for"
                    f" {self._start_timeout:g} s",
                    output=self._cluster.log_tail(),
                    log=self._cluster.log,
                )
            await asyncio.sleep(READY_POLL)

    async def _start_server(self, lock: IO[bytes], deadline: float, *, may_create: bool) -> None:
        """Start the server as our child and wait until it answers. The lock is held, and the child inherits it."""
        cluster = self._cluster
        major = cluster.major()
        if major is None and not may_create:
            raise DataDirectoryUnusable(cluster.data, "it has disappeared; is its disk still mounted?")
        self._identity = identity = self._identity or await choose_identity()
        found = await self._find(identity, major)
        if major is None:
            await make_cluster(cluster, found, identity, lock=lock.fileno())
        if os.geteuid() == 0:  # who runs it may differ from last time
            cluster.give_to(identity.uid, identity.gid)
        self._child = child = await ServerProcess.start(cluster, found, identity, self._settings, lock)
        try:
            self._running = await child.ready(deadline)
        except ServerFailed:
            await self.finish()
            raise
        log.info("server started", pid=self.pid, version=found.version, data=str(cluster.data))

    async def _find(self, identity: Identity, major: str | None) -> Binaries:
        found = await asyncio.to_thread(programs.find, self._explicit_binaries, data=self._cluster.data, major=major)
        return await within_reach(found, identity)
