"""The files around one folder → the films they are. Pure.

What belongs together is decided by folder: versions and parts of one film lie in one folder, two films in one folder
are two, and the same film in two folders is two until somebody merges them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from app.library.kinds import FileRole
from app.library.naming import ParsedMovie, parse_movie, title_key
from app.library.naming.patterns import RESOLUTION


@dataclass(frozen=True, slots=True)
class UnitFile:
    """A recorded file, missing ones too: a film whose files are gone is still that film."""

    id: UUID
    path: bytes


@dataclass(frozen=True, slots=True)
class Member:
    file_id: UUID
    role: FileRole
    version: str = ""
    edition: str | None = None
    part: int | None = None
    extra_kind: str | None = None
    position: int = 0


@dataclass(slots=True)
class Film:
    title: str
    year: int | None
    ids: dict[str, str] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Read:
    file: UnitFile
    name: ParsedMovie


def group_films(files: Iterable[UnitFile]) -> list[Film]:
    """Return the films of the files whose folders share an anchor. The same files give the same films."""
    reads = [_Read(file, parse_movie(file.path)) for file in sorted(files, key=lambda file: file.path)]
    mains = _settle_parts([read for read in reads if read.name.extra is None])
    extras = [read for read in reads if read.name.extra is not None]
    if not mains:
        # A folder called Shorts without a film beside it holds films.
        mains = [_Read(read.file, read.name.alone) for read in extras if read.name.alone is not None]
        extras = [read for read in extras if read.name.alone is None]
    films = _films(mains)
    for read in extras:
        _attach_extra(films, read)
    return [film for _, film in sorted(films.items())]


_Key = tuple[str, int]


def _settle_parts(reads: Sequence[_Read]) -> list[_Read]:
    """A part needs a sibling: alone, `Part 2` is the title's."""
    parts: defaultdict[str, set[int]] = defaultdict(set)
    for read in reads:
        if read.name.stack is not None and read.name.part is not None:
            parts[read.name.stack].add(read.name.part)
    return [
        _Read(read.file, read.name.alone)
        if read.name.alone is not None and len(parts[read.name.stack or ""]) < 2  # noqa: PLR2004  a pair
        else read
        for read in reads
    ]


def _films(mains: Sequence[_Read]) -> dict[_Key, Film]:
    by_key: defaultdict[_Key, list[_Read]] = defaultdict(list)
    years: defaultdict[str, set[int]] = defaultdict(set)
    for read in mains:
        if read.name.year is not None:
            years[title_key(read.name.title)].add(read.name.year)
    for read in mains:
        title = title_key(read.name.title)
        known = years[title]
        # A file that names no year is the film beside it that does, if there is just one.
        year = read.name.year or (next(iter(known)) if len(known) == 1 else 0)
        by_key[title, year].append(read)
    return {key: _film(key[1] or None, reads) for key, reads in by_key.items()}


def _film(year: int | None, reads: Sequence[_Read]) -> Film:
    best = next((read for read in reads if read.name.year is not None), reads[0])
    film = Film(best.name.title, year)
    for read in reversed(reads):
        film.ids.update(read.name.ids)
    members = [
        Member(
            read.file.id,
            FileRole.DISC if read.name.is_disc else FileRole.MAIN,
            version=read.name.version,
            edition=read.name.edition,
            part=read.name.part,
        )
        for read in reads
    ]
    film.members = in_order(members)
    return film


def in_order(members: Sequence[Member], others: Sequence[Member] = ()) -> list[Member]:
    """Return an item's files in their order, the finest version first, each version's parts one after the other.

    `others` are recorded already: what they are told apart by stays.
    """
    if len(members) == 1 and not others:
        return list(members)
    told = [*others, *tell_apart(members, others)]
    told.sort(key=lambda member: (-lines(member.version), member.version, member.part or 0))
    return [replace(member, position=position) for position, member in enumerate(told)]


def tell_apart(members: Sequence[Member], others: Sequence[Member] = ()) -> list[Member]:
    """Number versions of one name: without parts, two files of it are not one after the other but beside each other."""
    taken = Counter((member.version, member.part) for member in others)
    told: list[Member] = []
    for member in members:
        if member.role is FileRole.DISC:
            told.append(member)
            continue
        taken[member.version, member.part] += 1
        number = taken[member.version, member.part]
        told.append(member if number == 1 else replace(member, version=f"{member.version} ({number})".strip()))
    return told


def lines(version: str) -> int:
    """Return the lines of a version's resolution: the finest comes first."""
    found = RESOLUTION.search(version)
    return int(found[1]) if found is not None and found[1] else 0


def _attach_extra(films: dict[_Key, Film], read: _Read) -> None:
    title = title_key(read.name.title)
    film = films.get((title, read.name.year or 0))
    if film is None:
        alike = [film for (other, _), film in films.items() if other == title] or list(films.values())
        if len(alike) != 1:
            return  # several films, and it says of none that it is that one's
        film = alike[0]
    film.members.append(Member(read.file.id, FileRole.EXTRA, extra_kind=read.name.extra, position=len(film.members)))
