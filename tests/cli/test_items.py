"""`revenge items` as a person reads it: what is below what, and which number it has."""

from uuid import uuid4

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
