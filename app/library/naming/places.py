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

DISCS = frozenset({"video_ts", "bdmv", "hvdvd_ts"})

_YEAR = re.compile(rb"[(\[](?:18|19|20)\d\d[)\]]")


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


def special_from(names: list[bytes]) -> int | None:
    """Return where a path leaves its film's folder, or None: the index of the first extras or disc folder.

    An extras folder right below the root belongs to no film, and one with a dated folder inside is a shelf.
    """
    for index, name in enumerate(names):
        if is_disc_folder(name):
            return index
        if index and extra_of(plain(name)) is not None and not any(_YEAR.search(inner) for inner in names[index + 1 :]):
            return index
    return None
