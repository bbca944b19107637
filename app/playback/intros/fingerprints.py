"""What a stretch of a file sounds like, as FFmpeg's `chromaprint` says it. Pure, but for running FFmpeg.

A point says of about two seconds of sound how its tones rise and fall, in 32 bits; one begins every eighth of a second.
The same sound has nearly the same bits however it was encoded.
"""

from array import array
from typing import NamedTuple

from app.library.media import StreamInfo
from app.playback.ahead.files import NICE
from app.playback.ffmpeg.binary import Capabilities
from app.playback.ffmpeg.commands import input_of
from app.playback.ffmpeg.process import output_of

RATE = 11_025
"""Samples a second that Chromaprint works on."""

STEP_MS = 1365 / RATE * 1000
"""From one point to the next."""

OPENING_MS, ENDING_MS = 600_000, 300_000
"""The longest stretches that are listened to: intros come late in some pilots, credits never begin earlier."""

OPENING_SHARE, ENDING_SHARE = 0.3, 0.25
SHORTEST_OPENING_MS = 120_000

SECONDS = 600.0
MOST = 4 * 2**20
"""Bytes: forty times what ten minutes have."""

Points = array
"""Of unsigned integers of 32 bits."""


class Stretch(NamedTuple):
    begin_ms: int
    length_ms: int


def opening_of(duration_ms: int) -> Stretch:
    length = max(min(int(duration_ms * OPENING_SHARE), OPENING_MS), SHORTEST_OPENING_MS)
    return Stretch(0, min(length, duration_ms))


def ending_of(duration_ms: int) -> Stretch:
    length = min(int(duration_ms * ENDING_SHARE), ENDING_MS)
    return Stretch(duration_ms - length, length)


def arguments(sound: StreamInfo, descriptor: int, stretch: Stretch, zero_ms: int) -> list[str]:
    """Return what listens to a stretch. Sound that begins later than the picture is preceded by silence."""
    seek = (zero_ms + stretch.begin_ms) / 1000 if stretch.begin_ms else None
    return [
        *("-threads", "1", "-t", f"{stretch.length_ms / 1000:.3f}", *input_of(descriptor, seek)),
        *("-map", f"0:{sound.index}", "-vn", "-sn", "-dn"),
        *("-af", f"aresample={RATE}:async=1:first_pts=0", "-ac", "1", "-ar", str(RATE)),
        *("-f", "chromaprint", "-fp_format", "raw", "pipe:1"),
    ]


async def listen(ffmpeg: Capabilities, sound: StreamInfo, descriptor: int, stretch: Stretch, zero_ms: int) -> bytes:
    """Return the points of a stretch, packed.

    Raises:
        TranscodeFailed: FFmpeg cannot read it.
    """
    told = arguments(sound, descriptor, stretch, zero_ms)
    return await output_of(ffmpeg.program, told, keep_open=[descriptor], seconds=SECONDS, most=MOST, nice=NICE)


def unpack(packed: bytes) -> "array[int]":
    """Return points as numbers."""
    points = array("I")
    points.frombytes(packed[: len(packed) // points.itemsize * points.itemsize])
    return points
