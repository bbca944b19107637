"""Renditions on disk, up to so many bytes, the longest unused given up first. Nothing here is ever missed.

Several nodes may share the folder: a rendition is written beside its place and renamed into it, so nobody sees half of
one, and whoever writes clears away what is too much. What a power cut left half written does not match its checksum
and is no rendition. No symbolic link below the folder is followed, neither to read nor to write.
"""

import contextlib
import errno
import os
import threading
import time
import zlib
from pathlib import Path
from struct import Struct

import structlog

from app.library.artwork import files
from app.library.artwork.rendering.answers import Made
from app.library.containment import open_within
from app.library.errors import NotAFile, OutsideRoot

log = structlog.get_logger("library.renditions")

_HEAD = Struct(">4sBHHI")
"""Mark, type, width, height, checksum of the content that follows."""
_MARK = b"RVR1"
_TYPES = ("image/webp", "image/avif", "image/jpeg")

USED_STEP = 3_600
"""Seconds. How exactly it is known when a rendition was last used: noting every use would write with every read."""

HALF_AGE = 3_600
"""Seconds after which half a rendition has nobody who still writes it."""

MAX_BYTES = 40 * 2**20

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class RenditionCache:
    """Waits for the disk: call it in a thread."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = os.fsencode(folder)
        self._limit = limit
        self._lock = threading.Lock()
        self._written = limit
        """Bytes since the last clearing. So much at first: what earlier processes left has to be counted once."""
        self._is_told = False

    def read(self, key: str) -> Made | None:
        """Return a rendition and note that it was used."""
        if not self._limit:
            return None
        try:
            file = open_within(self._folder, files.place_of(key))
        except (OSError, OutsideRoot, NotAFile):
            return None
        try:
            status = os.fstat(file)
            data = os.read(file, min(status.st_size, MAX_BYTES))
            if time.time() - status.st_mtime > USED_STEP:
                with contextlib.suppress(OSError):
                    os.utime(file)
        except OSError:
            return None
        finally:
            os.close(file)
        return _decoded(data)

    def write(self, key: str, made: Made) -> bool:
        """Keep a rendition, where the disk lets us; say once when it does not. True: it is time to clear away."""
        if not self._limit or len(made.content) > self._limit:
            return False
        data = _encoded(made)
        try:
            files.put(self._folder, key, data)
        except (OSError, OutsideRoot) as err:
            if not self._is_told:
                self._is_told = True
                full = isinstance(err, OSError) and err.errno in _FULL
                log.warning(
                    "renditions are not kept",
                    folder=os.fsdecode(self._folder),
                    reason="the disk is full" if full else str(err),
                )
            return False
        self._is_told = False
        with self._lock:
            self._written += len(data)
            return self._written > self._limit // 16

    def clear(self) -> int:
        """Give up what is too much, and halves that nobody writes any more. Return how many renditions went."""
        with self._lock:
            self._written = 0
        kept: list[tuple[float, int, bytes, bytes]] = []
        for above, name, status, is_half in files.entries(self._folder):
            if not is_half:
                kept.append((status.st_mtime, max(status.st_size, status.st_blocks * 512), above, name))
            elif time.time() - status.st_mtime > HALF_AGE:
                files.forget(self._folder, above, name)
        total = sum(size for _, size, _, _ in kept)
        if total <= self._limit:
            return 0
        gone = 0
        for _, size, above, name in sorted(kept):
            if total <= self._limit * 0.9:
                break
            files.forget(self._folder, above, name)
            total -= size
            gone += 1
        log.debug("renditions given up", count=gone)
        return gone


def _encoded(made: Made) -> bytes:
    kind = _TYPES.index(made.media_type)
    return _HEAD.pack(_MARK, kind, made.width, made.height, zlib.crc32(made.content)) + made.content


def _decoded(data: bytes) -> Made | None:
    if len(data) <= _HEAD.size:
        return None
    mark, kind, width, height, checksum = _HEAD.unpack_from(data)
    content = data[_HEAD.size :]
    if mark != _MARK or kind >= len(_TYPES) or zlib.crc32(content) != checksum:
        return None
    return Made(content=content, media_type=_TYPES[kind], width=width, height=height)
