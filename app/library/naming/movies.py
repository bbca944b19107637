"""Film names: the file's own, its folder's, and which of the two to believe."""

import re
from dataclasses import replace

from app.library.naming import patterns as p
from app.library.naming.extras import extra_in_name
from app.library.naming.parsed import ParsedMovie
from app.library.naming.places import extra_of, is_disc_at, part_at, plain, special_from
from app.library.naming.releases import read_release
from app.library.naming.segment import Segment, read_segment, spaced
from app.library.naming.text import LONGEST, readable, squeeze, title_key, unaccented

FOLDER_YEAR_MAY_DIFFER = 1
"""Years apart at which folder and file still mean one film: premiere and release often fall into two years."""

_WORDS = re.compile(r"\w+")


def parse_movie(path: bytes) -> ParsedMovie:
    """Read the path of a film's file below its root."""
    *folders, name = path.split(b"/")
    stem = readable(name.rpartition(b".")[0] or name)[:LONGEST]
    special = special_from(folders)
    if special is not None and is_disc_at(folders, special):
        return replace(_read(folders[:special], ""), is_disc=True)
    extra = _extra(folders[special] if special is not None else None, stem)
    if extra is not None:
        kind, is_certain, film_stem = extra
        if is_certain or read_segment(stem).year is None:
            home = folders if special is None else folders[:special]
            film = None if is_certain else _read(folders, stem)
            return replace(_read(home, film_stem), extra=kind, alone=film)
    return _read_parts(folders, name, stem)


def _extra(folder: bytes | None, stem: str) -> tuple[str, bool, str] | None:
    """Return the kind of an extra, whether that is certain, and what its name says of the film."""
    if (named := extra_in_name(stem)) is not None:
        return named.kind, True, named.stem
    if folder is None or (found := extra_of(plain(folder))) is None:
        return None
    return found[0], found[1], ""


def _read_parts(folders: list[bytes], name: bytes, stem: str) -> ParsedMovie:
    if (part := part_at(folders)) is not None:
        found = p.PART.search(stem) or p.PART_OF.search(stem)
        shared = stem if found is None else stem[: found.start()] + stem[found.end() :]
        alone = _read(folders[:-1], shared)
        stack = f"{title_key(alone.title)}.{readable(name.rpartition(b'.')[2]).casefold()}"
        return replace(alone, part=part, stack=stack, alone=alone)
    alone = _read(folders, stem)
    found = p.PART.search(stem) or p.PART_OF.search(stem)
    if found is None or not found.start():
        return alone
    shared = stem[: found.start()] + stem[found.end() :]
    part = int(found[1]) if found[1].isdigit() else ord(found[1].casefold()) - ord("a") + 1
    extension = readable(name.rpartition(b".")[2]).casefold()
    return replace(_read(folders, shared), part=part, stack=f"{squeeze(shared).casefold()}.{extension}", alone=alone)


def _read(folders: list[bytes], stem: str) -> ParsedMovie:
    folder_name = readable(folders[-1])[:LONGEST] if folders else ""
    file, folder = read_segment(stem), read_segment(folder_name)
    label = _explicit_label(folder_name, stem) if folder_name else None
    if label is not None and folder.year is None and read_segment(label).year is not None:
        label = None  # Star Wars/Star Wars - A New Hope (1977): a film of the shelf, not a version
    if label is None and folder.year is not None and _is_spelt_by(folder, stem):
        file = folder  # Wonder Woman 1984 (2020)/Wonder Woman 1984: the number is the title's
    if label is not None:
        title, year = folder.title, folder.year or file.year
        edition = file.edition or _edition_in(label)
    else:
        title, year = _choose(file, folder)
        edition = file.edition
    same = title_key(title) == title_key(folder.title)
    return ParsedMovie(
        title=title or file.title or squeeze(stem) or folder_name or "?",
        year=year,
        ids=_merge(file.ids, folder.ids if same or not file.year else ()),
        edition=edition or (folder.edition if same else None),
        version=label or read_release(file.rest, edition).version,
    )


def _is_spelt_by(folder: Segment, stem: str) -> bool:
    return title_key(spaced(stem)) == title_key(folder.title)


def _explicit_label(folder: str, stem: str) -> str | None:
    """Return the label of `Folder Name - label` or `Folder Name [label]`, the one rule all servers share."""
    if len(stem) <= len(folder) or stem[: len(folder)].casefold() != folder.casefold():
        return None
    rest = stem[len(folder) :].strip()
    if rest.startswith("- ") or (rest.startswith("-") and stem[len(folder)] == " "):
        rest = rest[1:].strip()
    elif not (rest.startswith("[") and rest.endswith("]") and rest.count("[") == 1):
        return None
    label = squeeze(rest.strip("[]"))
    return None if p.PROVIDER_ID.search(rest) or p.EDITION_TAG.search(rest) else label or None


def _edition_in(label: str) -> str | None:
    found = p.EDITION.search(label)
    return found[1].replace(".", " ") if found is not None else None


def _choose(file: Segment, folder: Segment) -> tuple[str, int | None]:
    """Believe the folder where it names a year and the file does not contradict it; else the file."""
    if not file.title or (file.year is None and p.GENERIC.fullmatch(file.title) is not None):
        return (folder.title or file.title), folder.year or file.year
    if folder.year is None:
        is_release = file.year is None and " " not in file.title and p.RELEASE_TAG.search(folder.rest) is not None
        return (folder.title, None) if is_release and folder.title else (file.title, file.year)
    alike = _alike(file.title, folder.title)
    if file.year is None:
        # One odd word is a release's short name; several words that share nothing are another film.
        # A folder that is called like a release holds that release, whatever its file is called.
        short = " " not in file.title or p.RELEASE_TAG.search(folder.rest) is not None
        return (folder.title, folder.year) if alike or short else (file.title, None)
    if alike and abs(file.year - folder.year) <= FOLDER_YEAR_MAY_DIFFER:
        return folder.title, folder.year
    return file.title, file.year


def _alike(one: str, other: str) -> bool:
    a, b = title_key(one), title_key(other)
    if a.startswith(b) or b.startswith(a) or a.endswith(b) or (" " in one and b.endswith(a)):
        return True
    words = set(_WORDS.findall(unaccented(other)))
    return len(words) > 1 and 2 * len(words & set(_WORDS.findall(unaccented(one)))) >= len(words) + 1


def _merge(own: tuple[tuple[str, str], ...], inherited: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({**dict(inherited), **dict(own)}.items()))
