"""Libraries as a caller makes, changes and deletes them, and asks for scans."""

import asyncio
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.errors import InvalidInput
from app.ids import uuid7
from app.library.errors import FileNotFound, LibraryNotFound, NameTaken, RootsOverlap
from app.library.jobs import ScanLibraryArgs
from app.library.kinds import FileState, LibraryKind
from app.library.records import LibraryRecord
from tests.fixtures.library import LibraryBench
from tests.fixtures.tree import WriteTree, write_tree


async def create(library: LibraryBench, **values: Any) -> LibraryRecord:
    async with library.transactions.begin() as tx:
        return await library.service.create_library(tx, **values)


async def update(library: LibraryBench, library_id: UUID, **values: Any) -> LibraryRecord:
    async with library.transactions.begin() as tx:
        return await library.service.update_library(tx, library_id, **values)


async def test_a_library_is_what_was_asked_for(library: LibraryBench, tmp_path: Path) -> None:
    made = await create(library, name="  Films ", kind="movies", paths=[f"{tmp_path}/"])

    assert (made.name, made.kind, made.paths) == ("Films", LibraryKind.MOVIES, (str(tmp_path),))
    async with library.transactions.begin() as tx:
        assert await library.service.get_library(tx, made.id) == made
        assert await library.service.list_libraries(tx) == [made]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"kind": "books"}, "kind"),
        ({"paths": []}, "paths"),
        ({"paths": ["relative"]}, "paths.0"),
        ({"paths": [""]}, "paths.0"),
        ({"paths": ["/a\0b"]}, "paths.0"),
        ({"paths": ["/\ud800"]}, "paths.0"),
        ({"paths": ["/does/not/exist"]}, "paths.0"),
        ({"paths": ["/etc/passwd"]}, "paths.0"),
        ({"paths": ["/"]}, "paths.0"),
        ({"paths": ["//"]}, "paths.0"),
        ({"paths": ["/proc"]}, "paths.0"),
        ({"paths": ["/etc/../proc/."]}, "paths.0"),
        ({"paths": ["/tmp"] * 101}, "paths"),
    ],
)
async def test_what_makes_no_sense_is_told_by_its_field(
    library: LibraryBench, tmp_path: Path, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await create(library, **({"name": "Films", "kind": "movies", "paths": [str(tmp_path)]} | values))

    assert refused.value.field == field
    assert await library.rows("SELECT FROM library") == []


async def test_names_are_taken_whatever_their_case(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"a": None, "b": None})
    films = await library.add(root / "a", name="Films")
    other = await library.add(root / "b", name="Other")

    with pytest.raises(NameTaken):
        await create(library, name="FILMS", kind="movies", paths=[str(root / "b")])
    with pytest.raises(NameTaken):
        await update(library, other, name="films")
    assert (await update(library, films, name="FILMS")).name == "FILMS"


async def test_roots_never_overlap(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"films/inner": None, "films2": None})
    (root / "link").symlink_to(root / "films" / "inner")
    await library.add(root / "films")

    for path in (root / "films", root / "films" / "inner", root, root / "link"):
        with pytest.raises(RootsOverlap):
            await create(library, name="Other", kind="movies", paths=[str(path)])
    with pytest.raises(RootsOverlap):
        await create(library, name="Other", kind="movies", paths=[str(root / "films2"), f"{root}/films2/."])
    await create(library, name="Other", kind="movies", paths=[str(root / "films2")])


async def test_of_two_that_claim_a_folder_at_once_one_gets_it(library: LibraryBench, tmp_path: Path) -> None:
    made = await asyncio.gather(
        *(create(library, name=f"Films {n}", kind="movies", paths=[str(tmp_path)]) for n in range(5)),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in made) == ["LibraryRecord", *["RootsOverlap"] * 4]


async def test_a_path_of_odd_bytes_is_found_again(library: LibraryBench, tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"odd \xff\n")
    write_tree(root, {"Alien (1979).mkv": "a"})

    films = await library.add(root)
    result = await library.scan(films)

    assert result["added"] == 1
    async with library.transactions.begin() as tx:
        (shown,) = (await library.service.get_library(tx, films)).paths
    assert shown == f"{tmp_path}/odd \\xff\\n"


async def test_a_path_taken_out_keeps_its_films_as_missing(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"one/Alien (1979).mkv": "a", "two/Heat (1995).mkv": "b"})
    films = await library.add(root / "one", root / "two")
    await library.scan(films)
    ids = await library.rows("SELECT id FROM item ORDER BY id")

    await update(library, films, paths=[str(root / "one")])
    without = await library.films()
    await update(library, films, paths=[str(root / "one"), str(root / "two")])
    result = await library.scan(films)

    assert without == [("Alien", 1979, "present"), ("Heat", 1995, "missing")]
    assert result["returned"] == 1
    assert await library.films() == [("Alien", 1979, "present"), ("Heat", 1995, "present")]
    assert await library.rows("SELECT id FROM item ORDER BY id") == ids


