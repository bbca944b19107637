"""Opening a file of a library, and telling a file that is gone from a disk that is away.

The first is 404 and a scan will say missing; the second is 503, so that a player tries again instead of dropping the
film from its list.
"""

import errno
import os
from functools import partial

from app.errors import NotFound
from app.library.containment import open_within
from app.library.naming import decoded
from app.library.records import FileLocation
from app.web.disk import DiskUnavailable
from app.web.media_bytes import MediaBytes, MediaResponse

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})


class FileVanished(NotFound):
    """The file is known and not on its disk any more, which is there."""

    code = "file_missing"


def stream(media: MediaBytes, location: FileLocation) -> MediaResponse:
    """Return the file's bytes as an answer. The name is the one on disk, as text."""
    name = decoded(location.path.rpartition(b"/")[2])
    return media.response(partial(open_media, location), name)


def open_media(location: FileLocation) -> int:
    """Open strictly within the root. Waits for the disk: call it in a thread.

    Raises:
        FileVanished: the root is there and the file is not.
        DiskUnavailable: the root is away, or the system does not let us read.
        OutsideRoot, NotAFile: something else stands in the file's place.
    """
    try:
        return open_within(location.root, location.path)
    except OSError as err:
        if err.errno in _GONE and _is_online(location.root):
            raise FileVanished("file on disk", location.display_path) from err
        reason = os.strerror(err.errno or errno.EIO).lower()
        raise DiskUnavailable(
            f"{location.display_path} cannot be read: {reason}; check that its disk is mounted and readable"
        ) from err


def _is_online(root: bytes) -> bool:
    """Tell a root that is there from one that is not. An empty folder is where a disk used to be mounted."""
    try:
        with os.scandir(root) as entries:
            return any(True for _ in entries)
    except OSError:
        return False
