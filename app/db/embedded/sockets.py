"""Where the server's socket lies: in the data directory, or in a short directory when that path is too long."""

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from app.db.embedded.cluster import SOCKET
from app.db.embedded.errors import DataDirectoryUnusable

LONGEST = 103 - len(f"/{SOCKET}")
"""Bytes a socket's directory may have: macOS allows 103 for the whole, Linux 107."""


def socket_directory(data: Path, *, uid: int, gid: int, in_data: bool = True) -> Path:
    """Return a directory, 0700 and owned by `uid`, whose path fits a socket's address.

    Other processes need not work it out: postmaster.pid says where the server listens.
    """
    if in_data and usable(data):
        return data
    name = f"revenge-{uid}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
    for place in short_places():
        if usable(place / name) and own(place / name, uid, gid):
            return place / name
    raise DataDirectoryUnusable(
        data,
        f"its path is too long for a socket (at most {LONGEST} bytes) and no directory of {[*map(str, short_places())]}"
        " can be used instead: set data_dir to a shorter path",
    )


def usable(directory: Path) -> bool:
    """Tell whether both sides can name it: short enough, plain text, and no comma, which separates hosts to libpq."""
    try:
        return len(str(directory).encode()) <= LONGEST and "," not in str(directory)
    except UnicodeEncodeError:
        return False


def short_places() -> Iterator[Path]:
    if (runtime := os.environ.get("XDG_RUNTIME_DIR")) and os.geteuid() != 0:
        yield Path(runtime)
    yield Path(tempfile.gettempdir())
    yield Path("/tmp")  # noqa: S108  # what we make in it is 0700 and checked to be ours


def own(directory: Path, uid: int, gid: int) -> bool:
    """Make the directory ours, or tell that somebody else has put something there."""
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        pass
    except OSError:
        return False
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), uid):
        return False
    os.chown(directory, uid, gid)
    directory.chmod(0o700)
    return True


def remove_if_empty(directory: Path) -> None:
    """Remove a directory made for a socket, unless a server of somebody's still listens in it."""
    with contextlib.suppress(OSError):
        directory.rmdir()
