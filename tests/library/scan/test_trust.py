"""Nobody loses an item because a disk was away: every way in which a root can be not what it was."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.library.jobs import AwaitRootArgs
from app.library.scan import walk as walking
from app.library.trust import MARKER, read_marker
from tests.fixtures.library import LibraryBench
from tests.fixtures.listing import Listings, listed_by
from tests.fixtures.tree import WriteTree, write_tree

MANY = {f"Film {number:03} (1999)/Film {number:03} (1999).mkv": f"{number}" for number in range(120)}


async def renamed_away(root: Path, aside: Path) -> None:
    root.rename(aside)


async def emptied(root: Path, aside: Path) -> None:
    """As the mount point of a disk that is not mounted."""
    root.rename(aside)
    root.mkdir()


async def replaced_by_a_file(root: Path, aside: Path) -> None:
    root.rename(aside)
    root.write_text("no folder")


async def replaced_by_a_pipe(root: Path, aside: Path) -> None:
    root.rename(aside)
    os.mkfifo(root)


async def replaced_by_another_disk(root: Path, aside: Path) -> None:
    root.rename(aside)
    write_tree(root, {"Holidays/IMG_0001.mp4": "x", "Holidays/IMG_0002.mp4": "y"})


async def replaced_by_a_dangling_link(root: Path, aside: Path) -> None:
    root.rename(aside)
    root.symlink_to(root.parent / "nowhere")


def put_back(root: Path, aside: Path) -> None:
    if root.is_symlink() or not root.is_dir():
        root.unlink(missing_ok=True)
    else:
        shutil.rmtree(root)
    aside.rename(root)


LOSSES = [
    renamed_away,
    emptied,
    replaced_by_a_file,
    replaced_by_a_pipe,
    replaced_by_another_disk,
    replaced_by_a_dangling_link,
]


@pytest.mark.parametrize("with_marker", [True, False], ids=["marked", "unmarked"])
@pytest.mark.parametrize("lose", LOSSES)
async def test_an_offline_root_costs_nothing(
    library: LibraryBench, tree: WriteTree, lose: Callable[..., Any], with_marker: bool
) -> None:
    root = tree(MANY)
    films = await library.add(root)
    await library.scan(films)
    if not with_marker:
        (root / os.fsdecode(MARKER)).unlink()
    aside = root.parent / "aside"
    before = await library.raw_rows()

    await lose(root, aside)
    away = await library.scan(films)
    while_away = await library.raw_rows()
    full = await library.scan(films, full=True)
    put_back(root, aside)
    back = await library.scan(films)

    assert (away["outcome"], full["outcome"]) == ("offline", "offline")
    assert away["roots"][0]["reason"]
    assert back["outcome"] == "completed"
    assert while_away == before == await library.raw_rows()


async def test_a_small_library_is_safe_too(library: LibraryBench, tree: WriteTree) -> None:
    """Below the limits of doubt, it is the root's identity that protects."""
    root = tree({"Alien (1979).mkv": "a"})
    films = await library.add(root)
    await library.scan(films)
    await emptied(root, root.parent / "aside")

    assert (await library.scan(films))["outcome"] == "offline"
    assert await library.films() == [("Alien", 1979, "present")]


