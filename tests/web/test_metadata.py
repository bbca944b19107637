"""What an administrator decides about matches, over HTTP. No source is asked: jobs are only inserted here."""

from typing import Any
from uuid import UUID

import pytest

from app.accounts.roles import Role
from app.db.tx import Transactions
from app.library.kinds import ItemKind
from app.metadata import repository
from app.metadata.kinds import Decider, MatchState
from app.metadata.records import Candidate, Scored
from tests.fixtures.accounts import Accounts
from tests.fixtures.shelf import Shelf
from tests.fixtures.web import Web

PLAIN = {"language": "en", "region": "US", "episode_order": "aired"}


@pytest.fixture
async def series(shelf: Shelf) -> tuple[UUID, UUID]:
    library_id = await shelf.library(name="Shows", kind="tvshows")
    return library_id, await shelf.item(library_id, "Harbour Lights", kind="series", year=2011, title_source="name")


async def ok(web: Web, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await web.http.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_sources_are_listed_and_chosen_for_a_library(web: Web, series: tuple[UUID, UUID]) -> None:
    found = {one["name"]: one for one in (await ok(web, "GET", "/metadata/sources"))["sources"]}
    assert found["tmdb"]["needs_key"]
    assert not found["tmdb"]["is_ready"]
    assert found["tvmaze"]["is_ready"]
    assert "not endorsed" in found["tmdb"]["attribution"]

    path = f"/libraries/{series[0]}/metadata"
    assert await ok(web, "GET", path) == {"sources": [], **PLAIN}
    changed = await ok(web, "PATCH", path, {"sources": ["tvmaze"], "language": "de"})
    assert changed == {"sources": ["tvmaze"], **PLAIN, "language": "de"}
    for wrong in (["nobody"], ["tmdb"], ["musicbrainz"]):
        problem = await ok(web, "PATCH", path, {"sources": wrong}, 400)
        assert problem["errors"][0]["field"] == "sources"
    assert await ok(web, "PATCH", path, {"language": None}) == {"sources": ["tvmaze"], **PLAIN}
    assert (await ok(web, "PATCH", path, {"sources": None}))["sources"] == []


async def test_what_is_doubtful_is_listed_chosen_and_taken_back(
    web: Web, series: tuple[UUID, UUID], transactions: Transactions
) -> None:
    library_id, item_id = series
    await ok(web, "PATCH", f"/libraries/{library_id}/metadata", {"sources": ["tvmaze"]})
    candidate = Candidate(source="tvmaze", external_id="82", kind=ItemKind.SERIES, title="Harbor Lights", year=2011)
    async with transactions.begin() as tx:
        await repository.put_match(
            tx, item_id, MatchState.DOUBTFUL, Decider.SEARCH, reason="two fit",
            candidates=[Scored(candidate=candidate, score=0.8, reasons=("the title",))], asked_for="",
        )  # fmt: skip

    (review,) = (await ok(web, "GET", "/metadata/reviews?state=doubtful"))["reviews"]
    assert (review["item_id"], review["needs_review"], review["reason"]) == (str(item_id), True, "two fit")
    assert review["candidates"][0]["external_id"] == "82"
    assert (await ok(web, "GET", "/metadata/reviews?state=unmatched"))["reviews"] == []

    job = (await ok(web, "PUT", f"/items/{item_id}/match", {"source": "tvmaze", "external_id": "82"}, 202))["job"]
    assert job["kind"] == "metadata.fetch"
    assert job["args"] == {
        "item_id": str(item_id), "item_type": "tvshow", "external_id": "82", "provider": "tvmaze",
    }  # fmt: skip
    assert (job["queue"], job["priority"], job["max_attempts"]) == ("default", 3, 5)
    match = await ok(web, "GET", f"/items/{item_id}/match")
    assert (match["state"], match["decided_by"]) == ("matched", "user")
    assert (await ok(web, "GET", "/metadata/reviews"))["reviews"] == []

    match = await ok(web, "DELETE", f"/items/{item_id}/match")
    assert (match["state"], match["decided_by"], match["source"]) == ("unmatched", "user", None)
    assert (await ok(web, "GET", "/metadata/reviews"))["reviews"] == []  # somebody has looked
    again = await ok(web, "POST", f"/items/{item_id}/match/retry", status=202)
    assert again["job"]["args"]["provider"] == ""
    book = (await ok(web, "GET", "/audit"))["events"]
    assert [line["action"] for line in book][:4] == [
        "item.match_forgotten", "item.unmatched", "item.matched", "library.metadata_changed",
    ]  # fmt: skip


async def test_of_two_who_decide_at_once_the_second_is_told(web: Web, series: tuple[UUID, UUID]) -> None:
    library_id, item_id = series
    for path, decide in (
        (f"/api/v1/libraries/{library_id}/metadata", ("PATCH", {"sources": ["tvmaze"]})),
        (f"/api/v1/items/{item_id}/match", ("PUT", {"source": "tvmaze", "external_id": "82"})),
        (f"/api/v1/items/{item_id}/match", ("DELETE", None)),
    ):
        method, body = decide
        old = (await web.http.get(path)).headers["ETag"]
        assert (await web.http.get(path, headers={"If-None-Match": old})).status_code == 304
        first = await web.http.request(method, path, json=body, headers={"If-Match": old})
        second = await web.http.request(method, path, json=body, headers={"If-Match": old})
        assert first.is_success
        assert (second.status_code, second.json()["code"]) == (412, "changed_meanwhile")
        new = (await web.http.get(path)).headers["ETag"]
        assert first.headers.get("ETag", new) == new != old


async def test_whoever_sees_items_is_told_whom_they_come_from(
    web: Web, transactions: Transactions, accounts: Accounts
) -> None:
    path = "/api/v1/metadata/attributions"
    assert await ok(web, "GET", "/metadata/attributions") == {"attributions": []}  # nobody was asked yet
    async with transactions.begin() as tx:
        await tx.connection.execute(
            "INSERT INTO metadata_source (name, next_at) VALUES ('tmdb', now()), ('gone', now())"
        )
    await accounts.make("Ada", Role.ADMINISTRATOR)
    await accounts.make("Kim", Role.GUEST, libraries=[])
    token = (await accounts.log_in("Kim")).access_token
    answer = await web.http.get(path, headers={"Authorization": f"Bearer {token}"})
    (found,) = answer.json()["attributions"]
    assert (found["source"], "not endorsed" in found["text"]) == ("tmdb", True)
    assert (await web.http.get(path)).status_code == 401


async def test_the_order_of_episodes_is_chosen_for_a_series_and_for_a_library(
    web: Web, series: tuple[UUID, UUID], shelf: Shelf
) -> None:
    library_id, item_id = series
    path, settings = f"/items/{item_id}/episode-order", f"/libraries/{library_id}/metadata"
    assert (await ok(web, "GET", path, status=409))["code"] == "no_sources"
    await ok(web, "PATCH", settings, {"sources": ["tvmaze"], "episode_order": "absolute"})
    assert await ok(web, "GET", path) == {"chosen": None, "library": "absolute", "lists": []}
    job = (await ok(web, "PUT", path, {"order": "dvd"}, 202))["job"]
    assert job["args"]["item_id"] == str(item_id)
    assert (await ok(web, "GET", path))["chosen"] == "dvd"
    assert (await ok(web, "PUT", path, {"order": "tvmaze:17"}, 202))["duplicate"] is True
    for wrong in ("by hand", "tmdb:5acf93e60e0a26346d0000ce"):  # nobody asks TMDb about it
        problem = await ok(web, "PUT", path, {"order": wrong}, 400)
        assert problem["errors"][0]["field"] == "order"
    assert (await ok(web, "GET", path))["chosen"] == "tvmaze:17"
    await ok(web, "PUT", path, {"order": None}, 202)
    assert (await ok(web, "GET", path))["chosen"] is None
    await ok(web, "PATCH", settings, {"episode_order": "backwards"}, 400)
    assert (await ok(web, "PATCH", settings, {"episode_order": None}))["episode_order"] == "aired"
    season = await shelf.item(library_id, "Season 1", kind="season", parent_id=item_id, title_source="name")
    problem = await ok(web, "PUT", f"/items/{season}/episode-order", {"order": "dvd"}, 400)
    assert problem["errors"][0]["field"] == "item"
    book = (await ok(web, "GET", "/audit"))["events"]
    assert book[1]["action"] == "item.episode_order_chosen"


async def test_what_makes_no_sense_names_its_field_and_changes_nothing(
    web: Web, series: tuple[UUID, UUID], shelf: Shelf
) -> None:
    library_id, item_id = series
    season = await shelf.item(library_id, "Season 1", kind="season", parent_id=item_id, title_source="name")
    path = f"/items/{item_id}/match"
    assert (await ok(web, "PUT", path, {"source": "tvmaze", "external_id": "1"}, 409))["code"] == "no_sources"
    assert (await ok(web, "POST", f"{path}/retry", status=409))["code"] == "no_sources"
    assert (await ok(web, "GET", f"{path}/candidates", status=409))["code"] == "no_sources"
    assert (await ok(web, "POST", f"/libraries/{library_id}/metadata/refresh", status=409))["code"] == "no_sources"
    await ok(web, "DELETE", f"/items/{season}/match", status=400)
    assert (await ok(web, "GET", path))["state"] is None
    unknown = "00000000-0000-7000-8000-000000000000"
    for method, end in (("GET", "match"), ("DELETE", "match"), ("GET", "match/candidates")):
        await ok(web, method, f"/items/{unknown}/{end}", status=404)
