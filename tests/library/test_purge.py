"""Forgetting: only what is missing, only when asked for or configured, and never of a root that is away."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.db.tx import Transactions
from app.library.records import Purged
from tests.fixtures.library import LibraryBench, bench_settings
from tests.fixtures.tree import Content, WriteTree, write_tree

FILMS: dict[str | bytes, Content] = {
    "Alien (1979)/Alien (1979).mkv": "a",
    "Heat (1995)/Heat (1995) - 1080p.mkv": "bb",
    "Heat (1995)/Heat (1995) - 2160p.mkv": "ccc",
    "Heat (1995)/Trailers/teaser.mkv": "dddd",
    "Brazil (1985)/Brazil (1985).mkv": "eeeee",
}
DAY = timedelta(days=1)


async def purge(library: LibraryBench, films: Any, missing_for: timedelta = timedelta(0)) -> Purged:
    async with library.transactions.begin() as tx:
        return await library.service.purge(tx, films, missing_for)


async def test_what_is_there_is_never_forgotten(library: LibraryBench, tree: WriteTree) -> None:
    films = await library.add(tree(FILMS))
    await library.scan(films)
    before = await library.raw_rows()

    assert await purge(library, films) == Purged(0, 0)
    assert await library.raw_rows() == before


async def test_missing_files_go_with_the_items_that_have_nothing_else(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    (alien,) = await library.rows("SELECT id FROM item WHERE title = 'Alien'")
    shutil.rmtree(root / "Alien (1979)")
    (root / "Heat (1995)" / "Heat (1995) - 1080p.mkv").unlink()
    await library.scan(films)
    library.listener.changed.clear()

    purged = await purge(library, films)

    assert purged == Purged(2, 1)
    assert library.listener.purged == [alien["id"]]
    (heat,) = await library.rows("SELECT id FROM item WHERE title = 'Heat'")
    assert library.listener.changed == [heat["id"]]
    assert await library.films() == [("Brazil", 1985, "present"), ("Heat", 1995, "present")]
    assert set((await library.files()).values()) == {"present"}
    assert [
        row["path"] for row in await library.rows("SELECT path FROM folder WHERE path = 'Alien (1979)'::bytea")
    ] == []


async def test_a_whole_film_with_its_extras_and_folders(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    shutil.rmtree(root / "Heat (1995)")
    await library.scan(films)

    assert await purge(library, films) == Purged(3, 1)
    assert await library.rows("SELECT FROM folder WHERE missing_since IS NOT NULL") == []
    write_tree(root, {"Heat (1995)/Heat (1995) - 1080p.mkv": "bb"})
    assert (await library.scan(films))["added"] == 1


async def test_an_episode_takes_its_season_and_series_along_when_they_are_empty(
    library: LibraryBench, tree: WriteTree
) -> None:
    root = tree({"Lost/Season 1/Lost S01E01.mkv": "a", "Lost/Season 2/Lost S02E01.mkv": "bb"})
    shows = await library.add(root, kind="tvshows")
    await library.scan(shows)
    count = "SELECT kind, count(*) AS count FROM item GROUP BY kind ORDER BY kind"

    shutil.rmtree(root / "Lost" / "Season 2")
    await library.scan(shows)
    await purge(library, shows)
    with_one = {row["kind"]: row["count"] for row in await library.rows(count)}
    (root / "Other").mkdir()
    shutil.rmtree(root / "Lost")
    await library.scan(shows)
    async with library.transactions.begin() as tx:
        await library.service.confirm_loss(tx, shows)
    await library.work_scan()
    await purge(library, shows)

    assert with_one == {"episode": 1, "season": 1, "series": 1}
    assert await library.rows(count) == []
    assert len(set(library.listener.purged)) == 5


async def test_only_what_has_been_missing_for_long(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    shutil.rmtree(root / "Alien (1979)")
    await library.scan(films)

    assert await purge(library, films, DAY) == Purged(0, 0)
    await library.connection.execute(
        "UPDATE file SET missing_since = now() - interval '25 hours' WHERE state = 'missing'"
    )
    assert await purge(library, films, DAY) == Purged(1, 1)


@pytest.fixture
def forgetful(transactions: Transactions, driver: Any, connection: psycopg.AsyncConnection[Any]) -> LibraryBench:
    return LibraryBench(transactions, driver, connection, bench_settings(purge_missing_after=DAY))


async def test_a_scan_forgets_when_it_is_configured_and_the_root_is_healthy(
    forgetful: LibraryBench, tmp_path: Path
) -> None:
    library = forgetful
    one = write_tree(tmp_path / "one", FILMS)
    two = write_tree(tmp_path / "two", {"Solaris (1972)/Solaris (1972).mkv": "x", "Stalker (1979)/S (1979).mkv": "y"})
    films = await library.add(one, two)
    await library.scan(films)
    shutil.rmtree(one / "Alien (1979)")
    shutil.rmtree(two / "Solaris (1972)")
    fresh = await library.scan(films)
    await library.connection.execute(
        "UPDATE file SET missing_since = now() - interval '25 hours' WHERE state = 'missing'"
    )
    two.rename(tmp_path / "away")

    with_two_away = await library.scan(films)
    left = await library.files()
    (tmp_path / "away").rename(two)
    with_both = await library.scan(films)

    assert (fresh["missing"], fresh["purged"]) == (2, 0)
    assert (with_two_away["outcome"], with_two_away["purged"]) == ("offline", 1)
    assert left["Solaris (1972)/Solaris (1972).mkv"] == "missing"
    assert with_both["purged"] == 1
