"""Files that are there as a whole or not at all, and never take the room that the disk must keep free."""

import contextlib
import errno
import secrets
import shutil
from pathlib import Path

from app.playback.errors import CacheFull, CacheUnavailable

PART = ".part"

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def write_whole(place: Path, content: bytes, keep_free: int) -> None:
    """Write under another name and rename, so whoever finds the file may send it, on whatever node.

    Raises:
        CacheFull: there is no room, and nothing of it was written.
        CacheUnavailable: the disk does not take it, and nothing of it was written.
    """
    folder = place.parent
    part = folder / f"{place.name}.{secrets.token_hex(6)}{PART}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free - len(content) < keep_free:
            raise CacheFull("the disk of the cache has no room to spare; see playback.keep_free")
        part.write_bytes(content)
        part.replace(place)
    except OSError as err:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if err.errno in _NO_ROOM:
            raise CacheFull("the disk of the cache is full; make room, or see playback.cache_size") from err
        reason = err.strerror or type(err).__name__
        raise CacheUnavailable(f"the disk of the cache cannot be written: {reason}") from err
