"""One file's analysis: whatever the file is or does, its job ends and what is known is kept."""

import asyncio
import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from app.jobs.errors import JobNotRunning, JobSnooze
from app.jobs.job import Job
from app.library.errors import ProbeFailed
from app.library.jobs import AnalyzeFileArgs
from app.library.media import MediaInfo, Problem
from app.library.repository import probes as kept
from tests.fixtures.library import LibraryBench
from tests.fixtures.media import Media
from tests.fixtures.tree import WriteTree


@pytest.fixture
async def job(library: LibraryBench, tree: WriteTree, media: Media) -> Job[AnalyzeFileArgs]:
    """The analysis of `Film (2001)/film.mkv`, claimed."""
    root = tree({"Film (2001)/film.mkv": media.everything().read_bytes()})
    await library.scan(await library.add(root))
    (job,) = await library.claim(AnalyzeFileArgs)
    return job


def film_of(tmp_path: Path) -> Path:
    return tmp_path / "media" / "Film (2001)" / "film.mkv"


async def file_row(library: LibraryBench) -> dict[str, Any]:
    (row,) = await library.rows("SELECT * FROM file")
    return row


def answer(library: LibraryBench, monkeypatch: pytest.MonkeyPatch, *answers: Any) -> list[int]:
    """Let the prober say this, one after the other; returns a list that grows with every probe."""
    probes: list[int] = []

    async def probe(file: int) -> MediaInfo:
        probes.append(file)
        said = answers[min(len(probes), len(answers)) - 1]
        if isinstance(said, BaseException):
            raise said
        if callable(said):
            said = await said()
        assert isinstance(said, MediaInfo)
        return said

    monkeypatch.setattr(library.prober, "probe", probe)
    return probes


async def test_what_a_film_is_made_of_is_kept(library: LibraryBench, job: Job[AnalyzeFileArgs]) -> None:
    library.listener.changed.clear()

    row = await library.work(job)

    assert row.state == "completed"
    file = await file_row(library)
    assert (file["container"], file["problem"]) == ("matroska,webm", None)
    assert (file["probed_size"], file["probed_mtime_ns"]) == (file["size"], file["mtime_ns"])
    streams = await library.rows("SELECT index, kind, codec, language FROM stream ORDER BY index")
    assert [tuple(stream.values()) for stream in streams][:4] == [
        (0, "video", "h264", None),
        (1, "audio", "aac", "eng"),
        (2, "audio", "ac3", "deu"),
        (3, "subtitle", "subrip", "fra"),
    ]
    assert [chapter["title"] for chapter in await library.rows("SELECT title FROM chapter ORDER BY index")] == [
        "The Beginning",
        "The End",
    ]
    (item,) = await library.rows("SELECT id FROM item")
    assert library.listener.changed == [item["id"]]


async def test_light_tags_and_pictures_survive_the_way_into_the_tables(
    library: LibraryBench, tree: WriteTree, media: Media
) -> None:
    root = tree({"tv/hdr.mkv": media.hdr10().read_bytes(), "music/song.flac": media.song().read_bytes()})
    await library.scan(await library.add(root / "tv"))
    await library.scan(await library.add(root / "music", name="Music", kind="music"))

    await library.analyze()

    (hdr,) = await library.rows("SELECT hdr, hdr_metadata FROM stream WHERE kind = 'video'")
    assert (hdr["hdr"], hdr["hdr_metadata"]["max_luminance"]) == ("hdr10", 1000)
    (song,) = await library.rows("SELECT tags, pictures FROM file WHERE kind = 'audio'")
    assert song["tags"]["title"] == "A Song"
    assert (song["pictures"][0]["codec"], song["pictures"][0]["width"]) == ("png", 64)


