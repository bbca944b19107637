"""Sheets of small pictures, and the index that says which of them is when. Pure, but for running FFmpeg."""

from collections.abc import AsyncIterator

import msgspec

from app.library.media import StreamInfo
from app.playback.ahead.files import NICE
from app.playback.ffmpeg.binary import Capabilities
from app.playback.ffmpeg.commands import TO_STANDARD_RANGE, input_of
from app.playback.ffmpeg.launcher import BUFFER, Program
from app.playback.ffmpeg.process import running
from app.playback.source import MediaSource, shown_size

INTERVAL_MS = 10_000
WIDTH = 320
SIDE = 10
"""Pictures in a row and in a column of a sheet."""

ON_A_SHEET = SIDE * SIDE
MOST = 32 * 2**20
"""Bytes of a sheet; an honest one has a hundredth of it."""

_BEGIN, _END = b"\xff\xd8", b"\xff\xd9"


class Sheets(msgspec.Struct, frozen=True, kw_only=True):
    interval_ms: int
    width: int
    height: int
    sheets: int


def size_of(video: StreamInfo, most: int = WIDTH) -> tuple[int, int]:
    """Return the size of one picture: as wide as they all are, or as the film is if that is less."""
    width, height = shown_size(video)
    across = max(min(most, width) // 2 * 2, 2)
    return across, max(round(across * height / max(width, 1) / 2) * 2, 2)


def made_small(video: StreamInfo, ffmpeg: Capabilities, most: int) -> list[str]:
    """Return the filters that make a picture of it small, and one that every screen shows."""
    width, height = size_of(video, most)
    tone = [TO_STANDARD_RANGE] if video.hdr and ffmpeg.tone_maps else []
    return [*tone, f"scale={width}:{height}"]


def count_for(duration_ms: int) -> int:
    """Return how many sheets a film of this length fills."""
    pictures = max(-(-duration_ms // INTERVAL_MS), 1)
    return -(-pictures // ON_A_SHEET)


def arguments(source: MediaSource, video: StreamInfo, ffmpeg: Capabilities, descriptor: int, first: int) -> list[str]:
    """Return what makes the sheets from number `first` on: only keyframes are decoded, sixteen times as fast as all.

    The last keyframe is shown for as long as two may be apart: of a film that has but one, it is all there is to see.
    """
    gap = max(source.widest_gap_ms or 0, INTERVAL_MS) / 1000
    until_next = f"tpad=stop_mode=clone:stop_duration={gap:.3f}"
    small = made_small(video, ffmpeg, WIDTH)
    chain = [until_next, f"fps=1000/{INTERVAL_MS}:start_time=0", *small, f"tile={SIDE}x{SIDE}", "format=yuvj420p"]
    seek = None if first == 0 else first * ON_A_SHEET * INTERVAL_MS / 1000
    begin = [] if seek is None else ["-ss", f"{seek:.3f}"]
    left = max(count_for(source.duration_ms or 0) - first, 1)
    return [
        *("-threads", "1", "-skip_frame", "nokey", *begin, *input_of(descriptor)),
        *("-map", f"0:{video.index}", "-an", "-sn", "-dn", "-vf", ",".join(chain), "-frames:v", str(left)),
        *("-fps_mode", "passthrough", "-c:v", "mjpeg", "-q:v", "5", "-f", "image2pipe", "pipe:1"),
    ]


async def make(program: Program, told: list[str], descriptor: int) -> AsyncIterator[bytes]:
    """Yield the sheets one by one.

    Raises:
        TranscodeFailed: FFmpeg cannot make them.
    """
    async with running(program, told, keep_open=[descriptor], nice=NICE) as ffmpeg:
        waiting = bytearray()
        while piece := await ffmpeg.stdout.read(BUFFER):
            waiting += piece
            while (end := waiting.find(_END)) >= 0 and waiting.startswith(_BEGIN):
                yield bytes(waiting[: end + 2])
                del waiting[: end + 2]
            if len(waiting) > MOST:
                break
        await ffmpeg.require_success()


def index(sheets: Sheets, duration_ms: int, query: str) -> str:
    """Return WebVTT that names for each time a part of a sheet."""
    lines = ["WEBVTT", ""]
    for number, start in enumerate(range(0, max(duration_ms, 1), sheets.interval_ms)):
        sheet, place = divmod(number, ON_A_SHEET)
        if sheet >= sheets.sheets:
            break
        across, down = place % SIDE * sheets.width, place // SIDE * sheets.height
        until = min(start + sheets.interval_ms, max(duration_ms, start + 1))
        lines += [
            f"{_clock(start)} --> {_clock(until)}",
            f"{sheet}.jpg{query}#xywh={across},{down},{sheets.width},{sheets.height}",
            "",
        ]
    return "\n".join(lines)


def _clock(time_ms: int) -> str:
    seconds, rest = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{rest:03}"
