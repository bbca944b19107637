"""A file that somebody moved or renamed is still that file; one that was copied is another."""

import os
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.fixtures.library import LibraryBench
from tests.fixtures.tree import Content, WriteTree, write_tree

FILMS: dict[str | bytes, Content] = {
    "Alien (1979)/Alien (1979).mkv": "alien",
    "Heat (1995)/Heat (1995).mkv": "heat, which is longer",
}


async def ids(library: LibraryBench) -> dict[str, tuple[UUID, UUID | None]]:
    """Return file and item by the path that people see, of what is present."""
    rows = await library.rows(
        "SELECT display_path, file.id, item_id FROM file LEFT JOIN item_file ON file_id = file.id"
        " WHERE state = 'present'"
    )
    return {row["display_path"]: (row["id"], row["item_id"]) for row in rows}


async def unhurried(library: LibraryBench) -> None:
    """Forget the jobs so far, so that those a move causes can be told."""
    await library.connection.execute("DELETE FROM river.river_job")


async def test_a_renamed_file_keeps_its_item_and_needs_no_probe(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    before = (await ids(library))["Alien (1979)/Alien (1979).mkv"]
    await library.analyze()
    await unhurried(library)
    folder = root / "Alien (1979)"
    (folder / "Alien (1979).mkv").rename(folder / "Alien (1979) - 2160p.mkv")

    result = await library.scan(films)

    assert (result["moved"], result["added"], result["missing"], result["analyses_requested"]) == (1, 0, 0, 0)
    assert (await ids(library))["Alien (1979)/Alien (1979) - 2160p.mkv"] == before
    assert len(await library.rows("SELECT FROM file")) == len(await library.rows("SELECT FROM item")) == 2


async def test_a_moved_folder_keeps_everything(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    before = (await ids(library))["Heat (1995)/Heat (1995).mkv"]
    (root / "Crime").mkdir()
    (root / "Heat (1995)").rename(root / "Crime" / "Heat (1995)")

    result = await library.scan(films)
    again = await library.scan(films)

    assert (result["moved"], result["added"], result["missing"]) == (1, 0, 0)
    assert (again["moved"], again["missing"], again["changed"]) == (0, 0, 0)
    assert (await ids(library))["Crime/Heat (1995)/Heat (1995).mkv"] == before
    assert {state for _, _, state in await library.films()} == {"present"}


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")], ids=["from first to second", "and back"])
async def test_between_roots(library: LibraryBench, tmp_path: Path, order: tuple[str, str]) -> None:
    """The root that loses the file may be scanned before or after the one that gains it."""
    source, target = order
    write_tree(tmp_path / source, FILMS)
    write_tree(tmp_path / target, {"Brazil (1985)/Brazil (1985).mkv": "brazil"})
    films = await library.add(tmp_path / "one", tmp_path / "two")
    await library.scan(films)
    before = (await ids(library))["Heat (1995)/Heat (1995).mkv"]
    shutil.move(tmp_path / source / "Heat (1995)", tmp_path / target)

    await library.scan(films)
    await library.scan(films)

    assert (await ids(library))["Heat (1995)/Heat (1995).mkv"] == before
    assert ("Heat", 1995, "present") in await library.films()
    assert len(await library.rows("SELECT FROM file")) == 3


async def test_between_libraries_the_item_comes_along(library: LibraryBench, tmp_path: Path) -> None:
    one, two = write_tree(tmp_path / "one", FILMS), write_tree(tmp_path / "two", {"B (1985)/B (1985).mkv": "b"})
    first, second = await library.add(one, name="One"), await library.add(two, name="Two")
    await library.scan(first)
    await library.scan(second)
    before = (await ids(library))["Heat (1995)/Heat (1995).mkv"]
    shutil.move(one / "Heat (1995)", two)

    result = await library.scan(second)
    left = await library.scan(first)

    assert (result["moved"], left["missing"]) == (1, 0)
    assert (await ids(library))["Heat (1995)/Heat (1995).mkv"] == before
    (item,) = await library.rows("SELECT library_id, state FROM item WHERE title = 'Heat'")
    assert item == {"library_id": second, "state": "present"}


async def test_to_another_disk_it_is_known_by_name_size_and_time(library: LibraryBench, tmp_path: Path) -> None:
    """As mv does it between disks: a copy with its time, and the original gone. The inode is another."""
    root = write_tree(tmp_path / "media", FILMS)
    films = await library.add(root)
    await library.scan(films)
    before = (await ids(library))["Heat (1995)/Heat (1995).mkv"]
    (root / "Moved").mkdir()
    shutil.copy2(root / "Heat (1995)" / "Heat (1995).mkv", root / "Moved" / "Heat (1995).mkv")
    shutil.rmtree(root / "Heat (1995)")

    result = await library.scan(films)

    assert result["moved"] == 1
    assert (await ids(library))["Moved/Heat (1995).mkv"] == before


async def test_renamed_on_the_way_it_is_known_by_its_content(library: LibraryBench, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "media", {**FILMS, "Big (1988)/Big (1988).mkv": os.urandom(700_000)})
    films = await library.add(root)
    await library.scan(films)
    await library.analyze()
    before = (await ids(library))["Big (1988)/Big (1988).mkv"]
    await unhurried(library)
    (root / "Grand (1988)").mkdir()
    shutil.copy(root / "Big (1988)" / "Big (1988).mkv", root / "Grand (1988)" / "Grand (1988).mkv")
    shutil.rmtree(root / "Big (1988)")

    result = await library.scan(films)

    assert (result["moved"], result["added"], result["missing"], result["analyses_requested"]) == (1, 0, 0, 0)
    assert (await ids(library))["Grand (1988)/Grand (1988).mkv"] == before


async def test_a_copy_is_another_file_and_found_as_one(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    (root / "Copies").mkdir()
    shutil.copy2(root / "Heat (1995)" / "Heat (1995).mkv", root / "Copies" / "Heat (1995).mkv")
    os.link(root / "Alien (1979)" / "Alien (1979).mkv", root / "Copies" / "Alien (1979).mkv")

    result = await library.scan(films)
    await library.analyze()
    async with library.transactions.begin() as tx:
        found = await library.service.duplicates(tx, None, 10)
        first_page = await library.service.duplicates(tx, None, 1)
        second_page = await library.service.duplicates(tx, (first_page[0].size, first_page[0].partial_hash), 1)

    assert (result["moved"], result["added"]) == (0, 2)
    assert [sorted((copy.path, copy.is_same_file) for copy in group.files) for group in found] == [
        [("Copies/Heat (1995).mkv", False), ("Heat (1995)/Heat (1995).mkv", False)],
        [("Alien (1979)/Alien (1979).mkv", True), ("Copies/Alien (1979).mkv", True)],
    ]
    assert [*first_page, *second_page] == found


async def test_a_better_file_in_the_place_of_another_keeps_the_item(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    before = (await ids(library))["Heat (1995)/Heat (1995).mkv"]
    (root / "Heat (1995)" / "Heat (1995).mkv").unlink()
    write_tree(root, {"Heat (1995)/Heat (1995) - 2160p.mkv": "another encoding altogether"})

    await library.scan(films)

    file_id, item_id = (await ids(library))["Heat (1995)/Heat (1995) - 2160p.mkv"]
    assert item_id == before[1]
    assert file_id != before[0]
    assert ("Heat", 1995, "present") in await library.films()


async def test_what_changes_in_place_is_analysed_once_more_and_no_more(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    await library.analyze()
    await unhurried(library)
    write_tree(root, {"Heat (1995)/Heat (1995).mkv": "cut differently, and so of another length"})

    first = await library.scan(films)
    await library.analyze()
    second = await library.scan(films)
    full = await library.scan(films, full=True)

    assert [result["analyses_requested"] for result in (first, second, full)] == [1, 0, 0]
    assert len(await library.jobs("library.analyze")) == 1


async def test_a_disk_that_is_away_has_lent_nothing(library: LibraryBench, tmp_path: Path) -> None:
    """Its files are not there, and neither is it: what looks like one of them elsewhere is a copy."""
    one, two = write_tree(tmp_path / "one", FILMS), write_tree(tmp_path / "two", {"B (1985)/B (1985).mkv": "b"})
    films = await library.add(one, two)
    await library.scan(films)
    before = await ids(library)
    shutil.copytree(one, two / "backup", ignore=lambda *_: [".revenge-root"])
    one.rename(tmp_path / "away")
    one.mkdir()

    result = await library.scan(films)
    (tmp_path / "one").rmdir()
    (tmp_path / "away").rename(one)
    back = await library.scan(films)

    assert (result["outcome"], result["moved"], result["added"]) == ("offline", 0, 2)
    assert (back["outcome"], back["missing"]) == ("completed", 0)
    after = await ids(library)
    assert {path: after[path] for path in before} == before


async def test_empty_files_are_nobodys_twins(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"A (2001)/A (2001).mkv": "", "B (2002)/B (2002).mkv": ""})
    films = await library.add(root)
    await library.scan(films)
    shutil.rmtree(root / "A (2001)")
    write_tree(root, {"C (2003)/C (2003).mkv": ""})

    result = await library.scan(films)

    assert (result["moved"], result["added"], result["missing"]) == (0, 1, 1)


async def test_a_crowd_of_one_size_is_told_apart_by_inodes(library: LibraryBench, tree: WriteTree) -> None:
    """More files of one size than are looked at by size alone."""
    root = tree({f"Old/Film {number:03} (1999).mkv": f"{number:03}" for number in range(60)})
    films = await library.add(root)
    await library.scan(films)
    before = {row["name"]: row["id"] for row in await library.rows("SELECT name, id FROM file")}
    (root / "Old").rename(root / "New")

    result: dict[str, Any] = await library.scan(films)

    assert result["moved"] == 60
    assert {row["name"]: row["id"] for row in await library.rows("SELECT name, id FROM file")} == before
