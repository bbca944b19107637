"""One sound → how loud it is, as FFmpeg's `ebur128` measures it. Pure, but for running FFmpeg."""

import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from app.library.media import StreamInfo
from app.playback.ahead.files import NICE, Report
from app.playback.errors import TranscodeFailed
from app.playback.ffmpeg.commands import input_of
from app.playback.ffmpeg.launcher import BUFFER, Program
from app.playback.ffmpeg.process import running
from app.playback.loudness.gating import SILENCE_LUFS, Blocks, step_of

LONGEST_LINE = 4096

_VALUE = re.compile(rb"lavfi\.r128\.(M|I|true_peaks_ch\d+)=(\S+)\s*")
_TIME = re.compile(rb"frame:.*\bpts_time:(\d+)")


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    loudness: float | None
    """Integrated, in LUFS. None: silence, or shorter than can be measured."""
    peak: float | None
    """The true peak; 1 is full scale."""
    blocks: Blocks


def arguments(sound: StreamInfo, descriptor: int) -> list[str]:
    """Return what makes FFmpeg tell, for every tenth of a second, what it has measured so far."""
    measure = "ebur128=peak=true:metadata=1,ametadata=mode=print:file=-"
    return [
        *("-threads", "1", *input_of(descriptor)),
        *("-map", f"0:{sound.index}", "-vn", "-sn", "-dn", "-af", measure, "-f", "null", "/dev/null"),
    ]


async def measure(program: Program, sound: StreamInfo, descriptor: int, report: Report) -> Measured:
    """Measure it from its beginning to its end.

    Raises:
        TranscodeFailed: FFmpeg cannot read it.
    """
    found = _Reading()
    async with running(program, arguments(sound, descriptor), keep_open=[descriptor], nice=NICE) as ffmpeg:
        async for lines in _lines(ffmpeg.stdout.read):
            for line in lines:
                found.read(line)
            await report({"seconds": found.seconds})
        await ffmpeg.require_success()
    return found.result()


async def _lines(read: Callable[[int], Awaitable[bytes]]) -> AsyncIterator[list[bytes]]:
    rest = b""
    while piece := await read(BUFFER):
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise TranscodeFailed("ffmpeg measures, and tells what nobody can read")
        yield whole


class _Reading:
    """What was told so far: the integrated loudness and the peaks as they are now, each block as it was."""

    def __init__(self) -> None:
        self.seconds = 0
        self._loudness: float | None = None
        self._peak: float | None = None
        self._blocks: Blocks = Blocks()

    def read(self, line: bytes) -> None:
        if (time := _TIME.match(line)) is not None:
            self.seconds = int(time[1])
        elif (value := _VALUE.fullmatch(line)) is not None:
            self._take(value[1], _number(value[2]))

    def _take(self, name: bytes, value: float | None) -> None:
        if value is None:
            return
        if name == b"I":
            self._loudness = value
        elif name != b"M":
            self._peak = max(value, self._peak or 0.0)
        elif value >= SILENCE_LUFS:
            self._blocks[step_of(value)] += 1

    def result(self) -> Measured:
        is_loud = self._loudness is not None and self._loudness > SILENCE_LUFS and bool(self._blocks)
        return Measured(loudness=self._loudness if is_loud else None, peak=self._peak, blocks=self._blocks)


def _number(text: bytes) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
