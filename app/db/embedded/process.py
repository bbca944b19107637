"""One run of the server: started, ready, ended."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import structlog

from app.db.embedded.binaries import Binaries
from app.db.embedded.child import Identity, spawn
from app.db.embedded.cluster import PORT, Cluster, Running
from app.db.embedded.errors import ServerFailed
from app.db.embedded.sockets import remove_if_empty, socket_directory

log = structlog.get_logger("postgres")

READY_POLL = 0.02
SHUTDOWNS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
"""Fast: roll back what is open and write a checkpoint. Immediate: leave that to the next start. By force: the same."""


class ServerProcess:
    """Our child. Whoever holds one owes it a `stop`."""

    def __init__(self, cluster: Cluster, sockets: Path, process: Process, log_began: int) -> None:
        self._cluster = cluster
        self._sockets = sockets
        self._process = process
        self._log_began = log_began

    @property
    def pid(self) -> int:
        return self._process.pid

    @classmethod
    async def start(
        cls, cluster: Cluster, binaries: Binaries, identity: Identity, settings: Mapping[str, str], lock: IO[bytes]
    ) -> "ServerProcess":
        """Start it, and let it inherit the lock. It is not ready yet."""
        sockets = socket_directory(cluster.data, uid=identity.uid, gid=identity.gid, in_data=identity.kind != "user")
        command: list[str | Path] = [
            binaries.program("postgres"),
            "-D",
            identity.reaches(cluster.data),
            *options(sockets, settings),
        ]
        cluster.forget_dead_server(sockets)
        with cluster.open_log() as log_file:
            log_began = log_file.tell()
            process = await spawn(
                identity,
                command,
                directory=cluster.data,
                output=log_file,
                death_signal=signal.SIGINT,
                keep_open=[lock.fileno()],
            )
        return cls(cluster, sockets, process, log_began)

    async def ready(self, deadline: float) -> Running:
        """Return where it listens as soon as it does.

        Raises:
            ServerFailed: it ended, or the deadline passed; it may still run then.
        """
        loop = asyncio.get_running_loop()
        while True:
            running = self._cluster.running()
            if running is not None and running.pid == self.pid:
                return running
            if self._process.returncode is not None:
                raise self._failed(f"ended with status {self._process.returncode} while starting")
            if loop.time() > deadline:
                raise self._failed("did not get ready in time")
            await asyncio.sleep(READY_POLL)

    def _failed(self, how: str) -> ServerFailed:
        output = self._cluster.log_tail(self._log_began)
        return ServerFailed(f"PostgreSQL in {self._cluster.data} {how}", output=output, log=self._cluster.log)

    async def wait(self) -> int:
        return await self._process.wait()

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109  # one for each of three steps
        """Stop it: quickly, then at once, then by force, waiting as long for each."""
        for number in SHUTDOWNS:
            if await self._ends(number, timeout):
                log.info("server stopped", status=self._process.returncode)
                break
            log.warning("server does not stop", asked_by=number.name)
        if self._sockets != self._cluster.data:
            remove_if_empty(self._sockets)

    async def _ends(self, number: signal.Signals, within: float) -> bool:
        self._send(number)
        try:
            async with asyncio.timeout(within):
                await self._process.wait()
        except TimeoutError:
            return False
        except asyncio.CancelledError:
            self._send(signal.SIGQUIT)  # nobody will wait for it now; what was committed is safe
            raise
        return True

    def _send(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)


def options(sockets: Path, settings: Mapping[str, str]) -> list[str]:
    """Return what the supervisor relies on; said on the command line it wins over postgresql.conf."""
    quoted = str(sockets).replace('"', '""')
    said = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{quoted}"',
        "unix_socket_permissions": "0700",
        "logging_collector": "off",
        "log_destination": "stderr",
        **settings,
    }
    return [part for name, value in said.items() for part in ("-c", f"{name}={value}")]
