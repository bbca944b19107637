"""Killed between any two commits and run again, a scan ends in the rows it would have ended in anyway."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.db.tx import Transactions, Tx
from app.library.jobs import ScanLibraryArgs
from app.library.scan import walk as walking
from tests.fixtures.library import LibraryBench
from tests.fixtures.tree import WriteTree, write_tree

FIRST = {
    "Alien (1979)/Alien (1979).mkv": "a",
    "Brazil (1985) {imdb-tt0088846}/Brazil (1985).mkv": "b",
    "Brazil (1985) {imdb-tt0088846}/Featurettes/making of.mkv": "c",
    "Heat (1995)/Heat (1995) - 1080p.mkv": "d",
    "Heat (1995)/Heat (1995) - 2160p.mkv": "e",
    "Shelf/Solaris (1972)-cd1.mkv": "f",
    "Shelf/Solaris (1972)-cd2.mkv": "g",
    "Zodiac (2007).mkv": "h",
}
SECOND = {
    "Alien (1979)/Alien (1979) - Director's Cut.mkv": "i",
    "Heat (1995)/Heat (1995) - 1080p.mkv": "changed",
    "New (2020)/New (2020).mkv": "j",
}


class Killed(BaseException):
    """Nothing may catch it and go on."""


class FaultyTransactions(Transactions):
    """Dies at the n-th commit: `before` loses it, otherwise it is the last thing that happened."""

    def __init__(self, real: Transactions, at: int, *, before: bool) -> None:
        self._real = real
        self._at = at
        self._before = before
        self.commits = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        async with self._real.begin() as tx:
            yield tx
            self.commits += 1
            if self._before and self.commits == self._at:
                raise Killed
        if not self._before and self.commits == self._at:
            raise Killed


def change(root_of: WriteTree) -> None:
    root = root_of(SECOND)
    shutil.rmtree(root / "Shelf")
    (root / "Zodiac (2007).mkv").unlink()


async def scanned_in_one_go(library: LibraryBench, tree: WriteTree) -> tuple[list[object], list[object]]:
    films = await library.add(tree(FIRST))
    await library.scan(films)
    first = await library.picture()
    change(tree)
    await library.scan(films)
    return first, await library.picture()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "BATCH_FOLDERS", 1)
    monkeypatch.setattr("app.library.scan.phase_3_sweep.BATCH_FOLDERS", 1)


async def kill_at_every_commit(library: LibraryBench, films: object, *, before: bool) -> int:
    """Run the waiting scan, killed at its first commit, then at its second, and so on until it gets through."""
    real = library.transactions
    for at in range(1, 100):
        faulty = FaultyTransactions(real, at, before=before)
        use(library, faulty)
        (job,) = await library.claim(ScanLibraryArgs)
        try:
            await library.work(job)
        except Killed:
            await library.abandon_running()
            left = await library.rows("SELECT state FROM river.river_job WHERE kind = 'library.scan' ORDER BY id")
            if left[-1]["state"] == "completed":
                break  # killed right after the last commit
        else:
            break
    use(library, real)
    return at


def use(library: LibraryBench, transactions: Transactions) -> None:
    worker = library._workers[ScanLibraryArgs]
    for part in (worker, library.scanner, library.scanner._files, library.scanner._sweep, library.scanner._purge):
        part._transactions = transactions


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("before", [True, False], ids=["commit lost", "commit kept"])
async def test_a_scan_killed_at_any_commit_ends_in_the_same_rows(
    library: LibraryBench, tree: WriteTree, before: bool
) -> None:
    root = tree({})
    films = await library.add(root)
    other = write_tree(root.parent / "other", {})
    reference_id = await library.add(other, name="Reference")

    write_tree(root, FIRST)
    await library.request(films)
    kills = await kill_at_every_commit(library, films, before=before)
    killed_first = await library.picture()
    change(tree)
    await library.request(films)
    kills_again = await kill_at_every_commit(library, films, before=before)
    killed_second = await library.picture()

    assert min(kills, kills_again) > 5
    async with library.transactions.begin() as tx:
        await library.service.delete_library(tx, films)
        await library.service.delete_library(tx, reference_id)
    await library.connection.execute("DELETE FROM river.river_job")
    shutil.rmtree(root)
    straight_first, straight_second = await scanned_in_one_go(library, tree)
    assert without_signatures(killed_first) == without_signatures(straight_first)
    assert without_signatures(killed_second) == without_signatures(straight_second)


def without_signatures(picture: list[object]) -> list[object]:
    """Inode and mtime differ between two trees; whether a folder is signed does not."""
    return [{**row, "signature": row["signature"] is not None} for row in picture]  # type: ignore[call-overload,dict-item]


@pytest.mark.usefixtures("small_batches")
async def test_a_scan_that_is_cancelled_leaves_whole_batches(library: LibraryBench, tree: WriteTree) -> None:
    """As a soft stop does: interrupted while it waits, the job is given back and later goes on."""
    films = await library.add(tree(FIRST))
    await library.request(films)
    (job,) = await library.claim(ScanLibraryArgs)
    recorded = asyncio.Event()
    record = library.scanner._files.record

    async def recording(*args: object) -> None:
        await record(*args)  # type: ignore[arg-type]
        recorded.set()
        await asyncio.Event().wait()

    library.scanner._files.record = recording  # type: ignore[method-assign,assignment]
    working = asyncio.create_task(library.work(job))
    await recorded.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    library.scanner._files.record = record  # type: ignore[method-assign]
    half = len(await library.files())
    await library.abandon_running()

    result = await library.work_scan()

    assert half < len(FIRST)
    assert result["added"] == len(FIRST) - half
    assert len(await library.files()) == len(FIRST)


async def test_two_scans_at_once_still_make_each_item_once(library: LibraryBench, tree: WriteTree) -> None:
    """The queue keeps them apart; after a rescue a cut-off node may go on for a while all the same."""
    films = await library.add(tree({f"Film {n:03} (1999)/Film {n:03} (1999).mkv": "x" for n in range(300)}))

    async def quietly(_: object) -> None:
        return

    args = ScanLibraryArgs(library_id=films)
    await asyncio.gather(*(library.scanner.scan(args, quietly) for _ in range(3)))

    assert len(await library.files()) == 300
    assert len(await library.films()) == 300
    assert len(await library.jobs("library.analyze")) == 300
