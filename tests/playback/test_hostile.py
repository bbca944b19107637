"""Names, metadata and contents that want to be more than a film; and a crowd that goes everywhere at once."""

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.playback.ffmpeg.process import Ffmpeg, running
from tests.fixtures.clients import until
from tests.fixtures.media import Media
from tests.fixtures.playback import Player
from tests.playback.hls_client import frame_times, read_playlist, renditions
from tests.playback.test_transcoding import children, long_film

NAMES = (
    "-i.mkv",
    "-f lavfi -i testsrc.mkv",
    "concat:a|b.mkv",
    "http:__evil.example_x.mkv",
    "a'b\";$(touch x);`id`.mkv",
    "%05d.mkv",
    "new\nline.mkv",
    "pipe:0.mkv",
)

SMALL = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=24:duration=1")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "12")
TITLE = 'x"\n#EXT-X-KEY:METHOD=NONE\n,URI="http://evil.example/'


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_is_a_name(player: Player, media: Media, name: str) -> None:
    """No name reaches FFmpeg, so none can tell it anything."""
    tone = ("-f", "lavfi", "-i", "sine=duration=1")
    path = media.make("h.mkv", *SMALL, *tone, *X264, "-c:a", "aac", "-metadata:s:a:0", f"title={TITLE}")
    playing = await player.play(await player.add(path, name), allow_copy=False)
    master = player.web.server.url + playing["url"]
    text = (await player.get(master)).text
    assert not any(line.startswith("#EXT-X-KEY") for line in text.splitlines())
    assert '"http' not in text
    assert len(await frame_times(master)) == 24


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile /etc/passwd\n",
    ],
)
async def test_a_list_of_other_files_is_not_followed(
    player: Player, media: Media, content: str, tmp_path: Path
) -> None:
    """It took the film's place after that was analysed, at the same size and time."""
    shelved = await player.add(media.make("h.mkv", *SMALL, *X264))
    stamp = shelved.path.stat()
    shelved.path.write_bytes(content.encode().ljust(stamp.st_size, b"\n"))

    os.utime(shelved.path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
    playing = await player.play(shelved, allow_copy=False)
    answer = await player.web.http.get(f"/api/v1/playback/{playing['id']}/v0/00000.m4s")
    assert (answer.status_code, answer.json()["code"]) == (500, "transcode_failed")
    assert "passwd" not in answer.text


@pytest.mark.timeout(600)  # some sixty runs of FFmpeg, one after the other for each of four rows
async def test_a_crowd_that_goes_everywhere_is_served_by_a_few(
    player: Player, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty players at random over one film: everyone gets everything, and FFmpeg runs no more than there are rows."""
    shelved = await player.add(await asyncio.to_thread(long_film, media))
    plays = [await player.play(shelved, allow_copy=number % 2 == 0) for number in range(20)]
    at_work: list[int] = [0]
    """How many run, after each that began or ended."""
    dice = random.Random(7)

    @contextlib.asynccontextmanager
    async def counted(*given: Any, **more: Any) -> AsyncIterator[Ffmpeg]:
        at_work.append(at_work[-1] + 1)
        try:
            async with running(*given, **more) as ffmpeg:
                yield ffmpeg
        finally:
            at_work.append(at_work[-1] - 1)

    monkeypatch.setattr("app.playback.transcoding.runner.running", counted)

    async def wander(playing: dict[str, str]) -> None:
        found = await renditions(player.web.http, player.web.server.url + playing["url"])
        for _ in range(3):
            playlist = await read_playlist(player.web.http, found[dice.choice(sorted(found))])
            place = dice.choice(playlist.segments)[1]
            while (answer := await player.web.http.get(place)).status_code == 503:
                assert answer.json()["code"] == "segment_delayed"  # many are before us; players ask again
            assert answer.status_code == 200, answer.text
            assert len(answer.content) > 100

    await asyncio.gather(*(wander(playing) for playing in plays))
    assert 1 <= max(at_work) <= 4
    for playing in plays:
        assert (await player.web.http.delete(f"/api/v1/playback/{playing['id']}")).status_code == 204
    await until(lambda: not children())
