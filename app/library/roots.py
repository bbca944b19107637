"""What may be a root: checks of a path that someone names, before a library looks into it."""

import asyncio
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.errors import InvalidInput
from app.library.errors import RootsOverlap
from app.library.paths import display_path
from app.library.records import RootRecord
from app.library.threads import in_thread
from app.library.trust import why_offline

MAX_ROOTS = 100

PATIENCE = 15.0
"""Seconds for a disk to say what is there: a sleeping one spins up in 10 to 15."""

SYSTEM_TREES = frozenset({b"/", b"/proc", b"/sys", b"/dev"})
"""No library: endless, alive, or everything at once."""


@dataclass(frozen=True, slots=True)
class NamedRoot:
    """A path as someone named it, checked. `real` is where its symbolic links lead."""

    path: bytes
    real: bytes


async def check_roots(paths: Sequence[str], unchecked: Sequence[RootRecord] = ()) -> list[NamedRoot]:
    """Return the roots that these paths name. Those that a library has already (`unchecked`) may be offline now.

    Raises:
        InvalidInput: a path is not absolute, does not exist, is no folder or may not be read.
        RootsOverlap: two of them are the same place, or one lies within another.
    """
    if not 1 <= len(paths) <= MAX_ROOTS:
        raise InvalidInput("paths", f"a library has 1 to {MAX_ROOTS} paths")
    known = {root.display_path: NamedRoot(root.path, root.real_path) for root in unchecked}
    roots = [known.get(path) or await _check(f"paths.{number}", path) for number, path in enumerate(paths)]
    for number, root in enumerate(roots):
        for other in roots[:number]:
            require_apart(root, other.path, other.real, library=None)
    return roots


def require_apart(root: NamedRoot, path: bytes, real: bytes, *, library: str | None) -> None:
    if overlap(root.real, real) or overlap(root.path, path):
        raise RootsOverlap(display_path(root.path), display_path(path), library)


def overlap(one: bytes, other: bytes) -> bool:
    """Whether one path is the other, or lies within it."""
    shorter, longer = sorted((one, other), key=len)
    return shorter == longer or longer.startswith(shorter.rstrip(b"/") + b"/")


async def check_moved_root(path: str, root: RootRecord, known: Collection[bytes]) -> NamedRoot:
    """Return the place that `path` names, if it is what the root was: it shows its marker or what is known to be in it.

    Raises:
        InvalidInput: it is no folder we can list, or another one.
    """
    named = await _check("path", path)
    reason = await in_thread(lambda: why_offline(named.path, root.id, known))
    if reason is not None:
        raise InvalidInput("path", f"{display_path(named.path)} is not what {root.display_path} was: {reason}")
    return named


def locate_path(field: str, path: str, roots: Sequence[RootRecord]) -> tuple[RootRecord, bytes]:
    """Return the root that a path lies in, and the path below it. It need not exist (any more).

    Raises:
        InvalidInput: it lies in none of them.
    """
    try:
        named = os.fsencode(path)
    except UnicodeEncodeError:
        raise InvalidInput(field, "is not a path this system can have") from None
    named = os.path.normpath(named)
    for root in roots:
        for top in (root.path, root.real_path):
            if overlap(named, top) and len(named) >= len(top):
                return root, named[len(top.rstrip(b"/")) + 1 :]
    listed = ", ".join(root.display_path for root in roots)
    raise InvalidInput(field, f"{display_path(named)} lies in none of the library's folders: {listed}")


async def _check(field: str, path: str) -> NamedRoot:
    try:
        named = os.fsencode(path)
    except UnicodeEncodeError:
        raise InvalidInput(field, "is not a path this system can have") from None
    if b"\0" in named:
        raise InvalidInput(field, "is not a path this system can have")
    if not named.startswith(b"/"):
        raise InvalidInput(field, f"must be absolute, not {display_path(named)!r}")
    try:
        async with asyncio.timeout(PATIENCE):
            return await in_thread(lambda: _look(field, named))
    except TimeoutError:
        raise InvalidInput(field, f"{display_path(named)} did not answer within {PATIENCE:.0f} s") from None


def _look(field: str, named: bytes) -> NamedRoot:
    path = b"/" + os.path.normpath(named).lstrip(b"/")
    shown = display_path(path)
    try:
        os.scandir(path).close()
    except OSError as err:
        raise InvalidInput(field, f"{shown}: {err.strerror}") from err
    root = NamedRoot(path, os.path.realpath(path))
    if root.real in SYSTEM_TREES:
        raise InvalidInput(field, f"{shown} belongs to the system; name the folder that holds your media")
    return root
