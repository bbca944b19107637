"""Where in a name the numbers of its episodes are, and what they say.

A name is tried from the most explicit way of writing to the least: `S01E02`, `1x02`, words, days, `E02`, and only then
a bare number, which may as well be a part of the title. Places are places in the name as it was given.
"""

import re

from app.library.naming.numbering.bare import bare
from app.library.naming.numbering.days import find_day
from app.library.naming.numbering.explicit import explicit, in_words
from app.library.naming.numbering.numbers import Numbers, pair, part_after
from app.library.naming.numbering.worded import worded
from app.library.naming.seasons import RANGE, WEAK, folded, number_of, seasons_in

__all__ = ["Numbers", "find_numbers"]

_BRACKETED = re.compile(
    r"\s*\[[^\[\]]*\] ?(?:★[^\[★]*★?)?\[([^\[\]]*[^\W\d_][^\[\]]*)\](?:\[[^\[\]]*\]){0,2}?"
    r"\[第?([0-9]{1,4})(?:-([0-9]{1,4}))?(?:v[0-9]| ?end| ?fin|完|話|话|集|回)?\]"
)
"""Fansubs that put everything into brackets: group, title, number."""
_MARKED_SPECIAL = re.compile(r"[ ._-]{1,3}(?:ova|oad|ovd|special)(?=[ ._-]*(?:$|[\[(]))")
_LONGEST_SEASON = 100
"""A number as high is counted over all seasons, whatever season its folder or title names."""


def find_numbers(stem: str, *, season: int | None, in_folder: bool, title: str = "") -> Numbers | None:
    """Return the numbers of a file's name; `season` is what its folder says, `title` that of its series' folder."""
    text = folded(stem)
    if (found := explicit(text) or in_words(text)) is not None:
        return found
    day = find_day(text)
    if day is not None and worded(text[: day[0].start()]) is None:
        if day[1] is None:
            return None
        part, end = part_after(text, day[0].end())
        return Numbers(day[0].start(), end, aired=day[1], part=part)
    found = _fansub(stem, text) or worded(text)
    if found is None:
        found = bare(text, season=season, in_folder=in_folder, title=title)
        if found is not None and found.absolute is not None and _is_season(text, found):
            return None
    return found if found is None or found.absolute is None else _settled(found, text, season)


def _is_season(text: str, found: Numbers) -> bool:
    """Whether a bare number is a season's: `Fargo - Season 1`."""
    return any(
        season.start() <= found.start < season.end() or found.start <= season.start() < found.end
        for season in seasons_in(text[: found.end])
        if not season[0].startswith(WEAK)
    )


def _fansub(stem: str, text: str) -> Numbers | None:
    boxed = _BRACKETED.match(text) if text.startswith("[") else None
    if boxed is None:
        return None
    title = stem[boxed.start(1) : boxed.end(1)]
    return Numbers(boxed.start(2), boxed.end(), absolute=pair(boxed[2], boxed[3]), title=title)


def _settled(found: Numbers, text: str, season: int | None) -> Numbers:
    """Bring a number without a season under the one its name or folder claims."""
    claimed = _claimed(found.title if found.title is not None else text[: found.start])
    if claimed is not None:
        season = number_of(claimed)
        if found.title is not None:
            found.title = found.title[: claimed.start()]
        else:
            found.start = claimed.start()
    if found.is_special or _MARKED_SPECIAL.match(text, found.end) is not None:
        season = 0
    if season is None or found.absolute is None:
        return found
    first, last = found.absolute
    if last < _LONGEST_SEASON or not season:
        found.season, found.first, found.last, found.absolute, found.is_special = season, first, last, None, not season
        return found
    found.season = season
    if {first // _LONGEST_SEASON, last // _LONGEST_SEASON} == {season} and first % _LONGEST_SEASON:
        found.first, found.last = first % _LONGEST_SEASON, last % _LONGEST_SEASON  # Season 4/The Office [401]
        found.absolute = None
    return found


def _claimed(text: str) -> re.Match[str] | None:
    """Return where a title names its season. `Series 2` is no season there: it is too often the title's."""
    low = folded(text)
    for found in seasons_in(low):
        is_said = not found[0].startswith(WEAK) and RANGE.match(low, found.end()) is None
        if is_said and low[: found.start()].strip(" ._-["):
            return found
    return None
