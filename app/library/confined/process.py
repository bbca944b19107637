"""One confined process and our end of its socket."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path

import structlog

import app
from app.library.confined.child import LENGTH_BYTES, READY, framed
from app.library.media import Problem

log = structlog.get_logger("library.confined")

START_TIMEOUT = 30.0

MAX_ANSWER = 32 * 2**20
"""Bytes. The largest honest answer is a picture; what thousands of chapters and tags make has a twentieth of it."""


class NoAnswer(Exception):
    """The process ended or stood still, or said what makes no sense: nothing is known about the file."""

    def __init__(self, problem: Problem, detail: str) -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem = problem
        self.detail = detail


class ConfinedProcess:
    """`what` is what people call it: a prober, a renderer."""

    def __init__(
        self, what: str, process: asyncio.subprocess.Process, channel: socket.socket, max_answer: int = MAX_ANSWER
    ) -> None:
        self._what = what
        self._process = process
        self._channel = channel
        self._max_answer = max_answer
        self.served = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    @classmethod
    async def spawn(
        cls, what: str, module: str, memory: int, seconds: float, max_answer: int = MAX_ANSWER
    ) -> "ConfinedProcess":
        """Start a process and wait until it is ready.

        Started from the loop's own thread: the signal that ends it with us follows the thread that made it.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    module,
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
        started = cls(what, process, ours, max_answer)
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await started._receive(len(READY))
        except BaseException:
            await asyncio.shield(started.end())
            raise
        log.debug("started", what=what, pid=process.pid)
        return started

    async def ask(self, file: int, request: bytes, seconds: float) -> bytes:
        """Send a descriptor and a request; return the answer.

        Raises:
            NoAnswer: there will be none. The process is of no use any more.
        """
        self.served += 1
        try:
            async with asyncio.timeout(seconds):
                socket.send_fds(self._channel, [framed(request)], [file])
                length = int.from_bytes(await self._receive(LENGTH_BYTES), "big")
                if length > self._max_answer:
                    raise NoAnswer(Problem.CRASHED, f"its {self._what} answered nonsense")
                return await self._receive(length)
        except TimeoutError:
            raise NoAnswer(Problem.TIMEOUT, f"not read within {seconds:g} s") from None
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

    async def _failure(self) -> NoAnswer:
        code = await self._process.wait()
        if code == -signal.SIGXCPU:
            return NoAnswer(Problem.TIMEOUT, f"its {self._what} used up its time on the processor")
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return NoAnswer(Problem.CRASHED, f"its {self._what} ended with {how}")

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
