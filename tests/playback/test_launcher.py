"""The process that starts FFmpegs: what they find, what they may, and what becomes of them when somebody dies."""

import asyncio
import contextlib
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.playback.errors import TranscodeFailed
from app.playback.ffmpeg.launcher import Launcher, Program, Run
from app.playback.ffmpeg.process import running
from tests.fixtures.clients import until
from tests.fixtures.processes import is_alive, parent_of

MEMORY = 2**30
SHELL = "/bin/sh"
LASTING = (SHELL, "-c", "echo begun; exec sleep 600")


@pytest.fixture
async def launcher() -> AsyncIterator[Launcher]:
    launcher = Launcher()
    yield launcher
    await launcher.stop()


async def begin(launcher: Launcher, *command: str, keep_open: tuple[int, ...] = ()) -> Run:
    return await launcher.launch(command, keep_open=keep_open, nice=0, memory=MEMORY)


async def told_by(launcher: Launcher, *command: str, keep_open: tuple[int, ...] = ()) -> tuple[int, bytes, bytes]:
    run = await begin(launcher, *command, keep_open=keep_open)
    try:
        stdout, stderr = await asyncio.gather(run.stdout.read(), run.stderr.read())
        return await run.wait(), stdout, stderr
    finally:
        await run.end()


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


async def test_it_tells_what_was_written_and_how_it_ended(launcher: Launcher) -> None:
    told = await told_by(launcher, SHELL, "-c", "echo made; echo said >&2; exit 7")
    assert told == (7, b"made\n", b"said\n")
    assert await told_by(launcher, SHELL, "-c", "kill -TERM $$") == (-signal.SIGTERM, b"", b"")


@pytest.mark.parametrize("words", [["a b", "", '"; $(touch x) `id`', "-i", "\n", "ä", "\udcff"]])
async def test_arguments_come_as_they_are(launcher: Launcher, words: list[str]) -> None:
    _, said, _ = await told_by(launcher, sys.executable, "-c", "import sys; print(ascii(sys.argv[1:]))", *words)
    assert said.decode().strip() == ascii(words)


async def test_what_is_no_argument_is_refused(launcher: Launcher) -> None:
    with pytest.raises(ValueError, match="NUL"):
        await begin(launcher, SHELL, "-c", "true\0false")
    with pytest.raises(ValueError, match="bytes"):
        await begin(launcher, SHELL, "x" * 2**20)


async def test_a_program_that_is_not_there_says_so(launcher: Launcher) -> None:
    code, _, said = await told_by(launcher, "/nowhere/ffmpeg")
    assert code == 127
    assert b"No such file" in said


async def test_it_finds_its_files_and_no_others(launcher: Launcher, tmp_path: Path) -> None:
    """Under the numbers that its arguments name, whatever these are."""
    (tmp_path / "film").write_text("a film")
    files = [os.open(tmp_path / "film", os.O_RDONLY) for _ in range(3)]
    other = await begin(launcher, *LASTING)
    try:
        # A list of them has one more: that of the list itself.
        command = f"cat /dev/fd/{files[2]}; cat /dev/fd/{files[0]}; ls /proc/self/fd | wc -l"
        _, said, _ = await told_by(launcher, SHELL, "-c", command, keep_open=(files[2], files[0]))
        assert said.split(b"\n") == [b"a filma film" + str(3 + 2 + 1).encode(), b""]
    finally:
        await other.end()
        for file in files:
            os.close(file)


@pytest.mark.skipif(sys.platform != "linux", reason="read where only Linux has it")
async def test_it_runs_within_its_limits(launcher: Launcher, tmp_path: Path) -> None:
    run = await begin(launcher, *LASTING)
    try:
        await run.stdout.readline()
        limits = Path(f"/proc/{run.pid}/limits").read_text()
        soft_and_hard = {line[:25].strip(): line[25:].split()[:2] for line in limits.splitlines()[1:]}
        assert soft_and_hard["Max address space"] == [str(MEMORY)] * 2
        assert soft_and_hard["Max file size"] == soft_and_hard["Max core file size"] == ["0", "0"]
        assert os.getpgid(run.pid) == run.pid
        assert os.getsid(run.pid) == launcher.pid
    finally:
        await run.end()
    code, _, said = await told_by(launcher, SHELL, "-c", f"echo much > {tmp_path / 'written'}")
    assert (code != 0, said != b"") == (True, True)


async def test_ending_a_run_ends_all_that_it_has_started(launcher: Launcher) -> None:
    run = await begin(launcher, SHELL, "-c", "sleep 600 & echo $!; wait")
    child = int(await run.stdout.readline())
    await run.end()
    assert await run.wait() == -signal.SIGKILL
    assert is_gone(run.pid)
    await until(lambda: not is_alive(child))


async def test_many_begin_at_once(launcher: Launcher) -> None:
    told = await asyncio.gather(*(told_by(launcher, SHELL, "-c", f"echo {number}") for number in range(30)))
    assert told == [(0, f"{number}\n".encode(), b"") for number in range(30)]


async def test_whoever_thinks_better_of_it_leaves_nothing(launcher: Launcher) -> None:
    await told_by(launcher, SHELL, "-c", "true")
    before = descriptors()
    for turns in range(12):
        beginning = asyncio.create_task(begin(launcher, *LASTING))
        for _ in range(turns):
            await asyncio.sleep(0)
        beginning.cancel()
        try:
            run = await beginning
        except asyncio.CancelledError:
            continue
        await run.end()
    starter = launcher.pid
    assert starter is not None
    await until(lambda: not Path(f"/proc/{starter}/task/{starter}/children").read_text())
    await until(lambda: descriptors() == before)


async def test_when_the_starter_is_killed_its_runs_die_and_another_takes_its_place(launcher: Launcher) -> None:
    run = await begin(launcher, *LASTING)
    try:
        await run.stdout.readline()
        starter = parent_of(run.pid)
        assert starter == launcher.pid
        os.kill(starter, signal.SIGKILL)
        assert await run.wait() == -signal.SIGKILL
        await until(lambda: not is_alive(run.pid))
        assert await told_by(launcher, SHELL, "-c", "echo again") == (0, b"again\n", b"")
        assert launcher.pid not in (None, starter)
    finally:
        await run.end()


async def test_a_node_without_descriptors_is_told_so_and_goes_on(launcher: Launcher) -> None:
    """Of its own limit; nothing is left over of what was begun."""
    await told_by(launcher, SHELL, "-c", "true")
    before = descriptors()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (max(int(one.name) for one in Path("/proc/self/fd").iterdir()) + 2, hard)
    )
    full = []
    try:
        with contextlib.suppress(OSError):
            while True:
                full.append(os.open("/dev/null", os.O_RDONLY))
        os.close(full.pop())
        with pytest.raises(TranscodeFailed, match="cannot be started"):
            async with running(Program(SHELL, launcher), []):
                pass
    finally:
        for file in full:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert descriptors() == before
    assert await told_by(launcher, SHELL, "-c", "echo again") == (0, b"again\n", b"")


async def test_stopping_ends_all_runs(launcher: Launcher) -> None:
    run = await begin(launcher, *LASTING)
    await run.stdout.readline()
    await launcher.stop()
    assert await run.wait() == -signal.SIGKILL
    await until(lambda: not is_alive(run.pid))
    await run.end()
    assert launcher.pid is None
