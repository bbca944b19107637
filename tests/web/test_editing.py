"""What a person says of an item is shown and stays; and of two who edit at once, the second is told."""

from typing import Any

import httpx
import pytest

from app.accounts.roles import Role
from app.library.descriptions import Description, Texts
from app.library.kinds import FactSource
from app.library.repository.descriptions import describe
from app.library.repository.facts import Facts, apply_facts
from tests.fixtures.accounts import Accounts
from tests.fixtures.web import Films, Web


async def a_film(films: Films) -> str:
    """Make a film of which an NFO speaks, too."""
    item = await films.shelf.item(films.library_id, "Name", year=1990)
    async with films.shelf.transactions.begin() as tx:
        await apply_facts(tx, item, FactSource.NFO, Facts(title="Nfo", year=1991))
        said = Description(
            texts=(Texts(plot="As the NFO has it.", tagline="Nfo's."),),
            labels=(("genre", "Drama"), ("tag", "rock")),
            certifications=(("US", "PG-13"),),
            external_ids=(("imdb", "tt0111222"),),
        )
        await describe(tx, FactSource.NFO, {item: said})
    return f"/api/v1/items/{item}"


async def nfo_says(films: Films, path: str, title: str) -> None:
    from uuid import UUID

    async with films.shelf.transactions.begin() as tx:
        await apply_facts(tx, UUID(path.rpartition("/")[2]), FactSource.NFO, Facts(title=title, year=1992))


async def patch(web: Web, path: str, **fields: Any) -> dict[str, Any]:
    answer = await web.http.patch(path, json=fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == (await web.http.get(path)).headers["ETag"]
    found: dict[str, Any] = answer.json()
    assert found == (await web.http.get(path)).json()
    return found


async def test_what_a_person_says_is_shown_until_it_is_taken_back(web: Web, films: Films) -> None:
    path = await a_film(films)
    before = (await web.http.get(path)).json()

    said = await patch(
        web, path, title="The Mine", year=2000, plot="Mine.", genres=["Comedy", "comedy", "Sea"],
        certifications={"DE": "FSK 6"}, released_on="2000-02-29",
    )  # fmt: skip

    assert (said["title"], said["sort_title"], said["year"], said["released_on"]) == (
        "The Mine",
        "mine",
        2000,
        "2000-02-29",
    )
    assert (said["plot"], said["tagline"], said["genres"], said["tags"]) == (
        "Mine.",
        "Nfo's.",
        ["Comedy", "Sea"],
        ["rock"],
    )
    assert (said["certifications"], said["min_age"]) == ({"DE": "FSK 6", "US": "PG-13"}, 6)
    assert said["external_ids"] == before["external_ids"]

    await nfo_says(films, path, "Nfo again")
    more = await patch(web, path, tagline="Mine too.", sort_title="Zebra 2")
    assert (more["title"], more["plot"], more["tagline"]) == ("The Mine", "Mine.", "Mine too.")
    assert more["sort_title"].startswith("zebra ")

    nothing = dict.fromkeys(
        ("title", "sort_title", "year", "released_on", "plot", "tagline", "genres", "certifications")
    )
    back = await patch(web, path, **nothing)
    assert back["title"] == "Nfo again"
    same = {name: value for name, value in before.items() if name not in ("title", "sort_title", "year", "updated_at")}
    assert {name: back[name] for name in same} == same


async def test_what_is_locked_stays_as_it_is_but_for_a_person(web: Web, films: Films) -> None:
    path = await a_film(films)
    locked = await patch(web, path, locked=["year", "title"])
    assert (locked["locked"], locked["title"]) == (["title", "year"], "Nfo")
    await nfo_says(films, path, "Later")
    assert (await web.http.get(path)).json()["title"] == "Nfo"
    mine = await patch(web, path, title="Mine")
    assert (mine["title"], mine["sort_title"], mine["year"], mine["locked"]) == (
        "Mine",
        "mine",
        1991,
        ["title", "year"],
    )
    freed = await patch(web, path, locked=[], title=None)
    assert (freed["title"], freed["locked"]) == ("Later", [])  # what was said meanwhile
    await nfo_says(films, path, "At last")
    assert (await web.http.get(path)).json()["title"] == "At last"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": " \t"}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"title": "a\0"}, "title"),
        ({"year": 0}, "year"),
        ({"year": "x"}, "year"),
        ({"released_on": "yesterday"}, "released_on"),
        ({"genres": ["ok", ""]}, "genres.1"),
        ({"locked": ["title", "plot"]}, "locked"),
        ({"state": "missing"}, "state"),
    ],
)
async def test_what_makes_no_sense_is_named_and_changes_nothing(
    web: Web, films: Films, fields: dict[str, Any], field: str
) -> None:
    path = await a_film(films)
    before = await web.http.get(path)
    answer = await web.http.patch(path, json={"plot": "Mine.", **fields})
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert (await web.http.get(path)).headers["ETag"] == before.headers["ETag"]


