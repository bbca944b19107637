"""One confined process and our end of its socket.

It is asked for one file, or for the next one too while it is busy with the first: then it never waits for us. It
answers in order, so what it ends over is the first that is unanswered. The others it has not begun, and they are told
so.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections import deque
from pathlib import Path
from typing import NamedTuple

import structlog

import app
from app.library.confined.child import HEADER, READY, framed
from app.library.media import Problem

log = structlog.get_logger("library.confined")

START_TIMEOUT = 30.0

MAX_ANSWER = 32 * 2**20
"""Bytes. The largest honest answer is a picture; what thousands of chapters and tags make has a twentieth of it."""

AT_ONCE = 2**16
"""Bytes taken from the socket at once: an answer is a few thousand."""


class NoAnswer(Exception):
    """The process ended or stood still, or said what makes no sense: nothing is known about the file."""

    def __init__(self, problem: Problem, detail: str) -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem = problem
        self.detail = detail


class NotBegun(Exception):
    """The process ended before it began with this file: another one can be asked, and nothing is held against it."""


class _Ended(Exception):
    """The process closed its socket over this file. How it ended is known when the system says so."""


class _Asked(NamedTuple):
    number: int
    seconds: float
    answer: asyncio.Future[bytes]


class ConfinedProcess:
    """`what` is what people call it: a prober, a renderer."""

    def __init__(
        self, what: str, process: asyncio.subprocess.Process, channel: socket.socket, max_answer: int = MAX_ANSWER
    ) -> None:
        self._what = what
        self._process = process
        self._channel = channel
        self._max_answer = max_answer
        self._loop = asyncio.get_running_loop()
        self._asked: deque[_Asked] = deque()
        """What it has to answer for. The first is what it is busy with, and has its time from when it became that."""
        self._timer: asyncio.TimerHandle | None = None
        self._received = bytearray()
        self._is_open = True
        self._drained = asyncio.Event()
        self._drained.set()
        self.served = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._is_open and self._process.returncode is None

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
                await started._become_ready()
        except BaseException:
            await asyncio.shield(started.end())
            raise
        log.debug("started", what=what, pid=process.pid)
        return started

    async def _become_ready(self) -> None:
        """Raises: EOFError when the process ended first."""
        ready = b""
        while ready != READY:
            piece = await self._loop.sock_recv(self._channel, len(READY) - len(ready))
            if not piece:
                raise EOFError(f"a {self._what} ended before it had begun")
            ready += piece
        self._loop.add_reader(self._channel, self._read)

    async def ask(self, file: int, request: bytes, seconds: float) -> bytes:
        """Send a descriptor and a request; return the answer. The time begins when those before it are answered.

        Raises:
            NoAnswer: there will be none. The process is of no use any more.
            NotBegun: neither will there be one, for a reason that is not this file.
        """
        asked = _Asked(self.served, seconds, self._loop.create_future())
        try:
            socket.send_fds(self._channel, [framed(asked.number, request)], [file])
        except OSError:
            self.dismiss()
            raise NotBegun from None
        self.served += 1
        self._asked.append(asked)
        self._drained.clear()
        if self._asked[0] is asked:
            self._begin()
        try:
            return await asked.answer
        except _Ended:
            raise await self._failure() from None
        except asyncio.CancelledError:
            if self._asked and self._asked[0] is asked:
                self.dismiss()  # nobody knows for how long it would go on
            raise

    async def drained(self) -> None:
        """Return once it has nothing to answer for."""
        await self._drained.wait()

    def _begin(self) -> None:
        self._timer = self._loop.call_later(self._asked[0].seconds, self._run_out)

    def _run_out(self) -> None:
        self._let_go(NoAnswer(Problem.TIMEOUT, f"not read within {self._asked[0].seconds:g} s"))

    def _read(self) -> None:
        try:
            piece = self._channel.recv(AT_ONCE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            piece = b""
        if not piece:
            self._let_go(_Ended())
            return
        self._received += piece
        while self._is_open and len(self._received) >= HEADER.size:
            number, length = HEADER.unpack_from(self._received)
            if not self._asked or number != self._asked[0].number or length > self._max_answer:
                self._let_go(NoAnswer(Problem.CRASHED, f"its {self._what} answered nonsense"))
            elif len(self._received) < HEADER.size + length:
                return
            else:
                self._answer(bytes(self._received[HEADER.size : HEADER.size + length]))
                del self._received[: HEADER.size + length]

    def _answer(self, answer: bytes) -> None:
        asked = self._asked.popleft()
        if self._timer is not None:
            self._timer.cancel()
        if not asked.answer.done():  # else whoever asked is gone
            asked.answer.set_result(answer)
        if self._asked:
            self._begin()
        else:
            self._drained.set()

    def _let_go(self, first: Exception) -> None:
        """Have it end, for this reason as far as the first file is concerned."""
        if not self._is_open:
            return
        self._is_open = False
        self._loop.remove_reader(self._channel)
        if self._timer is not None:
            self._timer.cancel()
        self.kill()
        asked, self._asked = self._asked, deque()
        for place, one in enumerate(asked):
            if not one.answer.done():
                one.answer.set_exception(NotBegun() if place else first)
        self._drained.set()

    async def _failure(self) -> NoAnswer:
        code = await self._process.wait()
        if code == -signal.SIGXCPU:
            return NoAnswer(Problem.TIMEOUT, f"its {self._what} used up its time on the processor")
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return NoAnswer(Problem.CRASHED, f"its {self._what} ended with {how}")

    def dismiss(self) -> None:
        """Have it end for no fault of what it has to answer for."""
        self._let_go(NotBegun())

    def kill(self) -> None:
        """Kill it and all it may have started; whoever waits for its answer sees the socket close."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill it, wait for its end, and let go of it."""
        self.kill()
        await self._process.wait()
        self._let_go(_Ended())
        self._channel.close()


def _python_path() -> str:
    """Let the child find this package where we found it, installed or not."""
    here = str(Path(next(iter(app.__path__))).parent)
    inherited = os.environ.get("PYTHONPATH")
    return here if not inherited else f"{here}{os.pathsep}{inherited}"
