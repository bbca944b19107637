"""`revenge metadata`, every command: a library of one film, and a TMDb over real HTTP."""

import pytest

from tests.fixtures.providers import TOKEN, Providers, film


@pytest.fixture
async def lantern(revenge, shelf, outside, monkeypatch):
    """A film that nobody was asked about yet."""
    providers = Providers(outside)
    providers.films = [film(101, "The Lantern"), film(102, "The Lantern", "1955-01-01")]
    monkeypatch.setenv("REVENGE_METADATA__TMDB__TOKEN", TOKEN)
    monkeypatch.setenv("REVENGE_METADATA__TMDB__BASE_URL", f"{outside.url}/tmdb")
    return await shelf.item(await shelf.library(), "The Lantern", year=1999)


async def test_sources_are_listed_with_what_is_wrong(revenge, lantern):
    found = {one["name"]: one for one in (await revenge("metadata", "sources", "--json")).json["sources"]}
    assert {name for name, one in found.items() if one["is_ready"]} >= {"tmdb", "tvmaze", "musicbrainz"}
    assert found["tvdb"]["is_ready"] is False
    table = await revenge("metadata", "sources")
    assert ["tvdb", "needs a key"] in [[row[0], row[2]] for row in table.rows]


async def test_a_library_chooses_its_sources(revenge, lantern):
    assert (await revenge("metadata", "use", "Films")).out == "tmdb (en, US)\n"
    chosen = await revenge("metadata", "use", "Films", "tmdb", "wikidata", "--language", "de", "--region", "DE")
    assert chosen.out == "tmdb, wikidata (de, DE)\n"
    assert (await revenge("metadata", "use", "Films", "--nobody", "--json")).json["sources"] == []
    assert (await revenge("metadata", "use", "Films", "--configured")).out == "tmdb (de, DE)\n"
    wrong = await revenge("metadata", "use", "Films", "imdb")
    assert wrong.code != 0
    assert "there is no source 'imdb'" in wrong.err
    assert (await revenge("metadata", "use", "Films")).out == "tmdb (de, DE)\n"
    nowhere = await revenge("metadata", "use", "Elsewhere", "tmdb")
    assert nowhere.code != 0
    assert "Elsewhere" in nowhere.err


async def test_an_item_is_searched_chosen_shown_and_let_go_again(revenge, lantern):
    shown = await revenge("metadata", "show", lantern)
    assert shown.out.startswith("The Lantern (1999), movie: not looked for yet")

    found = (await revenge("metadata", "search", lantern, "--json")).json["candidates"]
    assert [one["external_id"] for one in found] == ["101", "102"]
    assert found[0]["score"] > found[1]["score"]
    table = await revenge("metadata", "search", lantern, "Lantern", "--year", "1955", "--source", "tmdb")
    assert [row[1] for row in table.rows if row[0] == "tmdb"] == ["102", "101"]

    assert (await revenge("metadata", "choose", lantern, "tmdb", "101")).out.endswith("asked for\n")
    match = (await revenge("metadata", "show", lantern, "--json")).json
    assert (match["state"], match["decided_by"], match["external_id"]) == ("matched", "user", "101")
    again = (await revenge("metadata", "choose", lantern, "tmdb", "101", "--json")).json
    assert again["duplicate"] is True

    gone = (await revenge("metadata", "unmatch", lantern, "--json")).json
    assert (gone["state"], gone["decided_by"], gone["external_id"]) == ("unmatched", "user", None)
    assert (await revenge("metadata", "retry", lantern)).code == 0
    assert (await revenge("metadata", "show", lantern, "--json")).json["state"] is None


async def test_what_is_no_item_or_no_source_is_told(revenge, lantern):
    for words, told in (
        (("choose", lantern, "imdb", "tt1"), "source"),
        (("choose", "00000000-0000-7000-8000-000000000000", "tmdb", "1"), "no item"),
        (("show", "00000000-0000-7000-8000-000000000000"), "no item"),
        (("search", lantern, "--source", "imdb"), "imdb"),
        (("unmatch", "7"), "7"),
    ):
        run = await revenge("metadata", *words)
        assert run.code != 0, words
        assert told in run.err, (words, run.err)


async def test_what_waits_for_a_person_is_listed_page_by_page(revenge, lantern, shelf, connection):
    library = (await revenge("library", "list", "--json")).json["libraries"][0]["id"]
    for title in ("Doubtful", "Nobody knows"):
        await shelf.item(library, title)
    await connection.execute(
        "INSERT INTO metadata_match (item_id, state, decided_by, reason)"
        " SELECT id, CASE title WHEN 'Doubtful' THEN 'doubtful' ELSE 'unmatched' END, 'search', 'two are alike'"
        " FROM item WHERE title <> 'The Lantern'"
    )
    listed = (await revenge("metadata", "reviews", "--library", "Films", "--json")).json["reviews"]
    assert {one["title"]: one["state"] for one in listed} == {"Doubtful": "doubtful", "Nobody knows": "unmatched"}
    only = await revenge("metadata", "reviews", "--state", "doubtful")
    assert [row[1] for row in only.rows if "doubtful" in row] == ["Doubtful"]
    first = await revenge("metadata", "reviews", "--limit", "1")
    cursor = first.err.rpartition("--cursor ")[2].strip()
    rest = (await revenge("metadata", "reviews", "--limit", "1", "--cursor", cursor, "--json")).json
    assert len(rest["reviews"]) == 1
    assert rest["reviews"][0]["title"] not in first.out


async def test_what_is_due_is_asked_for_once(revenge, lantern):
    assert (await revenge("metadata", "refresh", "Films")).out.endswith("asked for\n")
    again = (await revenge("metadata", "refresh", "Films", "--json")).json
    assert (again["duplicate"], again["job"]["kind"]) == (True, "library.refresh_metadata")


async def test_the_order_of_episodes_is_shown_and_chosen(revenge, lantern, shelf, outside):
    library = await shelf.library(name="Shows", kind="tvshows")
    series = await shelf.item(library, "Harbour", kind="series", year=2011)
    assert (await revenge("metadata", "use", "Shows", "tmdb", "--order", "dvd")).out == "tmdb (en, US, dvd)\n"
    assert (await revenge("metadata", "orders", series)).out.startswith("counted: dvd, as its library")
    assert (await revenge("metadata", "order", series, "absolute")).out.endswith("asked for\n")
    shown = (await revenge("metadata", "orders", series, "--json")).json
    assert shown == {"chosen": "absolute", "library": "dvd", "lists": []}
    for words in (("order", series), ("order", series, "dvd", "--as-library"), ("order", series, "by-hand")):
        run = await revenge("metadata", *words)
        assert run.code != 0, words
        assert "order" in run.err
    assert (await revenge("metadata", "order", series, "--as-library", "--json")).json["duplicate"] is True
    assert (await revenge("metadata", "orders", series, "--json")).json["chosen"] is None


async def test_fields_are_locked_and_unlocked(revenge, lantern):
    assert (await revenge("metadata", "lock", lantern, "title", "year")).out == "locked: title, year\n"
    again = (await revenge("metadata", "lock", lantern, "year", "sort_title", "--json")).json
    assert sorted(again["locked"]) == ["sort_title", "title", "year"]
    assert "locked: " in (await revenge("metadata", "show", lantern)).out
    wrong = await revenge("metadata", "lock", lantern, "plot")
    assert wrong.code != 0
    assert "locked" in wrong.err
    assert (await revenge("metadata", "unlock", lantern, "title", "sort_title")).out == "locked: year\n"
    assert (await revenge("metadata", "unlock", lantern)).out == "locked: nothing\n"
