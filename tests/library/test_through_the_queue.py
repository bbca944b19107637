"""The library's jobs as a client really works them: fetched, run at once, completed by themselves or by the queue."""

import asyncio
from datetime import timedelta

from app.jobs.types import JobState
from app.library.jobs import AnalyzeFileArgs, AwaitRootArgs, ScanLibraryArgs
from tests.fixtures.clients import MakeClient
from tests.fixtures.library import LibraryBench
from tests.fixtures.media import Media
from tests.fixtures.tree import WriteTree
from tests.fixtures.waiting import eventually

WORKERS = (ScanLibraryArgs, AnalyzeFileArgs, AwaitRootArgs)


async def test_a_folder_of_real_films_becomes_a_library(
    library: LibraryBench, make_client: MakeClient, tree: WriteTree, media: Media
) -> None:
    film = media.film().read_bytes()
    films = {f"Film {number:02} (1999)/Film {number:02} (1999).mkv": film for number in range(30)}
    library_id = await library.add(tree(films | {"Broken (2000).mkv": b"no film"}))
    client = make_client(*(library._workers[args] for args in WORKERS), queues={"default": 5})
    await client.start()

    await library.request(library_id)
    await eventually(lambda: jobs_left(library))

    jobs = await library.rows("SELECT kind, state, errors FROM river.river_job")
    assert {(job["kind"], job["state"]) for job in jobs} == {
        ("library.scan", "completed"),
        ("library.analyze", "completed"),
    }
    assert len(jobs) == 32
    assert len(await library.rows("SELECT FROM stream WHERE kind = 'video' AND codec = 'h264'")) == 30
    assert len(await library.rows("SELECT FROM file WHERE problem IS NOT NULL")) == 1
    assert {state for _, _, state in await library.films()} == {"present"}
    (scan,) = await library.jobs("library.scan")
    assert scan["metadata"]["output"]["added"] == 31


async def jobs_left(library: LibraryBench) -> bool:
    """Whether there were jobs and all of them are done."""
    states = {row["state"] for row in await library.rows("SELECT state FROM river.river_job")}
    return bool(states) and states <= {"completed", "cancelled", "discarded"}


async def test_a_stop_in_the_middle_of_a_scan_gives_it_back_whole(
    library: LibraryBench, make_client: MakeClient, tree: WriteTree
) -> None:
    """The soft stop is over before the scan is: it is interrupted, available again, and nothing of it is half done."""
    library_id = await library.add(tree({f"Film {n:02} (1999).mkv": "x" for n in range(20)}))
    reached, record = asyncio.Event(), library.scanner._files.record

    async def recording(*args: object) -> None:
        await record(*args)  # type: ignore[arg-type]
        reached.set()
        await asyncio.Event().wait()

    library.scanner._files.record = recording  # type: ignore[method-assign,assignment]
    client = make_client(
        library._workers[ScanLibraryArgs], queues={"default": 1}, soft_stop_timeout=timedelta(milliseconds=10)
    )
    await client.start()
    await library.request(library_id)
    await reached.wait()

    await client.stop()

    (job,) = await library.jobs("library.scan")
    assert (job["state"], job["attempt"]) == (JobState.AVAILABLE, 0)
    library.scanner._files.record = record  # type: ignore[method-assign]
    assert (await library.work_scan())["outcome"] == "completed"
    assert len(await library.files()) == 20
    assert len(await library.jobs("library.analyze")) == 20
