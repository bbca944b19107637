"""Opening a file strictly within its root. Everything of a library that is served or probed comes through here.

A path is walked one name at a time from the root's own descriptor and no symbolic link below the root is followed,
so whoever can write into a library cannot make us read what lies outside it, not even by swapping a folder for a link
between two looks. The root itself may be reached through links: an administrator named it.
The price: a link that would stay inside is refused as well; scans do not record those either.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from app.library.errors import NotAFile, OutsideRoot
from app.library.paths import display_path

_STEP = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LAST = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""O_NONBLOCK: a pipe that took the file's place since we looked must not make us wait for its writer."""


def open_within(root: bytes, path: bytes) -> int:
    """Return a descriptor of the regular file at `path` below `root`, for reading. The caller closes it.

    Raises:
        OutsideRoot: the path leads out, or through a symbolic link.
        NotAFile: a folder, pipe, socket or device is there.
        OSError: as the system says it: gone, not permitted, broken.
    """
    _names(path)
    above, _, name = path.rpartition(b"/")
    with opened_folder(root, above) as folder:
        return _open_file(folder, name, path)


@contextmanager
def opened_folder(root: bytes, path: bytes) -> Iterator[int]:
    """Open the folder at `path` below `root`, however long the path is: the system takes 4,096 bytes at once.

    Raises:
        OutsideRoot: the path leads out, or through a symbolic link.
        OSError: as the system says it.
    """
    folder = os.open(root, _STEP & ~os.O_NOFOLLOW)
    try:
        for name in _names(path) if path else ():
            inner = _step(folder, name, path)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


def _names(path: bytes) -> list[bytes]:
    names = path.split(b"/")
    if b"\0" in path or any(name in (b"", b".", b"..") for name in names):
        raise OutsideRoot(display_path(path))
    return names


def _step(folder: int, name: bytes, path: bytes) -> int:
    try:
        return os.open(name, _STEP, dir_fd=folder)
    except OSError as err:
        # With O_DIRECTORY a link is "not a directory" on Linux and "too many links" elsewhere.
        if err.errno in (errno.ENOTDIR, errno.ELOOP) and _is_link(folder, name):
            raise OutsideRoot(display_path(path)) from err
        raise


def _open_file(folder: int, name: bytes, path: bytes) -> int:
    if _is_link(folder, name):
        raise OutsideRoot(display_path(path))
    # Looking first keeps us from opening a device at all, which may do something by itself.
    _require_regular(os.stat(name, dir_fd=folder, follow_symlinks=False), path)
    try:
        opened = os.open(name, _LAST, dir_fd=folder)
    except OSError as err:
        if err.errno == errno.ELOOP:
            raise OutsideRoot(display_path(path)) from err
        raise
    try:
        _require_regular(os.fstat(opened), path)
    except BaseException:
        os.close(opened)
        raise
    return opened


def _is_link(folder: int, name: bytes) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _require_regular(found: os.stat_result, path: bytes) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise NotAFile(display_path(path))
