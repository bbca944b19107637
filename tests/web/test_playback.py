"""Playbacks over HTTP: begun, fetched by an address alone, heard of, ended, and nobody else's."""

from typing import Any

import psycopg
import pytest

from app.accounts.roles import Role, Scope
from app.accounts.service import AccountChange
from app.library.models import ItemFile
from tests.fixtures.accounts import BY_HAND, Accounts
from tests.fixtures.media import Media
from tests.fixtures.playback import Player
from tests.fixtures.shelf import Shelf
from tests.playback.recipes import everything, make


async def test_a_file_as_it_is_is_sent_by_its_address(player: Player, media: Media) -> None:
    shelved = await player.add(make(media, "h264 aac mp4"))
    playing = await player.play(shelved)

    assert playing["decision"]["method"] == "direct_play"
    assert playing["url"] == f"/api/v1/playback/{playing['id']}/file"
    answer = await player.web.http.get(playing["url"], headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, shelved.path.read_bytes()[10:20])


async def test_a_version_that_cannot_be_read_does_not_stand_before_one_that_can(
    player: Player, media: Media, connection: psycopg.AsyncConnection[Any]
) -> None:
    whole = await player.add(make(media, "h264 aac mp4"))
    await connection.execute("UPDATE item_file SET position = 1")
    await player.shelf.file(player.films.library_id, "broken.avi", item_id=whole.item_id, problem="corrupt")
    assert (await player.play(whole))["file_id"] == str(whole.file_id)


async def test_where_a_client_is_is_kept_and_ends_with_the_playback(player: Player, media: Media) -> None:
    playing = await player.play(await player.add(make(media, "h264 aac mp4")), start_ms=250)
    place = f"/api/v1/playback/{playing['id']}"
    assert (playing["position_ms"], playing["is_paused"]) == (250, False)

    answer = await player.web.http.put(place, json={"position_ms": 500, "is_paused": True})
    assert answer.status_code == 204
    shown = (await player.get(place)).json()
    assert (shown["position_ms"], shown["is_paused"], shown["url"]) == (500, True, None)

    assert (await player.web.http.delete(place)).status_code == 204
    await player.get(place, expected=404)
    await player.get(playing["url"], expected=404)
    assert (await player.web.http.delete(place)).status_code == 404


