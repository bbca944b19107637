"""A file of which only so much is read. On a network disk every byte read is waited, and perhaps paid, for."""

import io
import os
from typing import Any

MAX_READ = 128 * 2**20
"""Bytes of one file in one probe. An honest file takes 1 to 20 MB, however long it is: headers, index, first frames.
What remains is for fonts in a film's header, and for pictures in songs. Without a limit, one film that was only half
downloaded is read from end to end in search of something that is no zero."""

BLOCK = 4_096
MAX_READS = 200_000
"""Calls, to read or to move. A few hundred do for honest files; who walks through zeros in steps of eight bytes is
stopped within a second."""


class CountedFile(io.RawIOBase):
    """Reads a descriptor at a place of its own, without moving the descriptor's; ends early when too much was read.

    An early end is what a demuxer can cope with: it describes what it has seen. An error would lose that too.
    """

    def __init__(self, file: int, allowed: int = MAX_READ, calls: int = MAX_READS) -> None:
        super().__init__()
        self._file = file
        self._at = 0
        self._allowed = allowed
        self._calls = calls
        self._block, self._block_at = b"", 0
        self._size: int | None = None
        self.read_bytes = 0
        self.error: OSError | None = None
        """What the system said when it did not give bytes. Demuxers say the same of bytes that make no sense."""

    @property
    def is_spent(self) -> bool:
        """Whether more was wanted than allowed: what is told of the file may be less than there is."""
        return self.read_bytes >= self._allowed or self._calls <= 0

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

    def size(self) -> int:
        """Return how large it was when this was first asked."""
        if self._size is not None:
            return self._size
        try:
            self._size = os.fstat(self._file).st_size
        except OSError as err:  # a network disk's file that is not there any more
            self.error = err
            raise
        return self._size

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._calls -= 1
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        if base is None:
            base = self.size()
        if base + offset < 0:
            raise OSError(22, "a place before the beginning of a file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def header(self, offset: int, size: int) -> bytes:
        """Read a few bytes there, out of a block that is kept for those that follow: no disk gives less."""
        start = offset - self._block_at
        if not 0 <= start <= len(self._block) - size:
            self._block, self._block_at, start = self.at(offset, BLOCK), offset, 0
        return self._block[start : start + size]

    def at(self, offset: int, size: int) -> bytes:
        """Read there, counted too, without moving: a demuxer that reads the same file must not be lost."""
        left = self._allowed - self.read_bytes if self._calls > 0 else 0
        self._calls -= 1
        try:
            data = os.pread(self._file, left if size < 0 else min(size, left), offset)
        except OSError as err:
            self.error = err
            raise
        self.read_bytes += len(data)
        return data
