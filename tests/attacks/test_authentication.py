"""Getting in without being let in, and staying in after having been thrown out."""

from typing import Any

import httpx
import pytest

from app.accounts.logins import WrongCredentials
from app.accounts.roles import Role, Scope
from app.accounts.service import AccountChange
from tests.attacks.raw import get
from tests.fixtures.accounts import BY_HAND, PASSWORD, Accounts
from tests.fixtures.web import Films, Web

ME = "/api/v1/me"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def log_in(web: Web, **more: Any) -> httpx.Response:
    return await web.http.post("/api/v1/logins", json={"name": "Ada", "password": PASSWORD, "device": "telly"}, **more)


async def test_nothing_but_a_live_token_of_its_own_kind_opens(web: Web, accounts: Accounts) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    tokens = (await log_in(web)).json()
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    assert (await web.http.get(ME, headers=bearer(access))).status_code == 200
    for headers in (
        {},
        {"Authorization": access},
        {"Authorization": f"Token {access}"},
        {"Authorization": f"Basic {access}"},
        {"Authorization": f"Bearer,{access}"},
        {"Authorization": f"Bearer {access},"},
        {"Authorization": f"Bearer {access} {access}"},
        {"Authorization": f"Bearer {access[:-1]}"},
        {"Authorization": f"Bearer {access[:-1]}{'A' if access[-1] != 'A' else 'B'}"},
        {"Authorization": f"Bearer {access.upper()}"},
        {"Authorization": f"Bearer {access}%00"},
        {"Authorization": f"Bearer {refresh}"},
        {"Authorization": f"Bearer {tokens['login_id']}"},
        {"Authorization": "Bearer null"},
        {"Authorization": "Bearer ' OR '1'='1"},
        {"X-Api-Key": access},
        {"Cookie": f"access_token={access}; token={access}"},
        {"Proxy-Authorization": f"Bearer {access}"},
        {"X-Authorization": f"Bearer {access}"},
        {"X-Original-URL": "/healthz"},
        {"X-Rewrite-URL": "/healthz"},
        {"X-HTTP-Method-Override": "GET"},
        {"X-Forwarded-User": "Ada", "Remote-User": "Ada"},
    ):
        assert (await web.http.get(ME, headers=headers)).status_code == 401, headers
    for url in (f"{ME}?access_token={access}", f"{ME}?token={access}", f"/API/V1/ME?token={access}"):
        assert (await web.http.get(url)).status_code in (400, 401, 404), url


async def test_other_ways_to_write_an_address_do_not_pass_by_the_door(web: Web, accounts: Accounts) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    for path in (
        "//api/v1/me",
        "/api//v1/me",
        "/api/v1/me/",
        "/api/v1/./me",
        "/healthz/../api/v1/me",
        "/api/v1/ME",
        "/api/v1/me;x",
        "/api/v1/me%20",
        "/api/v1/%6de",
        "/api/v1/me%2f",
        "/healthz%2f..%2fapi%2fv1%2fme",
        "/api/v1/me.json",
        "/api/v1/me%00",
        "/api/v1/me?x=1",
        "/setup/../api/v1/me",
    ):
        status, said = await get(web, path)
        assert status in (400, 401, 404), path
        assert b"Ada" not in said, path


