"""A few processes that probe files for us. They start with the first file, and are replaced when they die.

States of a process: starting → idle ⇄ probing → ended. It ends when it crashes, takes too long, has served enough
(decoders leak), is interrupted in the middle of a file, or when the prober stops.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

import msgspec
import structlog

import app
from app.config import Settings
from app.library.errors import ProbeFailed
from app.library.media import MediaInfo, Problem
from app.library.probing.process import INDEX_BYTES, LENGTH_BYTES, PICTURE, PROBE, READY
from app.observability import Metrics

log = structlog.get_logger("library.prober")

MODULE = "app.library.probing.process"
START_TIMEOUT = 30.0
SERVES = 1_000
"""Files before a process is replaced; the start costs about 0.2 s, so nothing."""

MAX_ANSWER = 32 * 2**20
"""Bytes. The largest honest answer is a picture; what thousands of chapters and tags make has a twentieth of it."""

PICTURE_TIMEOUT = 15.0
"""Seconds. Somebody waits for it, and pictures come first in a file."""


class Prober:
    """Services start and stop it; before the first file and after a stop there are no processes."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings.library.probe
        self._metrics = metrics
        self._idle: list[ProberProcess] = []
        self._all: set[ProberProcess] = set()
        self._turns = asyncio.Semaphore(self._settings.processes)
        self._stopped = False

    async def start(self) -> None:
        self._stopped = False

    async def stop(self) -> None:
        """End all processes. A file in the middle of being probed fails; its probe ends the process it used."""
        self._stopped = True
        idle, self._idle = self._idle, []
        for process in self._all:
            process.kill()
        for process in idle:
            await self._end(process)
        async with contextlib.AsyncExitStack() as turns:
            for _ in range(self._settings.processes):
                await turns.enter_async_context(self._turns)

    async def probe(self, file: int) -> MediaInfo:
        """Say what the file behind this descriptor is. The caller keeps and closes the descriptor.

        Raises:
            ProbeFailed: the process died of it, or took too long: another try may go better, or not.
        """
        began = perf_counter()
        try:
            async with self._lent() as process:
                info = await process.probe(file, self._settings.timeout.total_seconds())
        except BaseException as err:
            outcome = err.problem if isinstance(err, ProbeFailed) else "interrupted"
            self._metrics.probes.labels(outcome).inc()
            raise
        self._metrics.probe_duration.observe(perf_counter() - began)
        self._metrics.probes.labels(info.problem or "ok").inc()
        return info

    async def picture(self, file: int, index: int) -> bytes:
        """Return the picture that is attached as this stream; empty when there is none, or one too large to show.

        Raises:
            ProbeFailed: as for `probe`.
        """
        async with self._lent() as process:
            return await process.picture(file, index, PICTURE_TIMEOUT)

    @contextlib.asynccontextmanager
    async def _lent(self) -> AsyncIterator["ProberProcess"]:
        """Lend a process for one file. It comes back only when it has answered."""
        async with self._turns:
            process = await self._take()
            try:
                yield process
            except BaseException:
                # Also when interrupted: what it would answer next belongs to this file.
                await asyncio.shield(self._end(process))
                raise
            await self._give_back(process)

    async def _take(self) -> "ProberProcess":
        if self._stopped:
            raise RuntimeError("the prober was stopped")
        while self._idle:
            process = self._idle.pop()
            if process.is_alive:
                return process
            await self._end(process)
        process = await ProberProcess.spawn(int(self._settings.memory), self._settings.timeout.total_seconds())
        self._all.add(process)
        if self._stopped:
            await self._end(process)
            raise RuntimeError("the prober was stopped")
        return process

    async def _give_back(self, process: "ProberProcess") -> None:
        if self._stopped or process.served >= SERVES:
            await self._end(process)
        else:
            self._idle.append(process)

    async def _end(self, process: "ProberProcess") -> None:
        self._all.discard(process)
        await process.end()


class ProberProcess:
    """One process and our end of its socket."""

    def __init__(self, process: asyncio.subprocess.Process, channel: socket.socket) -> None:
        self._process = process
        self._channel = channel
        self.served = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    @classmethod
    async def spawn(cls, memory: int, seconds: float) -> "ProberProcess":
        """Start a process and wait until it is ready.

        Started from the loop's own thread: the signal that ends it with us follows the thread that made it.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    MODULE,
                    *map(str, (theirs.fileno(), os.getpid(), memory, int(seconds) + 1)),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                    env={**os.environ, "PYTHONPATH": _python_path()},
                )
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        started = cls(process, ours)
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await started._receive(len(READY))
        except BaseException:
            await asyncio.shield(started.end())
            raise
        log.debug("prober started", pid=process.pid)
        return started

    async def probe(self, file: int, seconds: float) -> MediaInfo:
        """Raises: ProbeFailed."""
        try:
            return msgspec.json.decode(await self._ask(PROBE, file, 0, seconds), type=MediaInfo)
        except msgspec.MsgspecError as err:
            raise ProbeFailed(Problem.CRASHED, "its prober answered nonsense") from err

    async def picture(self, file: int, index: int, seconds: float) -> bytes:
        """Raises: ProbeFailed."""
        return await self._ask(PICTURE, file, index, seconds)

    async def _ask(self, what: bytes, file: int, index: int, seconds: float) -> bytes:
        self.served += 1
        try:
            async with asyncio.timeout(seconds):
                socket.send_fds(self._channel, [what + index.to_bytes(INDEX_BYTES, "big")], [file])
                length = int.from_bytes(await self._receive(LENGTH_BYTES), "big")
                if length > MAX_ANSWER:
                    raise ProbeFailed(Problem.CRASHED, "its prober answered nonsense")
                return await self._receive(length)
        except TimeoutError:
            raise ProbeFailed(Problem.TIMEOUT, f"not read within {seconds:g} s") from None
        except (ConnectionError, EOFError):
            raise await self._failure() from None

    async def _receive(self, length: int) -> bytes:
        """Raises: EOFError when the process closed its end."""
        loop = asyncio.get_running_loop()
        received = bytearray()
        while len(received) < length:
            piece = await loop.sock_recv(self._channel, min(length - len(received), 2**18))
            if not piece:
                raise EOFError
            received += piece
        return bytes(received)

    async def _failure(self) -> ProbeFailed:
        code = await self._process.wait()
        if code == -signal.SIGXCPU:
            return ProbeFailed(Problem.TIMEOUT, "its prober used up its time on the processor")
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return ProbeFailed(Problem.CRASHED, f"its prober ended with {how}")

    def kill(self) -> None:
        """Kill it and all it may have started; whoever waits for its answer sees the socket close."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill it, wait for its end, and let go of it. Nobody may be waiting for its answer any more."""
        self.kill()
        await self._process.wait()
        self._channel.close()


def _python_path() -> str:
    """Let the child find this package where we found it, installed or not."""
    here = str(Path(next(iter(app.__path__))).parent)
    inherited = os.environ.get("PYTHONPATH")
    return here if not inherited else f"{here}{os.pathsep}{inherited}"
