"""Files that crash, stop, swell or flood whoever reads them. Each costs itself one note, and the next file nothing."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.config import LibrarySettings, ProbeSettings, Settings
from app.jobs.job import Job
from app.library.confined.process import ConfinedProcess, NoAnswer
from app.library.errors import ProbeFailed
from app.library.jobs import AnalyzeFileArgs
from app.library.media import MediaInfo, Problem
from app.library.probing.prober import Prober, _understood, request
from app.library.probing.process import PROBE
from app.observability import Metrics
from tests.fixtures.hostile_prober import BABBLE
from tests.fixtures.library import LibraryBench
from tests.fixtures.media import Media
from tests.fixtures.tree import WriteTree
from tests.fixtures.waiting import eventually

MEMORY = 512 * 2**20
PADDING = 100


@pytest.fixture(autouse=True)
def hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files do what they say, and an answer of a hundred thousand bytes is too long."""
    monkeypatch.setattr("app.library.probing.prober.MAX_ANSWER", BABBLE // 2)
    monkeypatch.setattr("app.library.probing.prober.MODULE", "tests.fixtures.hostile_prober")


@pytest.fixture
async def prober() -> AsyncIterator[Prober]:
    settings = ProbeSettings(processes=2, memory=MEMORY)
    prober = Prober(Settings(library=LibrarySettings(probe=settings)), Metrics())
    await prober.start()
    yield prober
    await prober.stop()
    assert children() == set()


@pytest.fixture
async def one() -> AsyncIterator[Prober]:
    """A single process, already running: what is asked together is asked behind each other."""
    settings = ProbeSettings(processes=1, memory=MEMORY)
    prober = Prober(Settings(library=LibrarySettings(probe=settings)), Metrics())
    await prober.start()
    yield prober
    await prober.stop()
    assert children() == set()


def children() -> set[int]:
    """Return the processes that this one has started, and those that were left to it."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found.update((task / "children").read_text().split())
    return {int(pid) for pid in found if is_prober(pid)}


def is_prober(pid: str) -> bool:
    try:
        return b"hostile_prober" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def in_group(group: int) -> set[int]:
    """Return the living processes of a group."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[2]) == group and words[0] not in "ZX":
            found.add(int(entry.name))
    return found


async def read(prober: Prober, path: Path) -> MediaInfo:
    file = os.open(path, os.O_RDONLY)
    try:
        return await prober.probe(file)
    finally:
        os.close(file)


async def read_bad(prober: Prober, path: Path) -> MediaInfo:
    """Read as `read` does. What hangs has half a second of its own: nobody else's time depends on the machine."""
    if path.stem != "hang":
        return await read(prober, path)
    file = os.open(path, os.O_RDONLY)
    try:
        return _understood(await prober._pool.ask(file, request(PROBE), bytes, 0.5))
    except NoAnswer as err:
        raise ProbeFailed(err.problem, err.detail) from err
    finally:
        os.close(file)


def asking(tmp_path: Path, action: str) -> Path:
    path = tmp_path / f"{action}.mkv"
    path.write_bytes(action.encode() + bytes(PADDING))
    return path


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("crash", (Problem.CRASHED, "SIGSEGV")),
        ("leave", (Problem.CRASHED, "exit status 3")),
        ("babble", (Problem.CRASHED, "nonsense")),
        ("lie", (Problem.CRASHED, "nonsense")),
    ],
)
async def test_what_takes_its_process_along_costs_that_process_only(
    prober: Prober, media: Media, tmp_path: Path, action: str, said: tuple[Problem, str]
) -> None:
    await read(prober, media.film())
    before = children()

    with pytest.raises(ProbeFailed) as failed:
        await read(prober, asking(tmp_path, action))

    assert failed.value.problem == said[0]
    assert said[1] in failed.value.detail
    assert not before & children()
    assert (await read(prober, media.film())).problem is None


FATAL = ("crash", "leave", "babble", "lie", "hang")


@pytest.mark.parametrize("action", FATAL)
async def test_what_waits_behind_a_bad_file_is_described_all_the_same(
    one: Prober, media: Media, tmp_path: Path, action: str
) -> None:
    """The first that is unanswered is to blame; the next was not begun, and another process is asked."""
    await read(one, media.film())

    bad, good, last = await asyncio.gather(
        read_bad(one, asking(tmp_path, action)),
        read(one, media.film()),
        read(one, media.song()),
        return_exceptions=True,
    )

    assert isinstance(bad, ProbeFailed)
    assert isinstance(good, MediaInfo)
    assert isinstance(last, MediaInfo)
    assert (good.problem, last.problem) == (None, None)
    assert good.tags["title"] == "A Film"


