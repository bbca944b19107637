"""A real player on the stream's address: ffmpeg, which seeks by ranges of its own making."""

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import pytest

from tests.fixtures.web import Films, Web

SECONDS = 20


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds whose frames all differ, with the index at the end as cameras write it."""
    path = tmp_path_factory.mktemp("player") / "clip.mp4"
    source = ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={SECONDS}"]
    sound = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={SECONDS}"]
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *source, *sound, *encode, path], check=True)
    return path


async def frame_at(source: str, seconds: float) -> str:
    """Return the hash of the picture that a player shows after seeking there."""
    ffmpeg = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(),
        *("-loglevel", "error", "-ss", str(seconds), "-i", source),
        *("-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    picture, errors = await ffmpeg.communicate()
    assert ffmpeg.returncode == 0, errors.decode()
    assert picture
    return hashlib.sha256(picture).hexdigest()


async def test_a_player_seeks_and_sees_what_it_would_see_on_the_disk(web: Web, films: Films, long_clip: Path) -> None:
    film = await films.add("film.mp4", long_clip.read_bytes())
    url = web.server.url + film.url

    for seconds in (15.0, 0.0, SECONDS - 0.5, 7.24):
        assert await frame_at(url, seconds) == await frame_at(str(long_clip), seconds), seconds


async def test_a_player_plays_to_the_end(web: Web, films: Films, long_clip: Path) -> None:
    film = await films.add("film.mp4", long_clip.read_bytes())

    async def digest(source: str) -> str:
        ffmpeg = await asyncio.create_subprocess_exec(
            imageio_ffmpeg.get_ffmpeg_exe(),
            *("-loglevel", "error", "-i", source, "-map", "0", "-c", "copy", "-f", "hash", "-"),
            stdout=subprocess.PIPE,
        )
        printed, _ = await ffmpeg.communicate()
        assert ffmpeg.returncode == 0
        return printed.decode()

    assert await digest(web.server.url + film.url) == await digest(str(long_clip))


async def test_the_prober_reads_a_film_through_the_server(web: Web, films: Films, long_clip: Path) -> None:
    """What PyAV finds over HTTP is what it finds on the disk."""
    film = await films.add("film.mp4", long_clip.read_bytes())
    script = """
import av, json, sys
with av.open(sys.argv[1]) as container:
    container.seek(10 * av.time_base)
    frame = next(container.decode(video=0))
    print(json.dumps([[s.type, s.codec_context.name] for s in container.streams] + [container.duration, frame.pts]))
"""
    answers = []
    for source in (web.server.url + film.url, str(long_clip)):
        prober = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, source, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        printed, errors = await prober.communicate()
        assert prober.returncode == 0, errors.decode()
        answers.append(json.loads(printed))

    assert answers[0] == answers[1]
