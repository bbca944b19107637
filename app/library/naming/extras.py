"""What lies beside a film or a series, by what its file is called."""

import re
from dataclasses import dataclass

from app.library.naming import patterns as p

_CREDITLESS = re.compile(
    r"(?<![^\W_])(?:(NCOP|NCED|Creditless[ ._]Opening|Creditless[ ._]Ending)|(PV|CM)[ ._]?(?=[0-9]))"
)
_DISC_EXTRA = re.compile(r"(?<![^\W_])(s[0-9]{1,2})[ ._-]x[0-9]{2}(?![0-9])", re.IGNORECASE)
_MAY_BE_EXTRA = re.compile(r"NC[OE]|Cred|PV|CM|[Bb]onus|BONUS|[ ._-]x[0-9]")
_BONUS = re.compile(r"[ ._-](?:dvd[ ._]|bd[ ._])?bonus(?![^\W_])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Extra:
    kind: str
    stem: str
    """What the name says before."""


def extra_in_name(stem: str) -> Extra | None:
    """Return what a file's name alone makes of it, for sure."""
    low = stem.casefold()
    if low in p.WHOLE_NAME_EXTRAS:
        return Extra(p.EXTRA_KINDS.get(low, low), "")
    found = p.EXTRA_SUFFIX.search(stem)
    if found is None or not found.start():
        return None
    kind = (found[1] or found[2]).casefold()
    return Extra(p.EXTRA_KINDS.get(kind, kind), stem[: found.start()])


def extra_of_series(stem: str) -> Extra | None:
    """Return what shows have beside episodes: openings without credits, previews, what the discs hold."""
    if (found := extra_in_name(stem)) is not None:
        return found
    if _MAY_BE_EXTRA.search(stem) is None:
        return None
    if (credits_ := _CREDITLESS.search(stem)) is not None:
        word = (credits_[1] or "").upper()
        kind = "trailer" if not word else "ending" if word.endswith(("ED", "ENDING")) else "opening"
        return Extra(kind, stem[: credits_.start()])
    if (disc := _DISC_EXTRA.search(stem)) is not None:
        return Extra("other", stem[: disc.end(1)])
    if (bonus := _BONUS.search(stem)) is not None and bonus.start():
        kind = "deleted_scene" if "deleted" in stem[bonus.end() :].casefold() else "other"
        return Extra(kind, stem[: bonus.start()])
    return None
