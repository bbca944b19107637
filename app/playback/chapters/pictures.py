"""One picture of a film, at one time. Pure, but for running FFmpeg."""

from app.library.media import StreamInfo
from app.playback.ahead.files import NICE
from app.playback.ffmpeg.binary import Capabilities
from app.playback.ffmpeg.commands import input_of
from app.playback.ffmpeg.process import output_of
from app.playback.trickplay.sheets import made_small

WIDTH = 640
"""What a row of chapters on a large screen shows of each."""

LATER_MS = 2_000
"""After the beginning of a chapter, which is black often enough, or still shows the one before."""

SECONDS = 60.0
MOST = 8 * 2**20
"""Bytes of a picture; an honest one has a hundredth of it."""


def moment_of(start_ms: int, end_ms: int) -> int:
    """Return when a chapter is shown at: a little later than it begins, and never near its end."""
    return start_ms + min(LATER_MS, max(end_ms - start_ms, 0) // 4)


def arguments(video: StreamInfo, ffmpeg: Capabilities, descriptor: int, at_ms: int) -> list[str]:
    """Return what makes the picture shown at this time of the file's own clock."""
    chain = [*made_small(video, ffmpeg, WIDTH), "format=yuvj420p"]
    return [
        *("-threads", "1", *input_of(descriptor, at_ms / 1000)),
        *("-map", f"0:{video.index}", "-an", "-sn", "-dn", "-frames:v", "1", "-vf", ",".join(chain)),
        *("-c:v", "mjpeg", "-q:v", "4", "-f", "image2pipe", "pipe:1"),
    ]


async def make(ffmpeg: Capabilities, video: StreamInfo, descriptor: int, at_ms: int) -> bytes | None:
    """Return a JPEG; None where the film shows nothing at that time.

    Raises:
        TranscodeFailed: FFmpeg cannot make it.
    """
    told = arguments(video, ffmpeg, descriptor, at_ms)
    made = await output_of(ffmpeg.program, told, keep_open=[descriptor], seconds=SECONDS, most=MOST, nice=NICE)
    return made or None
