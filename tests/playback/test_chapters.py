"""Pictures of chapters: made by a job, shown by the API and in a playback, gone with their film."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.accounts.roles import Role
from app.config import PlaybackSettings, Settings
from app.db.tx import Transactions
from app.jobs.types import JobRow, JobState
from app.playback.ahead.files import FilesAhead
from app.playback.chapters.pictures import moment_of
from app.playback.chapters.service import ChapterService, ChapterStore
from app.playback.errors import CacheFull, TranscodeFailed
from app.playback.ffmpeg.binary import FfmpegBinary
from app.playback.jobs import ChaptersArgs
from app.playback.workers import ChaptersWorker
from tests.fixtures.accounts import Accounts
from tests.fixtures.clients import MakeClient, until_state
from tests.fixtures.media import Media
from tests.fixtures.playback import Player, Shelved
from tests.playback.hls_client import ffmpeg

BEGINNINGS = (0, 10, 20, 50)
"""Seconds. The last one begins behind the film's end."""

CHAPTERS = ";FFMETADATA1\n" + "".join(
    f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start * 1000}\nEND={start * 1000 + 10_000}\ntitle=Part {number}\n"
    for number, start in enumerate(BEGINNINGS)
)

GREYS = ("-f", "lavfi", "-i", "color=c=black:size=64x36:rate=4:duration=30,geq=lum='20+50*floor(T/10)':cb=128:cr=128")


def film(media: Media) -> Path:
    """Thirty seconds, each ten of another grey, and a keyframe that is never where a chapter begins."""
    codec = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "27", "-sc_threshold", "0")
    inputs = (*GREYS, "-f", "ffmetadata", "-i", "{0}", "-map", "0:v", "-map_chapters", "1")
    return media.make("parts.mkv", *inputs, *codec, texts=(CHAPTERS,))


@pytest.fixture
async def worker(player: Player) -> ChaptersWorker:
    return ChaptersWorker(await player.web.container.get(ChapterService), player.web.client.driver)


async def nothing(_told: object) -> None:
    """Hear it."""


async def made(player: Player, worker: ChaptersWorker, make_client: MakeClient, shelved: Shelved) -> JobRow:
    client = make_client(worker, queues={"low": 1})
    inserted = await client.inserter.insert(ChaptersArgs(media_id=shelved.file_id))
    await client.start()
    return await until_state(client, inserted.job.id, JobState.COMPLETED, JobState.DISCARDED, JobState.CANCELLED)