async def test_what_was_revoked_is_worth_nothing_however_often_it_is_sent(
    web: Web, accounts: Accounts, films: Films
) -> None:
    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    await accounts.make("Bea", Role.ADMINISTRATOR)
    film = await films.add("a.mkv", b"film")

    async def refused(token: str) -> None:
        for _ in range(2):
            assert (await web.http.get(ME, headers=bearer(token))).status_code == 401

    # refreshed: the access token before it; used twice: the whole login
    first = (await log_in(web)).json()
    renewed = await web.http.post("/api/v1/logins/refresh", json={"refresh_token": first["refresh_token"]})
    await refused(first["access_token"])
    again = await web.http.post("/api/v1/logins/refresh", json={"refresh_token": first["refresh_token"]})
    assert (renewed.status_code, again.status_code) == (200, 401)
    await refused(renewed.json()["access_token"])

    # logged out: the tokens, and the address for a player that this login asked for
    second = (await log_in(web)).json()
    own = bearer(second["access_token"])
    url = (await web.http.post(f"/api/v1/files/{film.id}/token", headers=own)).json()["url"]
    assert (await web.http.get(url)).status_code == 200
    assert (await web.http.delete(f"/api/v1/logins/{second['login_id']}", headers=own)).status_code == 204
    await refused(second["access_token"])
    assert (await web.http.get(url)).status_code == 401
    gone = await web.http.post("/api/v1/logins/refresh", json={"refresh_token": second["refresh_token"]})
    assert gone.status_code == 401

    # a key that was ended, and the address that it asked for; and everything of somebody who was disabled
    third = (await log_in(web)).json()
    async with accounts.transactions.begin() as tx:
        scopes = [Scope.READ, Scope.STREAM]
        made, key = await accounts.keys.create(tx, BY_HAND, ada.id, name="key", scopes=scopes)
        _, other = await accounts.keys.create(tx, BY_HAND, ada.id, name="other", scopes=scopes)
    url = (await web.http.post(f"/api/v1/files/{film.id}/token", headers=bearer(key))).json()["url"]
    assert (await web.http.get(url)).status_code == 200
    async with accounts.transactions.begin() as tx:
        await accounts.keys.delete(tx, BY_HAND, ada.id, made.id)
    await refused(key)
    assert (await web.http.get(url)).status_code == 401
    assert (await web.http.get(ME, headers=bearer(other))).status_code == 200
    async with accounts.transactions.begin() as tx:
        await accounts.service.change(tx, BY_HAND, ada.id, AccountChange(disabled=True))
    await refused(third["access_token"])
    await refused(other)
    assert (await log_in(web)).status_code == 401


async def test_nobody_chooses_the_login_that_somebody_else_gets(web: Web, accounts: Accounts) -> None:
    """Session fixation: whatever is brought along to the door, what is given out is new, and travels in no cookie."""
    await accounts.make("Ada", Role.ADMINISTRATOR)
    before = (await log_in(web)).json()
    brought = {
        "Authorization": f"Bearer {before['access_token']}",
        "Cookie": f"session={before['login_id']}; access_token={before['access_token']}",
    }
    answer = await log_in(web, headers=brought)
    after = answer.json()

    assert answer.status_code == 201
    assert not {before[name] for name in ("login_id", "access_token", "refresh_token")} & set(after.values())
    assert "set-cookie" not in answer.headers
    refused = await web.http.post(
        "/api/v1/logins", json={"name": "Ada", "password": PASSWORD, "login_id": before["login_id"]}
    )
    assert (refused.status_code, refused.json()["field"]) == (400, "login_id")


async def test_every_failed_login_costs_the_same_work(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in hashes: whoever measures our time learns neither which names exist nor which of them may log in."""
    await accounts.make("Ada", Role.ADMINISTRATOR)
    bob = await accounts.make("Bob")
    async with accounts.transactions.begin() as tx:
        await accounts.service.change(tx, BY_HAND, bob.id, AccountChange(disabled=True))
        await accounts.service.create(tx, BY_HAND, name="Kim", password=None, role=Role.MEMBER)
    with pytest.raises(WrongCredentials):
        await accounts.log_in("nobody", "guess guess")  # makes the hash of nobody's, once
    work: list[str] = []
    hasher = type(accounts.passwords._hash)
    for name in ("verify", "verify_and_update", "hash"):
        real = getattr(hasher, name)
        monkeypatch.setattr(hasher, name, lambda *given, real=real, name=name: work.append(name) or real(*given))
    costs = {}
    for name in ("Ada", "Bob", "Kim", "nobody", "", "x" * 10_000, "' OR 1=1 --"):
        work.clear()
        with pytest.raises(WrongCredentials):
            await accounts.log_in(name, "guess guess")
        costs[name] = len([step for step in work if step != "hash"])
    assert set(costs.values()) == {1}
    assert "hash" not in work
