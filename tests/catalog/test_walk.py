"""From series to episodes and from artists to tracks: numbers, titles of parents, credits, and who may see them."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.browse import Catalog, ItemNotFound, ItemQuery
from app.catalog.cursor import BadCursor
from app.catalog.file_views import ReplayGain
from app.catalog.views import ItemTree
from app.db.tx import Transactions
from app.library.models import ItemArtist
from tests.fixtures.shelf import Shelf


@pytest.fixture
def catalog(transactions: Transactions) -> Catalog:
    return Catalog(transactions)


async def show(shelf: Shelf) -> tuple[UUID, UUID]:
    """Make a series of two seasons; returns it and its first season."""
    library = await shelf.library(name="Shows", kind="tvshows")
    series = await shelf.item(library, "Dark", kind="series", year=2017, country="DE")
    season = await shelf.item(library, "Season 1", kind="season", parent_id=series, number=1)
    await shelf.item(library, "Specials", kind="season", parent_id=series, number=0)
    for number in (10, 2, 1):
        await shelf.item(
            library, f"Episode {number}", kind="episode", parent_id=season, number=number, absolute_number=number
        )
    return series, season


async def album(shelf: Shelf, transactions: Transactions) -> tuple[UUID, UUID, UUID]:
    """Make an album of two discs with a guest; returns the artist, the guest and the album."""
    library = await shelf.library(name="Music", kind="music")
    artist = await shelf.item(library, "Ann", kind="artist")
    guest = await shelf.item(library, "Bob", kind="artist")
    made = await shelf.item(library, "Both", kind="album", parent_id=artist, release_types=["album", "live"])
    tracks = [
        await shelf.item(library, title, kind="track", parent_id=made, disc_number=disc, number=number)
        for title, disc, number in (("Last", 2, 1), ("Second", 1, 2), ("First", 1, 1))
    ]
    async with transactions.begin() as tx:
        tx.session.add_all(
            [
                ItemArtist(item_id=made, position=0, artist_id=artist, name="Ann"),
                ItemArtist(item_id=tracks[0], position=0, artist_id=artist, name="Ann", joinphrase=" feat. "),
                ItemArtist(item_id=tracks[0], position=1, artist_id=guest, name="Bobby"),
            ]
        )
    return artist, guest, made


async def titles(catalog: Catalog, viewer: Viewer = LOCAL_ADMINISTRATOR, **query: Any) -> list[str]:
    return [item.title for item in (await catalog.items(viewer, ItemQuery(**query))).items]


async def test_a_show_is_walked_by_number(catalog: Catalog, shelf: Shelf) -> None:
    series, season = await show(shelf)

    assert await titles(catalog, parent_id=series) == ["Specials", "Season 1"]
    page = await catalog.items(LOCAL_ADMINISTRATOR, ItemQuery(parent_id=season))

    assert [(item.number, item.season_number, item.series_title) for item in page.items] == [
        (1, 1, "Dark"),
        (2, 1, "Dark"),
        (10, 1, "Dark"),
    ]
    assert {(item.series_id, item.absolute_number == item.number) for item in page.items} == {(series, True)}
    whole = await catalog.item(LOCAL_ADMINISTRATOR, series)
    assert (whole.child_count, whole.country, whole.series_title) == (2, "DE", None)
    middle = await catalog.item(LOCAL_ADMINISTRATOR, season)
    assert (middle.child_count, middle.series_title, middle.season_number) == (3, "Dark", None)


async def test_an_album_is_walked_by_disc_and_number(
    catalog: Catalog, shelf: Shelf, transactions: Transactions
) -> None:
    artist, guest, made = await album(shelf, transactions)

    assert await titles(catalog, parent_id=artist) == ["Both"]
    assert await titles(catalog, parent_id=made) == ["First", "Second", "Last"]
    assert await titles(catalog, parent_id=made, sort="-number") == ["Last", "Second", "First"]
    last = (await catalog.items(LOCAL_ADMINISTRATOR, ItemQuery(parent_id=made))).items[-1]
    assert "".join(credit.name + credit.joinphrase for credit in last.artists) == "Ann feat. Bobby"
    assert (last.album, last.disc_number, [credit.id for credit in last.artists]) == ("Both", 2, [artist, guest])
    shown = await catalog.item(LOCAL_ADMINISTRATOR, made)
    assert (shown.release_types, shown.child_count, shown.album) == (["album", "live"], 3, None)


async def test_a_guests_songs_are_found_by_the_guest(
    catalog: Catalog, shelf: Shelf, transactions: Transactions
) -> None:
    artist, guest, _ = await album(shelf, transactions)

    assert await titles(catalog, artist_id=guest) == ["Last"]
    assert await titles(catalog, artist_id=artist) == ["Both", "Last"]
    assert await titles(catalog, artist_id=artist, kind="album") == ["Both"]


async def test_pages_of_children_go_on_where_they_ended(
    catalog: Catalog, shelf: Shelf, transactions: Transactions
) -> None:
    _, _, made = await album(shelf, transactions)
    found, cursor = [], None
    while True:
        page = await catalog.items(LOCAL_ADMINISTRATOR, ItemQuery(parent_id=made, limit=1, cursor=cursor))
        found += [item.title for item in page.items]
        if (cursor := page.next_cursor) is None:
            break

    assert found == ["First", "Second", "Last"]
    first = await catalog.items(LOCAL_ADMINISTRATOR, ItemQuery(parent_id=made, limit=1))
    with pytest.raises(BadCursor):
        await catalog.items(LOCAL_ADMINISTRATOR, ItemQuery(artist_id=made, limit=1, cursor=first.next_cursor))


async def test_a_tree_holds_all_that_is_below(catalog: Catalog, shelf: Shelf, transactions: Transactions) -> None:
    await show(shelf)
    await album(shelf, transactions)

    series = await catalog.tree(LOCAL_ADMINISTRATOR, ItemQuery(kind="series"))
    artists = await catalog.tree(LOCAL_ADMINISTRATOR, ItemQuery(kind="artist", limit=1))

    def shape(item: ItemTree) -> Any:
        return [item.title, *map(shape, item.children)]

    assert list(map(shape, series.items)) == [
        ["Dark", ["Specials"], ["Season 1", ["Episode 1"], ["Episode 2"], ["Episode 10"]]]
    ]
    assert list(map(shape, artists.items)) == [["Ann", ["Both", ["First"], ["Second"], ["Last"]]]]
    assert artists.next_cursor is not None


async def test_who_may_not_see_a_library_sees_nothing_of_it(
    catalog: Catalog, shelf: Shelf, transactions: Transactions
) -> None:
    series, season = await show(shelf)
    artist, guest, _ = await album(shelf, transactions)
    music = (await catalog.item(LOCAL_ADMINISTRATOR, artist)).library_id
    listener = Viewer(name="listener", libraries=frozenset({music}))

    assert await titles(catalog, listener, parent_id=series) == await titles(catalog, listener, parent_id=season) == []
    assert await titles(catalog, listener, artist_id=guest) == ["Last"]
    nobody = Viewer(name="nobody", libraries=frozenset())
    assert await titles(catalog, nobody, artist_id=guest) == []
    assert (await catalog.tree(listener, ItemQuery(kind="series"))).items == []
    with pytest.raises(ItemNotFound):
        await catalog.item(listener, season)


async def test_how_loud_a_song_is_is_shown(catalog: Catalog, shelf: Shelf, tmp_path: Path) -> None:
    """Of a track what its first file says that says it; of an album what the first song says that says it."""
    library = await shelf.library(tmp_path, name="Music", kind="music")
    album = await shelf.item(library, "Both", kind="album")
    first, second = [await shelf.item(library, f"{n}", kind="track", parent_id=album, number=n) for n in (1, 2)]
    song = {"track_gain": -7.03, "track_peak": 0.98}
    whole = {"album_gain": -6.5, "album_peak": 1.01}
    for name, item, position, tags in (
        ("1.wav", first, 0, None),
        ("1.mp3", first, 1, song | {"album": "Both"}),
        ("2.flac", second, 0, {"track_gain": 0.0, **whole}),
    ):
        await shelf.file(
            library, name, item_id=item, link={"position": position, "version": name}, kind="audio", music_tags=tags
        )

    tracks = (await catalog.items(LOCAL_ADMINISTRATOR, ItemQuery(parent_id=album))).items
    shown = [track.replay_gain for track in tracks]

    assert shown == [ReplayGain(**song), ReplayGain(track_gain=0.0, **whole)]
    assert [file.replay_gain for file in tracks[0].files] == [None, shown[0]]
    assert (await catalog.item(LOCAL_ADMINISTRATOR, album)).replay_gain == ReplayGain(**whole)
