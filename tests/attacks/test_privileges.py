"""Somebody else's: every id of every route that the document knows, in the hands of whom it does not concern."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.accounts.roles import Role, Scope
from app.ids import uuid7
from app.library.descriptions import Credited, Description
from app.library.jobs import ScanLibraryArgs
from app.library.kinds import FactSource
from app.library.models import Person
from app.library.repository import descriptions
from app.playback.streaming.models import Playback
from app.web.application import OPENAPI_URL
from tests.fixtures.accounts import BY_HAND, Accounts
from tests.fixtures.web import Films, Web

UNKNOWN = UUID("00000000-0000-7000-8000-000000000000")
PLACES = {
    "rendition": "v0",
    "number": "0",
    "role": "poster",
    "place": "0",
    "name": "1.m4s",
    "provider": "tmdb",
}
"""Parts of addresses that are no ids."""


async def belongings(web: Web, accounts: Accounts, films: Films) -> dict[str, str]:
    """Make everything that has an id, all of it Ada's or hers to see, and return the ids by the parameter's name."""
    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    login = await accounts.log_in("Ada")
    async with accounts.transactions.begin() as tx:
        key, _ = await accounts.keys.create(tx, BY_HAND, ada.id, name="key", scopes=[Scope.READ])
    item = await films.shelf.item(films.library_id, "Metropolis")
    async with accounts.transactions.begin() as tx:
        said = Description(credits=(Credited(name="Brigitte Helm", role="actor"),))
        await descriptions.describe(tx, FactSource.METADATA, {item: said})
        (person,) = await tx.session.scalars(select(Person.id))
    film = await films.add("Metropolis (1927).mkv", b"x" * 1000)
    playback = {"id": uuid7(), "account_id": ada.id, "login_id": login.login_id, "item_id": item, "file_id": film.id}
    async with accounts.transactions.begin() as tx:
        tx.session.add(Playback(client="chrome", decision={}, **playback))
    job = (await web.client.insert(ScanLibraryArgs(library_id=films.library_id))).job
    headers = {"Authorization": f"Bearer {login.access_token}"}
    roots = (await web.http.get(f"/api/v1/libraries/{films.library_id}/roots", headers=headers)).json()["roots"]
    return {
        "account_id": str(ada.id),
        "login_id": str(login.login_id),
        "key_id": str(key.id),
        "item_id": str(item),
        "person_id": str(person),
        "file_id": str(film.id),
        "library_id": str(films.library_id),
        "root_id": roots[0]["id"],
        "job_id": str(job.id),
        "playback_id": str(playback["id"]),
    }


async def operations(web: Web) -> list[tuple[str, str, list[str], dict[str, Any]]]:
    """Return every operation whose address has an id: method, path, parameters, description."""
    paths = (await web.http.get(OPENAPI_URL)).json()["paths"]
    found = []
    for path, methods in paths.items():
        for method, one in methods.items():
            names = [parameter["name"] for parameter in one.get("parameters", ()) if parameter["in"] == "path"]
            if names:
                found.append((method.upper(), path, names, one))
    return found


def body_for(one: dict[str, Any]) -> dict[str, Any]:
    if "requestBody" not in one:
        return {}
    name = one["operationId"]
    body: dict[str, Any] = {"new": "guess guess"} if name.endswith("password") else {}
    body |= {"position_ms": 1} if name in {"tell_progress", "report_position"} else {}
    return {"content": json.dumps(body), "headers": {"Content-Type": "application/json"}}


def without_ids(text: str, ids: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(text) if text else {"detail": ""}
    told.pop("request_id", None)
    told["detail"] = " ".join("…" if word in ids else word for word in told["detail"].split())
    return told


@pytest.mark.parametrize("role", [Role.MEMBER, Role.GUEST])
async def test_nobody_reaches_what_is_somebody_elses_by_its_id(
    web: Web, accounts: Accounts, films: Films, role: Role
) -> None:
    """What is not theirs looks exactly like what is not there; and all of it is there still afterwards."""
    ids = await belongings(web, accounts, films)
    await accounts.make("Kim", role, libraries=[])
    token = (await accounts.log_in("Kim")).access_token
    walked = 0
    for method, path, names, one in await operations(web):
        assert {*names} <= ids.keys() | PLACES.keys(), (method, path)
        told = []
        for real in (True, False):
            values = {
                name: PLACES.get(name)
                or (ids.get(name, str(UNKNOWN)) if real else "999999999" if name == "job_id" else str(UNKNOWN))
                for name in names
            }
            sent = body_for(one)
            headers = sent.pop("headers", {}) | {"Authorization": f"Bearer {token}"}
            answer = await web.http.request(method, path.format(**values), headers=headers, **sent)
            assert answer.status_code in (403, 404), (method, path, answer.status_code, answer.text)
            told.append((answer.status_code, without_ids(answer.text, list(values.values()))))
        assert told[0] == told[1], (method, path)
        walked += 1

    assert walked > 25
    ada = {"Authorization": f"Bearer {(await accounts.log_in('Ada')).access_token}"}
    for path in (
        f"accounts/{ids['account_id']}",
        f"libraries/{ids['library_id']}",
        f"items/{ids['item_id']}",
        f"files/{ids['file_id']}",
        f"jobs/{ids['job_id']}",
    ):
        assert (await web.http.get(f"/api/v1/{path}", headers=ada)).status_code == 200, path
    place = f"/api/v1/playback/{ids['playback_id']}"
    assert (await web.http.put(place, json={"position_ms": 1}, headers=ada)).status_code == 204
    assert ids["login_id"] in (await web.http.get("/api/v1/logins", headers=ada)).text
    assert ids["key_id"] in (await web.http.get("/api/v1/api-keys", headers=ada)).text


async def test_nobody_makes_more_of_themselves(web: Web, accounts: Accounts) -> None:
    """Privilege: a member's own routes take no role, and a key no more than its account has."""
    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    kim = await accounts.make("Kim", libraries=[])
    headers = {"Authorization": f"Bearer {(await accounts.log_in('Kim')).access_token}"}
    for method, path, body in (
        ("PATCH", f"/api/v1/accounts/{kim.id}", {"role": "administrator"}),
        ("PATCH", f"/api/v1/accounts/{kim.id}", {"all_libraries": True}),
        ("PATCH", f"/api/v1/accounts/{ada.id}", {"disabled": True}),
        ("PUT", f"/api/v1/accounts/{ada.id}/password", {"new": "guess guess"}),
        ("POST", "/api/v1/accounts", {"name": "Eve", "role": "administrator"}),
    ):
        assert (await web.http.request(method, path, json=body, headers=headers)).status_code == 403, path
    key = await web.http.post("/api/v1/api-keys", json={"name": "key", "scopes": ["admin"]}, headers=headers)
    own = {"Authorization": f"Bearer {key.json()['token']}"}
    assert (await web.http.get("/api/v1/accounts", headers=own)).status_code == 403
    assert (await web.http.get("/api/v1/jobs", headers=own)).status_code == 403
    extra = {"old": "correct horse", "new": "correct horses", "role": "administrator"}
    assert (await web.http.put("/api/v1/me/password", json=extra, headers=headers)).status_code == 400
    assert (await web.http.get("/api/v1/me", headers=headers)).json()["is_administrator"] is False
