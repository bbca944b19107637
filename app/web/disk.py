"""Reading a file without ever making the event loop wait for a disk.

Bytes that the kernel has at hand are read at once (`RWF_NOWAIT`), without a thread's turn; for others a thread of a
small pool of our own waits, never one that a password or a lookup needs. A disk that says nothing for `PATIENCE`
costs its reader the connection and the pool one thread until the kernel gives up.
"""

import asyncio
import errno
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from app.errors import Unavailable

T = TypeVar("T")

THREADS = 8
"""Readers that may wait for disks at once; each holds a thread for one chunk only. Not studied further."""

PATIENCE = 30.0
"""Seconds. A sleeping disk spins up in 10 to 15; a network file system that is gone takes minutes or for ever."""

AT_HAND = 256 * 1024
"""Bytes read at once from the kernel's memory. Over loopback 256 KiB gave 3.0 GB/s, 1 MiB 2.4, 1 MiB by a thread 2.0:
the smaller piece stays in the processor's cache, and a reader who stalls holds less."""

FROM_DISK = 1024 * 1024
"""Bytes a thread reads in one turn."""

_NOWAIT = getattr(os, "RWF_NOWAIT", 0)

_NOT_AT_HAND = frozenset({errno.EAGAIN, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS})
"""What `RWF_NOWAIT` says for bytes that are not cached, and on file systems that do not know the flag."""


class DiskUnavailable(Unavailable):
    """A file is known and its disk does not give it: offline, not permitted, broken, or silent for too long."""

    code = "disk_unavailable"


class Disk:
    """The threads that wait for files. They start with the first read; `close` lets them go without waiting."""

    def __init__(self, threads: int = THREADS, patience: float = PATIENCE) -> None:
        self._count = threads
        self._patience = patience
        self._executor: ThreadPoolExecutor | None = None

    @property
    def _threads(self) -> ThreadPoolExecutor:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._count, thread_name_prefix="disk")
        return self._executor

    async def open(self, opener: Callable[[], int]) -> "OpenFile":
        """Open what `opener` returns a descriptor for, and look at it. Whoever holds the result must close it.

        Raises:
            DiskUnavailable: the disk did not answer.
            AppError: whatever `opener` raises.
        """
        opening = self._threads.submit(_open, opener)
        try:
            descriptor, status = await self.wait(opening)
        except BaseException:
            opening.add_done_callback(_close_unclaimed)
            raise
        return OpenFile(self, descriptor, status)

    def pread(self, descriptor: int, size: int, offset: int) -> Future[bytes]:
        return self._threads.submit(os.pread, descriptor, size, offset)

    async def wait(self, future: Future[T]) -> T:
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.wrap_future(future)
        except TimeoutError as err:
            raise DiskUnavailable(f"the disk has not answered for {self._patience:g} s; is it still there?") from err

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None


class OpenFile:
    """An open file and what it was when opened. Closing twice is closing once."""

    def __init__(self, disk: Disk, descriptor: int, status: os.stat_result) -> None:
        self._disk = disk
        self._descriptor = descriptor
        self._reading: Future[bytes] | None = None
        self._closed = False
        self.status = status

    @property
    def size(self) -> int:
        return self.status.st_size

    def fileno(self) -> int:
        """Return the descriptor, for somebody who uses it no longer than this is open."""
        return self._descriptor

    async def read(self, size: int, offset: int) -> bytes | bytearray:
        """Return up to `size` bytes: as many as one turn gives, none where the file ends.

        Raises:
            OSError: the disk failed.
            DiskUnavailable: it did not answer.
        """
        if at_hand := _read_at_hand(self._descriptor, min(size, AT_HAND), offset):
            return at_hand
        self._reading = self._disk.pread(self._descriptor, min(size, FROM_DISK), offset)
        return await self._disk.wait(self._reading)

    def close(self) -> None:
        """Close, but never under a thread that still reads: its descriptor's number would mean another file."""
        if self._closed:
            return
        self._closed = True
        if self._reading is None:
            os.close(self._descriptor)
        else:
            self._reading.add_done_callback(lambda _: os.close(self._descriptor))


def _read_at_hand(descriptor: int, size: int, offset: int) -> bytearray:
    """Return what needs no waiting; nothing at the end of the file, or when the disk must be asked."""
    if not _NOWAIT:
        return bytearray()
    buffer = bytearray(size)
    try:
        count = os.preadv(descriptor, [buffer], offset, _NOWAIT)
    except OSError as err:
        if err.errno in _NOT_AT_HAND:
            return bytearray()
        raise
    del buffer[count:]
    return buffer


def _open(opener: Callable[[], int]) -> tuple[int, os.stat_result]:
    descriptor = opener()
    try:
        return descriptor, os.fstat(descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def _close_unclaimed(opening: Future[tuple[int, os.stat_result]]) -> None:
    """Close what a thread opened after its asker had gone."""
    if not opening.cancelled() and opening.exception() is None:
        os.close(opening.result()[0])
