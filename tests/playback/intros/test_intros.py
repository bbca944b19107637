"""Intros of real episodes: one jingle at different times in noise, found by a job, shown by the API."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from app.jobs.errors import JobCancel
from app.jobs.types import JobRow, JobState
from app.library.models import Chapter
from app.playback.errors import TranscodeFailed
from app.playback.intros.service import IntroService
from app.playback.jobs import IntrosArgs
from app.playback.workers import IntrosWorker
from tests.fixtures.clients import MakeClient, until_state
from tests.fixtures.media import Media
from tests.fixtures.playback import Player
from tests.playback.ahead.test_requests import requests
from tests.playback.recipes import known

JINGLE_SECONDS = 22
JINGLE = (
    "aevalsrc='0.3*sin(2*PI*t*(220*pow(2,floor(mod(t*3.7+floor(t)*floor(t)*1.3,24))/12)))"
    "+0.2*sin(2*PI*t*(330*pow(2,floor(mod(t*2.3+floor(t/2)*7.1,24))/12)))'"
    f":s=22050:d={JINGLE_SECONDS}"
)


def noise(seconds: float, seed: int) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"anoisesrc=a=0.2:c=pink:seed={seed}:r=22050:d={seconds}")


def episode(media: Media, number: int, before: float | None, codec: str = "aac") -> Path:
    """Return two minutes of noise; with `before`, the jingle begins after so many seconds of it."""
    name = f"e{number}.mkv"
    if before is None:
        return media.make(name, *noise(110, number), "-c:a", codec)
    return media.make(
        name,
        *(*noise(before, number), "-f", "lavfi", "-i", JINGLE, *noise(110 - before - JINGLE_SECONDS, number + 50)),
        *("-filter_complex", "[0][1][2]concat=n=3:v=0:a=1", "-c:a", codec, "-b:a", "96k"),
    )


async def nothing(_told: object) -> None:
    """Hear it."""


class Season:
    """A season on the shelf of a player, and a worker that listens."""

    def __init__(self, player: Player, worker: IntrosWorker, make_client: MakeClient, season: UUID) -> None:
        self.player = player
        self.id = season
        self._worker = worker
        self._make_client = make_client
        self._client: Any = None

    async def add(self, source: Path, number: int, *, item: UUID | None = None) -> UUID:
        """Return the file of another episode, or of another version of one."""
        path = self.player.films.root / f"{number}{source.suffix}"
        await asyncio.to_thread(path.write_bytes, source.read_bytes())
        status, info = path.stat(), known(path)
        shelf, library = self.player.shelf, self.player.films.library_id
        item = item or await shelf.item(library, f"{number}", kind="episode", parent_id=self.id, number=number)
        return await shelf.file(
            library, path.name, item_id=item, size=status.st_size, mtime_ns=status.st_mtime_ns,
            streams=[{"index": 0, "kind": "audio", "codec": "aac", "start_ms": info.streams[0].start_ms}],
            duration_ms=info.duration_ms, container=info.container,
        )  # fmt: skip

    async def find(self) -> JobRow:
        if self._client is None:
            self._client = self._make_client(self._worker, queues={"low": 2})
            await self._client.start()
        inserted = await self._client.inserter.insert(IntrosArgs(season_id=self.id))
        return await until_state(
            self._client, inserted.job.id, JobState.COMPLETED, JobState.CANCELLED, JobState.DISCARDED
        )

    async def shown(self, file: UUID) -> list[dict[str, Any]]:
        return (await self.player.get(f"/api/v1/files/{file}")).json()["segments"]


@pytest.fixture
async def season(player: Player, make_client: MakeClient) -> Season:
    worker = IntrosWorker(await player.web.container.get(IntroService), player.web.client.driver)
    series = await player.shelf.item(player.films.library_id, "Dark", kind="series")
    made = await player.shelf.item(player.films.library_id, "Season 1", kind="season", parent_id=series, number=1)
    return Season(player, worker, make_client, made)


async def test_a_jingle_is_found_wherever_it_is_within_a_second(season: Season, media: Media) -> None:
    """The fourth episode has none; the third is encoded otherwise."""
    offsets = {1: (10.0, "aac"), 2: (37.4, "aac"), 3: (61.3, "libmp3lame")}
    sources = [await asyncio.to_thread(episode, media, number, *how) for number, how in offsets.items()]
    files = [await season.add(source, number) for number, source in enumerate(sources, 1)]
    other = await season.add(await asyncio.to_thread(episode, media, 4, None), 4)

    row = await season.find()

    assert row.state is JobState.COMPLETED, row.errors
    for file, (before, _) in zip(files, offsets.values(), strict=True):
        (intro,) = await season.shown(file)
        assert (intro["kind"], intro["source"]) == ("intro", "sound")
        assert intro["start_ms"] == pytest.approx(before * 1000, abs=1000)
        assert intro["end_ms"] == pytest.approx((before + JINGLE_SECONDS) * 1000, abs=1000)
        assert 0.4 < intro["confidence"] < 0.7
    assert await season.shown(other) == []


async def test_an_item_and_a_playback_show_it(season: Season, media: Media) -> None:
    first = await season.add(await asyncio.to_thread(episode, media, 1, 10.0), 1)
    await season.add(await asyncio.to_thread(episode, media, 2, 37.4), 2)
    await season.find()
    (intro,) = await season.shown(first)
    assert intro["confidence"] > 0.8
    (item,) = (await season.player.get(f"/api/v1/files/{first}")).json()["item_ids"]
    shown = (await season.player.get(f"/api/v1/items/{item}")).json()
    assert shown["files"][0]["segments"] == [intro]
    body = {"item_id": item, "profile": "chrome"}
    playing = (await season.player.web.http.post("/api/v1/playback", json=body)).json()
    assert playing["segments"] == [intro]


async def test_a_season_without_an_intro_has_none_and_neither_has_one_episode_in_two_versions(
    season: Season, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    source = await asyncio.to_thread(episode, media, 1, 10.0)
    first = await season.add(source, 1)
    (item,) = (await season.player.get(f"/api/v1/files/{first}")).json()["item_ids"]
    await season.add(source, 11, item=UUID(item))
    await season.add(await asyncio.to_thread(episode, media, 4, None), 2)
    await season.add(await asyncio.to_thread(episode, media, 5, None), 3)
    row = await season.find()
    assert row.state is JobState.COMPLETED, row.errors
    found = await connection.execute("SELECT count(*) AS count FROM media_segment")
    assert await found.fetchone() == {"count": 0}


async def test_an_episode_is_listened_to_once_and_what_it_says_itself_wins(
    season: Season, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    first = await season.add(await asyncio.to_thread(episode, media, 1, 10.0), 1)
    await season.find()
    assert await season.shown(first) == []
    await connection.execute("UPDATE fingerprint SET made_at = 'epoch'")
    second = await season.add(await asyncio.to_thread(episode, media, 2, 37.4), 2)
    await season.find()
    listened = await connection.execute("SELECT file_id, made_at = 'epoch' AS before FROM fingerprint")
    assert {row["file_id"]: row["before"] for row in await listened.fetchall()} == {first: True, second: False}
    assert len(await season.shown(first)) == len(await season.shown(second)) == 1

    async with season.player.shelf.transactions.begin() as tx:
        tx.session.add(Chapter(file_id=first, index=0, start_ms=5_000, end_ms=33_000, title="Intro"))
        tx.session.add(Chapter(file_id=first, index=1, start_ms=90_000, end_ms=105_000, title="Credits"))
    await season.find()
    said = [(one["kind"], one["start_ms"], one["source"]) for one in await season.shown(first)]
    assert said == [("intro", 5_000, "chapter"), ("credits", 90_000, "chapter")]

    await connection.execute("UPDATE file SET mtime_ns = mtime_ns + 1 WHERE id = %s", [first])
    assert await season.shown(first) == []


async def test_an_episode_that_cannot_be_heard_keeps_nobody_from_the_others(
    season: Season, media: Media, tmp_path: Path, connection: psycopg.AsyncConnection[Any]
) -> None:
    """One is gone from the disk, one is damaged: tried again, and in the end left out."""
    sources = [await asyncio.to_thread(episode, media, number, before) for number, before in ((1, 10.0), (2, 37.4))]
    files = [await season.add(source, number) for number, source in enumerate(sources, 1)]
    gone = await season.add(sources[0], 3)
    (season.player.films.root / "3.mkv").unlink()
    damaged = await season.add(sources[0], 4)
    broken = season.player.films.root / "4.mkv"
    broken.write_bytes(bytes(1000))
    status = broken.stat()
    await connection.execute(
        "UPDATE file SET size = %s, mtime_ns = %s WHERE id = %s", [status.st_size, status.st_mtime_ns, damaged]
    )
    service = await season.player.web.container.get(IntroService)
    with pytest.raises(TranscodeFailed):
        await service.make(season.id, nothing, nothing, is_last_try=False)
    await service.make(season.id, nothing, nothing, is_last_try=True)
    assert [len(await season.shown(file)) for file in (*files, gone, damaged)] == [1, 1, 0, 0]
    problems = await connection.execute("SELECT file_id FROM fingerprint WHERE problem IS NOT NULL")
    assert await problems.fetchall() == [{"file_id": damaged}]


async def test_without_chromaprint_or_a_season_the_job_says_so(season: Season, monkeypatch: pytest.MonkeyPatch) -> None:
    service = await season.player.web.container.get(IntroService)
    with pytest.raises(JobCancel, match="no such season"):
        await service.make(UUID(int=1), nothing, nothing, is_last_try=False)
    capabilities = await service._binary.capabilities()
    assert capabilities.fingerprints

    async def without() -> Any:
        import dataclasses

        return dataclasses.replace(capabilities, muxers=frozenset())

    monkeypatch.setattr(service._binary, "capabilities", without)
    with pytest.raises(JobCancel, match="no chromaprint"):
        await service.make(season.id, nothing, nothing, is_last_try=False)


async def test_a_season_is_asked_for_once_however_many_episodes_come(
    season: Season, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    source = await asyncio.to_thread(episode, media, 1, 10.0)
    files = [await season.add(source, number) for number in (1, 2)]
    asks = requests(season.player, intros=True)
    for file in files:
        async with season.player.shelf.transactions.begin() as tx:
            await asks.media_analyzed(tx, [file])
    found = await (await connection.execute("SELECT kind, queue, state, args FROM river.river_job")).fetchall()
    assert [(row["kind"], row["queue"], row["state"]) for row in found] == [("media.intros", "low", "scheduled")]
    assert msgspec.convert(found[0]["args"], dict) == {"season_id": str(season.id)}
    assert await asks.catch_up() == 0
