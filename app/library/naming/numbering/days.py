"""Days in names: 2017.04.20, 20-04-2017, 20170420, 170420 before a release tag, 5th Mar 2025."""

import re
from datetime import date

EDGE = r"(?<![^\W_])"
END = r"(?![^\W_])"
_YEAR = "((?:19|20)[0-9]{2})"
_TWO = "([0-9]{2})"
_NUMBERED = re.compile(
    rf"{EDGE}(?:{_YEAR}([-._ ]){_TWO}\2{_TWO}|{_TWO}([-._ ]){_TWO}\6{_YEAR}|{_YEAR}([01][0-9])([0-3][0-9])){END}"
)
_SHORT = re.compile(rf"{EDGE}{_TWO}([01][0-9])([0-3][0-9]){END}(?=[ ._]+(?:[0-9]{{3,4}}[pi]|hdtv|web))")
_MONTHS = {
    month: number
    for number, months in enumerate(
        (
            *("jan ene gen", "feb fev", "mar", "apr avr abr", "may mai mag", "jun juin giu", "jul juil lug"),
            *("aug aout ago", "sep set", "oct okt out ott", "nov", "dec dez dic"),
        ),
        start=1,
    )
    for month in months.split()
}
"""How months begin in English, German, French, Spanish, Portuguese and Italian, without accents."""
_DIGITS = re.compile(r"[0-9]{2}[-._ 0-9][0-9]{2}|(?:19|20)[0-9]{2}")
"""Without these no pattern needs to be tried."""
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WRITTEN = re.compile(rf"{EDGE}([0-9]{{1,2}})(?:st|nd|rd|th|\.)? (?:de )?({_MONTH})[a-z]*\.? (?:de )?{_YEAR}{END}")
_WRITTEN_AHEAD = re.compile(rf"{EDGE}({_MONTH})[a-z]*\.? ([0-9]{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}{END}")
"""As Americans write: March 17, 2024."""


def find_day(text: str) -> tuple[re.Match[str], date | None] | None:
    """Return where a day stands and which it is: None if no calendar has it."""
    wrong = None
    if _DIGITS.search(text) is None:
        return None
    for pattern in (_NUMBERED, _SHORT, _WRITTEN, _WRITTEN_AHEAD):
        found = pattern.search(text)
        if found is None:
            continue
        if (day := _day_of(found)) is not None:
            return found, day
        wrong = found if pattern is _NUMBERED else wrong
    return None if wrong is None else (wrong, None)


def day_after(text: str, end: int) -> date | None:
    """Return a day that stands beside numbers, for sources that know only days."""
    if _DIGITS.search(text, end) is None:
        return None
    for pattern in (_NUMBERED, _SHORT):
        if (found := pattern.search(text, end)) is not None:
            return _day_of(found)
    return None


def _day_of(found: re.Match[str]) -> date | None:
    if found.re is _WRITTEN:
        return _date(int(found[3]), _MONTHS[found[2]], int(found[1]))
    if found.re is _WRITTEN_AHEAD:
        return _date(int(found[3]), _MONTHS[found[1]], int(found[2]))
    if found.re is _SHORT:
        return _date(2000 + int(found[1]), int(found[2]), int(found[3]))
    if found[8] is not None:
        year, one, other = int(found[8]), int(found[7]), int(found[5])
    else:
        year, one, other = int(found[1] or found[9]), int(found[3] or found[10]), int(found[4] or found[11])
    return _date(year, one, other) or _date(year, other, one)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
