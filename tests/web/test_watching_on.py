"""The database goes away while somebody watches: what is there goes on being sent to them, and to nobody else."""

from typing import Any

import psycopg
import pytest

from app.accounts.roles import Role
from app.db.engine import Database
from app.playback.streaming.remembered import MOST, SECONDS, Remembered
from tests.fixtures.accounts import Accounts
from tests.fixtures.media import Media
from tests.fixtures.playback import Player
from tests.playback.recipes import make


async def play(player: Player, media: Media, accounts: Accounts, recipe: str) -> dict[str, Any]:
    """Begin as somebody with an account; the address has their token."""
    await accounts.make("Ada", Role.ADMINISTRATOR)
    shelved = await player.add(make(media, recipe))
    bearer = {"Authorization": f"Bearer {(await accounts.log_in('Ada')).access_token}"}
    body = {"item_id": str(shelved.item_id), "profile": "chrome", "ladder": False}
    answer = await player.web.http.post("/api/v1/playback", json=body, headers=bearer)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_segments_that_were_made_are_sent_without_a_database(
    player: Player, media: Media, accounts: Accounts, database: Database
) -> None:
    playing = await play(player, media, accounts, "h264 aac mkv")
    place, token = playing["url"].rpartition("/")[0], playing["url"].partition("?")[2]
    made = (await player.get(f"{place}/v0/00000.m4s?{token}")).content
    await player.client.stop()
    await database.pool.close()

    assert (await player.get(f"{place}/v0/00000.m4s?{token}")).content == made
    for stranger in (f"{place}/v0/00000.m4s?token=rvp_{'x' * 43}", f"{place}/v0/00000.m4s"):
        assert (await player.get(stranger, expected=503)).json()["code"] == "database_unavailable"
    for transcode in player.store.known():
        player.store.remove(transcode)
    assert (await player.get(f"{place}/v0/00000.m4s?{token}", expected=503)).headers["retry-after"]


async def test_a_file_as_it_is_is_sent_without_a_database(
    player: Player, media: Media, accounts: Accounts, database: Database
) -> None:
    playing = await play(player, media, accounts, "h264 aac mp4")
    whole = (await player.get(playing["url"])).content
    await player.client.stop()
    await database.pool.close()

    answer = await player.web.http.get(playing["url"], headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, whole[10:20])
    assert (await player.get(playing["url"].partition("?")[0], expected=503)).json()["code"] == "database_unavailable"


async def test_only_what_was_said_lately_is_remembered_and_only_for_a_database_that_is_away() -> None:
    now = 0.0
    remembered: Remembered[int] = Remembered(lambda: now)

    async def says(answer: int) -> int:
        return answer

    async def fails(error: Exception) -> int:
        raise error

    away = psycopg.OperationalError("gone")
    assert await remembered.ask("a", lambda: says(1)) == 1
    assert await remembered.ask("a", lambda: fails(away)) == 1
    with pytest.raises(psycopg.OperationalError):
        await remembered.ask("b", lambda: fails(away))
    await remembered.ask("c", lambda: says(1))
    with pytest.raises(LookupError):
        await remembered.ask("c", lambda: fails(LookupError("no such playback")))
    with pytest.raises(psycopg.OperationalError):
        await remembered.ask("c", lambda: fails(away))
    now = SECONDS
    with pytest.raises(psycopg.OperationalError):
        await remembered.ask("a", lambda: fails(away))
    for key in range(MOST + 1):
        await remembered.ask(key, lambda: says(1))
    with pytest.raises(psycopg.OperationalError):
        await remembered.ask(0, lambda: fails(away))
    assert await remembered.ask(1, lambda: fails(away)) == 1
