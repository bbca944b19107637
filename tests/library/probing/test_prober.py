"""The processes that probe: what kills them takes nothing else along, and none outlives its prober."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.config import LibrarySettings, ProbeSettings, Settings
from app.library.confined.process import ConfinedProcess, NoAnswer
from app.library.errors import ProbeFailed
from app.library.media import MediaInfo, Problem
from app.library.probing.prober import MODULE, Prober
from app.observability import Metrics
from tests.fixtures.media import Media
from tests.fixtures.waiting import eventually


def prober_with(**values: object) -> Prober:
    return Prober(Settings(library=LibrarySettings(probe=ProbeSettings(**values))), Metrics())


@pytest.fixture
async def prober() -> AsyncIterator[Prober]:
    prober = prober_with(processes=2)
    await prober.start()
    yield prober
    await prober.stop()
    assert prober._pool.all == set()


async def read(prober: Prober, path: Path) -> MediaInfo:
    file = os.open(path, os.O_RDONLY)
    try:
        return await prober.probe(file)
    finally:
        os.close(file)


def pids(prober: Prober) -> set[int]:
    return {process.pid for process in prober._pool.all}


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


async def test_nothing_runs_before_the_first_file(prober: Prober, media: Media) -> None:
    assert pids(prober) == set()

    assert (await read(prober, media.film())).problem is None

    assert len(pids(prober)) == 1


async def test_processes_are_kept_and_never_more_than_asked_for(prober: Prober, media: Media) -> None:
    await asyncio.gather(*(read(prober, media.film()) for _ in range(20)))
    running = pids(prober)

    await read(prober, media.film())

    assert 1 <= len(running) <= 2
    assert pids(prober) == running


async def test_a_process_that_dies_is_told_and_replaced(prober: Prober, media: Media) -> None:
    await read(prober, media.film())
    (pid,) = pids(prober)
    os.kill(pid, signal.SIGSTOP)
    probing = asyncio.create_task(read(prober, media.film()))
    await eventually(lambda: not prober._pool.idle)
    os.kill(pid, signal.SIGSEGV)
    os.kill(pid, signal.SIGCONT)

    with pytest.raises(ProbeFailed, match="SIGSEGV") as failed:
        await probing

    assert failed.value.problem == Problem.CRASHED
    assert (await read(prober, media.film())).problem is None
    assert pid not in pids(prober)


async def test_a_process_that_died_idle_is_replaced_unseen(prober: Prober, media: Media) -> None:
    await read(prober, media.film())
    (process,) = prober._pool.all
    os.kill(process.pid, signal.SIGKILL)
    await process._process.wait()

    assert (await read(prober, media.film())).problem is None
    assert process not in prober._pool.all


async def test_a_probe_that_takes_too_long_is_killed(media: Media) -> None:
    prober = prober_with(processes=1, timeout=timedelta(milliseconds=300))
    process = await ConfinedProcess.spawn("prober", MODULE, 2**30, 60)
    prober._pool.all.add(process)
    prober._pool.idle.append(process)
    os.kill(process.pid, signal.SIGSTOP)

    with pytest.raises(ProbeFailed) as failed:
        await read(prober, media.film())

    assert failed.value.problem == Problem.TIMEOUT
    assert is_gone(process.pid)
    await prober.stop()


async def test_an_interrupted_probe_never_answers_the_next_file(prober: Prober, media: Media) -> None:
    await read(prober, media.film())
    (pid,) = pids(prober)
    os.kill(pid, signal.SIGSTOP)
    probing = asyncio.create_task(read(prober, media.song()))
    await eventually(lambda: not prober._pool.idle)

    probing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probing

    assert is_gone(pid)
    assert (await read(prober, media.film())).tags["title"] == "A Film"


async def test_memory_is_limited(media: Media) -> None:
    """A limit below what the libraries themselves take: the process cannot even begin, and says so by dying."""
    with pytest.raises((EOFError, ConnectionError, NoAnswer)):
        process = await ConfinedProcess.spawn("prober", MODULE, 16 * 2**20, 60)
        await process.end()


async def test_limits_are_in_force(prober: Prober, media: Media) -> None:
    await read(prober, media.film())
    (pid,) = pids(prober)

    limits = Path(f"/proc/{pid}/limits").read_text()

    rows = {line[:25].strip(): line[25:].split()[:2] for line in limits.splitlines()}
    assert rows["Max address space"] == [str(2**30)] * 2
    assert rows["Max file size"] == ["0", "0"]
    assert rows["Max core file size"] == ["0", "0"]
    assert rows["Max open files"] == ["32", "32"]
    assert rows["Max cpu time"][0].isdigit()
    assert os.getsid(pid) == pid != os.getsid(0)


async def test_no_descriptor_leaks_on_either_side(prober: Prober, media: Media) -> None:
    def count(pid: int | str) -> int:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())

    await read(prober, media.film())
    (pid,) = pids(prober)
    before = count("self"), count(pid)

    for _ in range(40):
        await read(prober, media.film())

    assert (count("self"), count(pid)) == before


async def test_stop_ends_what_is_in_the_middle_of_a_file(prober: Prober, media: Media) -> None:
    await read(prober, media.film())
    (pid,) = pids(prober)
    os.kill(pid, signal.SIGSTOP)
    probing = asyncio.create_task(read(prober, media.film()))
    await eventually(lambda: not prober._pool.idle)

    await prober.stop()

    with pytest.raises(ProbeFailed):
        await probing
    assert is_gone(pid)


async def test_start_and_stop_may_come_in_any_order(prober: Prober, media: Media) -> None:
    await prober.stop()
    await prober.stop()
    with pytest.raises(RuntimeError, match="stopped"):
        await read(prober, media.film())
    await prober.start()
    await prober.start()

    assert (await read(prober, media.film())).problem is None


PARENT = """
import asyncio, os, sys
from app.config import Settings
from app.library.probing.prober import Prober
from app.observability import Metrics

async def main():
    prober = Prober(Settings(), Metrics())
    await prober.start()
    await prober.probe(os.open(sys.argv[1], os.O_RDONLY))
    (process,) = prober._pool.all
    print(process.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_process_dies_with_whoever_made_it(media: Media) -> None:
    """Killed outright, so that nothing of ours could clean up; the child sits in its own session all the while."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, media.film(), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert parent.stdout is not None
        while not (line := await parent.stdout.readline()).strip().isdigit():
            assert line, "it ended before it had a child"
        pid = int(line)
        os.kill(pid, signal.SIGSTOP)  # even one that cannot hear its socket close
    finally:
        parent.kill()
        await parent.communicate()

    await eventually(lambda: is_gone(pid) or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z")
