"""The two files of a VobSub in a folder: which belong together, are looked into, and are subtitles. Pure.

The index stands for both, and only if its pictures lie beside it; a `.sub` without an index is subtitles if it is text.
What is neither says why, among the problems.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import msgspec

from app.library.formats import extension_of
from app.library.kinds import SideFileKind
from app.library.naming import readable
from app.library.repository.side_readings import SideRow
from app.library.sidecars.looking import Look
from app.library.sidecars.vobsub import NO_PICTURES, Index


class Halves:
    def __init__(self, sides: Iterable[SideRow]) -> None:
        subtitles = [side for side in sides if side.kind == SideFileKind.SUBTITLE]
        self._pictures = _pictures_of(subtitles)
        self._taken = frozenset(self._pictures.values())

    def wants(self, side: SideRow) -> bool:
        """Whether a file is to be looked into: a half that is new, has changed, or has found or lost the other."""
        if _is_index(side):
            pictures = self._pictures.get(side.id)
            return not side.is_read or side.pictures_id != pictures or (pictures is None and side.problem is None)
        if _is_sub(side):
            return side.problem is not None if side.id in self._taken else not side.is_read
        return False

    def joined(self, one: Look) -> Look:
        """Say of a half that was looked into what it is beside the other."""
        if one.side.id in self._taken:
            # Not what it was read as: when its index goes, it is looked into by itself.
            return replace(one, size=None, mtime_ns=None, problem=None)
        if one.index is not None and one.side.id not in self._pictures:
            return replace(one, index=None, problem=NO_PICTURES)
        return one

    def is_shown(self, side: SideRow) -> bool:
        """Whether a file is subtitles to be chosen."""
        is_half = _is_index(side) or _is_sub(side)
        return not is_half or (side.id not in self._taken and side.problem is None)

    def told(self, looks: Sequence[Look]) -> list[tuple[UUID, UUID | None, str | None]]:
        """Return each index that was looked into, with its pictures and its tracks in JSON."""
        return [
            (one.side.id, self._pictures.get(one.side.id), None if one.problem else _tracks(one.index))
            for one in looks
            if _is_index(one.side)
        ]


def _pictures_of(sides: Iterable[SideRow]) -> dict[UUID, UUID]:
    """Return which `.sub` holds the pictures of which `.idx` of the same folder: the one of the same name."""
    exact: dict[str, UUID] = {}
    folded: dict[str, UUID] = {}
    indexes: list[tuple[str, UUID]] = []
    for side in sides:
        stem, _, extension = readable(side.name).rpartition(".")
        match extension.lower():
            case "sub":
                exact[stem] = side.id
                folded.setdefault(stem.casefold(), side.id)
            case "idx":
                indexes.append((stem, side.id))
    found = {side_id: exact.get(stem) or folded.get(stem.casefold()) for stem, side_id in indexes}
    return {index: pictures for index, pictures in found.items() if pictures is not None}


def _tracks(index: Index | None) -> str | None:
    if index is None:
        return None
    return msgspec.json.encode([{"language": one.language, "title": one.title} for one in index.tracks]).decode()


def _is_index(side: SideRow) -> bool:
    return side.kind == SideFileKind.SUBTITLE and extension_of(side.name).lower() == b"idx"


def _is_sub(side: SideRow) -> bool:
    return side.kind == SideFileKind.SUBTITLE and extension_of(side.name).lower() == b"sub"
