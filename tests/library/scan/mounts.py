"""What becomes of a library when its disk does what disks do. Run in a mount namespace of its own, as root:

    unshare --mount --propagation private python -m tests.library.scan.mounts DATABASE_URL FOLDER

Prints one line of JSON for each case. Everything is mounted for real, but for the error in the middle of a listing,
which no disk at hand makes.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from app.db.engine import Database
from app.db.tx import Transactions
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.library.trust import MARKER
from tests.fixtures.library import LibraryBench, bench_settings
from tests.fixtures.listing import Listings, listed_by
from tests.fixtures.tree import write_tree

FILMS = {
    f"Shelf {number % 3}/Film {number:03} (1999)/Film {number:03} (1999).mkv": f"{number}" for number in range(120)
}
NOBODY = 65_534

Case = Callable[[Path], "contextlib.AbstractContextManager[object]"]


def run(*words: str | Path) -> None:
    subprocess.run([str(word) for word in words], check=True)


def mount(where: Path) -> None:
    run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", where)


def move(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    run("mount", "--move", source, target)


@contextlib.contextmanager
def unmounted(root: Path) -> Iterator[None]:
    """The folder under the mount is empty."""
    aside = root.with_name("aside")
    move(root, aside)
    yield
    move(aside, root)


@contextlib.contextmanager
def an_empty_disk_in_its_place(root: Path) -> Iterator[None]:
    mount(root)
    yield
    run("umount", root)


@contextlib.contextmanager
def another_disk_in_its_place(root: Path) -> Iterator[None]:
    mount(root)
    write_tree(root, {"Holidays/IMG_0001.mp4": "x", "Holidays/IMG_0002.mp4": "y"})
    yield
    run("umount", root)


@contextlib.contextmanager
def replaced_by_a_file(root: Path) -> Iterator[None]:
    aside = root.with_name("aside")
    move(root, aside)
    root.rmdir()
    root.write_text("no folder")
    yield
    root.unlink()
    root.mkdir()
    move(aside, root)


@contextlib.contextmanager
def remounted_read_only(root: Path) -> Iterator[None]:
    run("mount", "-o", "remount,ro", root)
    yield
    run("mount", "-o", "remount,rw", root)


@contextlib.contextmanager
def a_part_without_permission(root: Path) -> Iterator[None]:
    """For somebody who is not root: root may read everything."""
    (root / "Shelf 1").chmod(0)
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)
    (root / "Shelf 1").chmod(0o755)


@contextlib.contextmanager
def the_whole_without_permission(root: Path) -> Iterator[None]:
    root.chmod(0)
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)
    root.chmod(0o755)


class BrokenInTheMiddle(Listings):
    def before(self, path: bytes) -> None:
        if path.endswith(b"/Shelf 1"):
            raise OSError(5, "Input/output error")


@contextlib.contextmanager
def an_error_in_the_middle(_: Path) -> Iterator[None]:
    with listed_by(BrokenInTheMiddle()):
        yield


class UnmountedInTheMiddle(Listings):
    """Gone once the first shelf has been listed."""

    def __init__(self, root: Path, aside: Path) -> None:
        self.root, self.aside, self.seen = root, aside, 0

    def after(self, path: bytes) -> None:
        if path.endswith(b"/Shelf 1"):
            self.seen += 1
            move(self.root, self.aside)


@contextlib.contextmanager
def unmounted_in_the_middle(root: Path) -> Iterator[None]:
    unmounted = UnmountedInTheMiddle(root, root.with_name("aside"))
    with listed_by(unmounted):
        yield
    assert unmounted.seen == 1
    move(unmounted.aside, root)


@contextlib.contextmanager
def a_disk_below_it_unmounted(root: Path) -> Iterator[None]:
    aside = root.with_name("aside")
    move(root / "Second disk", aside)
    yield
    move(aside, root / "Second disk")


CASES: tuple[Case, ...] = (
    unmounted,
    an_empty_disk_in_its_place,
    another_disk_in_its_place,
    replaced_by_a_file,
    remounted_read_only,
    a_part_without_permission,
    the_whole_without_permission,
    an_error_in_the_middle,
    unmounted_in_the_middle,
    a_disk_below_it_unmounted,
)


async def rows(library: LibraryBench, films: UUID) -> list[dict[str, Any]]:
    """Return files and items, as anybody would notice a loss of."""
    return await library.rows(
        "SELECT file.id, file.state, file.missing_since, item.id AS item_id, item.state AS item_state"
        " FROM item JOIN item_file ON item_file.item_id = item.id JOIN file ON file.id = item_file.file_id"
        " WHERE item.library_id = %s ORDER BY file.id",
        films,
    )


async def try_case(library: LibraryBench, folder: Path, case: Case, *, marked: bool) -> dict[str, Any]:
    name = f"{case.__name__} {'with' if marked else 'without'} marker"
    root = folder / name / "media"
    root.mkdir(parents=True)
    mount(root)
    root.chmod(0o755)
    write_tree(root, FILMS)
    (root / "Second disk").mkdir()
    mount(root / "Second disk")
    (root / "Second disk").chmod(0o755)
    write_tree(root / "Second disk", {"Solaris (1972)/Solaris (1972).mkv": "solaris"})
    films = await library.add(root, name=name)
    await library.scan(films)
    if not marked:
        (root / os.fsdecode(MARKER)).unlink()
    before = await rows(library, films)
    with case(root):
        during = await library.scan(films)
    after = await rows(library, films)
    await library.connection.execute(
        "UPDATE river.river_job SET state = 'completed', finalized_at = now()"
        " WHERE kind = 'library.await_root' AND state = 'scheduled'"
    )
    again = await library.scan(films, full=True)
    back = await rows(library, films)
    run("umount", root / "Second disk")
    run("umount", root)
    return {
        "case": case.__name__.replace("_", " "),
        "marker": marked,
        "rows": len(before),
        "missing": sum(row["state"] != "present" for row in after),
        "purged": len(before) - len(after),
        "lost": len({str(row) for row in before} - {str(row) for row in after}),
        "outcome": during["outcome"],
        "reason": during["roots"][0].get("reason"),
        "unreadable": during["unreadable"],
        "afterwards": again["outcome"],
        "lost_afterwards": len({str(row) for row in before} - {str(row) for row in back}),
    }  # fmt: skip


async def main(url: str, folder: Path) -> None:
    database = Database(lambda: url, min_size=4, max_size=8)
    driver = PsycopgDriver(lambda: url, "river")
    await database.start()
    await driver.open()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=dict_row) as connection:
        library = LibraryBench(Transactions(database), driver, connection, bench_settings())
        for case in CASES:
            for marked in (True, False):
                print(json.dumps(await try_case(library, folder, case, marked=marked)), flush=True)  # noqa: T201  its answer
    await driver.close()
    await database.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
