"""A running FFmpeg: in a group of its own, dead when we are, and gone when whoever uses it leaves.

It writes into a pipe and nowhere else, so what it has not been asked for it cannot make: not reading is how it is
held back.
"""

import asyncio
import contextlib
import re
import signal
from collections.abc import AsyncIterator, Sequence

from app.playback.errors import TranscodeFailed
from app.playback.ffmpeg.launcher import BUFFER, Program, Run

LAST_WORDS = 4096
MEMORY = 8 * 2**30
"""Bytes of address space. What a film of four times full HD takes with all its threads is a quarter of it."""
NICE = 5

_PLACES = re.compile(r"(?:file:)?/[^\s:'\"]+")


class Ffmpeg:
    """One run. `stdout` is what it makes."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._said = bytearray()
        self._listening = asyncio.create_task(self._listen(), name="ffmpeg.stderr")

    @property
    def pid(self) -> int:
        return self._run.pid

    @property
    def stdout(self) -> asyncio.StreamReader:
        return self._run.stdout

    @property
    def last_words(self) -> str:
        """What it said last, without the places on our disks."""
        text = self._said.decode(errors="replace").replace("\0", "")
        return _PLACES.sub("…", text).strip()[-1000:]

    async def wait(self) -> int:
        """Wait for its own end."""
        code = await self._run.wait()
        await self._listening
        return code

    async def require_success(self) -> None:
        """Raises: TranscodeFailed, in its own words."""
        code = await self.wait()
        if code != 0:
            raise TranscodeFailed(f"ffmpeg ended with {_status(code)}: {self.last_words or 'it said nothing'}")

    async def end(self) -> None:
        """Kill it and all it may have started, and wait until it is gone."""
        await self._run.end()
        self._listening.cancel()
        await asyncio.wait({self._listening})

    async def _listen(self) -> None:
        while said := await self._run.stderr.read(LAST_WORDS):
            self._said += said
            del self._said[:-LAST_WORDS]


@contextlib.asynccontextmanager
async def running(
    program: Program, arguments: Sequence[str], *, keep_open: Sequence[int] = (), nice: int = NICE, memory: int = MEMORY
) -> AsyncIterator[Ffmpeg]:
    """Run FFmpeg for as long as the block lasts. `keep_open` are descriptors it finds as `/dev/fd/N`.

    Raises:
        TranscodeFailed: it cannot be started now.
    """
    command = [program.path, "-hide_banner", "-nostdin", "-loglevel", "error", *arguments]
    try:
        run = await program.launcher.launch(command, keep_open=keep_open, nice=nice, memory=memory)
    except OSError as err:
        raise TranscodeFailed(f"ffmpeg cannot be started: {err.strerror or err}") from err
    ffmpeg = Ffmpeg(run)
    try:
        yield ffmpeg
    finally:
        await asyncio.shield(asyncio.ensure_future(ffmpeg.end()))


async def output_of(
    program: Program,
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
