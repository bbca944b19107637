"""How loud real songs are: measured by a job, added up to albums, shown where the tags say nothing."""

import asyncio
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import imageio_ffmpeg
import psycopg
import pytest

from app.jobs.errors import JobCancel
from app.jobs.types import JobRow, JobState
from app.library.media import StreamInfo
from app.playback.ahead.requests import AheadRequests
from app.playback.errors import TranscodeFailed
from app.playback.ffmpeg.launcher import Launcher, Program
from app.playback.jobs import LoudnessArgs
from app.playback.loudness.gating import integrated
from app.playback.loudness.measuring import Measured, measure
from app.playback.loudness.service import LoudnessService
from app.playback.workers import LoudnessWorker
from tests.fixtures.clients import MakeClient, until_state
from tests.fixtures.media import Media
from tests.fixtures.playback import Player
from tests.playback.ahead.test_requests import asked, requests

SOUND = StreamInfo(index=0, kind="audio")


def tone(media: Media, name: str, *levels: float, seconds: int = 4) -> Path:
    """Return a tone of 997 Hz in stereo, as loud as that in LUFS, or of one loudness after the other."""
    amplitudes = [10 ** (level / 20) for level in levels]
    steps = "+".join(
        f"{amplitude:.6f}*between(t,{number * seconds},{(number + 1) * seconds - 1e-6})"
        for number, amplitude in enumerate(amplitudes)
    )
    wave = f"({steps})*sin(2*PI*997*t)"
    source = f"aevalsrc='{wave}|{wave}':s=48000:d={seconds * len(levels)}"
    return media.make(name, "-f", "lavfi", "-i", source, "-c:a", "flac")


async def nothing(_progress: dict[str, Any]) -> None:
    """Hear it."""


async def measured(path: Path) -> Measured:
    file, launcher = os.open(path, os.O_RDONLY), Launcher()
    try:
        return await measure(Program(imageio_ffmpeg.get_ffmpeg_exe(), launcher), SOUND, file, nothing)
    finally:
        await launcher.stop()
        os.close(file)


@pytest.mark.parametrize("level", [-20.0, -33.5])
async def test_a_tone_is_as_loud_as_it_was_made(media: Media, level: float) -> None:
    found = await measured(await asyncio.to_thread(tone, media, f"{level}.flac", level))
    assert found.loudness == pytest.approx(level, abs=0.1)
    assert found.peak == pytest.approx(10 ** (level / 20), abs=0.002)
    assert integrated([found.blocks]) == pytest.approx(level, abs=0.1)


@pytest.mark.parametrize("levels", [(-20.0, -30.0), (-20.0, -40.0), (-25.0, -23.0, -50.0)])
async def test_an_album_added_up_is_what_it_is_measured_in_one_piece(media: Media, levels: tuple[float, ...]) -> None:
    songs = [await measured(await asyncio.to_thread(tone, media, f"{level}.flac", level)) for level in levels]
    whole = await measured(await asyncio.to_thread(tone, media, "whole.flac", *levels))
    assert integrated([song.blocks for song in songs]) == pytest.approx(whole.loudness, abs=0.2)


async def test_silence_and_a_moment_have_no_loudness(media: Media) -> None:
    silence = await asyncio.to_thread(media.make, "silence.flac", "-f", "lavfi", "-i", "anullsrc=d=2", "-c:a", "flac")
    assert (await measured(silence)).loudness is None
    moment = await asyncio.to_thread(
        media.make, "moment.flac", "-f", "lavfi", "-i", "sine=duration=0.2", "-c:a", "flac"
    )
    assert (await measured(moment)).loudness is None


