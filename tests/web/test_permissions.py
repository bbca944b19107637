"""Every route says who may ask it, and means it. Routes join this walk by being in the application."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from dishka import make_async_container
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.accounts.roles import Role, Scope
from app.accounts.service import AccountChange
from app.library.descriptions import Description
from app.library.kinds import FactSource, LabelKind
from app.library.repository import descriptions
from app.observability import Metrics
from app.web import auth
from app.web.application import create_app
from tests.fixtures.accounts import BY_HAND, Accounts
from tests.fixtures.finding import IndexBench
from tests.fixtures.web import Films, Web

PUBLIC = {
    "create_first_account",
    "log_in",
    "refresh_login",
    "setup_page",
    "setup_script",
    "setup_style",
    "prove_server",
    "healthz",
    "readyz",
}
"""Routes that anybody may ask who reaches us. Whoever adds one says here that it gives nothing away."""

STATEMENTS = {
    auth._viewer: "viewer",
    auth._streamer: "streamer",
    auth._watcher: "watcher",
    auth._player: "player",
    auth._manager: "administrator",
    auth._scanner: "scanner",
    auth._oneself: "oneself",
    auth._collector: "collector",
}

UNKNOWN = UUID("00000000-0000-7000-8000-000000000000")


def routes() -> Iterator[tuple[str, str, APIRoute]]:
    app = create_app(make_async_container(), Metrics(), ())
    for route in app.routes:
        if isinstance(route, APIRoute):
            for method in sorted(route.methods):
                yield method, route.path, route


def calls_of(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls_of(inner)


def statement_of(route: APIRoute) -> str:
    """Return what the route says: the outermost statement, for each of them asks those below it."""
    said = [STATEMENTS[call] for call in calls_of(route.dependant) if call in STATEMENTS]
    return said[0] if said else "public" if route.name in PUBLIC else "nothing"


WALK = [(method, path, statement_of(route)) for method, path, route in routes()]
PROTECTED = [row for row in WALK if row[2] not in {"public", "collector"}]


def address(path: str) -> str:
    for name in ("library_id", "item_id", "file_id", "account_id", "login_id", "key_id", "playback_id"):
        path = path.replace(f"{{{name}}}", str(UNKNOWN))
    return (
        path.replace("{rendition}/{name}", "v0/init.mp4")
        .replace("{rendition}", "v0")
        .replace("{number}", "0")
        .replace("{job_id}", "999999")
        .replace("{name}", "nowhere")
        .replace("{role}", "poster")
        .replace("{place}", "0")
        .replace("{", "")
        .replace("}", "")
    )


BODIES = {
    "/api/v1/jobs": {"kind": "library.scan", "args": {"library_id": str(UNKNOWN)}},
    "/api/v1/libraries": {"name": "x", "kind": "movies", "paths": ["/nowhere"]},
    "/api/v1/accounts": {"name": "x"},
    "/api/v1/api-keys": {"name": "x", "scopes": ["read"]},
    "/api/v1/playback": {"item_id": str(UNKNOWN), "profile": "chrome"},
    "/api/v1/me/password": {"old": "guess guess", "new": "guess guess"},
}


async def ask(web: Web, method: str, path: str, **headers: str) -> tuple[int, str]:
    body = json.dumps(BODIES.get(path, {"new": "guess guess"} if path.endswith("/password") else {}))
    sent = {"content": body} if method in {"POST", "PATCH", "PUT"} and not path.endswith(("resume", "pause")) else {}
    given = headers | ({"Content-Type": "application/json"} if sent else {})
    async with web.http.stream(method, address(path), headers=given, **sent) as answer:  # events never end
        if not answer.headers.get("content-type", "").startswith("application/problem"):
            return answer.status_code, ""
        content = await answer.aread()
        return answer.status_code, json.loads(content)["code"] if content else ""


def test_every_route_says_who_may_ask_it() -> None:
    assert len(WALK) > 40
    assert [row for row in WALK if row[2] == "nothing"] == []


def test_what_is_public_is_still_there() -> None:
    """A name that is on the list and nowhere else would hide the next route of that name."""
    assert {route.name for *_, route in routes()} >= PUBLIC


async def test_nobody_is_answered_once_there_are_accounts(web: Web, accounts: Accounts) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    for method, path, _ in PROTECTED:
        status, _code = await ask(web, method, path)
        assert status == 401, (method, path)


async def test_nobody_who_is_not_local_is_answered_before_there_are_accounts(web: Web) -> None:
    for method, path, _ in PROTECTED:
        status, _code = await ask(web, method, path, **{"X-Forwarded-For": "192.0.2.7"})
        assert status == 401, (method, path)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.GUEST])
async def test_only_administrators_change_the_server_and_look_into_its_engine(
    web: Web, accounts: Accounts, role: Role
) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    await accounts.make("Bob", role)
    token = (await accounts.log_in("Bob")).access_token
    for method, path, said in PROTECTED:
        status, code = await ask(web, method, path, Authorization=f"Bearer {token}")
        if said in ("administrator", "scanner"):
            assert (status, code) == (403, "refused"), (method, path)
        else:
            assert status != 401 or code == "wrong_credentials", (method, path)
            assert status < 500, (method, path)


NEEDED = {
    "viewer": Scope.READ,
    "streamer": Scope.STREAM,
    "watcher": Scope.STREAM,
    "player": Scope.STREAM,
    "scanner": Scope.SCAN,
    "administrator": Scope.ADMIN,
    "oneself": Scope.ADMIN,
}


@pytest.mark.parametrize("scope", [Scope.READ, Scope.STREAM, Scope.SCAN])
async def test_a_key_does_what_its_scope_says_and_no_more(web: Web, accounts: Accounts, scope: Scope) -> None:
    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    async with accounts.transactions.begin() as tx:
        _, key = await accounts.keys.create(tx, BY_HAND, ada.id, name="key", scopes=[scope])
    for method, path, said in PROTECTED:
        status, code = await ask(web, method, path, Authorization=f"Bearer {key}")
        if NEEDED[said] is not scope:
            assert (status, code) == (403, "missing_scope" if method != "HEAD" else ""), (method, path)
        else:
            assert code != "missing_scope", (method, path)


QUESTIONS = {"/api/v1/search": {"q": "Film"}}
"""What routes have to be asked to show anything."""


@pytest.mark.parametrize("role", [Role.MEMBER, Role.GUEST])
async def test_what_is_of_a_library_one_may_not_see_is_in_no_listing(
    web: Web, accounts: Accounts, films: Films, index: IndexBench, role: Role
) -> None:
    """Whatever is listed, counted or found: not a title, an id or a number of what Bob was not given."""
    await accounts.make("Ada", Role.ADMINISTRATOR)
    await accounts.make("Bob", role, libraries=[])
    tokens = [(await accounts.log_in(name)).access_token for name in ("Ada", "Bob")]
    seen, begun = [await films.shelf.item(films.library_id, f"Film {one}") for one in ("seen", "begun")]
    file = await films.shelf.file(films.library_id, "film.mkv", item_id=seen)
    said_of_it = Description(labels=((LabelKind.GENRE, "Film noir"),))
    async with accounts.transactions.begin() as tx:
        await descriptions.describe(tx, FactSource.METADATA, {seen: said_of_it})
        await index.requests.items_changed(tx, [seen, begun])
    await index.catch_up()
    for item, position in ((seen, 60), (begun, 30)):
        body = {"position_ms": position * 60_000, "duration_ms": 60 * 60_000}
        headers = {"Authorization": f"Bearer {tokens[0]}"}
        assert (await web.http.put(f"/api/v1/items/{item}/progress", json=body, headers=headers)).status_code == 200
    secrets = ("Film", "film.mkv", str(seen), str(begun), str(file), str(films.library_id))
    shown = set()
    for method, path, said in PROTECTED:
        if method != "GET" or "{" in path or path.endswith("/events") or said in {"administrator", "oneself"}:
            continue
        answers = [
            await web.http.get(path, params=QUESTIONS.get(path), headers={"Authorization": f"Bearer {token}"})
            for token in tokens
        ]
        assert [answer.status_code for answer in answers] == [200, 200], path
        told = [any(secret in answer.text for secret in secrets) for answer in answers]
        assert not told[1], (path, answers[1].text)
        shown |= {path} if told[0] else set()
    listings = {"items", "items/tree", "items/facets", "libraries", "home", "search", "resume", "history"}
    assert shown == {f"/api/v1/{name}" for name in listings}


BELOW = ("viewer", "streamer")
"""What these say is what the catalogue shows: routes of them that are new are walked too."""


async def test_what_is_beyond_an_age_is_in_no_answer(web: Web, accounts: Accounts, films: Films) -> None:
    """Whatever route is asked, and whichever id it is asked about."""
    await accounts.make("Ada", Role.ADMINISTRATOR)
    kim = await accounts.make("Kim", max_age=12)
    tokens = {name: (await accounts.log_in(name)).access_token for name in ("Ada", "Kim")}
    shelf = films.shelf
    mild, wild, unrated = [await shelf.item(films.library_id, f"Film {age}", min_age=age) for age in (12, 16, None)]
    file_of = {item: await shelf.file(films.library_id, f"{item}.mkv", item_id=item) for item in (mild, wild, unrated)}
    walked = 0
    for method, path, said in WALK:
        if said not in BELOW or path.endswith("/events"):
            continue
        for item in (wild, unrated):
            about = (
                path.replace("{item_id}", str(item)).replace("{file_id}", str(file_of[item])).replace("{place}", "0")
            )
            status, _ = await ask(web, method, about, Authorization=f"Bearer {tokens['Kim']}")
            if "{item_id}" in path or "{file_id}" in path:
                assert status == 404 or (status == 400 and method not in {"GET", "HEAD"}), (method, path, status)
                walked += 1
            elif method == "GET":
                kim_asks = {"Authorization": f"Bearer {tokens['Kim']}"}
                answer = await web.http.get(address(path), params=QUESTIONS.get(path), headers=kim_asks)
                for secret in ("Film 16", "Film None", str(item), str(file_of[item])):
                    assert secret not in answer.text, path
    assert walked >= 16
    seen = {}
    for name, token in tokens.items():
        answer = await web.http.get("/api/v1/items", headers={"Authorization": f"Bearer {token}"})
        seen[name] = [item["title"] for item in answer.json()["items"]]
    assert seen == {"Ada": ["Film 12", "Film 16", "Film None"], "Kim": ["Film 12"]}

    # A token in an address is worth what its account is worth now.
    made = await web.http.post(
        f"/api/v1/files/{file_of[mild]}/token", headers={"Authorization": f"Bearer {tokens['Kim']}"}
    )
    stream = made.json()["url"]
    assert (await web.http.get(stream)).json()["code"] == "disk_unavailable"
    async with accounts.transactions.begin() as tx:
        await accounts.service.change(tx, BY_HAND, kim.id, AccountChange(max_age=6))
    assert (await web.http.get(stream)).json()["code"] == "not_found"


async def test_metrics_are_for_this_machine_and_for_administrators(web: Web, accounts: Accounts) -> None:
    assert [path for _, path, said in WALK if said == "collector"] == ["/metrics"]
    ada, bob = await accounts.make("Ada", Role.ADMINISTRATOR), await accounts.make("Bob")
    async with accounts.transactions.begin() as tx:
        keys = [
            (await accounts.keys.create(tx, BY_HAND, account.id, name="key", scopes=[Scope.READ]))[1]
            for account in (ada, bob)
        ]
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    asked = [{}, elsewhere, *(elsewhere | {"Authorization": f"Bearer {key}"} for key in keys)]
    answers = [await ask(web, "GET", "/metrics", **headers) for headers in asked]
    assert answers == [(200, ""), (401, "login_required"), (200, ""), (403, "refused")]


async def test_a_token_in_the_address_is_looked_at_where_files_are_streamed_and_nowhere_else(
    web: Web, accounts: Accounts
) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    access = (await accounts.log_in("Ada")).access_token
    for method, path, _ in PROTECTED:
        if method == "GET":
            answer = await web.http.get(address(path), params={"token": access, "access_token": access})
            assert answer.status_code == 401, path