@pytest.mark.parametrize("action", FATAL)
async def test_a_bad_file_that_waited_is_blamed_when_its_turn_has_come(
    one: Prober, media: Media, tmp_path: Path, action: str
) -> None:
    await read(one, media.film())

    good, bad, worse, last = await asyncio.gather(
        read(one, media.film()),
        read_bad(one, asking(tmp_path, action)),
        read(one, asking(tmp_path, "leave")),
        read(one, media.song()),
        return_exceptions=True,
    )

    assert isinstance(good, MediaInfo)
    assert isinstance(bad, ProbeFailed)
    assert isinstance(worse, ProbeFailed)
    assert isinstance(last, MediaInfo)
    assert (good.problem, last.problem) == (None, None)
    assert "exit status 3" in worse.detail


async def test_what_does_nothing_for_ever_is_killed(prober: Prober, media: Media, tmp_path: Path) -> None:
    await read(prober, media.film())
    before = children()

    with pytest.raises(ProbeFailed, match=r"0\.5 s") as failed:
        await read_bad(prober, asking(tmp_path, "hang"))

    assert failed.value.problem == Problem.TIMEOUT
    assert not before & children()
    assert (await read(prober, media.film())).problem is None


async def test_what_wants_too_much_memory_is_told_so_and_may_stay(prober: Prober, media: Media, tmp_path: Path) -> None:
    info = await read(prober, asking(tmp_path, "swell"))

    assert info.problem is Problem.MEMORY
    assert (await read(prober, media.film())).problem is None
    assert len(children()) == 1


async def test_what_keeps_the_processor_busy_is_ended_by_the_system(tmp_path: Path) -> None:
    """The clock on the wall is the other limit; here it is far away."""
    process = await ConfinedProcess.spawn("prober", "tests.fixtures.hostile_prober", MEMORY, 0)
    file = os.open(asking(tmp_path, "spin"), os.O_RDONLY)
    try:
        with pytest.raises(NoAnswer, match="processor") as failed:
            await process.ask(file, request(PROBE), 100)
    finally:
        os.close(file)
        await process.end()

    assert failed.value.problem == Problem.TIMEOUT


async def test_nothing_can_be_written(prober: Prober, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "written"
    monkeypatch.setenv("HOSTILE_TARGET", str(target))

    info = await read(prober, asking(tmp_path, "write"))

    assert info.problem is Problem.CORRUPT
    assert "File too large" in (info.detail or "")
    assert target.stat().st_size == 0


async def test_what_a_decoder_started_ends_with_it(prober: Prober, tmp_path: Path) -> None:
    await read(prober, asking(tmp_path, "stay"))
    (group,) = children()
    assert len(in_group(group)) == 2

    await prober.stop()

    await eventually(lambda: not in_group(group))


async def test_bad_files_among_good_ones_stop_nobody(prober: Prober, media: Media, tmp_path: Path) -> None:
    bad = [asking(tmp_path, action) for action in ("crash", "leave", "babble", "lie", "crash", "swell")]
    good = [media.film(), media.song(), media.mp4(), media.avi()]
    paths = [path for pair in zip(bad, good * 2, strict=False) for path in pair]

    answers = await asyncio.gather(*(read(prober, path) for path in paths), return_exceptions=True)

    by_path = list(zip(paths, answers, strict=True))
    assert all(isinstance(answer, ProbeFailed | MediaInfo) for answer in answers)
    assert all(answer.problem is not None for path, answer in by_path if path in bad)
    assert all(isinstance(answer, MediaInfo) and answer.problem is None for path, answer in by_path if path in good)
    assert len(children()) <= 2
    assert len(children()) == len(prober._pool.all)


async def test_each_costs_its_file_one_note_and_no_job_is_stuck(
    library: LibraryBench, tree: WriteTree, media: Media
) -> None:
    """On their last try; what kills its process is tried three times before that is believed."""
    actions = {"crash": "crashed", "leave": "crashed", "babble": "crashed", "swell": "memory"}
    root = tree(
        {
            **{f"{action} (2001).mkv": action.encode() + bytes(PADDING) for action in actions},
            "film (2001).mkv": media.film().read_bytes(),
        }
    )
    await library.scan(await library.add(root))

    await asyncio.gather(*[work_the_last_time(library, job) for job in await library.claim(AnalyzeFileArgs)])

    rows = await library.rows("SELECT display_path, problem FROM file")
    problems = {row["display_path"].partition(" ")[0]: row["problem"] for row in rows}
    assert problems == {**actions, "film": None}
    assert {row["state"] for row in await library.jobs("library.analyze")} == {"completed"}


async def work_the_last_time(library: LibraryBench, job: Job[AnalyzeFileArgs]) -> None:
    await library.connection.execute("UPDATE river.river_job SET attempt = 3 WHERE id = %s", [job.id])
    job.row.attempt = 3
    await library.work(job)
