"""What was fetched, under the digest of its content: the same picture for two films is one file.

Files are written before the row that names them, and deleted long after the last such row has gone; so a crash leaves
a file too many, never a row without one.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from uuid import UUID

from app.config import Settings
from app.library.artwork import files
from app.library.kinds import FileState
from app.library.records import FileLocation

NOBODY = UUID(int=0)

GRACE = 86_400
"""Seconds for which a file without a row is kept: the transaction that names it may still be open."""


class ImageStore:
    """Waits for the disk, all but `location`: call it in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._folder = os.fsencode(settings.store / "images")

    def location(self, digest: bytes, size: int) -> FileLocation:
        """Return where it is, or would be."""
        path = files.place_of(digest.hex())
        return FileLocation(
            file_id=NOBODY,
            library_id=NOBODY,
            root=self._folder,
            path=path,
            display_path=f"images/{path.decode()}",
            state=FileState.PRESENT,
            size=size,
            mtime_ns=0,
            container=None,
        )

    def put(self, content: bytes) -> bytes:
        """Keep it; return its digest. What is there already is written again: that says that somebody still wants it.

        Raises:
            OSError, OutsideRoot: the disk does not take it.
        """
        digest = hashlib.sha256(content).digest()
        files.put(self._folder, digest.hex(), content, is_durable=True)
        return digest

    def has(self, digest: bytes) -> bool:
        place = os.path.join(self._folder, files.place_of(digest.hex()))  # noqa: PTH118  bytes
        try:
            os.lstat(place)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # nobody knows, and that is no reason to fetch it again
        return True

    def is_there(self) -> bool:
        """Tell whether there is a store at all: a disk that is away has lost nothing."""
        return os.path.isdir(self._folder)  # noqa: PTH112  bytes

    def old(self) -> Iterator[bytes]:
        """Give the digests of files that are past their grace. Halves of that age are deleted on the way."""
        for entry in files.entries(self._folder):
            if time.time() - entry.status.st_mtime > GRACE:
                if entry.is_half:
                    files.forget(self._folder, entry.above, entry.name)
                else:
                    yield bytes.fromhex(entry.name.decode("ascii"))

    def forget(self, digest: bytes) -> bool:
        """Delete it, unless somebody has put it again meanwhile."""
        above, _, name = files.place_of(digest.hex()).rpartition(b"/")
        place = os.path.join(self._folder, above, name)  # noqa: PTH118  bytes
        try:
            if time.time() - os.lstat(place).st_mtime <= GRACE:
                return False
        except OSError:
            return False
        files.forget(self._folder, above, name)
        return True
