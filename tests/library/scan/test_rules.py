"""What was recorded by the rules of an earlier version is looked into once more, and only once."""

import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from app.library.formats import AUDIO_EXTENSIONS, VIDEO_EXTENSIONS
from app.library.jobs import ScanLibraryArgs
from app.library.naming.side_files import BACKDROP_FOLDERS, EXTENSIONS, SUBTITLE_FOLDERS
from app.library.scan import junk, signature
from app.library.scan import walk as walking
from app.library.scan.walk import Walk
from tests.fixtures.library import LibraryBench
from tests.fixtures.tree import WriteTree
from tests.library.scan.test_resume import FaultyTransactions, Killed, use

FILMS = {
    "Amélie (2001)/Amélie (2001).mkv".encode("latin-1"): "a",
    b"Heat (1995)/Heat (1995).mkv": "b",
    b"Heat (1995)/Heat (1995).en.srt": "hello",
    b"Heat (1995)/Trailers/teaser.mkv": "c",
    b"Ran (1985)/Ran (1985).iso": "d",
    b"Ran (1985)/Ran (1985).mkv": "e",
}
FOLDERS = 5


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A version that knew no disc images, no names of old disks, and nothing of rules."""
    with monkeypatch.context() as past:
        past.setattr(signature, "_RULES", b"")
        past.setattr("app.library.scan.phase_1_files.extensions_for", lambda _: VIDEO_EXTENSIONS - {b"iso"})
        past.setattr("app.library.naming.text.decoded", lambda name: name.decode("utf-8", "replace"))
        yield past


async def test_new_rules_are_applied_to_what_did_not_change_once(
    library: LibraryBench, tree: WriteTree, before: pytest.MonkeyPatch
) -> None:
    films = await library.add(tree(FILMS))
    await library.scan(films)
    await library.read_side_files()
    assert await library.films() == [
        ("Am\ufffdlie", 2001, "present"),
        ("Heat", 1995, "present"),
        ("Ran", 1985, "present"),
    ]
    before.undo()

    result = await library.scan(films)
    readings = await library.read_side_files()
    rows = await library.raw_rows()
    second = await library.scan(films)

    assert (result["files"], result["added"], result["changed"], result["missing"]) == (5, 1, 0, 0)
    assert (result["folders"], result["folders_unchanged"], result["analyses_requested"]) == (FOLDERS, 0, 1)
    assert [title for title, _, _ in await library.films()] == ["Amélie", "Heat", "Ran"]
    assert len(readings) == 1
    assert (second["folders_unchanged"], second["files"]) == (FOLDERS, 5)
    assert await library.raw_rows() == rows


async def test_new_rules_have_nothing_probed_that_was_probed(
    library: LibraryBench, tree: WriteTree, before: pytest.MonkeyPatch
) -> None:
    """Even if there is a new prober too: that waits for a full scan, as ever."""
    films = await library.add(tree(FILMS))
    await library.scan(films)
    await library.connection.execute(
        "UPDATE file SET probed_size = size, probed_mtime_ns = mtime_ns, prober_version = 1"
    )
    await library.connection.execute("DELETE FROM river.river_job WHERE kind = 'library.analyze'")
    before.undo()

    scan = await library.scan(films)
    full = await library.scan(films, full=True)

    assert (scan["analyses_requested"], scan["added"]) == (1, 1)
    assert full["analyses_requested"] == 4


async def test_a_folder_that_changed_too_is_recorded_as_ever(
    library: LibraryBench, tree: WriteTree, before: pytest.MonkeyPatch
) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    before.undo()
    shutil.rmtree(root / "Heat (1995)" / "Trailers")
    (root / "Ran (1985)" / "Ran (1985).mkv").write_text("longer than it was")

    result = await library.scan(films)
    rows = await library.raw_rows()
    again = await library.scan(films)

    assert (result["added"], result["changed"], result["missing"]) == (1, 1, 1)
    assert again["folders_unchanged"] == again["folders"] == FOLDERS - 1
    assert await library.raw_rows() == rows


async def test_a_scan_by_new_rules_that_is_killed_goes_on_where_it_was(
    library: LibraryBench, tree: WriteTree, before: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = await library.add(tree(FILMS))
    await library.scan(films)
    before.undo()
    monkeypatch.setattr(walking, "BATCH_FOLDERS", 1)
    real = library.transactions
    use(library, FaultyTransactions(real, 4, before=True))
    await library.request(films)
    (job,) = await library.claim(ScanLibraryArgs)
    with pytest.raises(Killed):
        await library.work(job)

    use(library, real)
    await library.abandon_running()
    result = await library.work_scan()

    assert 0 < result["folders_unchanged"] < FOLDERS
    assert [title for title, _, _ in await library.films()] == ["Amélie", "Heat", "Ran"]


def test_a_mount_point_that_is_empty_is_noticed_by_new_rules_too(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    old = bytes(36)
    unseen: dict[bytes, bytes | None] = {b"": old, b"disk": old}

    (batch,) = Walk(bytes(tmp_path), unseen, VIDEO_EXTENSIONS, full=False).batches()

    assert batch.hollow == [b"disk"]
    assert [folder.path for folder in batch.folders] == [b"", b"disk"]


def test_whoever_changes_what_is_recorded_raises_the_number_of_the_rules() -> None:
    """These tables are what is easily changed without a thought of what was scanned before. After a change: raise
    `signature.RULES`, and put the new number and digest here."""
    names = [VIDEO_EXTENSIONS, AUDIO_EXTENSIONS, EXTENSIONS, SUBTITLE_FOLDERS, BACKDROP_FOLDERS, junk._JUNK_NAMES]
    digest = sha256(repr([*map(sorted, names), junk._JUNK_STARTS, junk._UNFINISHED]).encode()).hexdigest()

    assert (signature.RULES, digest[:16]) == (2, "9f01650a323e022c")
