"""Films without an index of their keyframes: converted the first time, read once, then cut as they are."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.config import LibrarySettings, ProbeSettings, Settings
from app.library.indexing import KeyframeFinder
from app.library.keyframes import unpack
from app.library.probing.packets import scan_keyframes
from app.library.probing.prober import Prober
from app.library.workers import FindKeyframesWorker
from tests.fixtures.clients import MakeClient, until
from tests.fixtures.media import Media
from tests.fixtures.playback import Player, Shelved
from tests.fixtures.time_code import numbered, pitched
from tests.library.probing.test_keyframes import truth
from tests.playback.test_transcoding import at_rest

FILM = (
    *(*numbered(24, size="160x90"), *pitched(24)),
    *("-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "120", "-keyint_min", "120", "-pix_fmt", "yuv420p"),
)
"""A keyframe every five seconds, and pictures kept out of order."""

FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "transport stream": ("a.ts", (*FILM, "-c:a", "aac")),
    "transport stream that begins late": ("late.ts", (*FILM, "-c:a", "ac3", "-output_ts_offset", "70")),
    "matroska without cues": ("a.mkv", (*FILM, "-c:a", "aac", "-live", "1")),
    "flash video": ("a.flv", (*FILM, "-c:a", "aac")),
}


def make(media: Media, name: str) -> Path:
    file, arguments = FILES[name]
    return media.make(file, *arguments)


async def reader(player: Player, make_client: MakeClient, **probe: Any) -> Callable[[], Any]:
    """Let films be read; give what waits until nobody asks for it any more."""
    settings = Settings(library=LibrarySettings(probe=ProbeSettings(**probe)))
    finder = KeyframeFinder(player.shelf.transactions, await player.web.container.get(Prober), settings)
    client = make_client(FindKeyframesWorker(finder, player.client.driver), queues={"low": 1})
    await client.start()

    async def read() -> bool:
        async with player.shelf.transactions.begin() as tx:
            query = (
                "SELECT count(*) FROM river.river_job WHERE kind = 'library.find_keyframes' AND state <> 'completed'"
            )
            found = await (await tx.connection.execute(query)).fetchone()
        return found == (0,)

    return lambda: until(read)


async def kept(connection: psycopg.AsyncConnection[Any], shelved: Shelved) -> dict[str, Any] | None:
    query = "SELECT * FROM keyframes WHERE file_id = %s"
    return await (await connection.execute(query, [shelved.file_id])).fetchone()


async def asked(connection: psycopg.AsyncConnection[Any]) -> int:
    query = "SELECT count(*) AS count FROM river.river_job WHERE kind = 'library.find_keyframes'"
    return int((await (await connection.execute(query)).fetchone())["count"])


@pytest.mark.parametrize("name", FILES)
async def test_a_film_is_read_once_and_then_cut_as_it_is(
    player: Player, media: Media, make_client: MakeClient, connection: psycopg.AsyncConnection[Any], name: str
) -> None:
    path = await asyncio.to_thread(make, media, name)
    shelved = await player.add(path)
    first = await player.play(shelved)
    again = await player.play(shelved)
    for playing in (first, again):
        assert playing["decision"]["method"] == "transcode"
        assert [one["code"] for one in playing["decision"]["video"]["reasons"]] == ["keyframes_unknown"]
    assert await asked(connection) == 1

    await (await reader(player, make_client))()

    row = await kept(connection, shelved)
    assert unpack(row["times"]) == truth(path)
    assert row["count"] >= 5
    assert row["peak_bit_rate"] > 1000
    assert (await player.play(shelved))["decision"]["video"]["action"] == "copy"
    assert await asked(connection) == 1


async def test_a_film_that_is_too_large_stays_as_it_was(
    player: Player, media: Media, make_client: MakeClient, connection: psycopg.AsyncConnection[Any]
) -> None:
    """It is not opened, and nobody asks again."""
    shelved = await player.add(await asyncio.to_thread(make, media, "transport stream"))
    await player.play(shelved)
    await (await reader(player, make_client, read_whole=1000))()

    row = await kept(connection, shelved)
    assert (row["count"], row["times"], row["peak_bit_rate"]) == (0, b"", None)
    assert (await player.play(shelved))["decision"]["method"] == "transcode"
    assert await asked(connection) == 1


async def test_a_film_that_has_changed_meanwhile_is_asked_about_again(
    player: Player, media: Media, make_client: MakeClient, connection: psycopg.AsyncConnection[Any]
) -> None:
    shelved = await player.add(await asyncio.to_thread(make, media, "transport stream"))
    await player.play(shelved)
    await at_rest(player, connection)  # a conversion that opened the changed file would fail, and so would who plays it
    stamp = shelved.path.stat()
    os.utime(shelved.path, ns=(1, 1))
    read = await reader(player, make_client)
    await read()
    assert await kept(connection, shelved) is None

    os.utime(shelved.path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
    await player.play(shelved)
    await read()
    assert await asked(connection) == 2
    assert (await kept(connection, shelved))["count"] >= 5


async def test_what_plays_as_it_is_is_not_read(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    shelved = await player.add(await asyncio.to_thread(make, media, "transport stream"))
    assert (await player.play(shelved, "player"))["decision"]["method"] == "direct_play"
    assert await asked(connection) == 0


def scanned(path: Path) -> list[int] | None:
    file = os.open(path, os.O_RDONLY)
    try:
        found = scan_keyframes(file, 0)
    finally:
        os.close(file)
    return None if found is None else unpack(found.times)


def test_recordings_that_were_put_together_have_no_order(media: Media, tmp_path: Path) -> None:
    """Time begins anew in the middle, so no place is found by it."""
    one = make(media, "transport stream")
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() * 2)
    assert scanned(one) is not None
    assert scanned(both) is None


def test_half_a_film_and_what_is_none(media: Media, tmp_path: Path) -> None:
    content = make(media, "transport stream").read_bytes()
    half = tmp_path / "half.ts"
    half.write_bytes(content[: len(content) // 2])
    assert scanned(half) == truth(half)
    for name, damaged in (("empty.ts", b""), ("zeros.ts", bytes(100_000)), ("words.ts", b"#EXTM3U\nfile:///etc\n")):
        (tmp_path / name).write_bytes(damaged)
        assert scanned(tmp_path / name) is None, name
