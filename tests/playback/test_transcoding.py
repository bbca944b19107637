"""Who makes segments, when, and what is left when somebody ends, goes away, or is killed."""

import asyncio
import os
import re
import signal
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.config import Settings
from app.jobs.types import JobState
from app.playback.sweeping import PlaybackSweeper
from app.playback.transcoding.recipes import VideoRecipe
from app.playback.transcoding.room import Room
from app.playback.transcoding.runner import Transcoder
from app.playback.transcoding.store import SegmentStore
from tests.fixtures.clients import until
from tests.fixtures.media import Media
from tests.fixtures.playback import Player, Shelved
from tests.fixtures.processes import parent_of
from tests.playback.hls_client import ffmpeg, read_playlist, renditions, timeline

LONG = 120
TONE = ("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={LONG}")


def long_film(media: Media) -> Path:
    """Two minutes, to be sought in."""
    picture = ("-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=12:duration={LONG}")
    codec = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "24")
    return media.make("long.mkv", *picture, *TONE, *codec, "-c:a", "aac", "-b:a", "64k")


def children(word: bytes = b"") -> set[int]:
    """Return the processes of FFmpeg that are ours and work on a film; one that is asked what it can do is none. With
    a word, those that were told it."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdecimal() else b""
            is_at_work = b"ffmpeg" in command.split(b"\0")[0] and b"file:/dev/fd/" in command and word in command
            if is_at_work and parent_of(parent_of(int(entry.name))) == os.getpid():  # between them is who starts them
                found.add(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


async def transcodes(connection: psycopg.AsyncConnection[Any]) -> dict[str, dict[str, Any]]:
    rows = await (await connection.execute("SELECT * FROM transcode")).fetchall()
    return {row["name"].split("-")[0]: row for row in rows}


async def jobs(connection: psycopg.AsyncConnection[Any]) -> list[dict[str, Any]]:
    query = "SELECT * FROM river.river_job WHERE kind = 'media.transcode' ORDER BY id"
    return await (await connection.execute(query)).fetchall()


async def at_rest(player: Player, connection: psycopg.AsyncConnection[Any]) -> None:
    """Wait until nothing is worked any more, and nothing will be: whoever has a segment may not have said so yet."""

    async def rests() -> bool:
        return all(row["state"] in ("completed", "cancelled", "discarded") for row in await jobs(connection))

    await until(lambda: not player.notes)
    await until(rests)
    assert children() == set()


async def segment(player: Player, playing: dict[str, Any], name: str) -> bytes:
    return (await player.get(f"/api/v1/playback/{playing['id']}/{name}")).content


class Pace:
    """Held, FFmpeg reads the first eight seconds of a picture, and of the rest next to nothing: it stays at work."""

    WORDS = ("-readrate", "0.05", "-readrate_initial_burst", "8")

    def __init__(self) -> None:
        self.is_held = True


def held() -> set[int]:
    return children(b"-readrate")


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Pace:
    pace, arguments = Pace(), Transcoder._arguments

    def paced(self: Transcoder, state: Any, *given: Any, **more: Any) -> list[str]:
        told = arguments(self, state, *given, **more)
        return [*pace.WORDS, *told] if pace.is_held and isinstance(state.row.recipe, VideoRecipe) else told

    monkeypatch.setattr(Transcoder, "_arguments", paced)
    return pace


async def test_a_seek_is_answered_without_what_lies_before_it(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any], pace: Pace
) -> None:
    """The runner is sent elsewhere: of what lies between, nothing is made."""
    playing = await player.play(await player.add(long_film(media)), allow_copy=False)
    master = player.web.server.url + playing["url"]
    picture = await read_playlist(player.web.http, (await renditions(player.web.http, master))["v0"])
    last = len(picture.segments) - 1
    init = (await player.get(picture.init)).content

    times = [timeline(init, await segment(player, playing, "v0/00000.m4s"))]
    pace.is_held = False
    times += [timeline(init, await segment(player, playing, f"v0/{number:05}.m4s")) for number in (last, last // 2)]
    told = player.web.metrics.exposition().decode()
    assert 'revenge_transcode_aims_total{reason="again"}' in told
    assert float(re.search(r'^revenge_transcode_speed_count{kind="transcode"} (\S+)$', told, re.MULTILINE)[1]) >= 1
    assert float(re.search(r"^revenge_segment_cache_bytes (\S+)$", told, re.MULTILINE)[1]) > 0

    starts = [one.start / one.timescale for one in times]
    expected = [0, sum(seconds for seconds, _ in picture.segments[:last])]
    assert starts[:2] == [pytest.approx(value, abs=1 / 24) for value in expected]
    row = (await transcodes(connection))["video"]
    await at_rest(player, connection)
    made = player.store.numbers(row["id"])
    assert {0, last, last // 2} <= made
    assert len(made) < last


async def test_pieces_of_different_runs_fit_together(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    """Asked for backwards, so that every segment begins a run: the sum is what one run would have made."""
    playing = await player.play(await player.add(long_film(media)), allow_copy=False, start_ms=60_000)
    for name in ("v0", "a1"):
        init = await segment(player, playing, f"{name}/init.mp4")
        pieces = [await segment(player, playing, f"{name}/{number:05}.m4s") for number in (6, 5, 4, 3)][::-1]
        times = [timeline(init, piece) for piece in pieces]
        for earlier, later in pairwise(times):
            assert earlier.end == later.start, (name, times)
        await ffmpeg("-i", "pipe:0", "-f", "null", "-", content=init + b"".join(pieces))


async def test_viewers_of_one_rendition_share_it(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    shelved = await player.add(long_film(media))
    plays = [await player.play(shelved, allow_copy=False) for _ in range(3)]
    pieces = await asyncio.gather(*(segment(player, playing, "v0/00002.m4s") for playing in plays))
    assert len(set(pieces)) == 1
    assert len(await transcodes(connection)) == 2
    await at_rest(player, connection)
    assert len(await jobs(connection)) <= 4


async def test_a_conversion_keeps_ahead_of_its_viewer_and_no_more(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    """Twenty seconds, that is five segments, in these tests."""
    playing = await player.play(await player.add(long_film(media)), allow_copy=False)
    await segment(player, playing, "v0/00000.m4s")
    await at_rest(player, connection)
    row = (await transcodes(connection))["video"]
    assert player.store.numbers(row["id"]) == set(range(6))
    assert (row["runner"], row["aims"]) == (None, [])


@pytest.mark.usefixtures("pace")
async def test_whoever_ends_their_playback_ends_what_was_made_for_it(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    playing = await player.play(await player.add(long_film(media)), allow_copy=False)
    await until(held)
    assert (await player.web.http.delete(f"/api/v1/playback/{playing['id']}")).status_code == 204
    await at_rest(player, connection)
    states = {row["state"] for row in await jobs(connection)}
    assert states == {"completed"}


async def test_a_cancelled_job_stops_at_once_and_the_next_request_begins_another(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any], pace: Pace
) -> None:
    playing = await player.play(await player.add(long_film(media)), allow_copy=False)
    await until(held)
    running = [row for row in await jobs(connection) if row["state"] == "running"]
    for row in running:
        await player.client.jobs.cancel(row["id"])
    await until(lambda: not children())
    pace.is_held = False
    assert timeline(
        await segment(player, playing, "v0/init.mp4"), await segment(player, playing, "v0/00025.m4s")
    ).samples
    assert JobState.CANCELLED in {row["state"] for row in await jobs(connection)}


async def test_a_killed_ffmpeg_is_a_failed_attempt_and_is_tried_again(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any], pace: Pace
) -> None:
    playing = await player.play(await player.add(long_film(media)), allow_copy=False)
    (pid,) = await until(held)
    pace.is_held = False
    os.kill(pid, signal.SIGKILL)

    async def failed() -> bool:
        return any(row["errors"] for row in await jobs(connection))

    await until(failed)
    errors = [error for row in await jobs(connection) for error in row["errors"] or ()]
    assert "SIGKILL" in str(errors[0])

    async def played() -> bool:
        answer = await player.web.http.get(f"/api/v1/playback/{playing['id']}/v0/00025.m4s")
        return answer.status_code == 200

    await until(played)


async def test_a_runner_that_is_dead_is_replaced(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    """Its row says that it runs, its job's row too; nothing has been heard of it for a while."""
    playing = await player.play(await player.add(long_film(media)), allow_copy=False)
    await segment(player, playing, "v0/00000.m4s")
    await at_rest(player, connection)
    await connection.execute("UPDATE transcode SET runner = 'ghost/1', runner_at = now() - interval '10 seconds'")
    await connection.execute(
        "UPDATE river.river_job SET state = 'running', finalized_at = NULL, attempted_at = now() - interval '1 minute'"
        " WHERE kind = 'media.transcode' AND id = (SELECT max(id) FROM river.river_job)"
    )
    assert len(await segment(player, playing, "v0/00025.m4s")) > 100


