"""One folder as the system lists it, hashed as it comes; what is in it is kept only for whoever will look at it."""

import errno
import os
from hashlib import blake2b
from marshal import dumps
from typing import Any, NamedTuple

from app.library.containment import opened_folder
from app.library.paths import absolute
from app.library.scan.ignore import IGNORE_FILES

Entry = tuple[bytes, int, int, int, int, int]
"""Name, size, mtime_ns, inode, mode and device. Plain numbers: what the system's own answer is made of would be looked
through by the garbage collector again and again, which took three quarters of the time in a folder of 100,000 files."""

_AT_ONCE = 256
"""Entries hashed at once. Few enough to stay in the processor's cache, and to be none of the collector's business."""
_MARSHAL = 2
"""The version of the format that writes equal values equally; later ones also say which objects are the same one."""
_DOT = ord(".")


Listed = tuple[bytes, list[bytes], bool, bool]
"""Of one folder: the digest of the names, sizes, modification times and inodes of what is in it, in the order in which
they were listed; its folders in that order; whether it has rules of its own (`.ignore`); and whether it is bare, with
not even something hidden in it. A plain tuple: one is made for each folder of a walk that changes nothing."""


class Listing(NamedTuple):
    """A folder that somebody will look at."""

    digest: bytes
    folders: list[bytes]
    has_rules: bool
    is_bare: bool
    """These as above."""
    entries: list[Entry]
    """All that is no folder, in the order of the names."""

    def sorted_digest(self) -> bytes:
        """Return the same digest whatever the order of the listing was."""
        return _hash(([entry[:4] for entry in self.entries], sorted(self.folders)))


def read_folder(root: bytes, path: bytes) -> Listing:
    """List one folder and keep what is in it. Raises OSError as `list_folder` does."""
    entries: list[Entry] = []
    listed = list_folder(root, path, entries)
    entries.sort()
    return Listing(*listed, entries)


def list_folder(root: bytes, path: bytes, entries: list[Entry] | None) -> Listed:
    """List one folder, and add what is no folder to `entries` if there are any to be had.

    Raises OSError when any of it cannot be known: half a folder would look like a loss.
    """
    try:
        return list_at(absolute(root, path), entries)
    except OSError as err:
        if err.errno != errno.ENAMETOOLONG:
            raise
    if entries is not None:
        entries.clear()
    with opened_folder(root, path) as folder:
        return list_at(b"/proc/self/fd/%d" % folder, entries)


def list_at(path: bytes, entries: list[Entry] | None) -> Listed:
    """Every line here runs once for each of a million files: a fifth of the system's own time, without `entries`."""
    folders: list[bytes] = []
    part: list[tuple[bytes, int, int, int]] = []
    digests = b""
    has_rules = has_hidden = False
    with os.scandir(path) as listed:
        for entry in listed:
            name = entry.name
            if name[0] == _DOT:
                has_hidden = True
                has_rules |= name in IGNORE_FILES
            elif entry.is_dir(follow_symlinks=False):
                folders.append(name)
            else:
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # deleted since it was listed
                part.append((name, found.st_size, found.st_mtime_ns, found.st_ino))
                if entries is not None:
                    entries.append((*part[-1], found.st_mode, found.st_dev))
                if len(part) == _AT_ONCE:
                    digests += _hash(part)
                    part.clear()
    is_bare = not (digests or part or folders or has_hidden)
    return _hash((digests, part, folders)), folders, has_rules, is_bare


def _hash(of: Any) -> bytes:
    return blake2b(dumps(of, _MARSHAL), digest_size=16).digest()
