"""Is this root what it was? Asked before a scan believes anything it sees, and again before it believes a loss.

An unmounted disk leaves an empty folder behind, a network disk an error, a wrong mount somebody else's files. None of
them may cost anyone an item. A root is believed when it shows our marker, or enough of what it is known to hold.
"""

import os
from collections.abc import Collection
from uuid import UUID

import structlog

from app.library.paths import absolute

log = structlog.get_logger("library.scan")

MARKER = b".revenge-root"
MARKER_MAX = 64

ENOUGH = 0.1
"""Share of the known names that must be there when no marker is. People reorganise; another disk shares nothing."""


def why_offline(root: bytes, root_id: UUID, known: Collection[bytes]) -> str | None:
    """Return why this root must not be believed now, None if it may be. Blocks for as long as the disk does.

    `known` are the names that lay directly in the root; with none of them any folder that lists is believed.
    """
    try:
        if _is_marked(root, root_id) or not known:
            return None
        names = _names(root)  # a hundred thousand, where everything lies in one folder: only if they are needed
    except OSError as err:
        return err.strerror or type(err).__name__
    found = len(names.intersection(known))
    if found and found >= ENOUGH * len(known):
        return None
    if not names:
        return "the folder is empty, as it is when its disk is not mounted"
    return f"of {len(known)} things known to be in it, {found} are there: another disk may be mounted in its place"


def is_marked(root: bytes, root_id: UUID) -> bool:
    """Whether the root lists and its marker says that it is this one: then nobody need know what lay in it."""
    try:
        return _is_marked(root, root_id)
    except OSError:
        return False


def is_there(root: bytes, root_id: UUID, known: Collection[bytes]) -> bool:
    """Whether the root may be believed now."""
    return why_offline(root, root_id, known) is None


def _is_marked(root: bytes, root_id: UUID) -> bool:
    with os.scandir(root) as entries:
        next(entries, None)
    return read_marker(root) == str(root_id)


def _names(root: bytes) -> set[bytes]:
    with os.scandir(root) as entries:
        return {entry.name for entry in entries}


def read_marker(root: bytes) -> str | None:
    """Return what the marker says; None if there is none that can be read."""
    try:
        marker = os.open(absolute(root, MARKER), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(marker, MARKER_MAX).decode("ascii", "replace").strip()
    except OSError:
        return None
    finally:
        os.close(marker)


def leave_marker(root: bytes, root_id: UUID) -> None:
    """Leave a marker if there is none and we may. Most media are mounted read-only: that is no failure.

    Only for a root that holds media: a marker under the mount point of a disk that is away would vouch for emptiness.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        marker = os.open(absolute(root, MARKER), flags, 0o644)
    except OSError as err:
        log.debug("no marker left", root_id=str(root_id), reason=err.strerror)
        return
    try:
        os.write(marker, f"{root_id}\n".encode())
    except OSError as err:
        log.debug("marker not written", root_id=str(root_id), reason=err.strerror)
    finally:
        os.close(marker)
