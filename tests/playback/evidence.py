"""A whole film, played to its end by FFmpeg as an HLS client: told rather than asserted, as part of `make evidence`.

Not collected with the tests, which hold the same of films of seconds. Every picture has its number in it. With
REVENGE_TEST_MINUTES=90 the film is as long as films are.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.playback.transcoding.fragments import timescale_of
from tests.fixtures.playback import Player, Shelved
from tests.fixtures.time_code import BITS, make_film, numbered, numbers_of, pitched
from tests.playback.conftest import WHOLE
from tests.playback.hls_client import Playlist, ffmpeg, pieces_of, read_playlist, renditions, shown_times
from tests.playback.test_seeks import EVERYTHING, first_picture

pytestmark = pytest.mark.timeout(3600)

SECONDS = int(float(os.environ.get("REVENGE_TEST_MINUTES", "10")) * 60)
RATE = 24 if SECONDS * 24 < 2**BITS else 12
HERTZ = 48_000

FILM = (*numbered(SECONDS, rate=RATE, size="160x90"), *pitched(SECONDS, base=500, step=1))
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-b_strategy", "0", "-pix_fmt", "yuv420p", "-g", "60")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-tag:v", "hvc1", "-x265-params")
GROUPS = "log-level=none:keyint=60:bframes=3:b-adapt=0:open-gop="

FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mkv, H.264 with B-frames, AAC": ("a.mkv", (*FILM, *X264, "-c:a", "aac")),
    "mp4, HEVC with B-frames, E-AC-3": ("b.mp4", (*FILM, *X265, f"{GROUPS}0", "-c:a", "eac3")),
    "mp4, HEVC with open groups, E-AC-3": ("c.mp4", (*FILM, *X265, f"{GROUPS}1", "-c:a", "eac3")),
}

ROWS: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("mkv, H.264 with B-frames, AAC", "copied", EVERYTHING, {}),
    ("mkv, H.264 with B-frames, AAC", "converted", EVERYTHING, {"allow_copy": False}),
    ("mkv, H.264 with B-frames, AAC", "copied into TS", "hls-ts", {}),
    ("mp4, HEVC with B-frames, E-AC-3", "copied", EVERYTHING, {}),
    ("mp4, HEVC with open groups, E-AC-3", "copied", EVERYTHING, {}),
]


@dataclass(frozen=True, slots=True)
class Boxes:
    """What the boxes of a rendition say, from its first segment to its last."""

    shown: Sequence[float]
    """When its pictures are shown, in seconds."""
    apart_ms: float
    """The most that a piece begins before or after the one before it has ended, as decoders count."""


async def boxes_of(player: Player, playlist: Playlist) -> Boxes:
    init = (await player.get(playlist.init or "")).content
    content = b"".join([(await player.get(place)).content for _, place in playlist.segments])
    scale = timescale_of(init[init.index(b"moov") - 4 :])
    pieces = pieces_of(content)
    apart = max(abs(later.decode_time - earlier.decode_time - earlier.duration) for earlier, later in pairwise(pieces))
    return Boxes(shown_times(init, content), apart * 1000 / scale)


async def samples_of(url: str) -> int:
    raw = await ffmpeg("-i", url, "-map", "0:a:0", "-ac", "1", "-ar", str(HERTZ), "-f", "s16le", "-")
    return len(raw) // 2


def in_pictures(times: Sequence[float], first: float) -> float:
    """Return how far the picture farthest from its time is from it."""
    return max(abs((time - first) * RATE - number) for number, time in enumerate(times))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    return {name: make_film(folder / file, *arguments) for name, (file, arguments) in FILES.items()}


@pytest.mark.parametrize("row", ROWS)
async def test_a_whole_film(player: Player, whole: dict[str, Path], row: tuple[str, str, Any, dict[str, Any]]) -> None:
    name, way, profile, wishes = row
    shelved: Shelved = await player.add(whole[name])
    playing = await player.play(shelved, profile, ladder=False, allow_direct_play=False, **wishes)
    master = player.web.server.url + playing["url"]
    found = await renditions(player.web.http, master)
    playlists = [await read_playlist(player.web.http, found[kind]) for kind in sorted(found, reverse=True)]
    numbers = await numbers_of("-i", master)
    lacking = len(set(range(SECONDS * RATE)) - set(numbers))
    twice = len(numbers) - len(set(numbers))
    assert numbers == sorted(numbers)
    if playlists[0].init is None:
        apart = between = "-"
    else:
        parts = [await boxes_of(player, playlist) for playlist in playlists]
        apart = f"{in_pictures(parts[0].shown, first_picture(shelved)):.2f} pictures"
        between = " and ".join(f"{part.apart_ms:.1f} ms" for part in parts)
    beside = (await samples_of(master) - SECONDS * HERTZ) / HERTZ
    shown = (f"{len(numbers):,} of {SECONDS * RATE:,}", f"{lacking} or {twice}", apart, between)
    WHOLE.append((name, way, str(len(playlists[0].segments)), *shown, f"{beside * 1e3:+.0f} ms"))
