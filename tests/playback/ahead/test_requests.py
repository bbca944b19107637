"""What is made ahead is asked for once: of new files at once, of all others when it begins to be wanted."""

import asyncio
from typing import Any

import msgspec
import psycopg
import pytest

from app.clock import SystemClock
from app.config import PlaybackSettings, Settings
from app.jobs.types import JobState
from app.playback.ahead.requests import AheadRequests
from app.playback.jobs import CatchUpArgs
from app.playback.workers import CatchUpWorker
from tests.fixtures.clients import MakeClient, until_state
from tests.fixtures.media import Media
from tests.fixtures.playback import Player

ASKED = "SELECT kind, queue, args ->> 'media_id' FROM river.river_job WHERE kind <> 'media.catch_up' ORDER BY kind"


def requests(player: Player, **wanted: bool) -> AheadRequests:
    settings = Settings(playback=PlaybackSettings(**wanted))
    return AheadRequests(player.web.client.inserter, player.shelf.transactions, settings, SystemClock())


async def asked(player: Player) -> list[tuple[Any, ...]]:
    async with player.shelf.transactions.begin() as tx:
        return [tuple(row) for row in await (await tx.connection.execute(ASKED)).fetchall()]


async def test_of_a_new_file_at_once_and_only_what_is_wanted(player: Player, media: Media) -> None:
    film = await player.add(await asyncio.to_thread(media.everything))
    plain = await player.add(await asyncio.to_thread(media.film))
    for wanted in ({}, {"thumbnails": True}, {"thumbnails": True, "chapters": True}):
        asks = requests(player, **wanted)
        for _ in range(2):
            async with player.shelf.transactions.begin() as tx:
                await asks.media_analyzed(tx, [film.file_id])
    async with player.shelf.transactions.begin() as tx:
        await asks.media_analyzed(tx, [plain.file_id])
    thumbnails = {("media.thumbnails", "low", str(one.file_id)) for one in (film, plain)}
    assert set(await asked(player)) == {("media.chapters", "low", str(film.file_id))} | thumbnails
    assert len(await asked(player)) == 3


async def test_of_files_that_were_there_before_it_was_wanted(
    player: Player, media: Media, make_client: MakeClient, connection: psycopg.AsyncConnection[Any]
) -> None:
    """Some nodes alone see a root: what is made of its files is made there. What was made is not made again."""
    film = await player.add(await asyncio.to_thread(media.everything))
    await connection.execute("UPDATE library_root SET has_own_queue = true")
    asks = requests(player, chapters=True)
    client = make_client(CatchUpWorker(asks, player.shelf.transactions, player.web.client.driver), queues={"low": 1})
    inserted = await client.inserter.insert(CatchUpArgs())
    await client.start()
    row = await until_state(client, inserted.job.id, JobState.COMPLETED, JobState.DISCARDED)
    assert msgspec.json.decode(row.metadata)["output"] == {"asked": 1}
    root = await (await connection.execute("SELECT id FROM library_root")).fetchone()
    assert await asked(player) == [("media.chapters", f"root_{root['id']}", str(film.file_id))]
    assert await asks.catch_up() == 0

    await connection.execute("DELETE FROM river.river_job WHERE kind = 'media.chapters'")
    await connection.execute(
        "INSERT INTO chapter_pictures (file_id, size, mtime_ns, width, height, chapters)"
        " SELECT id, size, mtime_ns, 1, 1, '{}' FROM file"
    )
    assert await asks.catch_up() == 0
    await connection.execute("UPDATE file SET mtime_ns = mtime_ns + 1")
    assert await asks.catch_up() == 1
    await connection.execute("DELETE FROM river.river_job WHERE kind = 'media.chapters'")
    await connection.execute("UPDATE file SET state = 'missing'")
    assert await asks.catch_up() == 0


async def test_many_are_asked_for_in_several_transactions(
    player: Player, connection: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.playback.ahead.requests.AT_ONCE", 2)
    for number in range(5):
        await player.shelf.file(
            player.films.library_id, f"{number}.mkv", streams=[{"index": 0, "kind": "video", "codec": "h264"}]
        )
    assert await requests(player, thumbnails=True).catch_up() == 5