async def test_paths_that_stay_need_not_be_online(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"one": None, "two": None})
    films = await library.add(root / "one")
    (root / "one").rmdir()

    after = await update(library, films, paths=[str(root / "one"), str(root / "two")])

    assert after.paths == (str(root / "one"), str(root / "two"))


async def test_a_deleted_library_takes_its_rows_and_leaves_the_media(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Alien (1979)/Alien (1979).mkv": "a", "Alien (1979)/Trailers/t.mkv": "b"})
    films = await library.add(root)
    await library.scan(films)
    (item,) = await library.rows("SELECT id FROM item")

    async with library.transactions.begin() as tx:
        await library.service.delete_library(tx, films)

    assert await library.raw_rows() == []
    assert library.listener.purged == [item["id"]]
    assert (root / "Alien (1979)" / "Alien (1979).mkv").read_text() == "a"
    # What still waits for it ends by itself.
    assert {row.state for row in await library.analyze()} == {"completed"}


async def test_a_scan_of_a_deleted_library_is_cancelled(library: LibraryBench, tree: WriteTree) -> None:
    films = await library.add(tree({"Alien (1979).mkv": "a"}))
    await library.request(films)
    (job,) = await library.claim(ScanLibraryArgs)
    async with library.transactions.begin() as tx:
        await library.service.delete_library(tx, films)

    with pytest.raises(Exception, match="JobCancelError: no library"):
        await library.work(job)


async def test_what_is_not_there_is_said_to_be_so(library: LibraryBench) -> None:
    nothing = uuid7()
    async with library.transactions.begin() as tx:
        for call in (
            library.service.get_library(tx, nothing),
            library.service.update_library(tx, nothing, name="x"),
            library.service.delete_library(tx, nothing),
            library.service.request_scan(tx, nothing),
            library.service.confirm_loss(tx, nothing),
        ):
            with pytest.raises(LibraryNotFound):
                await call
        with pytest.raises(FileNotFound):
            await library.service.locate(tx, nothing)


async def test_a_file_is_located_by_its_bytes(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({b"Shelf/odd \xff (2001).mkv": "abc"})
    films = await library.add(root)
    await library.scan(films)
    (row,) = await library.rows("SELECT id FROM file")

    async with library.transactions.begin() as tx:
        location = await library.service.locate(tx, row["id"])

    assert (location.root, location.path) == (os.fsencode(root), b"Shelf/odd \xff (2001).mkv")
    assert (location.library_id, location.size, location.state) == (films, 3, FileState.PRESENT)


async def test_scans_of_one_library_are_one_job(library: LibraryBench, tree: WriteTree) -> None:
    films = await library.add(tree({}))
    async with library.transactions.begin() as tx:
        first = await library.service.request_scan(tx, films)
    async with library.transactions.begin() as tx:
        second = await library.service.request_scan(tx, films, full_scan=True)

    assert (first.unique_skipped_as_duplicate, second.unique_skipped_as_duplicate) == (False, True)
    assert first.job.id == second.job.id
    assert (first.job.queue, first.job.priority, first.job.max_attempts) == ("default", 2, 5)


async def test_a_full_request_makes_the_waiting_scan_full(library: LibraryBench, tree: WriteTree) -> None:
    films = await library.add(tree({"Alien (1979).mkv": "a"}))
    await library.scan(films)
    await library.request(films)
    await library.request(films, full=True)

    first = await library.work_scan()
    second = await library.scan(films)

    assert (first["full_scan"], second["full_scan"]) == (True, False)


async def test_a_full_request_during_a_scan_is_met_by_the_next(library: LibraryBench, tree: WriteTree) -> None:
    films = await library.add(tree({"Alien (1979).mkv": "a"}))
    await library.request(films)
    (job,) = await library.claim(ScanLibraryArgs)
    record = library.scanner._files.record

    async def asked_meanwhile(*args: Any) -> None:
        await record(*args)
        await library.request(films, full=True)

    library.scanner._files.record = asked_meanwhile  # type: ignore[method-assign]
    await library.work(job)
    library.scanner._files.record = record  # type: ignore[method-assign]

    follow_up = await library.work_scan()

    assert follow_up["full_scan"] is True
    assert await library.claim(ScanLibraryArgs) == []
    assert await library.rows("SELECT FROM library_root WHERE full_scan_requested_at IS NOT NULL") == []


async def test_a_full_scan_that_was_killed_is_full_again(library: LibraryBench, tree: WriteTree) -> None:
    films = await library.add(tree({"Alien (1979).mkv": "a"}))
    await library.request(films)
    await library.request(films, full=True)
    await library.claim(ScanLibraryArgs)
    await library.abandon_running()

    assert (await library.work_scan())["full_scan"] is True