class Songs:
    """An album on the shelf of a player, and a worker that measures."""

    def __init__(self, player: Player, worker: LoudnessWorker, make_client: MakeClient, album: UUID) -> None:
        self.player = player
        self.album = album
        self._worker = worker
        self._make_client = make_client
        self._client: Any = None

    async def add(self, source: Path, number: int, tags: dict[str, Any] | None = None) -> tuple[UUID, UUID]:
        """Return item and file of a new track."""
        path = self.player.films.root / f"{number}{source.suffix}"
        await asyncio.to_thread(path.write_bytes, source.read_bytes())
        status = path.stat()
        library = self.player.films.library_id
        item = await self.player.shelf.item(
            library, f"Song {number}", kind="track", parent_id=self.album, number=number
        )
        file = await self.player.shelf.file(
            library, path.name, item_id=item, kind="audio", size=status.st_size, mtime_ns=status.st_mtime_ns,
            streams=[{"index": 0, "kind": "audio", "codec": "flac"}], duration_ms=4000, container="flac",
            music_tags=tags,
        )  # fmt: skip
        return item, file

    async def measure(self, file: UUID) -> JobRow:
        if self._client is None:
            self._client = self._make_client(self._worker, queues={"low": 2})
            await self._client.start()
        inserted = await self._client.inserter.insert(LoudnessArgs(media_id=file))
        return await until_state(
            self._client, inserted.job.id, JobState.COMPLETED, JobState.CANCELLED, JobState.DISCARDED
        )

    async def shown(self, item: UUID) -> dict[str, float] | None:
        return (await self.player.get(f"/api/v1/items/{item}")).json().get("replay_gain")


@pytest.fixture
async def songs(player: Player, make_client: MakeClient) -> Songs:
    service = await player.web.container.get(LoudnessService)
    album = await player.shelf.item(player.films.library_id, "Both", kind="album")
    return Songs(player, LoudnessWorker(service, player.web.client.driver), make_client, album)


async def test_tracks_and_albums_say_how_loud_to_play_them(songs: Songs, media: Media) -> None:
    """An album says so once all of its tracks were measured, and another one on it makes that a thing of the past."""
    first, one = await songs.add(await asyncio.to_thread(tone, media, "a.flac", -20.0), 1)
    second, other = await songs.add(await asyncio.to_thread(tone, media, "b.flac", -30.0), 2)

    assert (await songs.measure(one)).state is JobState.COMPLETED
    alone = await songs.shown(first)
    assert alone == {"track_gain": pytest.approx(2.0, abs=0.1), "track_peak": pytest.approx(0.1, abs=0.002)}
    assert await songs.shown(songs.album) is None
    assert await songs.shown(second) is None

    await songs.measure(other)
    whole = {"album_gain": pytest.approx(4.6, abs=0.2), "album_peak": pytest.approx(0.1, abs=0.002)}
    assert await songs.shown(songs.album) == whole
    assert await songs.shown(first) == alone | whole
    file = (await songs.player.get(f"/api/v1/files/{one}")).json()
    assert file["replay_gain"] == alone | whole
    body = {"item_id": str(first), "profile": "chrome"}
    playing = (await songs.player.web.http.post("/api/v1/playback", json=body)).json()
    assert playing["replay_gain"] == alone | whole

    _, third = await songs.add(await asyncio.to_thread(tone, media, "c.flac", -26.0), 3)
    assert await songs.shown(songs.album) is None
    await songs.measure(third)
    assert (await songs.shown(songs.album))["album_gain"] == pytest.approx(5.46, abs=0.2)


async def test_what_tags_say_wins(songs: Songs, media: Media) -> None:
    source = await asyncio.to_thread(tone, media, "a.flac", -20.0)
    item, file = await songs.add(source, 1, {"track_gain": -7.03})
    await songs.measure(file)
    measured = {"album_gain": pytest.approx(2.0, abs=0.1), "album_peak": pytest.approx(0.1, abs=0.002)}
    assert await songs.shown(item) == {"track_gain": -7.03, "track_peak": pytest.approx(0.1, abs=0.002), **measured}