async def shade(content: bytes) -> int:
    raw = await ffmpeg("-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "gray", "-", content=content)
    return raw[len(raw) // 2]


async def test_each_chapter_is_shown_as_it_looks(
    player: Player, media: Media, worker: ChaptersWorker, make_client: MakeClient
) -> None:
    shelved = await player.add(await asyncio.to_thread(film, media))
    place = f"/api/v1/files/{shelved.file_id}"
    before = (await player.get(place)).json()["chapters"]
    assert [chapter["image_url"] for chapter in before] == [None] * 4
    await player.get(f"{place}/chapters/0.jpg", expected=404)

    row = await made(player, worker, make_client, shelved)

    assert row.state is JobState.COMPLETED, row.errors
    chapters = (await player.get(place)).json()["chapters"]
    assert [(one["title"], one["start_ms"]) for one in chapters[:2]] == [("Part 0", 0), ("Part 1", 10_000)]
    assert chapters[3]["image_url"] is None
    pictures = [await player.get(chapter["image_url"]) for chapter in chapters[:3]]
    assert {picture.headers["content-type"] for picture in pictures} == {"image/jpeg"}
    shades = [await shade(picture.content) for picture in pictures]
    assert shades[0] + 30 < shades[1] < shades[2] - 30
    await player.get(f"{place}/chapters/3.jpg", expected=404)
    await player.get(f"{place}/chapters/9.jpg", expected=404)


async def test_a_playback_shows_them_to_whoever_holds_its_token(
    player: Player, media: Media, worker: ChaptersWorker, make_client: MakeClient, accounts: Accounts
) -> None:
    shelved = await player.add(await asyncio.to_thread(film, media))
    await made(player, worker, make_client, shelved)
    await accounts.make("Ada", Role.ADMINISTRATOR)
    headers = {"Authorization": f"Bearer {(await accounts.log_in('Ada')).access_token}"}
    body = {"item_id": str(shelved.item_id), "profile": "player"}
    playing = (await player.web.http.post("/api/v1/playback", json=body, headers=headers)).json()

    address = playing["chapters"][1]["image_url"]
    assert address.startswith(f"/api/v1/playback/{playing['id']}/chapters/1.jpg?token=rvp_")
    assert (await player.get(address)).content[:2] == b"\xff\xd8"
    bare = address.partition("?")[0]
    await player.get(bare, expected=401)
    await player.get(f"{bare}?token=rvp_nonsense", expected=401)
    await player.get(address.replace(f"playback/{playing['id']}", f"files/{shelved.file_id}"), expected=401)
    await player.get(address.replace("1.jpg", "3.jpg"), expected=404)


async def test_a_killed_attempt_leaves_its_pictures_and_another_content_none(
    player: Player, media: Media, worker: ChaptersWorker, make_client: MakeClient
) -> None:
    shelved = await player.add(await asyncio.to_thread(film, media))
    store = await player.web.container.get(ChapterStore)
    status = shelved.path.stat()
    stamp = (status.st_size, status.st_mtime_ns)
    store.write(shelved.file_id, (stamp[0], 1), 2, b"of another content")
    store.write(shelved.file_id, stamp, 1, b"made before")

    await made(player, worker, make_client, shelved)

    place = f"/api/v1/files/{shelved.file_id}/chapters"
    assert (await player.get(f"{place}/1.jpg")).content == b"made before"
    assert (await player.get(f"{place}/2.jpg")).content[:2] == b"\xff\xd8"
    assert len(list(store.folder(shelved.file_id, stamp).parent.iterdir())) == 1


async def test_a_file_that_has_gone_cancels_its_job(
    player: Player, media: Media, worker: ChaptersWorker, make_client: MakeClient
) -> None:
    shelved = await player.add(await asyncio.to_thread(film, media))
    shelved.path.unlink()
    row = await made(player, worker, make_client, shelved)
    assert row.state is JobState.CANCELLED
    assert "cannot be opened" in row.errors[0].error


async def test_a_file_that_is_forgotten_meanwhile_cancels_its_job(  # noqa: PLR0917  fixtures
    player: Player,
    media: Media,
    worker: ChaptersWorker,
    make_client: MakeClient,
    connection: psycopg.AsyncConnection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shelved = await player.add(await asyncio.to_thread(film, media))
    write = ChapterStore.write

    def forgetting(*arguments: Any) -> None:
        write(*arguments)
        with psycopg.connect(connection.info.dsn, password=connection.info.password) as other:
            other.execute("DELETE FROM file")

    monkeypatch.setattr(ChapterStore, "write", forgetting)
    row = await made(player, worker, make_client, shelved)
    assert row.state is JobState.CANCELLED
    assert "gone" in row.errors[0].error


async def test_what_cannot_be_pictured_is_not_tried_for_ever(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    """Two tries fail, the third one settles for no pictures."""
    shelved = await player.add(await asyncio.to_thread(film, media))
    await connection.execute("UPDATE stream SET index = 7")
    service = await player.web.container.get(ChapterService)
    with pytest.raises(TranscodeFailed, match="ffmpeg ended with"):
        await service.make(shelved.file_id, nothing, nothing, is_last_try=False)
    done: list[object] = []

    async def complete(tx: object) -> None:
        done.append(tx)

    await service.make(shelved.file_id, complete, nothing, is_last_try=True)
    assert len(done) == 1
    found = await connection.execute("SELECT chapters FROM chapter_pictures")
    assert await found.fetchall() == [{"chapters": []}]


async def test_a_full_disk_fails_the_try_and_leaves_nothing_half_written(player: Player, media: Media) -> None:
    shelved = await player.add(await asyncio.to_thread(film, media))
    settings = Settings(data_dir=player.films.root, playback=PlaybackSettings(keep_free=2**62))
    get = player.web.container.get
    service = ChapterService(
        await get(Transactions), await get(FilesAhead), await get(FfmpegBinary), ChapterStore(settings)
    )
    with pytest.raises(CacheFull, match="no room"):
        await service.make(shelved.file_id, nothing, nothing, is_last_try=True)
    assert not [place for place in (player.films.root / "cache").rglob("*") if place.is_file()]
    await player.get(f"/api/v1/files/{shelved.file_id}/chapters/0.jpg", expected=404)


def test_a_chapter_is_shown_a_little_later_than_it_begins() -> None:
    assert [moment_of(*times) for times in ((0, 60_000), (1_000, 2_000), (5_000, 5_000), (7, 3))] == [
        2_000, 1_250, 5_000, 7
    ]  # fmt: skip
