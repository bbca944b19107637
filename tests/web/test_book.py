"""Whatever administrators do to the engine stands in the book."""

from typing import Any

import httpx
import pytest

from app.accounts.roles import Role
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.library.jobs import ScanLibraryArgs
from tests.fixtures.accounts import PASSWORD, Accounts
from tests.fixtures.web import Films, Web


@pytest.fixture
async def as_ada(web: Web, accounts: Accounts) -> Any:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    headers = {"Authorization": f"Bearer {(await accounts.log_in('Ada')).access_token}"}
    async with httpx.AsyncClient(
        base_url=f"{web.server.url}/api/v1", headers=headers, timeout=60, trust_env=False
    ) as http:
        yield http


async def book(http: httpx.AsyncClient, count: int) -> list[tuple[str, str | None, dict[str, Any]]]:
    events = (await http.get("/audit", params={"limit": count})).json()["events"]
    assert {event["actor"] for event in events} == {"Ada"}
    return [(event["action"], event["subject"], event["details"]) for event in reversed(events)]


async def test_jobs_that_are_interfered_with(web: Web, as_ada: httpx.AsyncClient, films: Films) -> None:
    job = (await web.client.insert(ScanLibraryArgs(library_id=films.library_id))).job
    for method, path in (("POST", "/cancel"), ("POST", "/retry"), ("POST", "/cancel"), ("DELETE", "")):
        assert (await as_ada.request(method, f"/jobs/{job.id}{path}")).status_code == 200
    assert (await as_ada.delete(f"/jobs/{job.id}")).status_code == 404
    told = ["job.cancelled", "job.retried", "job.cancelled", "job.deleted"]
    assert await book(as_ada, 4) == [(action, "library.scan", {"job_id": job.id}) for action in told]


async def test_accounts_and_what_opens_them(as_ada: httpx.AsyncClient, web: Web, accounts: Accounts) -> None:
    """For whom a key was made, and what somebody may from now on: that is what is looked for in a book."""
    made = (await as_ada.post("/accounts", json={"name": "Kim", "role": "member", "max_age": 12})).json()
    path = f"/accounts/{made['id']}"
    await as_ada.patch(path, json={"max_age": 6, "libraries": [], "name": "Kim"})
    await as_ada.patch(path, json={"disabled": True})
    await as_ada.patch(path, json={"disabled": False})
    await as_ada.put(f"{path}/password", json={"new": PASSWORD})
    key = (await as_ada.post(f"{path}/api-keys", json={"name": "player", "scopes": ["stream", "read"]})).json()
    await as_ada.delete(f"{path}/api-keys/{key['api_key']['id']}")
    login = await accounts.log_in("Kim")
    await as_ada.delete(f"{path}/logins/{login.login_id}")
    events = (await as_ada.get("/audit", params={"limit": 9})).json()["events"][::-1]
    first = {"name": "Kim", "role": "member", "libraries": "all", "allow_unrated": False, "disabled": False}
    assert [(event["actor"], event["action"], event["subject"], event["details"]) for event in events] == [
        ("Ada", "account.created", "Kim", first | {"max_age": 12}),
        ("Ada", "account.changed", "Kim", {"max_age": 6, "libraries": []}),
        ("Ada", "account.changed", "Kim", {"disabled": True}),
        ("Ada", "account.changed", "Kim", {"disabled": False}),
        ("Ada", "account.password_set", "Kim", {}),
        ("Ada", "api_key.created", "Kim", {"key": "player", "scopes": ["read", "stream"], "expires_at": None}),
        ("Ada", "api_key.deleted", "Kim", {"key": "player"}),
        ("Kim", "login.created", "Kim", {"device": "telly", "method": "password"}),
        ("Ada", "login.revoked", "Kim", {"device": "telly"}),
    ]


async def test_queues_that_are_held(as_ada: httpx.AsyncClient, driver: PsycopgDriver) -> None:
    await driver.queue_create_or_set_updated_at("default")
    for verb in ("pause", "resume"):
        assert (await as_ada.put(f"/queues/default/{verb}")).status_code == 204
    assert (await as_ada.put("/queues/nowhere/pause")).status_code == 404
    assert await book(as_ada, 2) == [("queue.paused", "default", {}), ("queue.resumed", "default", {})]


async def test_what_is_said_of_folders(as_ada: httpx.AsyncClient, films: Films) -> None:
    library = f"/libraries/{films.library_id}"
    (root,) = (await as_ada.get(f"{library}/roots")).json()["roots"]
    await as_ada.patch(f"{library}/roots/{root['id']}", json={"has_own_queue": True})
    await as_ada.post(f"{library}/confirm-loss")
    await as_ada.post(f"{library}/purge")
    of = {"library_id": str(films.library_id)}
    assert await book(as_ada, 3) == [
        ("root.changed", None, of | {"root_id": root["id"], "path": root["path"], "has_own_queue": True}),
        ("library.loss_confirmed", None, of),
        ("library.purged", None, of | {"files": 0, "items": 0}),
    ]


async def test_keys_of_secrets_are_listed_gone_over_to_and_forgotten(as_ada: httpx.AsyncClient) -> None:
    (first,) = (await as_ada.get("/secrets/keys")).json()["keys"]
    prepared = await as_ada.post("/secrets/keys")
    rotated = (await as_ada.post("/secrets/rotate")).json()
    forgotten = await as_ada.delete("/secrets")

    assert prepared.status_code == 201
    assert (first["is_current"], first["is_here"], first["secrets"]) == (False, True, 0)
    assert rotated == {"key": prepared.json()["id"], "resumed": False, "resealed": 0, "unreadable": []}
    assert forgotten.json() == {"secrets": 0}
    assert await book(as_ada, 3) == [
        ("secrets.key_prepared", rotated["key"], {}),
        ("secrets.rotated", rotated["key"], {"resealed": 0, "resumed": False}),
        ("secrets.forgotten", None, {"secrets": 0}),
    ]