async def test_what_a_songs_tags_say_is_kept_and_told_in_the_same_transaction(
    library: LibraryBench, tree: WriteTree, media: Media
) -> None:
    root = tree(
        {"music/song.flac": media.song().read_bytes(), "music/other.flac": media.song().read_bytes() + bytes(9)}
    )
    await library.scan(await library.add(root / "music", name="Music", kind="music"))

    await library.analyze()

    files = [row["id"] for row in await library.rows("SELECT id FROM file ORDER BY id")]
    assert sorted(library.listener.analyzed) == files
    async with library.transactions.begin() as tx:
        tags = await kept.music_tags(tx, files)
        assert await kept.keyframes(tx, files[0]) is None
    assert sorted(tags) == files
    assert (tags[files[0]].title, tags[files[0]].artist, tags[files[0]].track_total) == ("A Song", "Somebody", 12)


async def test_keyframes_are_kept_until_the_content_changes(
    library: LibraryBench, job: Job[AnalyzeFileArgs], media: Media, tree: WriteTree
) -> None:
    await library.work(job)
    async with library.transactions.begin() as tx:
        stream, times, _ = await kept.keyframes(tx, job.args.file_id) or (None, [], None)
    assert (stream, times) == (0, [0, 1_000])
    assert library.listener.analyzed == [job.args.file_id]

    tree({"Film (2001)/film.mkv": b"no film any more"})
    (films,) = await library.rows("SELECT id FROM library")
    await library.scan(films["id"])
    await library.analyze()

    assert await library.rows("SELECT * FROM keyframes") == []
    assert (await file_row(library))["music_tags"] is None


