"""Files of our own, named by sixty-four digits, in a folder that others may write to. No symbolic link is followed."""

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from typing import NamedTuple

from app.library.containment import opened_folder
from app.library.errors import OutsideRoot

NAME = re.compile(r"[0-9a-f]{64}")
_HALF = re.compile(r"\.[0-9a-f]{64}\.[0-9a-f]{8}")


class Entry(NamedTuple):
    above: bytes
    name: bytes
    status: os.stat_result
    is_half: bool
    """Not whole yet, or never: its writer died."""


def place_of(name: str) -> bytes:
    """Return where a file is, below the folder."""
    if not NAME.fullmatch(name):
        raise ValueError(f"no name of a file of ours: {name!r}")
    return f"{name[:2]}/{name}".encode("ascii")


def put(folder: bytes, name: str, data: bytes, *, is_durable: bool = False) -> None:
    """Write a file beside its place and rename it: nobody sees half of one, also when we die here.

    Args:
        folder: where; made if need be.
        name: sixty-four digits.
        data: what.
        is_durable: whether it must outlast a power cut.

    Raises:
        OSError: the disk is full, or does not let us.
        OutsideRoot: a link stands in the way.
    """
    above, _, leaf = place_of(name).rpartition(b"/")
    os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103  bytes
    with opened_folder(folder, b"") as top, contextlib.suppress(FileExistsError):
        os.mkdir(above, mode=0o700, dir_fd=top)
    half = b".%s.%s" % (leaf, secrets.token_hex(4).encode())
    with opened_folder(folder, above) as inner:
        try:
            file = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=inner)
            with os.fdopen(file, "wb") as stream:
                stream.write(data)
                if is_durable:
                    stream.flush()
                    os.fsync(file)
            os.replace(half, leaf, src_dir_fd=inner, dst_dir_fd=inner)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(half, dir_fd=inner)
            raise


def forget(folder: bytes, above: bytes, name: bytes) -> None:
    """Delete one; another node may be quicker."""
    with contextlib.suppress(OSError, OutsideRoot), opened_folder(folder, above) as inner:
        os.unlink(name, dir_fd=inner)


def entries(folder: bytes) -> Iterator[Entry]:
    """Give what is ours: anything else that somebody put there is left alone."""
    for above in (b"%02x" % number for number in range(256)):
        try:
            with opened_folder(folder, above) as path:
                # What was opened to be walked through may not be listed.
                listed = os.open(b".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=path)
            try:
                names = os.listdir(listed)  # noqa: PTH208  a descriptor
                found = [(name, _status(name, listed)) for name in names]
            finally:
                os.close(listed)
        except (OSError, OutsideRoot):
            continue
        for name, status in found:
            if status is not None and (NAME.fullmatch(name) or _HALF.fullmatch(name)):
                yield Entry(above, os.fsencode(name), status, name.startswith("."))


def _status(name: str, folder: int) -> os.stat_result | None:
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None
