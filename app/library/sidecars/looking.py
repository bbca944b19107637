"""Looking into a side file: a picture's first bytes, a whole NFO, a VobSub's index. Blocking; call it in a thread.

Opened strictly within its root, read no further than it may be long. What cannot be read is a result, unless the disk
is away: then nothing is known.
"""

import os
from dataclasses import dataclass

from app.library.artwork.headers import HEAD_BYTES, Picture, picture_of
from app.library.containment import open_within
from app.library.errors import NotAFile, OutsideRoot
from app.library.formats import extension_of
from app.library.kinds import SideFileKind
from app.library.nfo import MAX_BYTES, Nfo, read_nfo
from app.library.paths import join
from app.library.repository.side_readings import SideRow
from app.library.sidecars.texts import decode
from app.library.sidecars.vobsub import MAX_INDEX, NO_INDEX, NO_TRACKS, PICTURES_BEGIN, Index, read_index


class RootAway(Exception):
    """The root is not there, so that a file is not there says nothing."""


@dataclass(frozen=True, slots=True)
class Look:
    side: SideRow
    size: int | None
    """As it was when read, with `mtime_ns`; None: it could not be read, and the next time it is tried again."""
    mtime_ns: int | None
    picture: Picture | None = None
    nfo: Nfo | None = None
    index: Index | None = None
    problem: str | None = None


def look(root: bytes, folder: bytes, side: SideRow) -> Look | None:
    """Return what a file says; None when it is gone, which the next scan will say.

    Raises:
        RootAway: the root is gone, or empty as the folder under a lost mount is.
    """
    try:
        file = open_within(root, join(folder, side.name))
    except (FileNotFoundError, NotADirectoryError) as err:
        if is_away(root):
            raise RootAway from err
        return None
    except (OutsideRoot, NotAFile) as err:
        return Look(side, side.size, side.mtime_ns, problem=err.code)
    except OSError as err:
        return Look(side, None, None, problem=_reason(err))
    try:
        return _read(file, side)
    except OSError as err:
        return Look(side, None, None, problem=_reason(err))
    finally:
        os.close(file)


def is_away(root: bytes) -> bool:
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is None
    except OSError:
        return True


def _read(file: int, side: SideRow) -> Look:
    found = os.fstat(file)
    if side.kind == SideFileKind.NFO:
        nfo = read_nfo(_head(file, MAX_BYTES + 1))
        return Look(side, found.st_size, found.st_mtime_ns, nfo=nfo, problem=nfo.problem)
    if side.kind == SideFileKind.SUBTITLE:
        return _read_subtitle(file, found, side)
    picture = picture_of(_head(file, HEAD_BYTES))
    problem = None if picture is not None else "not a picture that is shown"
    return Look(side, found.st_size, found.st_mtime_ns, picture=picture, problem=problem)


def _read_subtitle(file: int, found: os.stat_result, side: SideRow) -> Look:
    """Look into one half of a VobSub, or what has the name of one."""
    if extension_of(side.name).lower() == b"sub":
        is_half = _head(file, len(PICTURES_BEGIN)) == PICTURES_BEGIN
        return Look(side, found.st_size, found.st_mtime_ns, problem=NO_INDEX if is_half else None)
    content = _head(file, MAX_INDEX + 1)
    index = read_index(decode(content)) if len(content) <= MAX_INDEX else Index()
    return Look(side, found.st_size, found.st_mtime_ns, index=index, problem=None if index.tracks else NO_TRACKS)


def _head(file: int, length: int) -> bytes:
    pieces: list[bytes] = []
    while length > 0 and (piece := os.read(file, min(length, 2**20))):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _reason(err: OSError) -> str:
    return os.strerror(err.errno).lower() if err.errno else type(err).__name__
