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
from tests.fixtures.processes import is_alive
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


def is_at_work(prober: Prober) -> bool:
    return any(process._asked for process in prober._pool.all)


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
    await eventually(lambda: is_at_work(prober))
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
    prober._pool._places[0].process = process
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
    await eventually(lambda: is_at_work(prober))

    probing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probing

    assert is_gone(pid)
    assert (await read(prober, media.film())).tags["title"] == "A Film"


async def test_two_files_are_given_to_a_busy_process_and_answered_in_turn(prober: Prober, media: Media) -> None:
    paths = [media.film(), media.song(), media.mp4(), media.avi()] * 5
    alone = [await read(prober, path) for path in paths[:4]]

    together = await asyncio.gather(*(read(prober, path) for path in paths))

    assert together == alone * 5


async def test_what_waits_behind_an_interrupted_probe_is_asked_of_another(media: Media) -> None:
    prober = prober_with(processes=1)
    await read(prober, media.film())
    (pid,) = pids(prober)
    os.kill(pid, signal.SIGSTOP)
    first = asyncio.create_task(read(prober, media.song()))
    second = asyncio.create_task(read(prober, media.film()))
    await eventually(lambda: [len(process._asked) for process in prober._pool.all] == [2])

    first.cancel()

    assert (await second).tags["title"] == "A Film"
    assert first.cancelled()
    assert is_gone(pid)
    await prober.stop()


async def test_an_interrupted_file_that_had_not_been_begun_disturbs_nobody(media: Media) -> None:
    """Its process goes on, and what it says of that file is for nobody."""
    prober = prober_with(processes=1)
    await read(prober, media.film())
    (pid,) = pids(prober)
    os.kill(pid, signal.SIGSTOP)
    first = asyncio.create_task(read(prober, media.film()))
    second = asyncio.create_task(read(prober, media.song()))
    await eventually(lambda: [len(process._asked) for process in prober._pool.all] == [2])
    second.cancel()
    third = asyncio.create_task(read(prober, media.avi()))
    os.kill(pid, signal.SIGCONT)

    assert (await first).tags["title"] == "A Film"
    assert (await third).container == "avi"
    assert second.cancelled()
    assert pids(prober) == {pid}
    await prober.stop()


async def test_stop_ends_what_waits_behind_a_file_too(media: Media) -> None:
    prober = prober_with(processes=1)
    await read(prober, media.film())
    (pid,) = pids(prober)
    os.kill(pid, signal.SIGSTOP)
    probing = [asyncio.create_task(read(prober, media.film())) for _ in range(4)]
    await eventually(lambda: [len(process._asked) for process in prober._pool.all] == [2])

    await prober.stop()

    first, *others = await asyncio.gather(*probing, return_exceptions=True)
    assert isinstance(first, ProbeFailed)
    assert [str(other) for other in others] == ["the prober was stopped"] * 3
    assert is_gone(pid)
    assert pids(prober) == set()


async def test_a_process_that_has_served_enough_is_replaced_between_two_files(media: Media) -> None:
    prober = prober_with(processes=1)
    prober._pool._serves = 3

    answers = await asyncio.gather(*(read(prober, media.film()) for _ in range(7)))
    (process,) = prober._pool.all

    assert all(answer.problem is None for answer in answers)
    assert process.served == 1
    await prober.stop()


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

    await eventually(lambda: (count("self"), count(pid)) == before)


async def test_stop_ends_what_is_in_the_middle_of_a_file(prober: Prober, media: Media) -> None:
    await read(prober, media.film())
    (pid,) = pids(prober)
    os.kill(pid, signal.SIGSTOP)
    probing = asyncio.create_task(read(prober, media.film()))
    await eventually(lambda: is_at_work(prober))

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

    await eventually(lambda: not is_alive(pid))
