"""HLS over a real socket, played by FFmpeg: whole, without gaps, and from anywhere."""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.fixtures.media import Media
from tests.fixtures.playback import Player
from tests.playback.hls_client import ffmpeg, frame_times, read_playlist, renditions, timeline

LENGTH = 12
PICTURE = ("-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=24:duration={LENGTH}")
TONE = ("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={LENGTH}")
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "48")


def film(media: Media) -> Path:
    """Twelve seconds with B-frames, a keyframe every two."""
    return media.make("twelve.mkv", *PICTURE, *TONE, *X264, "-c:a", "aac")


WAYS = {
    "copy": {},
    "transcode": {"allow_copy": False},
}


@pytest.mark.parametrize("way", WAYS)
async def test_every_segment_decodes_and_no_time_is_missing_or_told_twice(
    player: Player, media: Media, way: str
) -> None:
    playing = await player.play(await player.add(film(media)), **WAYS[way])
    master = player.web.server.url + playing["url"]
    found = await renditions(player.web.http, master)
    assert set(found) == {"v0", "a1"}
    for name, url in found.items():
        playlist = await read_playlist(player.web.http, url)
        assert [seconds for seconds, _ in playlist.segments] == [4.0, 4.0, pytest.approx(4.0, abs=0.05)]
        init = (await player.get(playlist.init)).content
        segments = [(await player.get(place)).content for _, place in playlist.segments]
        times = [timeline(init, segment) for segment in segments]
        assert times[0].start == 0
        for earlier, later in pairwise(times):
            assert earlier.end == later.start, (name, times)
        # Not a word of complaint from a decoder that is given them as they are.
        await ffmpeg("-i", "pipe:0", "-f", "null", "-", content=init + b"".join(segments))
    times = await frame_times(master)
    assert len(times) == LENGTH * 24
    assert all(later - earlier == pytest.approx(1 / 24, abs=0.002) for earlier, later in pairwise(times))


@pytest.mark.parametrize("way", WAYS)
async def test_sound_in_a_transport_stream_goes_on_from_run_to_run(player: Player, media: Media, way: str) -> None:
    """Segments are asked for backwards, so that each begins a run: what one leaves out, the next one has."""
    groups = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "37")
    path = media.make("t.mkv", *(one.replace(f"={LENGTH}", "=40") for one in (*PICTURE, *TONE)), *groups, "-c:a", "aac")
    playing = await player.play(await player.add(path), "hls-ts", ladder=False, **WAYS[way])
    master = player.web.server.url + playing["url"]
    (url,) = (await renditions(player.web.http, master)).values()
    for _, segment in reversed((await read_playlist(player.web.http, url)).segments):
        await player.get(segment)
    times = await frame_times(master, "a:0")
    apart = [later - earlier - 1024 / 48_000 for earlier, later in pairwise(times)]
    assert max(map(abs, apart)) < 0.0015