async def test_an_address_with_its_token_is_all_a_player_needs(
    player: Player, media: Media, accounts: Accounts
) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    bob = await accounts.make("Bob", libraries=[player.films.library_id])
    shelved = await player.add(make(media, "h264 aac mkv"))
    tokens = {name: (await accounts.log_in(name)).access_token for name in ("Ada", "Bob")}

    async def play(name: str) -> dict[str, Any]:
        answer = await player.web.http.post(
            "/api/v1/playback",
            json={"item_id": str(shelved.item_id), "profile": "chrome"},
            headers={"Authorization": f"Bearer {tokens[name]}"},
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    ours, theirs = await play("Bob"), await play("Ada")
    master = (await player.get(ours["url"])).text
    variant = next(line for line in master.splitlines() if line.startswith("v0/"))
    assert "token=rvp_" in variant
    base = ours["url"].partition("master")[0]
    index = (await player.get(base + variant)).text
    segment = next(line for line in index.splitlines() if line.startswith("00000.m4s"))
    assert len((await player.get(f"{base}v0/{segment}")).content) > 1000

    for wrong in (
        f"{base}master.m3u8",
        f"{base}v0/00000.m4s",
        f"{base}master.m3u8?token=rvp_nonsense",
        f"{base}master.m3u8?token={theirs['url'].partition('=')[2]}",
        f"{base}master.m3u8?token={tokens['Bob']}",
    ):
        assert (await player.web.http.get(wrong)).status_code == 401, wrong
    # The token is of no use anywhere else, and another's playback does not exist for whoever asks.
    token = ours["url"].partition("=")[2]
    assert (await player.web.http.get(f"/api/v1/items?token={token}")).status_code == 401
    headers = {"Authorization": f"Bearer {tokens['Ada']}"}
    assert (await player.web.http.get(f"/api/v1/playback/{ours['id']}", headers=headers)).status_code == 404

    async with accounts.transactions.begin() as tx:
        await accounts.service.change(tx, BY_HAND, bob.id, AccountChange(libraries=[]))
    await player.get(f"{base}v0/{segment}", expected=404)


async def test_what_a_key_has_begun_ends_with_the_key(player: Player, media: Media, accounts: Accounts) -> None:
    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    shelved = await player.add(make(media, "h264 aac mp4"))
    async with accounts.transactions.begin() as tx:
        scopes = [Scope.READ, Scope.STREAM]
        made, key = await accounts.keys.create(tx, BY_HAND, ada.id, name="player", scopes=scopes)
    body = {"item_id": str(shelved.item_id), "profile": "chrome"}
    begun = await player.web.http.post("/api/v1/playback", json=body, headers={"Authorization": f"Bearer {key}"})
    await player.get(begun.json()["url"])

    async with accounts.transactions.begin() as tx:
        await accounts.keys.delete(tx, BY_HAND, ada.id, made.id)

    await player.get(begun.json()["url"], expected=401)


async def test_what_cannot_be_seen_cannot_be_played(player: Player, media: Media, accounts: Accounts) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    await accounts.make("Bob", libraries=[])
    shelved = await player.add(make(media, "h264 aac mp4"))
    headers = {"Authorization": f"Bearer {(await accounts.log_in('Bob')).access_token}"}
    body = {"item_id": str(shelved.item_id), "profile": "chrome"}
    assert (await player.web.http.post("/api/v1/playback", json=body, headers=headers)).status_code == 404


async def test_what_is_beyond_an_age_cannot_be_played_nor_played_on(
    player: Player, media: Media, accounts: Accounts, shelf: Shelf
) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    kim = await accounts.make("Kim", max_age=12, allow_unrated=True)
    shelved = await player.add(make(media, "h264 aac mp4"))
    headers = {"Authorization": f"Bearer {(await accounts.log_in('Kim')).access_token}"}
    body = {"item_id": str(shelved.item_id), "profile": "chrome"}
    begun = await player.web.http.post("/api/v1/playback", json=body, headers=headers)
    assert begun.status_code == 201
    await player.get(begun.json()["url"])

    # The same file holds something else, which is not for them.
    other = await shelf.item(player.films.library_id, "Wild", min_age=16)
    async with accounts.transactions.begin() as tx:
        tx.session.add(ItemFile(item_id=other, file_id=shelved.file_id))
    await player.get(begun.json()["url"], expected=404)
    assert (await player.web.http.post("/api/v1/playback", json=body, headers=headers)).status_code == 404

    async with accounts.transactions.begin() as tx:
        await accounts.service.change(tx, BY_HAND, kim.id, AccountChange(max_age=16))
    await player.get(begun.json()["url"])
    async with accounts.transactions.begin() as tx:
        await accounts.service.change(tx, BY_HAND, kim.id, AccountChange(allow_unrated=False))
    await player.get(begun.json()["url"], expected=404)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"profile": "netscape"}, "profile"),
        ({"profile": {"video": [{"codec": "-i /etc/passwd"}]}}, "profile"),
        ({"profile": {"audio": [{"codec": "aac"}], "segments": ["hls;x"]}}, "profile"),
        ({"start_ms": -1}, "start_ms"),
        ({"start_ms": "1; rm"}, "start_ms"),
        ({"audio": 77}, "audio"),
        ({"audio": "0:a -f hls"}, "audio"),
        ({"subtitle": {"stream": 1, "beside": 1}}, "subtitle"),
        ({"subtitle": {"stream": 77}}, "subtitle"),
        ({"quality": "best"}, "quality"),
    ],
)
async def test_a_wish_that_makes_no_sense_names_its_field_and_begins_nothing(
    player: Player, media: Media, wrong: dict[str, Any], field: str
) -> None:
    shelved = await player.add(everything(media))
    body = {"item_id": str(shelved.item_id), "profile": "chrome", **wrong}
    answer = await player.web.http.post("/api/v1/playback", json=body)
    assert (answer.status_code, answer.json()["field"].partition(".")[0]) == (400, field), answer.text


async def test_names_that_are_no_segments_are_not_looked_for(player: Player, media: Media) -> None:
    playing = await player.play(await player.add(everything(media)))
    base = f"/api/v1/playback/{playing['id']}"
    for name in ("v0/00099.m4s", "v0/00000.ts", "v0/00000.m4s.part", "v9/00000.m4s", "v0/..%2f..%2fx", "a1/init.m4s"):
        status = (await player.web.http.get(f"{base}/{name}")).status_code
        assert status in (400, 404), name


async def test_texts_are_told_with_the_playback(player: Player, media: Media) -> None:
    playing = await player.play(await player.add(everything(media)))
    assert [one["format"] for one in playing["subtitles"]] == ["vtt", "vtt"]
    text = (await player.get(playing["subtitles"][0]["url"])).text
    assert text.startswith("WEBVTT")
    assert "Hello" in text
