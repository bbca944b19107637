"""A disk that keeps us waiting: nobody else waits, and every descriptor is given back."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from app.web.disk import AT_HAND, FROM_DISK, Disk, DiskUnavailable
from tests.fixtures.waiting import eventually


@pytest.fixture
async def disk() -> AsyncIterator[Disk]:
    disk = Disk(threads=2)
    yield disk
    disk.close()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film"
    path.write_bytes(os.urandom(2 * FROM_DISK))
    return path


def opener(path: Path) -> int:
    return os.open(path, os.O_RDONLY)


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


class Slow:
    """Lets a thread go on when the test says so. What waits for it does so from when it is held, or later."""

    def __init__(self) -> None:
        self._reached, self._go_on = threading.Event(), threading.Event()

    def hold(self) -> None:
        self._reached.set()
        assert self._go_on.wait(60)

    def let_go(self) -> None:
        self._go_on.set()

    async def held(self) -> None:
        await eventually(self._reached.is_set)

    def lose_patience(self, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
        wait = disk.wait

        async def wait_when_held(future: Future[Any]) -> Any:
            await self.held()
            return await wait(future)

        monkeypatch.setattr(disk, "_patience", 0.05)
        monkeypatch.setattr(disk, "wait", wait_when_held)


async def test_what_is_opened_after_its_asker_has_given_up_is_closed(
    disk: Disk, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread, opened = Slow(), []

    def slow() -> int:
        thread.hold()
        opened.append(opener(film))
        return opened[0]

    thread.lose_patience(disk, monkeypatch)
    with pytest.raises(DiskUnavailable, match="has not answered"):
        await disk.open(slow)
    thread.let_go()

    await eventually(lambda: opened and not is_open(opened[0]))


async def test_what_is_opened_for_somebody_who_was_cancelled_is_closed(film: Path) -> None:
    disk, thread, opened = Disk(), Slow(), []

    def slow() -> int:
        thread.hold()
        opened.append(opener(film))
        return opened[0]

    asking = asyncio.create_task(disk.open(slow))
    await thread.held()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    thread.let_go()

    await eventually(lambda: opened and not is_open(opened[0]))
    disk.close()


async def test_an_opener_that_fails_says_so_and_leaves_nothing(disk: Disk) -> None:
    with pytest.raises(FileNotFoundError):
        await disk.open(lambda: opener(Path("/nowhere")))


async def test_a_file_is_closed_only_after_the_thread_that_reads_it(
    disk: Disk, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed earlier, its number could mean another file by the time the thread reads on."""
    thread, pread = Slow(), os.pread

    def slow(descriptor: int, size: int, offset: int) -> bytes:
        thread.hold()
        return pread(descriptor, size, offset)

    file = await disk.open(lambda: opener(film))
    monkeypatch.setattr("app.web.disk._read_at_hand", lambda *_: bytearray())
    monkeypatch.setattr(os, "pread", slow)
    thread.lose_patience(disk, monkeypatch)
    with pytest.raises(DiskUnavailable):
        await file.read(10, 0)

    file.close()
    file.close()
    assert is_open(file._descriptor)
    thread.let_go()
    await eventually(lambda: not is_open(file._descriptor))


async def test_a_turn_gives_no_more_than_a_piece(disk: Disk, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = film.read_bytes()
    file = await disk.open(lambda: opener(film))
    try:
        assert await file.read(len(content), 5) == content[5 : 5 + AT_HAND]
        assert await file.read(10, len(content) - 4) == content[-4:]
        assert await file.read(10, len(content)) == b""
        monkeypatch.setattr("app.web.disk._NOWAIT", 0)
        assert await file.read(len(content), 5) == content[5 : 5 + FROM_DISK]
    finally:
        file.close()


async def test_a_file_system_that_knows_no_shortcut_is_read_by_a_thread(
    disk: Disk, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "preadv", refuse)
    file = await disk.open(lambda: opener(film))
    try:
        assert await file.read(10, 0) == film.read_bytes()[:10]
    finally:
        file.close()


async def test_a_closed_disk_can_be_used_again(disk: Disk, film: Path) -> None:
    for _ in range(2):
        file = await disk.open(lambda: opener(film))
        file.close()
        disk.close()
        disk.close()