@pytest.mark.usefixtures("pace")
async def test_a_second_job_for_the_same_row_ends_at_once(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    await player.play(await player.add(long_film(media)), allow_copy=False)
    await until(held)
    row = (await transcodes(connection))["video"]
    (first,) = [one for one in await jobs(connection) if one["id"] == row["job_id"]]
    await connection.execute(
        "INSERT INTO river.river_job (kind, queue, priority, max_attempts, args) VALUES"
        " ('media.transcode', 'high', 1, 3, %s)",
        [Jsonb(first["args"])],
    )

    async def ended() -> bool:
        return (await jobs(connection))[-1]["state"] == "completed"

    await until(ended)
    assert row["runner"] is not None
    assert (await transcodes(connection))["video"]["runner"] == row["runner"]


async def test_a_file_that_ffmpeg_cannot_read_is_told_with_its_reason_and_no_place(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    shelved = await player.add(long_film(media))
    playing = await player.play(shelved, allow_copy=False)
    await at_rest(player, connection)
    stamp = shelved.path.stat()
    shelved.path.write_bytes(b"\0" * stamp.st_size)
    os.utime(shelved.path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
    answer = await player.web.http.get(f"/api/v1/playback/{playing['id']}/v0/00025.m4s")
    assert (answer.status_code, answer.json()["code"]) == (500, "transcode_failed")
    assert str(shelved.path.parent) not in answer.text
    assert "/dev/fd" not in answer.text


async def test_what_has_just_failed_begins_no_playback(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    """Who presses play again and again is no crowd of viewers, and where they were in the film stays."""
    shelved = await player.add(long_film(media))
    await player.play(shelved, allow_copy=False)
    await at_rest(player, connection)
    await connection.execute(
        "UPDATE transcode SET failure = 'it broke', failure_code = 'transcode_failed', failed_at = 'infinity'"
    )
    body = {"item_id": str(shelved.item_id), "profile": "chrome", "allow_copy": False, "start_ms": 100_000}
    answer = await player.web.http.post("/api/v1/playback", json=body)
    assert (answer.status_code, answer.json()["code"]) == (500, "transcode_failed")
    left = await (await connection.execute("SELECT count(*) AS playbacks FROM playback")).fetchall()
    assert left == [{"playbacks": 1}]
    assert await (await connection.execute("SELECT * FROM watch_state")).fetchall() == []


async def test_room_is_made_of_what_nobody_watches(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    playing = await player.play(await player.add(long_film(media)), allow_copy=False)
    await segment(player, playing, "v0/00000.m4s")
    await at_rest(player, connection)
    rows = await transcodes(connection)
    assert all(row["bytes"] == sum(player.store.sizes(row["id"]).values()) for row in rows.values())
    await connection.execute("UPDATE transcode SET wanted_at = NULL, runner_at = NULL")
    freed = await (await player.web.container.get(Room)).make(at_least=10**9)
    assert freed > 0
    left = [name for row in rows.values() for name in player.store.sizes(row["id"])]
    assert left == ["init.mp4", "init.mp4"]
    assert len(await segment(player, playing, "v0/00001.m4s")) > 100


async def test_a_full_disk_is_told_and_nothing_half_written_is_left(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player.store, "_keep_free", 2**60)
    playing = await player.play(await player.add(long_film(media)), allow_copy=False)
    answer = await player.web.http.get(f"/api/v1/playback/{playing['id']}/v0/00000.m4s")
    assert (answer.status_code, answer.json()["code"]) == (503, "cache_full")
    assert int(answer.headers["retry-after"]) > 0
    assert "room" in answer.json()["detail"]
    rows = await transcodes(connection)
    assert not any(player.store.sizes(row["id"]) for row in rows.values())
    monkeypatch.setattr(player.store, "_keep_free", 0)

    async def played() -> bool:
        answer = await player.web.http.get(f"/api/v1/playback/{playing['id']}/v0/00000.m4s")
        return answer.status_code == 200

    await until(played)


async def test_what_is_left_behind_is_swept(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    shelved: Shelved = await player.add(long_film(media))
    playing = await player.play(shelved)
    await segment(player, playing, "v0/00000.m4s")
    await at_rest(player, connection)
    sweeper = await player.web.container.get(PlaybackSweeper)
    assert set((await sweeper.sweep()).values()) == {0}

    await connection.execute("UPDATE playback SET seen_at = now() - interval '1 hour'")
    await connection.execute("UPDATE transcode SET used_at = now() - interval '2 days', runner_at = NULL")
    row = (await transcodes(connection))["video"]
    orphan = SegmentStore(Settings(data_dir=player.store.folder(row["id"]).parents[3]))
    orphan.write(shelved.item_id, "00000.m4s", b"x")
    folders = {"segment_folders": 1, "trickplay_folders": 0, "chapter_folders": 0}
    assert await sweeper.sweep() == {"playbacks": 1, "transcodes": 2} | folders
    assert player.store.known() == []
    await player.get(f"/api/v1/playback/{playing['id']}", expected=404)
