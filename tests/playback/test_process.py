"""FFmpeg does not outlive whoever started it, and a run outlives a database that is away for a moment."""

import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.playback.streaming import transcodes
from tests.fixtures.clients import until
from tests.fixtures.media import Media
from tests.fixtures.playback import Player
from tests.playback.test_transcoding import long_film, segment

PARENT = """
import asyncio, sys
from app.playback.ffmpeg.binary import find
from app.playback.ffmpeg.launcher import Launcher, Program
from app.playback.ffmpeg.process import running

async def main():
    told = ["-re", "-f", "lavfi", "-i", "testsrc2=duration=600", "-f", "null", "-"]
    async with running(Program(find(None), Launcher()), told) as ffmpeg:
        print(ffmpeg.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="the signal that ends it is Linux's")
async def test_it_dies_with_a_parent_that_is_killed() -> None:
    root = Path(__file__).resolve().parents[2]
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE, cwd=root
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    try:
        assert is_alive(pid)
        parent.kill()
        await parent.wait()
        await until(lambda: not is_alive(pid))
    finally:
        if parent.returncode is None:
            parent.kill()
            await parent.wait()
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)


async def test_a_run_goes_on_while_the_database_is_away(
    player: Player, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelved = await player.add(await asyncio.to_thread(long_film, media))
    look, looks = transcodes.look, Counter[UUID]()

    async def lost(tx: Any, transcode_id: UUID, *given: Any, **more: Any) -> Any:
        looks[transcode_id] += 1
        if looks[transcode_id] <= 3:
            raise psycopg.OperationalError("the connection is lost")
        return await look(tx, transcode_id, *given, **more)

    monkeypatch.setattr(transcodes, "look", lost)
    playing = await player.play(shelved, allow_copy=False)
    for number in (0, 1, 2, 3, 20):  # the last lies beyond what is made ahead: who makes it must have heard of it
        assert len(await segment(player, playing, f"v0/{number:05}.m4s")) > 100
    await until(lambda: max(looks.values(), default=0) > 3)
