"""What the system says has changed → which folders to look into. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from watchfiles import Change

from app.library.paths import parent_of
from app.library.scan.ignore import IGNORE_FILES
from app.library.scan.junk import is_junk


class Concerned(NamedTuple):
    """Folders below the root, empty for the root itself."""

    now: frozenset[bytes]
    """Something came or went."""
    later: frozenset[bytes]
    """Something is being written: worth a look when that is over."""
    ruled: frozenset[bytes]
    """An ignore file has changed: everything below is concerned."""


def folders_concerned(root: bytes, changes: Iterable[tuple[Change, bytes]]) -> Concerned:
    """Say which folders these changes are about. What a scan passes by anyway is nobody's concern."""
    now: set[bytes] = set()
    later: set[bytes] = set()
    ruled: set[bytes] = set()
    prefix = root.rstrip(b"/") + b"/"
    for change, path in changes:
        if path == root:
            now.add(b"")
            continue
        if not path.startswith(prefix):
            continue
        below = path[len(prefix) :]
        *above, name = below.split(b"/")
        if any(is_junk(folder.lower()) for folder in above):
            continue
        if name in IGNORE_FILES:
            ruled.add(parent_of(below))
        elif not is_junk(name.lower()):
            (later if change == Change.modified else now).add(parent_of(below))
    return Concerned(frozenset(now), frozenset(later - now), frozenset(ruled))