async def test_a_great_loss_waits_for_confirmation(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(MANY)
    films = await library.add(root)
    await library.scan(films)
    for number in range(60):
        shutil.rmtree(root / f"Film {number:03} (1999)")
    before = await library.raw_rows()

    doubted = await library.scan(films)
    again = await library.scan(films)
    unchanged = await library.raw_rows() == before
    async with library.transactions.begin() as tx:
        await library.service.confirm_loss(tx, films)
    confirmed = await library.work_scan()

    assert (doubted["outcome"], doubted["roots"][0]["unconfirmed"]) == ("needs_confirmation", 60)
    assert (again["outcome"], unchanged) == ("needs_confirmation", True)
    assert (confirmed["outcome"], confirmed["missing"]) == ("completed", 60)
    assert [state for _, _, state in await library.films()] == ["missing"] * 60 + ["present"] * 60


async def test_a_confirmation_holds_for_one_scan(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(MANY)
    films = await library.add(root)
    await library.scan(films)
    async with library.transactions.begin() as tx:
        await library.service.confirm_loss(tx, films)
    for number in range(60):
        shutil.rmtree(root / f"Film {number:03} (1999)")
    await library.work_scan()
    for number in range(60, 119):
        shutil.rmtree(root / f"Film {number:03} (1999)")

    assert (await library.scan(films))["outcome"] == "needs_confirmation"


async def test_a_loss_within_the_limits_is_believed(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(MANY)
    films = await library.add(root)
    await library.scan(films)
    for number in range(50):
        shutil.rmtree(root / f"Film {number:03} (1999)")

    result = await library.scan(films)

    assert (result["outcome"], result["missing"]) == ("completed", 50)


async def test_a_renamed_shelf_is_no_loss(library: LibraryBench, tree: WriteTree) -> None:
    """All is new and all is gone, and every file is recognised."""
    root = tree({f"Films/{name}": content for name, content in MANY.items()})
    films = await library.add(root)
    await library.scan(films)
    (root / "Films").rename(root / "Movies")

    result = await library.scan(films)

    assert (result["outcome"], result["added"], result["moved"], result["missing"]) == ("completed", 0, 120, 0)


async def test_files_of_one_folder_count_as_a_loss_as_well(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({f"Film {number:03} (1999).mkv": f"{number}" for number in range(120)})
    films = await library.add(root)
    await library.scan(films)
    for number in range(60):
        (root / f"Film {number:03} (1999).mkv").unlink()

    doubted = await library.scan(films)
    for number in range(60, 65):
        (root / f"Film {number:03} (1999).mkv").write_text("changed meanwhile")
    again = await library.scan(films)

    assert [doubted["outcome"], again["outcome"]] == ["needs_confirmation"] * 2
    assert again["changed"] == 5
    assert set((await library.files()).values()) == {"present"}


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
async def test_a_folder_that_cannot_be_read_is_unknown_not_gone(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    root = tree({"Shelf/A (2001)/A (2001).mkv": "a", "Shelf/B (2002)/B (2002).mkv": "b", "C (2003).mkv": "c"})
    films = await library.add(root)
    await library.scan(films)
    before = await library.raw_rows()
    listing = os.scandir

    def failing(path: Any) -> Any:
        if os.fsencode(path).endswith(b"/Shelf"):
            raise error
        return listing(path)

    with monkeypatch.context() as patch:
        patch.setattr(walking.os, "scandir", failing)
        result = await library.scan(films)
    assert (result["outcome"], result["unreadable"]) == ("incomplete", 1)
    assert await library.raw_rows() == before
    assert (await library.scan(films))["outcome"] == "completed"


async def test_a_root_that_goes_while_it_is_walked_costs_nothing(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The root lists and what is in it does not: as when a disk is pulled out between the two."""
    root = tree(MANY)
    films = await library.add(root)
    await library.scan(films)
    before = await library.raw_rows()
    aside, listing = root.parent / "aside", os.scandir

    def pulled_out(path: Any) -> Any:
        entries = listing(path)
        if path == os.fsencode(root) and not aside.exists():
            root.rename(aside)
            root.mkdir()
        return entries

    monkeypatch.setattr(walking.os, "scandir", pulled_out)
    result = await library.scan(films)

    assert result["outcome"] in ("offline", "incomplete")
    assert await library.raw_rows() == before


@pytest.mark.parametrize("is_marked", [True, False])
async def test_a_disk_exchanged_while_it_is_walked_loses_nothing(
    library: LibraryBench, tree: WriteTree, *, is_marked: bool
) -> None:
    """What the other disk holds has been recorded by then, and must not vouch for it."""
    root = tree({f"Film {number} (1999).mkv": f"{number}" for number in range(5)})
    films = await library.add(root)
    await library.scan(films)
    if not is_marked:
        (root / os.fsdecode(MARKER)).unlink()
    aside = root.parent / "aside"

    class Exchanged(Listings):
        def before(self, path: bytes) -> None:
            if not aside.exists():
                root.rename(aside)
                write_tree(root, {"Holidays (2001).mp4": "x", "Holidays (2002).mp4": "y"})

    with listed_by(Exchanged()):
        result = await library.scan(films)

    assert result["outcome"] == "offline"
    assert await library.rows("SELECT id FROM file WHERE state <> 'present'") == []


async def test_a_scan_is_asked_for_when_an_offline_root_is_back(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Alien (1979).mkv": "a"})
    films = await library.add(root)
    await library.scan(films)
    aside = root.parent / "aside"
    root.rename(aside)
    await library.scan(films)
    await library.scan(films)
    (waiting,) = await library.jobs("library.await_root")
    assert waiting["state"] == "scheduled"
    await library.connection.execute(
        "UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE state = 'scheduled'"
    )
    (job,) = await library.claim(AwaitRootArgs)

    with pytest.raises(Exception, match="snoozed"):
        await library.work(job)
    aside.rename(root)
    row = await library.work(job)

    assert row.state == "completed"
    (scan,) = [job for job in await library.jobs("library.scan") if job["state"] == "available"]
    assert scan["args"]["library_id"] == str(films)


async def test_waiting_for_a_root_ends_with_its_library(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Alien (1979).mkv": "a"})
    films = await library.add(root)
    await library.scan(films)
    root.rename(root.parent / "aside")
    await library.scan(films)
    async with library.transactions.begin() as tx:
        await library.service.delete_library(tx, films)
    await library.connection.execute(
        "UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE state = 'scheduled'"
    )
    (job,) = await library.claim(AwaitRootArgs)

    await library.work(job)

    assert [job["kind"] for job in await library.jobs("library.scan") if job["state"] == "available"] == []


async def test_the_marker_names_the_root_and_only_where_media_are(library: LibraryBench, tmp_path: Path) -> None:
    full = write_tree(tmp_path / "full", {"Alien (1979).mkv": "a"})
    empty = write_tree(tmp_path / "empty", {})
    films = await library.add(full, empty)

    await library.scan(films)

    (row,) = await library.rows("SELECT id FROM library_root WHERE position = 0")
    assert read_marker(os.fsencode(full)) == str(row["id"])
    assert list(empty.iterdir()) == []


async def test_somebody_elses_marker_is_left_alone(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Alien (1979).mkv": "a", os.fsdecode(MARKER): "another server's\n"})
    films = await library.add(root)

    results = [await library.scan(films), await library.scan(films)]

    assert [result["outcome"] for result in results] == ["completed"] * 2
    assert read_marker(os.fsencode(root)) == "another server's"


async def test_a_read_only_root_is_scanned_like_any_other(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tree(MANY)
    films = await library.add(root)
    opening = os.open

    def read_only(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & os.O_CREAT and os.fsencode(path).endswith(MARKER):
            raise OSError(30, "Read-only file system")
        return opening(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", read_only)
    await library.scan(films)
    again = await library.scan(films)
    await emptied(root, root.parent / "aside")

    assert not (root.parent / "aside" / os.fsdecode(MARKER)).exists()
    assert again["outcome"] == "completed"
    assert (await library.scan(films))["outcome"] == "offline"
