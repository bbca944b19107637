"""What is seen and heard when, for kinds of files that are cut, copied or converted: the picture grows brighter with
every second, and the tone higher. Segments are asked for backwards, so each of them begins a run of its own."""

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.media import HDR10, Media
from tests.fixtures.playback import Player
from tests.playback.conftest import SHOWN
from tests.playback.hls_client import ffmpeg, frame_times, read_playlist, renditions

SECONDS = 10


def greys(step: int) -> tuple[str, ...]:
    picture = f"color=c=black:size=64x64:rate=24:duration={SECONDS},geq=lum='20+{step}*floor(T)':cb=128:cr=128"
    return ("-f", "lavfi", "-i", picture)


GREYS = greys(20)
TONES = ("-f", "lavfi", "-i", f"aevalsrc='sin(2*PI*(220+110*floor(t))*t)':s=48000:d={SECONDS}")
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "24")
AAC = ("-c:a", "aac", "-b:a", "128k")
RAW = {"name": "raw", "video": [{"codec": "h264"}], "audio": [{"codec": "aac"}]}

FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mkv": ("t.mkv", (*GREYS, *TONES, *X264, *AAC)),
    "mp4 with five channels": ("t.mp4", (*GREYS, *TONES, *X264, "-c:a", "ac3", "-ac", "6")),
    "transport stream that begins at ten": (
        "t.ts", (*GREYS, *TONES, *X264, "-c:a", "mp2", "-output_ts_offset", "10"),
    ),
    "avi": ("t.avi", (*GREYS, *TONES, "-c:v", "mpeg4", "-q:v", "2", "-g", "24", "-c:a", "libmp3lame")),
    "hdr": ("t.mkv", (*greys(12), *TONES, "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le",
                      "-x265-params", f"{HDR10}:keyint=24", *AAC)),
}  # fmt: skip

TABLE: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "copied": ("mkv", "chrome", {}),
    "converted": ("mkv", "chrome", {"allow_copy": False}),
    "converted for a transport stream": ("mkv", "hls-ts", {"allow_copy": False}),
    "copied into a transport stream": ("mkv", "hls-ts", {}),
    "sound converted to two channels": (
        "mp4 with five channels", {**RAW, "audio": [{"codec": "aac", "max_channels": 2}]}, {},
    ),
    "without an index": ("transport stream that begins at ten", RAW, {}),
    "pictures kept out of order": ("avi", RAW, {}),
    "high range": ("hdr", RAW, {}),
}  # fmt: skip


def make(media: Media, name: str) -> Path:
    file, arguments = FILES[name]
    return media.make(file, *arguments)


async def brightness(url: str) -> list[int]:
    """Return how bright every picture is."""
    shrunk = ("-vf", "scale=1:1", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-")
    return list(await ffmpeg("-i", url, "-map", "0:v:0", *shrunk))


async def tones(url: str) -> list[float]:
    """Return the pitch in the middle of every second."""
    raw = await ffmpeg("-i", url, "-map", "0:a:0", "-ac", "1", "-ar", "48000", "-f", "s16le", "-")
    samples = memoryview(raw).cast("h")
    found = []
    for second in range(SECONDS):
        window = samples[second * 48_000 + 12_000 : second * 48_000 + 36_000]
        crossings = sum(1 for one, other in pairwise(window) if (one < 0) != (other < 0))
        found.append(crossings / 2 / (len(window) / 48_000))
    return found


@pytest.mark.parametrize("row", TABLE)
async def test_every_second_is_shown_and_heard_when_it_is_its_turn(player: Player, media: Media, row: str) -> None:
    name, profile, wishes = TABLE[row]
    path = await asyncio.to_thread(make, media, name)
    playing = await player.play(await player.add(path, f"{row}{path.suffix}"), profile, ladder=False, **wishes)
    assert playing["decision"]["method"] != "direct_play"
    master = player.web.server.url + playing["url"]
    for url in (await renditions(player.web.http, master)).values():
        playlist = await read_playlist(player.web.http, url)
        assert len(playlist.segments) >= 2
        for _, segment in reversed(playlist.segments):
            assert len((await player.get(segment)).content) > 500

    times, seen = await frame_times(master), await brightness(master)
    assert abs(len(times) - SECONDS * 24) <= 1
    assert len(seen) == len(times)
    steps = [later - earlier for earlier, later in pairwise(times)]
    assert steps[0] < 2.1 / 24  # an AVI tells no time of showing, and FFmpeg has to see one picture to know it
    assert all(step == pytest.approx(1 / 24, abs=0.003) for step in steps[1:]), (row, steps)
    jumps = [
        at - times[0]
        for at, before, after in zip(times[1:], seen[:-1], seen[1:], strict=True)
        if abs(after - before) > 4
    ]
    assert jumps == [pytest.approx(second, abs=1.5 / 24) for second in range(1, SECONDS)], row
    assert all(seen[second * 24 + 12] > seen[second * 24 - 12] for second in range(1, SECONDS)), row
    pitches = (await tones(master))[:-1]
    off = [abs(pitch - (220 + 110 * second)) for second, pitch in enumerate(pitches)]
    SHOWN[row] = max(abs(jump - second) * 24 for second, jump in enumerate(jumps, 1)), max(off)
    for second, pitch in enumerate(pitches):
        assert pitch == pytest.approx(220 + 110 * second, abs=8), (row, second)
