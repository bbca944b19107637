"""A household is set up over HTTP: the first link, logging in, who may do what, and getting out again."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.accounts.roles import Role
from app.accounts.tokens import TOKEN
from tests.fixtures.accounts import BY_HAND, PASSWORD, Accounts
from tests.fixtures.web import Films, Web

ITEMS = "/api/v1/items"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def log_in(web: Web, name: str, password: str = PASSWORD, device: str = "telly") -> dict[str, Any]:
    answer = await web.http.post("/api/v1/logins", json={"name": name, "password": password, "device": device})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def as_ada(web: Web, accounts: Accounts) -> AsyncIterator[httpx.AsyncClient]:
    """The administrator's own client."""
    await accounts.make("Ada", Role.ADMINISTRATOR)
    tokens = await log_in(web, "Ada")
    async with httpx.AsyncClient(
        base_url=web.server.url, headers=bearer(tokens["access_token"]), timeout=60, trust_env=False
    ) as http:
        yield http


# -- the first account


async def test_without_accounts_this_machine_is_the_administrator(web: Web) -> None:
    answer = await web.http.get("/api/v1/me")
    assert answer.json() == {
        "name": "local administrator",
        "is_administrator": True,
        "account": None,
        "scopes": None,
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "192.168.0.1"},
        {"Host": "media.example.org"},
    ],
)
async def test_without_accounts_whoever_comes_through_a_proxy_or_by_another_name_is_refused(
    web: Web, headers: dict[str, str]
) -> None:
    answer = await web.http.get(ITEMS, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "setup_required")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_the_first_link_makes_an_administrator_who_is_logged_in_and_closes_the_door_behind_it(
    web: Web, accounts: Accounts
) -> None:
    async with accounts.transactions.begin() as tx:
        code = await accounts.service.first_code(tx)
    asked = {"code": code, "name": "Ada", "password": PASSWORD}
    made = await web.http.post("/api/v1/setup", json=asked)
    assert made.status_code == 201

    me = (await web.http.get("/api/v1/me", headers=bearer(made.json()["access_token"]))).json()
    assert (me["name"], me["is_administrator"], me["account"]["role"]) == ("Ada", True, "administrator")
    nobody = await web.http.get(ITEMS)
    assert (nobody.status_code, nobody.json()["code"]) == (401, "login_required")
    again = await web.http.post("/api/v1/setup", json=asked)
    assert (again.status_code, again.json()["code"]) == (409, "already_set_up")


