"""A root that lies elsewhere now, and a root that only some nodes see."""

import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.errors import InvalidInput
from app.ids import uuid7
from app.jobs.job import Job
from app.library.errors import RootNotFound, RootsOverlap
from app.library.jobs import AnalyzeFileArgs, AwaitRootArgs, ScanLibraryArgs
from app.library.trust import MARKER
from tests.fixtures.library import LibraryBench
from tests.fixtures.tree import Content, WriteTree, write_tree

FILMS: dict[str | bytes, Content] = {
    "Alien (1979)/Alien (1979).mkv": "a",
    "Heat (1995)/Heat (1995).mkv": "bb",
}


async def root_of(library: LibraryBench, path: Path) -> UUID:
    (row,) = await library.rows("SELECT id FROM library_root WHERE display_path = %s", str(path))
    found: UUID = row["id"]
    return found


async def change(library: LibraryBench, films: UUID, root_id: UUID, **what: Any) -> None:
    async with library.transactions.begin() as tx:
        await library.service.change_root(tx, films, root_id, **what)


@pytest.mark.parametrize("marked", [True, False], ids=["by its marker", "by what is in it"])
async def test_a_moved_root_keeps_all_its_rows(library: LibraryBench, tree: WriteTree, marked: bool) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    await library.analyze()
    tables = "SELECT id FROM file UNION ALL SELECT id FROM folder UNION ALL SELECT id FROM item ORDER BY 1"
    before = await library.rows(tables)
    new = shutil.copytree(root, root.parent / "new disk")  # so that inodes differ too
    if not marked:
        (new / MARKER.decode()).unlink()
    shutil.rmtree(root)

    await change(library, films, await root_of(library, root), path=str(new))
    result = await library.scan(films)

    assert (result["outcome"], result["added"], result["missing"], result["analyses_requested"]) == (
        "completed", 0, 0, 0,
    )  # fmt: skip
    assert await library.rows(tables) == before
    assert {state for _, _, state in await library.films()} == {"present"}


async def test_another_folder_is_not_taken_for_it(library: LibraryBench, tree: WriteTree, tmp_path: Path) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    other = write_tree(tmp_path / "other", {"Holidays/IMG_1.mp4": "x"})
    taken = write_tree(tmp_path / "taken", FILMS)
    await library.add(taken, name="Taken")
    root_id = await root_of(library, root)

    with pytest.raises(InvalidInput, match="is not what"):
        await change(library, films, root_id, path=str(other))
    with pytest.raises(InvalidInput, match="No such file"):
        await change(library, films, root_id, path=str(tmp_path / "nowhere"))
    with pytest.raises(RootsOverlap):
        await change(library, films, root_id, path=str(taken))
    with pytest.raises(RootNotFound):
        await change(library, films, uuid7(), path=str(other))


async def claim(library: LibraryBench, queue: str, kind: type[Any]) -> list[Job[Any]]:
    jobs = await library.driver.job_get_available(queue=queue, client_id="bench", limit=100, kinds=[kind.kind])
    return [Job(job, msgspec.json.decode(job.encoded_args, type=kind)) for job in jobs]


async def test_the_jobs_of_a_root_that_only_some_nodes_see_wait_for_those(
    library: LibraryBench, tmp_path: Path
) -> None:
    """A node that works only the usual queues gets the usual roots: it never takes the other for empty."""
    here = write_tree(tmp_path / "here", FILMS)
    there = write_tree(tmp_path / "there", {"Solaris (1972)/Solaris (1972).mkv": "ccc"})
    films = await library.add(here, there)
    root_id = await root_of(library, there)
    await change(library, films, root_id, has_own_queue=True)
    queue = f"root_{root_id}"
    there.rename(tmp_path / "seen elsewhere")  # as this node sees it

    await library.request(films)
    usual = await library.work_scan()
    there_unseen = await library.files()
    (tmp_path / "seen elsewhere").rename(there)  # as the other node sees it
    (scan,) = await claim(library, queue, ScanLibraryArgs)
    special = (await library.work(scan)).metadata_value()["output"]

    assert [root["path"] for root in usual["roots"]] == [str(here)]
    assert "Solaris (1972)/Solaris (1972).mkv" not in there_unseen
    assert [(root["path"], root["outcome"]) for root in special["roots"]] == [(str(there), "completed")]
    assert len(await claim(library, "default", AnalyzeFileArgs)) == 2
    assert len(await claim(library, queue, AnalyzeFileArgs)) == 1
    assert len(await library.films()) == 3


async def test_offline_it_is_awaited_where_it_is_seen(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    root_id = await root_of(library, root)
    await change(library, films, root_id, has_own_queue=True)
    root.rename(root.parent / "away")

    await library.request(films)
    (scan,) = await claim(library, f"root_{root_id}", ScanLibraryArgs)
    await library.work(scan)

    (waiting,) = await library.jobs(AwaitRootArgs.kind)
    assert waiting["queue"] == f"root_{root_id}"
    assert set((await library.files()).values()) == {"present"}


async def test_folders_are_asked_for_in_the_queue_of_their_root(library: LibraryBench, tmp_path: Path) -> None:
    here, there = write_tree(tmp_path / "here", FILMS), write_tree(tmp_path / "there", {"S (1972)/S (1972).mkv": "c"})
    films = await library.add(here, there)
    await library.scan(films)
    root_id = await root_of(library, there)
    await change(library, films, root_id, has_own_queue=True)
    write_tree(there, {"S (1972)/S (1972) - 2160p.mkv": "dddd"})

    async with library.transactions.begin() as tx:
        await library.service.request_scan(tx, films, paths=[str(there / "S (1972)")])
    (scan,) = await claim(library, f"root_{root_id}", ScanLibraryArgs)
    result = (await library.work(scan)).metadata_value()["output"]

    assert (result["added"], result["folders"]) == (1, 1)
    assert await library.claim(ScanLibraryArgs) == []


async def test_how_roots_are(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    shutil.rmtree(root / "Heat (1995)")
    await library.scan(films)

    async with library.transactions.begin() as tx:
        (status,) = await library.service.roots(tx, films)

    assert (status.present_files, status.missing_files, status.waiting_folders, status.watches) == (1, 1, 0, ())