async def test_a_content_is_measured_once_and_another_one_anew(
    songs: Songs, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    item, file = await songs.add(await asyncio.to_thread(tone, media, "a.flac", -20.0), 1)
    await songs.measure(file)
    await connection.execute("UPDATE loudness SET loudness = -10")
    await songs.measure(file)
    assert (await songs.shown(item))["track_gain"] == -8.0

    path = songs.player.films.root / "1.flac"
    louder = await asyncio.to_thread(tone, media, "b.flac", -30.0)
    path.write_bytes(louder.read_bytes())
    status = path.stat()
    await connection.execute("UPDATE file SET size = %s, mtime_ns = %s", [status.st_size, status.st_mtime_ns])
    assert (await songs.shown(item)) is None or "track_gain" not in (await songs.shown(item))
    await songs.measure(file)
    assert (await songs.shown(item))["track_gain"] == pytest.approx(12.0, abs=0.1)


async def test_songs_measured_at_once_miss_none_of_each_other(songs: Songs, media: Media) -> None:
    """Two nodes finish the last two songs of an album in the same moment: whoever is second sees both."""
    sources = [await asyncio.to_thread(tone, media, f"{level}.flac", level) for level in (-20.0, -30.0)]
    files = [(await songs.add(source, number))[1] for number, source in enumerate(sources)]
    rows = await asyncio.gather(*(songs.measure(file) for file in files))
    assert {row.state for row in rows} == {JobState.COMPLETED}
    assert (await songs.shown(songs.album))["album_gain"] == pytest.approx(4.6, abs=0.2)


async def test_a_song_that_is_none_fails_and_in_the_end_is_left_alone(
    songs: Songs, tmp_path: Path, connection: psycopg.AsyncConnection[Any]
) -> None:
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"fLaC" + bytes(1000))
    _, file = await songs.add(broken, 1)
    service = await songs.player.web.container.get(LoudnessService)
    with pytest.raises(TranscodeFailed):
        await service.make(file, nothing, nothing, is_last_try=False)
    done: list[object] = []

    async def complete(tx: object) -> None:
        done.append(tx)

    await service.make(file, complete, nothing, is_last_try=True)
    assert len(done) == 1
    row = await (await connection.execute("SELECT loudness, problem FROM loudness")).fetchone()
    assert row["loudness"] is None
    assert "ffmpeg ended with" in row["problem"]
    assert str(songs.player.films.root) not in row["problem"]
    assert await requests(songs.player, loudness=True).catch_up() == 0


async def test_a_song_that_has_gone_is_cancelled(songs: Songs, media: Media) -> None:
    _, file = await songs.add(await asyncio.to_thread(tone, media, "a.flac", -20.0), 1)
    (songs.player.films.root / "1.flac").unlink()
    service = await songs.player.web.container.get(LoudnessService)
    with pytest.raises(JobCancel):
        await service.make(file, nothing, nothing, is_last_try=False)


async def test_only_songs_are_measured_whose_tags_leave_something_to_be_said(
    songs: Songs, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    source = await asyncio.to_thread(tone, media, "a.flac", -20.0)
    _, silent = await songs.add(source, 1)
    _, half = await songs.add(source, 2, {"track_gain": 1.0})
    await songs.add(source, 3, {"track_gain": 1.0, "album_gain": 2.0})
    asks: AheadRequests = requests(songs.player, loudness=True)
    assert await asks.catch_up() == 2
    assert {row[2] for row in await asked(songs.player)} == {str(silent), str(half)}

    # An album that loses a track is added up again without it.
    await connection.execute("DELETE FROM river.river_job")
    await connection.execute("DELETE FROM item WHERE number > 1")
    await songs.measure(silent)
    await connection.execute("DELETE FROM river.river_job")
    await connection.execute("DELETE FROM file WHERE id <> %s", [silent])
    assert await asks.catch_up() == 0
    await songs.add(source, 4, {"track_gain": 1.0, "album_gain": 2.0})
    assert await asks.catch_up() == 1
