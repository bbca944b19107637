"""A running FFmpeg: in a session of its own, dead when we are, and gone when whoever uses it leaves.

It writes into a pipe and nowhere else, so what it has not been asked for it cannot make: not reading is how it is
held back.
"""

import asyncio
import contextlib
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence

import structlog

from app.playback.errors import TranscodeFailed
from app.playback.ffmpeg import launch

log = structlog.get_logger("playback.ffmpeg")

BUFFER = 2**20
"""Bytes of output that wait for us; with as many in the pipe, what FFmpeg may be ahead of its reader."""

LAST_WORDS = 4096
MEMORY = 8 * 2**30
"""Bytes of address space. What a film of four times full HD takes with all its threads is a quarter of it."""
NICE = 5

_PLACES = re.compile(r"(?:file:)?/[^\s:'\"]+")


class Ffmpeg:
    """One run. `stdout` is what it makes."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._said = bytearray()
        self._listening = asyncio.create_task(self._listen(), name="ffmpeg.stderr")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdout(self) -> asyncio.StreamReader:
        if self._process.stdout is None:
            raise RuntimeError("its output was not asked for")
        return self._process.stdout

    @property
    def last_words(self) -> str:
        """What it said last, without the places on our disks."""
        text = self._said.decode(errors="replace").replace("\0", "")
        return _PLACES.sub("…", text).strip()[-1000:]

    async def wait(self) -> int:
        """Wait for its own end."""
        code = await self._process.wait()
        await self._listening
        return code

    async def require_success(self) -> None:
        """Raises: TranscodeFailed, in its own words."""
        code = await self.wait()
        if code != 0:
            raise TranscodeFailed(f"ffmpeg ended with {_status(code)}: {self.last_words or 'it said nothing'}")

    async def end(self) -> None:
        """Kill it and all it may have started, and wait until it is gone."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        # The pipe must be emptied: a process is not seen to have ended before its pipes are closed.
        self._close_pipes()
        await self._process.wait()
        self._listening.cancel()
        await asyncio.wait({self._listening})

    def _close_pipes(self) -> None:
        transport = getattr(self._process, "_transport", None)
        if transport is not None:
            for number in (1, 2):
                pipe = transport.get_pipe_transport(number)
                if pipe is not None:
                    pipe.close()

    async def _listen(self) -> None:
        stream = self._process.stderr
        while stream is not None and (said := await stream.read(LAST_WORDS)):
            self._said += said
            del self._said[:-LAST_WORDS]


@contextlib.asynccontextmanager
async def running(
    program: str, arguments: Sequence[str], *, keep_open: Sequence[int] = (), nice: int = NICE, memory: int = MEMORY
) -> AsyncIterator[Ffmpeg]:
    """Run FFmpeg for as long as the block lasts. `keep_open` are descriptors it finds as `/dev/fd/N`.

    Started from the loop's own thread: the signal that ends it with us follows the thread that made it.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        launch.__file__,
        *map(str, (os.getpid(), nice, memory)),
        program,
        "-hide_banner",
        "-nostdin",
        "-loglevel",
        "error",
        *arguments,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        pass_fds=tuple(keep_open),
        start_new_session=True,
        limit=BUFFER,
        env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath), "HOME": "/nonexistent"},
    )
    ffmpeg = Ffmpeg(process)
    try:
        yield ffmpeg
    finally:
        await asyncio.shield(asyncio.ensure_future(ffmpeg.end()))


async def output_of(
    program: str,
    arguments: Sequence[str],
    *,
    keep_open: Sequence[int] = (),
    seconds: float,
    most: int,
    nice: int = NICE,
) -> bytes:
    """Return what a short run makes.

    Raises:
        TranscodeFailed: it failed, took too long, or made more than `most` bytes.
    """
    try:
        async with asyncio.timeout(seconds), running(program, arguments, keep_open=keep_open, nice=nice) as ffmpeg:
            made = bytearray()
            while piece := await ffmpeg.stdout.read(BUFFER):
                made += piece
                if len(made) > most:
                    raise TranscodeFailed(f"ffmpeg made more than {most} bytes of it")
            await ffmpeg.require_success()
            return bytes(made)
    except TimeoutError:
        raise TranscodeFailed(f"ffmpeg did not end within {seconds:g} s") from None


def _status(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"