@pytest.mark.usefixtures("still_clock")
async def test_codes_cannot_be_guessed_for_long(web: Web) -> None:
    asked = {"code": "rvc_" + "A" * 43, "name": "Eve", "password": PASSWORD}
    answers = [await web.http.post("/api/v1/setup", json=asked) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 6 + [429]
    assert answers[-1].headers["Retry-After"] == "2"


async def test_the_page_behind_the_link_runs_its_own_script_and_nobody_elses(web: Web) -> None:
    page = await web.http.get("/setup")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in page.text
    for name, kind in (("setup.js", "text/javascript"), ("setup.css", "text/css")):
        assert f"/{name}" in page.text
        assert (await web.http.get(f"/{name}")).headers["Content-Type"].startswith(kind)


# -- getting in and out


async def test_wrong_names_and_wrong_passwords_are_told_alike(web: Web, accounts: Accounts) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    answers = [
        await web.http.post("/api/v1/logins", json={"name": name, "password": "guess guess"})
        for name in ("Ada", "nobody")
    ]
    bodies = [{key: value for key, value in a.json().items() if key != "request_id"} for a in answers]
    assert bodies[0] == bodies[1]
    assert bodies[0]["code"] == "wrong_credentials"


@pytest.mark.parametrize("given", ["Basic QWRhOng=", "Bearer", "Bearer rva_x", "Bearer " + "A" * 5000, "rva_", ""])
async def test_whatever_is_no_token_of_ours_is_401(web: Web, given: str) -> None:
    """Even on loopback without accounts: who shows a token means to be known by it."""
    answer = await web.http.get(ITEMS, headers={"Authorization": given})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


async def test_two_authorizations_are_none(web: Web, accounts: Accounts) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    token = (await log_in(web, "Ada"))["access_token"]
    twice = [("Authorization", f"Bearer {token}"), ("Authorization", "Bearer x")]
    assert (await web.http.get(ITEMS, headers=twice)).status_code == 401


async def test_devices_are_listed_refreshed_and_logged_out(web: Web, as_ada: httpx.AsyncClient) -> None:
    phone = await log_in(web, "ada", device="phone")
    listed = (await as_ada.get("/api/v1/logins")).json()["logins"]
    assert {(login["device"], login["is_current"]) for login in listed} == {("telly", True), ("phone", False)}

    refreshed = await web.http.post("/api/v1/logins/refresh", json={"refresh_token": phone["refresh_token"]})
    assert (await web.http.get(ITEMS, headers=bearer(phone["access_token"]))).status_code == 401
    fresh = bearer(refreshed.json()["access_token"])
    assert (await web.http.get(ITEMS, headers=fresh)).status_code == 200
    assert (await as_ada.delete(f"/api/v1/logins/{phone['login_id']}")).status_code == 204
    assert (await web.http.get(ITEMS, headers=fresh)).status_code == 401


async def test_an_own_password_is_changed_by_who_knows_the_old_one(web: Web, as_ada: httpx.AsyncClient) -> None:
    asked = {"old": "guess guess", "new": "another password"}
    assert (await as_ada.put("/api/v1/me/password", json=asked)).json()["code"] == "wrong_credentials"
    assert (await as_ada.put("/api/v1/me/password", json=asked | {"old": PASSWORD})).status_code == 204
    assert (await as_ada.get(ITEMS)).status_code == 200
    await log_in(web, "Ada", "another password")


# -- who may do what


async def test_members_see_what_they_are_given_and_nothing_else_exists(
    web: Web, as_ada: httpx.AsyncClient, films: Films
) -> None:
    shown = await films.add("shown.mkv", b"shown")
    async with films.shelf.transactions.begin():
        pass
    hidden_library = await films.shelf.library(films.root / "hidden", name="Hidden")
    hidden_file = await films.shelf.file(hidden_library, "hidden.mkv")
    hidden_item = await films.shelf.item(hidden_library, "Hidden film")
    item = await films.shelf.item(films.library_id, "Shown film")
    made = await as_ada.post(
        "/api/v1/accounts", json={"name": "Bob", "password": PASSWORD, "libraries": [str(films.library_id)]}
    )
    assert made.status_code == 201
    bob = bearer((await log_in(web, "Bob"))["access_token"])

    assert [one["id"] for one in (await web.http.get(ITEMS, headers=bob)).json()["items"]] == [str(item)]
    assert (await web.http.get(shown.url, headers=bob)).content == b"shown"
    for path in (
        f"{ITEMS}/{hidden_item}",
        f"/api/v1/files/{hidden_file}",
        f"/api/v1/files/{hidden_file}/stream",
        f"/api/v1/libraries/{hidden_library}",
    ):
        answer = await web.http.get(path, headers=bob)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    for method, path in (
        ("GET", "/api/v1/jobs"),
        ("GET", "/api/v1/accounts"),
        ("GET", "/api/v1/audit"),
        ("DELETE", f"/api/v1/libraries/{films.library_id}"),
        ("POST", f"/api/v1/libraries/{films.library_id}/scan"),
        ("PUT", "/api/v1/queues/default/pause"),
    ):
        assert (await web.http.request(method, path, headers=bob)).json()["code"] == "refused", path


async def test_a_guest_changes_nothing_of_their_own_either(web: Web, as_ada: httpx.AsyncClient) -> None:
    await as_ada.post("/api/v1/accounts", json={"name": "Gus", "password": PASSWORD, "role": "guest"})
    gus = bearer((await log_in(web, "Gus"))["access_token"])
    password = {"old": PASSWORD, "new": "another password"}
    key = {"name": "x", "scopes": ["read"]}
    assert (await web.http.put("/api/v1/me/password", json=password, headers=gus)).status_code == 403
    assert (await web.http.post("/api/v1/api-keys", json=key, headers=gus)).status_code == 403
    assert (await web.http.get(ITEMS, headers=gus)).status_code == 200


async def test_a_key_for_a_download_tool_asks_for_scans_and_sees_nothing(
    web: Web, as_ada: httpx.AsyncClient, films: Films
) -> None:
    made = (await as_ada.post("/api/v1/api-keys", json={"name": "sonarr", "scopes": ["scan"]})).json()
    key = bearer(made["token"])
    scan = f"/api/v1/libraries/{films.library_id}/scan"
    assert (await web.http.post(scan, headers=key)).status_code == 202
    assert (await web.http.get(ITEMS, headers=key)).json()["code"] == "missing_scope"
    assert (await web.http.delete(f"/api/v1/libraries/{films.library_id}", headers=key)).status_code == 403
    assert made["token"] not in (await as_ada.get("/api/v1/api-keys")).text
    assert (await as_ada.delete(f"/api/v1/api-keys/{made['api_key']['id']}")).status_code == 204
    assert (await web.http.post(scan, headers=key)).status_code == 401


async def test_a_token_in_the_address_opens_its_file_and_nothing_else(
    web: Web, as_ada: httpx.AsyncClient, films: Films, capfd: pytest.CaptureFixture[str]
) -> None:
    film, other = await films.add("a.mkv", b"film"), await films.add("b.mkv", b"other")
    made = (await as_ada.post(f"/api/v1/files/{film.id}/token")).json()
    assert made["url"].startswith(f"{film.url}?token=")
    answer = await web.http.get(made["url"])
    assert (answer.status_code, answer.content) == (200, b"film")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    token = made["url"].rpartition("=")[2]
    for path in (other.url, ITEMS, f"/api/v1/files/{film.id}"):
        assert (await web.http.get(path, params={"token": token})).status_code in (400, 401), path
    assert TOKEN.search("".join(capfd.readouterr())) is None
    assert token not in (await web.http.get("/metrics")).text


# -- administrators


async def test_two_who_edit_an_account_at_once(as_ada: httpx.AsyncClient) -> None:
    made = await as_ada.post("/api/v1/accounts", json={"name": "Bob", "password": PASSWORD})
    path, etag = made.headers["Location"], made.headers["ETag"]
    assert (await as_ada.get(path)).headers["ETag"] == etag
    first = await as_ada.patch(path, json={"name": "Bobby"}, headers={"If-Match": etag})
    second = await as_ada.patch(path, json={"name": "Rob"}, headers={"If-Match": etag})
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "changed_meanwhile")
    wrong = await as_ada.patch(path, json={"name": "Rob"}, headers={"If-Match": "W/x"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "If-Match")


async def test_the_last_administrator_cannot_be_deleted(as_ada: httpx.AsyncClient) -> None:
    (ada,) = (await as_ada.get("/api/v1/accounts")).json()["accounts"]
    assert (await as_ada.delete(f"/api/v1/accounts/{ada['id']}")).json()["code"] == "last_administrator"


async def test_the_book_tells_who_did_what_from_where(web: Web, as_ada: httpx.AsyncClient, accounts: Accounts) -> None:
    await as_ada.post("/api/v1/accounts", json={"name": "Bob", "password": PASSWORD})
    await web.http.post("/api/v1/logins", json={"name": "Bob", "password": "guess guess"})
    page = (await as_ada.get("/api/v1/audit", params={"limit": 2})).json()
    told = [(event["actor"], event["action"], event["subject"], event["address"]) for event in page["events"]]
    assert told == [
        ("nobody", "login.failed", "Bob", "127.0.0.1"),
        ("Ada", "account.created", "Bob", "127.0.0.1"),
    ]
    rest = (await as_ada.get("/api/v1/audit", params={"cursor": page["next_cursor"]})).json()["events"]
    assert [event["action"] for event in rest] == ["login.created", "account.created"]
    assert rest[-1]["actor"] == BY_HAND.viewer.name
