"""Pictures that are not as they lie in the file: turned, made of halves, or shown for as long as each of them likes."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.media import Media
from tests.fixtures.playback import Player
from tests.fixtures.time_code import make_film, numbered, numbers_of
from tests.playback.hls_client import ffmpeg, pieces_of, read_playlist, renditions, shown_times

X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")
WAYS: dict[str, dict[str, Any]] = {"copied": {}, "converted": {"allow_copy": False}}
CLIENT = {"name": "plain", "video": [{"codec": "h264"}], "audio": [{"codec": "aac"}]}


def rows(picture: bytes, width: int) -> list[bytes]:
    return [picture[place : place + width] for place in range(0, len(picture), width)]


async def first_picture(url: str) -> bytes:
    return await ffmpeg("-i", url, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-")


@pytest.mark.parametrize("way", WAYS)
async def test_a_film_that_was_held_upright_stays_upright(
    player: Player, media: Media, tmp_path: Path, way: str
) -> None:
    """It lies on its side in the file, white to the left; its header says which way up."""
    halves = "color=c=black:size=160x90:rate=24:duration=5,geq=lum='if(lt(X,80),235,16)':cb=128:cr=128"
    lying = media.make("lying.mp4", "-f", "lavfi", "-i", halves, *X264, "-g", "48")
    upright = make_film(tmp_path / "upright.mp4", "-display_rotation", "90", "-i", str(lying), "-c", "copy")
    shelved = await player.add(upright)
    assert shelved.info.streams[0].rotation in (90, 270)
    playing = await player.play(shelved, CLIENT, ladder=False, **WAYS[way])
    master = player.web.server.url + playing["url"]
    assert "RESOLUTION=90x160" in (await player.get(playing["url"])).text

    seen, truth = rows(await first_picture(master), 90), rows(await first_picture(str(upright)), 90)
    assert len(seen) == len(truth) == 160
    for place in (20, 140):
        assert seen[place][45] == pytest.approx(truth[place][45], abs=12)
    assert abs(seen[20][45] - seen[140][45]) > 150


async def test_halves_of_a_picture_become_whole_ones(player: Player, tmp_path: Path) -> None:
    """A bar runs so fast that it is elsewhere in every second line."""
    bar = "color=c=black:size=160x96:rate=48:duration=4,geq=lum='235*between(mod(X-N*6,160),0,24)':cb=128:cr=128"
    halves = ("-vf", "tinterlace=interleave_top,fieldorder=tff", "-c:v", "mpeg2video", "-flags", "+ildct+ilme")
    path = make_film(tmp_path / "halves.mkv", "-f", "lavfi", "-i", bar, *halves, "-q:v", "2", "-g", "24")
    shelved = await player.add(path, "Halves.mkv")
    playing = await player.play(shelved, CLIENT, ladder=False)
    assert "interlaced" in {reason["code"] for reason in playing["decision"]["video"]["reasons"]}

    async def combed(source: str) -> float:
        """Return how much a line differs from the next, beside how much it differs from the one after that."""
        raw = await ffmpeg("-i", source, "-f", "rawvideo", "-pix_fmt", "gray", "-")
        lines = rows(raw, 160)
        inside = [number for number in range(len(lines) - 2) if number % 96 in range(8, 80)]
        return sum(
            sum(abs(one - other) for one, other in zip(lines[number], lines[number + 1], strict=True))
            for number in inside[::7]
        ) / len(inside[::7])

    before, after = await combed(str(shelved.path)), await combed(player.web.server.url + playing["url"])
    assert before > 1000
    assert after < before / 4


@pytest.mark.parametrize("way", WAYS)
async def test_pictures_are_shown_for_as_long_as_each_of_them_is(player: Player, media: Media, way: str) -> None:
    """24 a second at first, then every fifth of them only: their numbers tell when they belong."""
    some = ("-vf", "select='if(lt(t,3),1,not(mod(n,5)))'", "-fps_mode", "vfr")
    path = media.make("vary.mkv", *numbered(12, size="160x90"), *some, *X264, "-bf", "2", "-g", "30")
    playing = await player.play(await player.add(path), CLIENT, ladder=False, **WAYS[way])
    master = player.web.server.url + playing["url"]
    picture = await read_playlist(player.web.http, (await renditions(player.web.http, master))["v0"])
    pieces = [(await player.get(segment)).content for _, segment in reversed(picture.segments)]  # a run for each
    init = (await player.get(picture.init or "")).content
    times, numbers = shown_times(init, b"".join(reversed(pieces))), await numbers_of("-i", master)
    assert numbers == await numbers_of("-i", str(path))
    assert [later - earlier for earlier, later in pairwise(numbers)].count(5) > 40
    for time, number in zip(times, numbers, strict=True):
        assert time - times[0] == pytest.approx(number / 24, abs=0.003)


async def test_open_groups_and_others_follow_each_other(player: Player, media: Media) -> None:
    """Of an open one, pictures are shown before its keyframe that are decoded behind it. That at five is not open."""
    groups = "log-level=none:keyint=48:min-keyint=48:bframes=3:b-adapt=0:open-gop=1:scenecut=0"
    x265 = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-tag:v", "hvc1", "-x265-params", groups)
    one = ("-forced-idr", "1", "-force_key_frames", "5")
    shelved = await player.add(media.make("open.mp4", *numbered(15, size="160x90"), *x265, *one))
    client = {"name": "hevc", "video": [{"codec": "hevc"}], "audio": [{"codec": "aac"}]}
    playing = await player.play(shelved, client, ladder=False, allow_direct_play=False)
    master = player.web.server.url + playing["url"]
    picture = await read_playlist(player.web.http, (await renditions(player.web.http, master))["v0"])
    contents = [(await player.get(segment)).content for _, segment in reversed(picture.segments)]  # a run for each
    pieces = pieces_of(b"".join(reversed(contents)))
    assert any(piece.first_offset != piece.earliest_offset for piece in pieces[1:])
    assert any(piece.first_offset == piece.earliest_offset for piece in pieces[1:])
    assert pieces[0].decode_time == 0
    for earlier, later in pairwise(pieces):
        assert later.decode_time == earlier.decode_time + earlier.duration
    assert await numbers_of("-i", master) == list(range(15 * 24))
