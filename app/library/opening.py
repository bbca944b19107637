"""A file of a library held open across awaits: opened in a thread, closed whatever happens."""

import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.library.containment import open_within
from app.library.records import FileLocation
from app.library.threads import in_thread


class _Handover:
    """A descriptor on its way from the thread that opens it. Whoever comes second, giver or leaver, closes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: int | None = None
        self._is_left = False

    def give(self, file: int) -> int:
        with self._lock:
            if self._is_left:
                os.close(file)
            else:
                self._file = file
        return file

    def leave(self) -> None:
        with self._lock:
            self._is_left = True
            if self._file is not None:
                os.close(self._file)
                self._file = None


@asynccontextmanager
async def opened(location: FileLocation) -> AsyncIterator[int]:
    """Open a file strictly within its root, off the loop. Raises what `open_within` raises."""
    handover = _Handover()
    try:
        yield await in_thread(lambda: handover.give(open_within(location.root, location.path)))
    finally:
        handover.leave()
