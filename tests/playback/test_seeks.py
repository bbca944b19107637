"""Where a seek lands, for kinds of films that are copied or converted: the picture with the number that belongs there.

Done as players do: the segment that the time lies in is fetched and decoded, and the last picture shown by then counts.
The first seek is to what nobody has made yet, the others go back and forth. With REVENGE_TEST_TABLES=1 the errors are
told in the end.
"""

import asyncio
import itertools
import os
from pathlib import Path
from typing import Any

import pytest

from app.library.keyframes import pack
from app.library.models import Keyframes
from tests.fixtures.media import Media
from tests.fixtures.playback import Player, Shelved
from tests.fixtures.time_code import numbered, numbers_of, pitch_of, pitched
from tests.library.probing.test_keyframes import truth
from tests.playback.conftest import ERRORS
from tests.playback.hls_client import Playlist, read_playlist, renditions, shown_times, timeline

SECONDS = 24
RATE = 24
GROUP = ("-g", "60", "-keyint_min", "60", "-pix_fmt", "yuv420p")
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-bf", "2", *GROUP)
X265 = (
    "-c:v",
    "libx265",
    "-preset",
    "ultrafast",
    "-x265-params",
    "log-level=none:keyint=60:open-gop=0",
    "-pix_fmt",
    "yuv420p",
)
FILM = (*numbered(SECONDS, size="160x90"), *pitched(SECONDS, base=500, step=100))
LONG_GROUPS = ("-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "168", "-pix_fmt", "yuv420p")

FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mkv, H.264, AAC": ("a.mkv", (*FILM, *X264, "-c:a", "aac")),
    "mp4, H.264, AC-3": ("a.mp4", (*FILM, *X264, "-c:a", "ac3")),
    "mkv, HEVC, E-AC-3": ("a.mkv", (*FILM, *X265, "-c:a", "eac3")),
    "webm, VP9, Opus": ("a.webm", (*FILM, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", *GROUP,
                                   "-c:a", "libopus")),
    "avi, MPEG-4, MP3": ("a.avi", (*FILM, "-c:v", "mpeg4", "-q:v", "2", "-g", "60", "-c:a", "libmp3lame")),
    "ts, H.264, AAC": ("a.ts", (*FILM, *LONG_GROUPS, "-c:a", "aac")),
    "ts from 70 s on, H.264, AC-3": ("b.ts", (*FILM, *LONG_GROUPS, "-c:a", "ac3", "-output_ts_offset", "70")),
    "mkv without cues, H.264, AAC": ("c.mkv", (*FILM, *LONG_GROUPS, "-c:a", "aac", "-live", "1")),
}  # fmt: skip

EVERYTHING = {
    "name": "everything",
    "video": [{"codec": codec} for codec in ("h264", "hevc", "vp9")],
    "audio": [{"codec": codec} for codec in ("aac", "ac3", "eac3", "opus")],
}
"""A client that takes all that is cut into segments, and no files."""

ROWS = [
    *((name, way) for name in ("mkv, H.264, AAC", "mp4, H.264, AC-3") for way in ("copied", "converted")),
    ("mkv, HEVC, E-AC-3", "copied"),
    ("webm, VP9, Opus", "copied"),
    ("avi, MPEG-4, MP3", "converted"),
    *((name, way) for name in FILES if name.startswith("ts") for way in ("copied", "converted", "not read yet")),
    ("mkv without cues, H.264, AAC", "copied"),
    ("mkv without cues, H.264, AAC", "not read yet"),
]
if os.environ.get("REVENGE_TEST_TABLES"):
    # Whole, the table is for people; what is behind these two is held by others as well.
    ROWS += [(name, "converted") for name in ("mkv, HEVC, E-AC-3", "webm, VP9, Opus")]

SEEKS = (437, 59, 300, 2, 181)
"""Numbers of pictures: in the last segments first, and then elsewhere."""


def make(media: Media, name: str) -> Path:
    file, arguments = FILES[name]
    return media.make(file, *arguments)