async def test_of_two_who_edit_one_item_the_second_is_told(web: Web, films: Films) -> None:
    path = await a_film(films)
    etag = (await web.http.get(path)).headers["ETag"]
    first = await web.http.patch(path, json={"title": "First"}, headers={"If-Match": etag})
    second = await web.http.patch(path, json={"title": "Second"}, headers={"If-Match": etag})
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 412, "changed_meanwhile")
    for given in ('"x"', "nonsense", f"W/{first.headers['ETag']}"):
        assert (await web.http.patch(path, json={"title": "No"}, headers={"If-Match": given})).status_code == 412
    for given in ("*", f'"x", {first.headers["ETag"]}'):
        again = await web.http.patch(path, json={"title": "First"}, headers={"If-Match": given})
        assert again.status_code == 200
        first = again
    unchanged = await web.http.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


async def test_who_watches_meanwhile_may_still_edit(web: Web, films: Films) -> None:
    """What a viewer has seen is shown with the item, and is no change of it."""
    path = await a_film(films)
    read = (await web.http.get(path)).headers["ETag"]

    assert (await web.http.put(f"{path}/watched")).status_code < 300

    assert (await web.http.get(path, headers={"If-None-Match": read})).status_code == 200
    assert (await web.http.patch(path, json={"title": "Mine"}, headers={"If-Match": read})).status_code == 200
    assert (await web.http.patch(path, json={"title": "No"}, headers={"If-Match": read})).status_code == 412


async def test_of_two_who_edit_one_library_the_second_is_told(web: Web, films: Films) -> None:
    path = f"/api/v1/libraries/{films.library_id}"
    etag = (await web.http.get(path)).headers["ETag"]
    first = await web.http.patch(path, json={"name": "First"}, headers={"If-Match": etag})
    assert (first.status_code, first.json()["name"]) == (200, "First")
    for refused in (
        await web.http.patch(path, json={"name": "Second"}, headers={"If-Match": etag}),
        await web.http.delete(path, headers={"If-Match": etag}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (412, "changed_meanwhile")
    assert (await web.http.get(path, headers={"If-None-Match": first.headers["ETag"]})).status_code == 304
    assert (await web.http.delete(path, headers={"If-Match": first.headers["ETag"]})).status_code == 204
    told = [(event["action"], event["subject"]) for event in (await web.http.get("/api/v1/audit")).json()["events"]]
    assert told == [("library.deleted", "First"), ("library.changed", "Films")]


async def test_edits_are_announced_and_stand_in_the_book(web: Web, films: Films, accounts: Accounts) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    bob = await accounts.make("Bob")
    ada = {"Authorization": f"Bearer {(await accounts.log_in('Ada')).access_token}"}
    path = await a_film(films)
    async with httpx.AsyncClient(base_url=web.server.url, headers=ada, timeout=60, trust_env=False) as http:
        assert (await http.patch(path, json={"title": "Mine", "locked": ["year"]})).status_code == 200
        (told, *_) = (await http.get("/api/v1/audit")).json()["events"]
        gone = await http.delete(f"/api/v1/accounts/{bob.id}", headers={"If-Match": '"99"'})
        assert (gone.status_code, gone.json()["code"]) == (412, "changed_meanwhile")
    assert (told["actor"], told["action"], told["subject"]) == ("Ada", "item.edited", "Nfo")
    assert told["details"] == {"item_id": path.rpartition("/")[2], "fields": ["locked", "title"]}
    async with accounts.transactions.begin() as tx:
        cursor = await tx.connection.execute("SELECT data ->> 'ids' FROM event WHERE kind = 'items.changed'")
        assert path.rpartition("/")[2] in str(await cursor.fetchall())