async def test_two_nodes_at_once_keep_one_result(
    library: LibraryBench, job: Job[AnalyzeFileArgs], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that was only slow is taken for dead, and another works its job too: both finish the probe."""
    both = asyncio.Barrier(2)
    real = library.prober.probe

    async def probe(file: int) -> MediaInfo:
        info = await real(file)
        await both.wait()
        return info

    async def complete(_: Any) -> None:
        return None

    monkeypatch.setattr(library.prober, "probe", probe)
    await asyncio.gather(*(library.analyzer.analyze(job.args.file_id, 1, complete) for _ in range(2)))

    assert library.listener.analyzed == [job.args.file_id]
    assert len(await library.rows("SELECT FROM keyframes")) == 1
    assert len(await library.rows("SELECT FROM stream")) == 5


async def test_a_node_that_dies_between_probe_and_transaction_costs_one_probe(
    library: LibraryBench, job: Job[AnalyzeFileArgs], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then never again: what was probed and that it was is one transaction."""
    probes: list[int] = []
    real = library.prober.probe

    async def probe(file: int) -> MediaInfo:
        probes.append(file)
        return await real(file)

    async def die(_: Any) -> None:
        raise ConnectionResetError

    async def complete(_: Any) -> None:
        return None

    monkeypatch.setattr(library.prober, "probe", probe)
    with pytest.raises(ConnectionResetError):
        await library.analyzer.analyze(job.args.file_id, 1, die)
    assert (await file_row(library))["probed_at"] is None
    for _ in range(3):
        await library.analyzer.analyze(job.args.file_id, 1, complete)

    assert len(probes) == 2
    assert (await file_row(library))["container"] == "matroska,webm"


async def test_the_same_content_is_never_probed_again(
    library: LibraryBench, job: Job[AnalyzeFileArgs], monkeypatch: pytest.MonkeyPatch
) -> None:
    await library.work(job)
    await library.connection.execute("DELETE FROM river.river_job")
    (films,) = await library.rows("SELECT id FROM library")
    before = await library.raw_rows()
    probes = answer(library, monkeypatch, MediaInfo())

    result = await library.scan(films["id"], full=True)
    async with library.transactions.begin() as tx:
        await library.scanner._inserter.insert_tx(tx.connection, job.args)
    rows = await library.analyze()

    assert result["analyses_requested"] == 0
    assert [row.state for row in rows] == ["completed"]
    assert probes == []
    assert await library.raw_rows() == before


async def test_another_prober_probes_again_with_the_next_full_scan(
    library: LibraryBench, job: Job[AnalyzeFileArgs], monkeypatch: pytest.MonkeyPatch
) -> None:
    await library.work(job)
    await library.connection.execute("DELETE FROM river.river_job")
    (films,) = await library.rows("SELECT id FROM library")
    for name, module in list(sys.modules.items()):
        if name.startswith("app.library.") and hasattr(module, "PROBER_VERSION"):
            monkeypatch.setattr(module, "PROBER_VERSION", 9_999)

    result = await library.scan(films["id"], full=True)
    await library.analyze()

    assert result["analyses_requested"] == 1
    assert (await file_row(library))["prober_version"] == 9_999
    assert len(await library.rows("SELECT FROM stream")) >= 4


@pytest.mark.parametrize("content", [b"", b"no film", bytes(5000)])
async def test_a_corrupt_file_is_a_result(library: LibraryBench, tree: WriteTree, content: bytes) -> None:
    films = await library.add(tree({"Film (2001).mkv": content}))
    await library.scan(films)

    (row,) = await library.analyze()

    assert (row.state, row.errors) == ("completed", [])
    file = await file_row(library)
    assert file["problem"] in ("corrupt", "unsupported")
    assert file["problem_detail"]
    assert await library.films() == [("Film", 2001, "present")]
    before = await library.raw_rows()
    await library.scan(films, full=True)
    assert await library.raw_rows() == before
    assert len(await library.jobs("library.analyze")) == 1


async def test_a_mended_file_loses_its_problem(library: LibraryBench, tree: WriteTree, media: Media) -> None:
    films = await library.add(tree({"Film (2001).mkv": b"no film"}))
    await library.scan(films)
    await library.analyze()
    tree({"Film (2001).mkv": media.film().read_bytes()})

    await library.scan(films)
    await library.analyze()

    file = await file_row(library)
    assert (file["problem"], file["problem_detail"], file["container"]) == (None, None, "matroska,webm")


async def test_what_kills_its_prober_is_tried_thrice_and_recorded(
    library: LibraryBench, job: Job[AnalyzeFileArgs], monkeypatch: pytest.MonkeyPatch
) -> None:
    probes = answer(library, monkeypatch, ProbeFailed(Problem.CRASHED, "its prober ended with SIGSEGV"))

    for attempt in (1, 2):
        job.row.attempt = attempt
        with pytest.raises(ProbeFailed):
            await library.work(job)
    await library.connection.execute("UPDATE river.river_job SET attempt = 3 WHERE id = %s", [job.id])
    job.row.attempt = 3
    row = await library.work(job)

    assert (row.state, len(probes)) == ("completed", 3)
    file = await file_row(library)
    assert (file["problem"], file["problem_detail"]) == ("crashed", "its prober ended with SIGSEGV")
    assert file["probed_size"] == file["size"]


async def test_what_the_system_does_not_give_is_asked_for_again_by_a_full_scan(
    library: LibraryBench, job: Job[AnalyzeFileArgs], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(library, monkeypatch, MediaInfo(problem=Problem.UNREADABLE, detail="Input/output error"))
    with pytest.raises(ProbeFailed, match="Input/output error"):
        await library.work(job)
    await library.connection.execute("UPDATE river.river_job SET attempt = 3 WHERE id = %s", [job.id])
    job.row.attempt = 3

    row = await library.work(job)

    assert row.state == "completed"
    assert (await file_row(library))["problem"] == "unreadable"
    (films,) = await library.rows("SELECT id FROM library")
    assert (await library.scan(films["id"]))["analyses_requested"] == 0
    assert (await library.scan(films["id"], full=True))["analyses_requested"] == 1


async def test_a_file_that_vanished_is_left_to_the_next_scan(
    library: LibraryBench, job: Job[AnalyzeFileArgs], tmp_path: Path
) -> None:
    """It comes back before any scan noticed, unchanged: without a mark nobody would ever look at it again."""
    film = film_of(tmp_path)
    aside = tmp_path / "aside.mkv"
    film.rename(aside)

    row = await library.work(job)
    aside.rename(film)
    (films,) = await library.rows("SELECT id FROM library")
    result = await library.scan(films["id"])

    assert row.state == "completed"
    assert (result["missing"], result["returned"], result["analyses_requested"]) == (0, 0, 1)


@pytest.mark.parametrize("emptied", [True, False])
async def test_while_the_root_is_away_the_job_waits(
    library: LibraryBench, job: Job[AnalyzeFileArgs], tmp_path: Path, emptied: bool
) -> None:
    root = tmp_path / "media"
    root.rename(tmp_path / "aside")
    if emptied:
        root.mkdir()
    before = await library.raw_rows()

    with pytest.raises(JobSnooze):
        await library.work(job)

    assert await library.raw_rows() == before


async def test_a_file_that_grows_is_waited_for(
    library: LibraryBench, job: Job[AnalyzeFileArgs], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def while_it_is_written() -> MediaInfo:
        with film_of(tmp_path).open("ab") as file:
            file.write(b"more")
        return MediaInfo(container="x")

    answer(library, monkeypatch, while_it_is_written)

    with pytest.raises(JobSnooze):
        await library.work(job)

    assert (await file_row(library))["probed_at"] is None


async def test_content_that_a_scan_recorded_meanwhile_is_probed_instead(
    library: LibraryBench, job: Job[AnalyzeFileArgs], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def while_a_scan_passes() -> MediaInfo:
        await library.connection.execute("UPDATE file SET size = size + 1")
        return MediaInfo(container="x")

    answer(library, monkeypatch, while_a_scan_passes)

    with pytest.raises(JobSnooze):
        await library.work(job)

    assert (await file_row(library))["probed_at"] is None


async def test_a_link_in_the_files_place_is_not_followed(
    library: LibraryBench, job: Job[AnalyzeFileArgs], tmp_path: Path, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = film_of(tmp_path)
    film.unlink()
    film.symlink_to(media.film())
    probes = answer(library, monkeypatch, MediaInfo())

    row = await library.work(job)

    assert (row.state, probes) == ("completed", [])
    assert (await file_row(library))["problem"] == "unreadable"


async def test_a_pipe_in_the_files_place_is_not_waited_for(
    library: LibraryBench, job: Job[AnalyzeFileArgs], tmp_path: Path
) -> None:
    film_of(tmp_path).unlink()
    os.mkfifo(film_of(tmp_path))

    assert (await library.work(job)).state == "completed"
    assert (await file_row(library))["problem"] == "unreadable"


async def test_a_library_deleted_meanwhile_is_no_failure(
    library: LibraryBench, job: Job[AnalyzeFileArgs], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def while_it_is_deleted() -> MediaInfo:
        await library.connection.execute("DELETE FROM library")
        return MediaInfo(container="x")

    answer(library, monkeypatch, while_it_is_deleted)

    assert (await library.work(job)).state == "completed"


async def test_a_job_that_was_rescued_meanwhile_keeps_nothing(
    library: LibraryBench, job: Job[AnalyzeFileArgs], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result and the end of its job are one transaction: who lost the job does not write either."""

    async def while_it_is_rescued() -> MediaInfo:
        await library.abandon_running()
        return MediaInfo(container="x")

    answer(library, monkeypatch, while_it_is_rescued)

    with pytest.raises(JobNotRunning):
        await library.work(job)

    assert (await file_row(library))["container"] is None


async def test_no_descriptor_is_left_open(library: LibraryBench, job: Job[AnalyzeFileArgs], tmp_path: Path) -> None:
    def left_open() -> list[str]:
        """All but sockets: how many connections a pool holds is its own affair."""
        there = []
        for one in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # that of this very listing
                there.append(str(one.readlink()))
        return sorted(one for one in there if not one.startswith("socket:"))

    await library.work(job)
    before = left_open()
    await library.connection.execute("UPDATE file SET probed_at = NULL, probed_size = NULL")
    for _ in range(10):
        await library.connection.execute("UPDATE river.river_job SET state = 'running', finalized_at = NULL")
        await library.connection.execute("UPDATE file SET probed_size = NULL")
        await library.work(job)

    assert left_open() == before
    shutil.rmtree(tmp_path / "media")