async def read(player: Player, shelved: Shelved) -> None:
    """Know the keyframes of a film without an index, as after it was read for them."""
    if shelved.info.keyframes is None:
        times = truth(shelved.path)
        async with player.shelf.transactions.begin() as tx:
            tx.session.add(Keyframes(file_id=shelved.file_id, stream_index=0, count=len(times), times=pack(times)))


def first_picture(shelved: Shelved) -> float:
    """Return how much later than the film its first picture begins, in seconds: sound begins a little before it."""
    starts = {one.kind: one.start_ms or 0 for one in reversed(shelved.info.streams)}
    return (starts["video"] - min(starts.values())) / 1000


def piece_at(playlist: Playlist, at: float) -> tuple[str, str]:
    """Return the addresses of the header and of the segment that a time lies in."""
    ends = itertools.accumulate(seconds for seconds, _ in playlist.segments)
    number = next((number for number, end in enumerate(ends) if at < end), len(playlist.segments) - 1)
    return playlist.init or "", playlist.segments[number][1]


async def content_of(player: Player, init: str, segment: str) -> tuple[bytes, bytes]:
    return (await player.get(init)).content, (await player.get(segment)).content


async def shown(player: Player, init: str, segment: str) -> tuple[list[float], list[int]]:
    """Return when the pictures of a segment are shown, and their numbers."""
    head, piece = await content_of(player, init, segment)
    return shown_times(head, piece), await numbers_of("-i", "pipe:0", content=head + piece)


async def heard(player: Player, init: str, segment: str, at: float) -> float:
    """Return the pitch at a time that lies in a segment of sound."""
    head, piece = await content_of(player, init, segment)
    times = timeline(head, piece)
    return await pitch_of("-i", "pipe:0", at=max(at - times.start / times.timescale, 0), content=head + piece)


@pytest.mark.parametrize(("name", "way"), ROWS)
async def test_a_seek_shows_and_sounds_what_belongs_there(player: Player, media: Media, name: str, way: str) -> None:
    shelved = await player.add(await asyncio.to_thread(make, media, name))
    if way != "not read yet":
        await read(player, shelved)
    wishes: dict[str, Any] = {"allow_copy": False} if way == "converted" else {}
    playing = await player.play(shelved, EVERYTHING, ladder=False, **wishes)
    assert playing["decision"]["video"]["action"] == ("copy" if way == "copied" else "transcode")
    found = await renditions(player.web.http, player.web.server.url + playing["url"])
    picture, sound = [await read_playlist(player.web.http, found[kind]) for kind in sorted(found, reverse=True)]
    errors, sounds = [], []
    for number in SEEKS:
        at = first_picture(shelved) + (number + 0.5) / RATE
        times, numbers = await shown(player, *piece_at(picture, at))
        errors.append([one for time, one in zip(times, numbers, strict=True) if time <= at][-1] - number)
        second = number // RATE + 0.25
        sounds.append(await heard(player, *piece_at(sound, second), second) - (500 + 100 * int(second)))
    ERRORS[name, way] = errors
    assert all(abs(error) <= 1 for error in errors), errors
    assert all(abs(apart) < 25 for apart in sounds), sounds


@pytest.mark.parametrize(
    ("name", "way"), [("ts, H.264, AAC", "not read yet"), ("ts from 70 s on, H.264, AC-3", "copied")]
)
async def test_every_picture_of_a_film_sought_by_time_is_there_once(
    player: Player, media: Media, name: str, way: str
) -> None:
    """Segments are asked for backwards, so that each begins a run, which lands behind the keyframe it was sent to."""
    shelved = await player.add(await asyncio.to_thread(make, media, name))
    if way == "copied":
        await read(player, shelved)
    playing = await player.play(shelved, EVERYTHING, ladder=False)
    index = (await player.get(f"/api/v1/playback/{playing['id']}/v0/index.m3u8")).text
    for segment in reversed([line for line in index.splitlines() if line.endswith(".m4s")]):
        await player.get(f"/api/v1/playback/{playing['id']}/v0/{segment}")
    assert await numbers_of("-i", player.web.server.url + playing["url"]) == list(range(SECONDS * RATE))
