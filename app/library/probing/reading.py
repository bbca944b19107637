"""A file of which only so much is read. On a network disk every byte read is waited, and perhaps paid, for."""

import io
import os
from typing import Any

MAX_READ = 256 * 2**20
"""Bytes of one file in one probe. An honest file takes 1 to 20 MB, however long it is: headers, index, first frames.
What remains is for fonts in a film's header, and for pictures in songs. Without a limit, one broken index makes a
demuxer read a disk of films from end to end."""


class CountedFile(io.RawIOBase):
    """Reads a descriptor at a place of its own, without moving the descriptor's; ends early when too much was read.

    An early end is what a demuxer can cope with: it describes what it has seen. An error would lose that too.
    """

    def __init__(self, file: int, allowed: int = MAX_READ) -> None:
        super().__init__()
        self._file = file
        self._at = 0
        self._allowed = allowed
        self.read_bytes = 0

    @property
    def is_spent(self) -> bool:
        """Whether more was wanted than allowed: what is told of the file may be less than there is."""
        return self.read_bytes >= self._allowed

    def fileno(self) -> int:
        return self._file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self.at(self._at, size)
        self._at += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        if base is None:
            base = os.fstat(self._file).st_size
        if base + offset < 0:
            raise OSError(22, "a place before the beginning of a file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def at(self, offset: int, size: int) -> bytes:
        """Read there, counted too, without moving: a demuxer that reads the same file must not be lost."""
        left = self._allowed - self.read_bytes
        data = os.pread(self._file, left if size < 0 else min(size, left), offset)
        self.read_bytes += len(data)
        return data
