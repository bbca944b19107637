"""A viewer with a limit of age: what is beyond it does not exist, in whatever way it is asked for."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.beside import Beside
from app.catalog.browse import Catalog, ItemNotFound, ItemQuery
from app.catalog.sorting import SORTS
from app.config import Settings
from app.db.tx import Transactions
from app.library.artwork.store import ImageStore
from app.library.errors import FileNotFound
from app.library.models import ItemFile
from tests.fixtures.shelf import Shelf

KIM = Viewer(name="Kim", libraries=None, max_age=12, allow_unrated=False)
LENIENT = Viewer(name="Lee", libraries=None, max_age=12)


@dataclass(frozen=True, slots=True)
class House:
    catalog: Catalog
    films: dict[str, UUID]
    files: dict[str, UUID]
    series: UUID
    season: UUID
    together: UUID
    """One file of two episodes, of which one is beyond the limit."""
    stray: UUID
    """A file that is no item's."""


@pytest.fixture
async def house(shelf: Shelf, transactions: Transactions, tmp_path: Path) -> House:
    library = await shelf.library(tmp_path)
    films, files = {}, {}
    for title, age in (("Balloon", 0), ("Castle", 12), ("Dungeon", 13), ("Everest", None), ("Fright", 18)):
        films[title] = await shelf.item(library, title, min_age=age, year=2000 + (age or 0))
        files[title] = await shelf.file(library, f"{title}.mkv", item_id=films[title])
    shows = await shelf.library(tmp_path / "shows", name="Shows", kind="tvshows")
    series = await shelf.item(shows, "Show", kind="series", min_age=6)
    season = await shelf.item(shows, "Season 1", kind="season", parent_id=series, number=1, min_age=6)
    mild, wild = [
        await shelf.item(shows, title, kind="episode", parent_id=season, number=number, min_age=age)
        for number, (title, age) in enumerate((("Mild", 6), ("Wild", 16)), 1)
    ]
    together = await shelf.file(shows, "S01E01E02.mkv", item_id=mild)
    async with transactions.begin() as tx:
        tx.session.add(ItemFile(item_id=wild, file_id=together))
    stray = await shelf.file(library, "stray.mkv")
    return House(Catalog(transactions), films, files, series, season, together, stray)


async def titles(house: House, viewer: Viewer, **query) -> list[str]:
    return [item.title for item in (await house.catalog.items(viewer, ItemQuery(**query))).items]


async def test_lists_and_searches_hold_what_is_for_the_age(house: House) -> None:
    assert await titles(house, KIM, kind="movie") == ["Balloon", "Castle"]
    assert await titles(house, LENIENT, kind="movie") == ["Balloon", "Castle", "Everest"]
    assert await titles(house, LOCAL_ADMINISTRATOR, kind="movie") == sorted(house.films)
    for word in ("dungeon", "fright", "everest", "wild"):
        assert await titles(house, KIM, q=word) == []
    assert await titles(house, LENIENT, q="everest") == ["Everest"]
    assert await titles(house, KIM, parent_id=house.season) == ["Mild"]
    tree = await house.catalog.tree(KIM, ItemQuery(kind="series"))
    assert [[child.title for child in season.children] for season in tree.items[0].children] == [["Mild"]]


async def test_every_order_goes_on_over_all_ages_as_if_they_were_one(house: House) -> None:
    of_all = (name for name, one in SORTS.items() if not ("number" in name or one.is_of_document or one.is_of_viewer))
    for sort in sorted(of_all):
        whole = await titles(house, LENIENT, sort=sort)
        found, cursor = [], None
        while True:
            page = await house.catalog.items(LENIENT, ItemQuery(sort=sort, limit=1, cursor=cursor))
            found += [item.title for item in page.items]
            if (cursor := page.next_cursor) is None:
                break
        assert found == whole
        assert sorted(whole) == ["Balloon", "Castle", "Everest", "Mild", "Season 1", "Show"]


async def test_what_is_beyond_is_not_counted_and_not_named(house: House, transactions: Transactions) -> None:
    season = await house.catalog.item(KIM, house.season)
    assert (season.child_count, season.min_age, season.series_title) == (1, 6, "Show")
    for title in ("Dungeon", "Everest", "Fright"):
        with pytest.raises(ItemNotFound):
            await house.catalog.item(KIM, house.films[title])
        with pytest.raises(ItemNotFound):
            await Beside(transactions, ImageStore(Settings())).picture(KIM, house.films[title], "poster")
        for ask in (house.catalog.file, house.catalog.location):
            with pytest.raises(FileNotFound):
                await ask(KIM, house.files[title])
        with pytest.raises(FileNotFound):
            await Beside(transactions, ImageStore(Settings())).subtitle(KIM, house.files[title], 0)
    assert (await house.catalog.file(KIM, house.files["Castle"])).item_ids == [house.films["Castle"]]


async def test_a_file_that_holds_more_than_one_may_see_is_not_sent(house: House) -> None:
    (mild,) = (await house.catalog.items(KIM, ItemQuery(parent_id=house.season))).items
    assert mild.files == []
    for viewer in (KIM, LENIENT):
        with pytest.raises(FileNotFound):
            await house.catalog.location(viewer, house.together)
    with pytest.raises(FileNotFound):
        await house.catalog.location(KIM, house.stray)
    assert (await house.catalog.location(LENIENT, house.stray)).file_id == house.stray
    assert len((await house.catalog.file(LOCAL_ADMINISTRATOR, house.together)).item_ids) == 2


async def test_a_child_of_what_nobody_rated_stands_alone(
    house: House, shelf: Shelf, transactions: Transactions
) -> None:
    library = (await house.catalog.item(KIM, house.series)).library_id
    series = await shelf.item(library, "Nameless", kind="series")
    season = await shelf.item(library, "Season 1", kind="season", parent_id=series, number=1, min_age=6)

    shown = await house.catalog.item(KIM, season)

    assert (shown.parent_id, shown.series_id, shown.series_title) == (None, None, None)
    assert (await house.catalog.item(LENIENT, season)).series_title == "Nameless"
