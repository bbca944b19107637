"""`revenge items` as a person reads it: what is below what, and which number it has."""

from uuid import uuid4

import pytest

from app.catalog.views import ArtistCredit, Item, ItemTree
from app.cli.items import _walk, titled

NEW = {
    "library_id": uuid4(), "parent_id": None, "sort_title": "", "original_title": None, "year": None,
    "released_on": None, "number_end": None, "state": "present", "missing_since": None, "added_at": None,
    "updated_at": None, "external_ids": {}, "files": [],
}  # fmt: skip


def item(kind, title, number=None, *, make=Item, **more):
    return make(id=uuid4(), kind=kind, title=title, number=number, **(NEW | more))


def test_an_episode_alone_says_whose_it_is():
    episode = item("episode", "Secrets", 2, series_title="Dark", season_number=1)

    assert titled(episode, is_below=False) == "Dark S01E02 Secrets"
    assert titled(episode, is_below=True) == "S01E02 Secrets"
    assert titled(item("episode", "2017-04-20", season_number=2017), is_below=True) == "S2017 2017-04-20"


def test_a_track_alone_says_by_whom_it_is():
    both = [
        ArtistCredit(id=uuid4(), name="Ann", joinphrase=" feat. "),
        ArtistCredit(id=uuid4(), name="Bob", joinphrase=""),
    ]
    track = item("track", "Duet", 3, disc_number=2, artists=both)

    assert titled(track, is_below=False) == "Ann feat. Bob: 2-03 Duet"
    assert titled(track, is_below=True) == "2-03 Duet"
    assert titled(item("album", "Duets", artists=both), is_below=False) == "Ann feat. Bob: Duets"
    assert titled(item("movie", "Alien"), is_below=False) == "Alien"


def test_a_tree_is_walked_from_above():
    episode = item("episode", "Secrets", 1, make=ItemTree)
    season = item("season", "Season 1", 1, make=ItemTree, children=[episode])
    series = item("series", "Dark", make=ItemTree, children=[season])

    assert [(one.title, depth) for one, depth in _walk([series])] == [("Dark", 0), ("Season 1", 1), ("Secrets", 2)]


async def test_what_a_person_says_of_an_item_is_shown_until_it_is_taken_back(revenge, shelf):
    item = await shelf.item(await shelf.library(), "Metropolis", year=1926)
    said = ("--title", "Metropolis Restored", "--year", "1927", "--released-on", "1927-01-10", "--genre", "Drama")
    more = ("--genre", "Science Fiction", "--certification", "DE=FSK 6", "--lock", "year")

    edited = (await revenge("edit", item, *said, *more, "--json")).json
    told = await revenge("edit", item, "--tagline", "There can be no understanding")
    back = (await revenge("edit", item, "--take-back", "title", "--take-back", "genres", "--unlock", "--json")).json

    assert (edited["title"], edited["year"], edited["released_on"]) == ("Metropolis Restored", 1927, "1927-01-10")
    assert (edited["genres"], edited["certifications"]) == (["Drama", "Science Fiction"], {"DE": "FSK 6"})
    assert edited["locked"] == ["year"]
    assert told.out == "Metropolis Restored (locked: year)\n"
    assert (back["title"], back["genres"], back["locked"], back["year"]) == ("Metropolis", [], [], 1927)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "say what is to be changed"),
        (["--lock", "year", "--unlock"], "unlock: cannot be had together with --lock"),
        (["--title", "x", "--take-back", "title"], "take-back: cannot be had together with a new title"),
        (["--certification", "FSK 6"], "certification: must name a country"),
        (["--lock", "plot"], "locked"),
        (["--year", "0"], "year"),
    ],
)
async def test_an_edit_that_makes_no_sense_is_one_line_and_changes_nothing(revenge, shelf, words, told):
    item = await shelf.item(await shelf.library(), "Metropolis")
    run = await revenge("edit", item, *words)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert told in run.err


async def test_listings_narrow(revenge, shelf, index):
    library = await shelf.library()
    for title, year, state in (("Metropolis", 1927, "present"), ("Nosferatu", 1922, "missing")):
        await shelf.item(library, title, year=year, state=state)
    await index.rebuild()
    for words, titles in (
        (("--year", "1927"), ["Metropolis"]),
        (("--missing",), ["Nosferatu"]),
        (("--unmatched",), ["Metropolis", "Nosferatu"]),
        (("--genre", "Horror", "--genre", "Drama"), []),
    ):
        assert [row[1] for row in (await revenge("items", *words)).rows[1:]] == titles, words
