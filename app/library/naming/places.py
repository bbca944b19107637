"""Folders that are not a film's or a series' own: extras, and the insides of discs."""

import re

CERTAIN_EXTRAS = {
    "trailers": "trailer",
    "trailer": "trailer",
    "behind the scenes": "behind_the_scenes",
    "deleted scenes": "deleted_scene",
    "interviews": "interview",
    "samples": "sample",
    "sample": "sample",
    "featurettes": "featurette",
    "theme-music": "theme_song",
    "backdrops": "backdrop",
}
POSSIBLE_EXTRAS = {
    "extras": "other",
    "extra": "other",
    "other": "other",
    "bonus": "other",
    "bonus features": "other",
    "scenes": "scene",
    "shorts": "short",
    "clips": "clip",
}
"""Folders people also give to films: a file with a year of its own in one of them is a film."""

DISC_FOLDER = re.compile(
    r"(?:cd|disc|disk|dvd|lp|vinyl)[ _.-]{0,4}([0-9]{1,2}|one|two|three|four|five)(?![^\W_])"
    r"(?:[ _.:–-]*\(?([^()]{1,200}?)\)?)?",
    re.IGNORECASE,
)
"""One of several: Disc 1, CD2, `Disc 02 - Second Half`."""

DISCS = frozenset({"video_ts", "bdmv", "hvdvd_ts"})

_YEAR = re.compile(rb"[(\[](?:18|19|20)\d\d[)\]]")


_ANY_YEAR = re.compile(rb"(?<![0-9A-Za-z])(?:18|19|20)[0-9]{2}(?![0-9A-Za-z])")
_PART_FOLDER = re.compile(rb"(?:cd|dvd|disc|disk|part)[ _.-]?([1-9])", re.IGNORECASE)


def plain(folder: bytes) -> str:
    return folder.decode("utf-8", "replace").casefold().strip()


def extra_of(folder: str) -> tuple[str, bool] | None:
    """Return the kind of extras a folder of this name holds, and whether that is certain."""
    name = folder.casefold().strip()
    if name in CERTAIN_EXTRAS:
        return CERTAIN_EXTRAS[name], True
    return (POSSIBLE_EXTRAS[name], False) if name in POSSIBLE_EXTRAS else None


def is_disc(folder: str) -> bool:
    return len(folder) <= len("hvdvd_ts") and folder.casefold() in DISCS


def is_disc_folder(folder: bytes) -> bool:
    return len(folder) <= len("hvdvd_ts") and plain(folder) in DISCS


def is_disc_at(names: list[bytes], index: int) -> bool:
    """Whether a disc begins there: `BDMV`, or the `Disc 1` around it."""
    if is_disc_folder(names[index]):
        return True
    inner = names[index + 1 : index + 2]
    return bool(inner) and is_disc_folder(inner[0]) and DISC_FOLDER.fullmatch(plain(names[index])) is not None


def part_at(names: list[bytes]) -> int | None:
    """Return the part that the innermost folder is of a film's folder: `Big.Fish.2003/CD2`.

    The folder above must name a year, or it may as well be a shelf whose films are kept on discs.
    """
    if len(names) < 2 or (found := _PART_FOLDER.fullmatch(names[-1])) is None:  # noqa: PLR2004  the film's and this
        return None
    return int(found[1]) if _ANY_YEAR.search(names[-2]) is not None else None


def special_from(names: list[bytes]) -> int | None:
    """Return where a path leaves its film's folder, or None: the index of the first extras or disc folder.

    An extras folder right below the root belongs to no film, and one with a dated folder inside is a shelf.
    """
    for index, name in enumerate(names):
        if is_disc_folder(name):
            return index - 1 if index > 1 and is_disc_at(names, index - 1) else index
        if index and extra_of(plain(name)) is not None and not any(_YEAR.search(inner) for inner in names[index + 1 :]):
            return index
    return None
