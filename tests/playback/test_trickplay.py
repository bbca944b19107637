"""Small pictures: made by a job, found by a player, gone with their film."""

import asyncio
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.jobs.types import JobState
from app.playback.ahead.files import FilesAhead
from app.playback.ahead.sweeping import sweep
from app.playback.errors import TranscodeFailed
from app.playback.jobs import ThumbnailsArgs
from app.playback.trickplay.service import SheetStore, TrickplayService
from app.playback.trickplay.sheets import Sheets, count_for, index
from app.playback.workers import ThumbnailsWorker
from tests.fixtures.clients import MakeClient, until_state
from tests.fixtures.media import Media
from tests.fixtures.playback import Player
from tests.playback.hls_client import ffmpeg

SECONDS = 32
PICTURE = (
    *("-f", "lavfi", "-i"),
    f"color=c=black:size=64x36:rate=4:duration={SECONDS},geq=lum='20+50*floor(T/10)':cb=128:cr=128",
)


def film(media: Media) -> Path:
    return media.make("greys.mkv", *PICTURE, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "8")


@pytest.fixture
async def worker(player: Player) -> ThumbnailsWorker:
    return ThumbnailsWorker(await player.web.container.get(TrickplayService), player.web.client.driver)


async def test_a_player_finds_the_picture_of_every_ten_seconds(
    player: Player, media: Media, worker: ThumbnailsWorker, make_client: MakeClient
) -> None:
    shelved = await player.add(await asyncio.to_thread(film, media))
    base = f"/api/v1/files/{shelved.file_id}/trickplay"
    await player.get(f"{base}/index.vtt", expected=404)
    client = make_client(worker, queues={"low": 1})
    inserted = await client.inserter.insert(ThumbnailsArgs(media_id=shelved.file_id))
    await client.start()
    row = await until_state(client, inserted.job.id, JobState.COMPLETED, JobState.DISCARDED, JobState.CANCELLED)
    assert row.state is JobState.COMPLETED, row.errors

    text = (await player.get(f"{base}/index.vtt")).text
    places = re.findall(r"^(\d+)\.jpg#xywh=(\d+),(\d+),(\d+),(\d+)$", text, re.MULTILINE)
    assert [place[:3] for place in places] == [("0", "0", "0"), ("0", "64", "0"), ("0", "128", "0"), ("0", "192", "0")]
    sheet = await player.get(f"{base}/0.jpg")
    assert sheet.headers["content-type"] == "image/jpeg"
    raw = await ffmpeg("-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "gray", "-", content=sheet.content)
    shades = [raw[18 * 640 + int(across) + 32] for _, across, *_ in places[:3]]
    assert shades[0] + 30 < shades[1] < shades[2] - 30
    await player.get(f"{base}/1.jpg", expected=404)


async def nothing(_told: object) -> None:
    """Hear it."""


async def test_a_film_of_one_keyframe_has_its_picture_all_along(player: Player, media: Media) -> None:
    codec = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "999")
    shelved = await player.add(await asyncio.to_thread(media.make, "one.mkv", *PICTURE, *codec))
    service = await player.web.container.get(TrickplayService)
    await service.make(shelved.file_id, nothing, nothing, is_last_try=False)
    sheet = await player.get(f"/api/v1/files/{shelved.file_id}/trickplay/0.jpg")
    raw = await ffmpeg("-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "gray", "-", content=sheet.content)
    assert [raw[18 * 640 + place * 64 + 32] for place in range(3)] == [pytest.approx(20, abs=20)] * 3
    assert raw[18 * 640 + 32] == pytest.approx(raw[18 * 640 + 2 * 64 + 32], abs=2)


async def test_what_has_no_picture_that_can_be_read_is_not_tried_for_ever(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    shelved = await player.add(await asyncio.to_thread(film, media))
    await connection.execute("UPDATE stream SET index = 7")
    service = await player.web.container.get(TrickplayService)
    with pytest.raises(TranscodeFailed):
        await service.make(shelved.file_id, nothing, nothing, is_last_try=False)
    await service.make(shelved.file_id, nothing, nothing, is_last_try=True)
    assert await (await connection.execute("SELECT sheets FROM trickplay")).fetchall() == [{"sheets": 0}]
    await player.get(f"/api/v1/files/{shelved.file_id}/trickplay/index.vtt", expected=404)


async def test_they_go_with_their_film(player: Player, media: Media, connection: psycopg.AsyncConnection[Any]) -> None:
    shelved = await player.add(await asyncio.to_thread(film, media))
    store, files = await player.web.container.get(SheetStore), await player.web.container.get(FilesAhead)
    stamp = shelved.path.stat()
    store.write(shelved.file_id, (stamp.st_size, stamp.st_mtime_ns), 0, b"x")
    assert await sweep(store, files) == 0
    await connection.execute("DELETE FROM file")
    assert await sweep(store, files) == 1
    assert store.known() == []


def test_an_index_goes_on_from_sheet_to_sheet() -> None:
    assert [count_for(length) for length in (0, 1, 1_000_000, 1_000_001)] == [1, 1, 1, 2]
    text = index(Sheets(interval_ms=10_000, width=320, height=180, sheets=2), 1_005_000, "?token=x")
    assert "00:16:30.000 --> 00:16:40.000\n0.jpg?token=x#xywh=2880,1620,320,180" in text
    assert text.endswith("00:16:40.000 --> 00:16:45.000\n1.jpg?token=x#xywh=0,0,320,180\n")
