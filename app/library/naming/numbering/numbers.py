"""What numbers a name may hold, and how a run of them goes on."""

import re
from dataclasses import dataclass
from datetime import date

from app.library.naming import patterns as p
from app.library.naming.numbering.days import day_after

MOST_EPISODES = 150
"""In one file. More is a misreading: a year, a resolution, a batch's name."""

EPISODE_WORDS = (
    "episodio|episode|episodes|epi|ep|folge|capitulo|cap|odcinek|odc|avsnitt|afsnit|aflevering|afl|jakso|epizod|epizoda|dil|"
    "bolum|серия|серії|эпизод|επεισοδιο"
)
_NEXT = re.compile(
    r"[ ._]{0,2}(?:[-&+~]|and)?[ ._]{0,2}(?:s([0-9]{1,4})[ ._-]?)?"
    r"(?:([0-9]{1,4})x|xe?|ep?[ ._]?)([0-9]{1,5})(?![0-9pi])"
)

_NEXT_BARE = re.compile(r"(?:[-+~]|_(?=[0-9]{1,3}[ _]-))([0-9]{1,5})(?![0-9a-z]|\.[0-9](?![0-9]))")

_HALF = re.compile(r"(?:[ ._-]?([a-d])|[ ._-]{1,3}(?:part|pt|cd|disc)[ ._-]?([1-9a-d]))(?![^\W_])")

_VERSION = re.compile(r"v[0-9](?![^\W_])")


@dataclass(slots=True)
class Numbers:
    start: int
    end: int
    season: int | None = None
    first: int | None = None
    last: int | None = None
    absolute: tuple[int, int] | None = None
    aired: date | None = None
    part: int | None = None
    is_special: bool = False
    is_explicit: bool = False
    """It says season and episode, so it is an episode wherever it lies."""
    title: str | None = None
    """Of the series, where the way of writing tells where that stands."""


def continued(text: str, start: int, end: int, season: int | None, first: int) -> Numbers:
    """Read on: further episodes, a part, a version. A range must rise, and stay in its season."""
    last, digits = first, 0
    while True:
        following = _NEXT.match(text, end)
        if following is not None:
            other = following[1] or following[2]
            if other is not None and int(other) != season:
                break
        else:
            following = _NEXT_BARE.match(text, end)
            digits = len(following[1]) if following is not None else 0
            if following is None or digits > max(len(str(last)), 2) + (1 if last >= 9 else 0):  # noqa: PLR2004
                break
        number = int(following[following.lastindex or 1])
        if not last < number < first + MOST_EPISODES or (digits > 2 and number in p.LINES):  # noqa: PLR2004
            break
        last, end = number, following.end()
    part, end = part_after(text, end)
    if (again := _VERSION.match(text, end)) is not None:
        end = again.end()
    if season is None:
        return Numbers(start, end, absolute=(first, last), part=part)
    return Numbers(
        start,
        end,
        season=season,
        first=first,
        last=last,
        part=part,
        is_special=season == 0,
        is_explicit=True,
        aired=day_after(text, end),
    )


def part_after(text: str, end: int) -> tuple[int | None, int]:
    found = _HALF.match(text, end)
    if found is None or (found[1] is not None and found.end() - found.start() > 1):
        return None, end
    word = found[1] or found[2]
    return (int(word) if word.isdigit() else ord(word) - ord("a") + 1), found.end()


def pair(first: str, last: str | None) -> tuple[int, int]:
    one = int(first)
    other = int(last) if last else one
    return (one, other) if one < other < one + MOST_EPISODES else (one, one)
