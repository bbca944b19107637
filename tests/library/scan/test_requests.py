"""Scans of some folders: what they look into, what they leave alone, and that no request is forgotten."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.errors import InvalidInput
from app.library.jobs import ScanLibraryArgs
from app.library.scan.targets import without_covered
from app.library.scan.walk import Target
from tests.fixtures.library import LibraryBench
from tests.fixtures.listing import Listings, listed_by
from tests.fixtures.tree import Content, WriteTree, write_tree

FILMS: dict[str | bytes, Content] = {
    "Alien (1979)/Alien (1979).mkv": "a",
    "Shelf/Heat (1995)/Heat (1995).mkv": "bb",
    "Shelf/Brazil (1985)/Brazil (1985).mkv": "ccc",
    "Shelf/Brazil (1985)/Featurettes/making of.mkv": "dddd",
}


@pytest.fixture
async def films(library: LibraryBench, tree: WriteTree) -> UUID:
    films = await library.add(tree(FILMS))
    await library.scan(films)
    return films


async def request(library: LibraryBench, films: UUID, *wanted: tuple[bytes, bool]) -> None:
    (root,) = await library.rows("SELECT id FROM library_root")
    async with library.transactions.begin() as tx:
        await library.service.request_folders(tx, films, [(root["id"], *one) for one in wanted])


class Remembered(Listings):
    """Every folder that a walk lists, by its path below the root."""

    def __init__(self, root: Path) -> None:
        self.root, self.paths = os.fsencode(root), list[bytes]()

    def before(self, path: bytes) -> None:
        below = path.removeprefix(self.root).strip(b"/")
        if below not in self.paths:  # one that has changed is listed again, to be kept
            self.paths.append(below)


@pytest.fixture
def listed(tree: WriteTree) -> Iterator[list[bytes]]:
    remembered = Remembered(tree({}))
    with listed_by(remembered):
        yield remembered.paths


async def test_a_path_is_scanned_with_all_below_and_nothing_else(
    library: LibraryBench, tree: WriteTree, films: UUID, listed: list[bytes]
) -> None:
    root = tree({"Shelf/Brazil (1985)/Brazil (1985) - 2160p.mkv": "x", "Alien (1979)/Alien (1979) - 2160p.mkv": "y"})
    async with library.transactions.begin() as tx:
        await library.service.request_scan(tx, films, paths=[str(root / "Shelf" / "Brazil (1985)")])

    result = await library.work_scan()

    assert listed == [b"Shelf/Brazil (1985)", b"Shelf/Brazil (1985)/Featurettes"]
    assert (result["outcome"], result["added"], result["missing"]) == ("completed", 1, 0)
    assert result["roots"] == [{"path": str(root), "outcome": "completed", "folders": 1}]
    assert await library.rows("SELECT FROM scan_request") == []


async def test_a_file_means_its_folder(
    library: LibraryBench, tree: WriteTree, films: UUID, listed: list[bytes]
) -> None:
    root = tree({"Alien (1979)/Alien (1979) - 2160p.mkv": "y"})
    async with library.transactions.begin() as tx:
        path = str(root / "Alien (1979)" / "Alien (1979) - 2160p.mkv")
        await library.service.request_scan(tx, films, paths=[path])

    result = await library.work_scan()

    assert (listed, result["added"]) == ([b"Alien (1979)"], 1)


async def test_a_new_folder_deep_below_is_found_from_the_nearest_known_one(
    library: LibraryBench, tree: WriteTree, films: UUID, listed: list[bytes]
) -> None:
    root = tree({"Shelf/New/Deeper/Solaris (1972)/Solaris (1972).mkv": "x"})
    async with library.transactions.begin() as tx:
        await library.service.request_scan(tx, films, paths=[str(root / "Shelf/New/Deeper/Solaris (1972)")])

    result = await library.work_scan()

    assert listed == [b"Shelf", b"Shelf/New", b"Shelf/New/Deeper", b"Shelf/New/Deeper/Solaris (1972)"]
    assert (result["added"], result["missing"]) == (1, 0)


async def test_a_folder_that_is_gone_goes_missing_with_all_below(
    library: LibraryBench, tree: WriteTree, films: UUID
) -> None:
    shutil.rmtree(tree({}) / "Shelf")
    await request(library, films, (b"", False))

    result = await library.work_scan()

    assert (result["outcome"], result["missing"]) == ("completed", 3)
    assert [path for path, state in (await library.files()).items() if state == "present"] == [
        "Alien (1979)/Alien (1979).mkv"
    ]


async def test_a_path_that_is_gone_is_looked_for_from_above(
    library: LibraryBench, tree: WriteTree, films: UUID, listed: list[bytes]
) -> None:
    shutil.rmtree(tree({}) / "Shelf")
    await request(library, films, (b"Shelf/Brazil (1985)", True))

    result = await library.work_scan()

    assert listed == [b""]
    assert result["missing"] == 3


async def test_a_shallow_look_leaves_known_folders_alone(
    library: LibraryBench, tree: WriteTree, films: UUID, listed: list[bytes]
) -> None:
    tree({"Shelf/Heat (1995)/Heat (1995) - 2160p.mkv": "x", "Solaris (1972).mkv": "y"})
    await request(library, films, (b"", False))

    result = await library.work_scan()

    assert listed == [b""]
    assert (result["added"], result["missing"]) == (1, 0)


async def test_no_request_leads_out_through_a_link(library: LibraryBench, tree: WriteTree, films: UUID) -> None:
    root = tree({})
    outside = write_tree(root.parent / "outside", {"Secret (2001)/Secret (2001).mkv": "x"})
    (root / "way out").symlink_to(outside)
    await request(library, films, (b"way out/Secret (2001)", True), (b"../outside", True), (b"Shelf/../..", True))

    result = await library.work_scan()

    assert result["added"] == 0
    assert len(await library.files()) == 4


async def test_paths_elsewhere_are_refused(library: LibraryBench, films: UUID) -> None:
    for path in ("/etc", "relative", "/"):
        async with library.transactions.begin() as tx:
            with pytest.raises(InvalidInput, match="lies in none"):
                await library.service.request_scan(tx, films, paths=[path])


async def test_what_is_asked_for_during_a_scan_is_done_by_the_next(
    library: LibraryBench, tree: WriteTree, films: UUID
) -> None:
    tree({"Alien (1979)/Alien (1979) - 2160p.mkv": "y"})
    await request(library, films, (b"Alien (1979)", False))
    (job,) = await library.claim(ScanLibraryArgs)
    record = library.scanner._files.record

    async def asked_meanwhile(*args: Any) -> None:
        await record(*args)
        tree({"Alien (1979)/Alien (1979) - 720p.mkv": "z"})
        await request(library, films, (b"Alien (1979)", False))

    library.scanner._files.record = asked_meanwhile  # type: ignore[method-assign]
    await library.work(job)
    library.scanner._files.record = record  # type: ignore[method-assign]

    result = await library.work_scan()

    assert result["added"] == 1
    assert await library.claim(ScanLibraryArgs) == []
    assert await library.rows("SELECT FROM scan_request") == []


async def test_a_whole_scan_asked_for_while_some_folders_wait_is_whole(
    library: LibraryBench, tree: WriteTree, films: UUID
) -> None:
    tree({"Alien (1979)/Alien (1979) - 2160p.mkv": "y"})
    await request(library, films, (b"Shelf", True))
    await library.request(films)

    result = await library.work_scan()

    assert (result["added"], "folders" in result["roots"][0]) == (1, False)
    assert await library.claim(ScanLibraryArgs) == []


async def test_killed_it_still_knows_what_was_asked(library: LibraryBench, tree: WriteTree, films: UUID) -> None:
    tree({"Alien (1979)/Alien (1979) - 2160p.mkv": "y"})
    await request(library, films, (b"Alien (1979)", False))
    (job,) = await library.claim(ScanLibraryArgs)

    async def dies(_: object) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await library.scanner.scan(job.args, dies)
    await library.abandon_running()

    assert (await library.work_scan())["outcome"] == "completed"
    assert len(await library.files()) == 5


async def test_a_doubted_loss_is_doubted_here_too(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({f"Shelf/Film {number:03} (1999).mkv": f"{number}" for number in range(120)})
    films = await library.add(root)
    await library.scan(films)
    for number in range(60):
        (root / "Shelf" / f"Film {number:03} (1999).mkv").unlink()
    await request(library, films, (b"Shelf", False))

    assert (await library.work_scan())["outcome"] == "needs_confirmation"
    assert set((await library.files()).values()) == {"present"}


async def test_an_offline_root_answers_no_request(library: LibraryBench, tree: WriteTree, films: UUID) -> None:
    root = tree({})
    root.rename(root.parent / "away")
    root.mkdir()
    await request(library, films, (b"", False), (b"Shelf", True))

    assert (await library.work_scan())["outcome"] == "offline"
    assert set((await library.files()).values()) == {"present"}
    assert len(await library.jobs("library.await_root")) == 1


async def test_asking_again_while_it_waits_waits_anew(library: LibraryBench, films: UUID) -> None:
    (root,) = await library.rows("SELECT id FROM library_root")
    for hours in (1, 2):
        async with library.transactions.begin() as tx:
            await library.service.request_folders(
                tx, films, [(root["id"], b"Shelf", False)], wait=timedelta(hours=hours)
            )

    (row,) = await library.rows("SELECT not_before > now() + interval '90 minutes' AS later FROM scan_request")
    assert row["later"]
    assert len(await library.jobs("library.await_settled")) == 1


def test_what_lies_within_another_target_is_left_out() -> None:
    wanted = [Target(b"A", True), Target(b"A", False), Target(b"A/B", True), Target(b"AB", False), Target(b"C", False)]

    assert without_covered(wanted) == [Target(b"A", True), Target(b"AB", False), Target(b"C", False)]
    assert without_covered([Target(b"", True), *wanted]) == [Target(b"", True)]
