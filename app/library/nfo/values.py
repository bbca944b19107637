"""Texts of fields → values. What makes no sense is None: an odd field never costs the record."""

import re
from datetime import date

from app.library.nfo.tree import Element

MAX_LINE = 500
"""Characters of a title, a name, a genre."""

MAX_LIST = 500
"""Genres, people, images: more is a mistake, or an attack."""

INT_MAX = 2**31 - 1
"""Of a column `integer`."""

_NUMBER = re.compile(r"-?\d{1,10}")
_DECIMAL = re.compile(r"-?\d{1,9}(?:[.,]\d{1,9})?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d|2100)(?!\d)")
_HOURS = re.compile(r"(\d{1,3})\s*h(?:ours?|rs?)?\s*(?:(\d{1,2})\s*m?)?", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,3}):(\d{2})(?::(\d{2}))?")
_HTTP = re.compile(r"https?://[^\s<>\"']{1,2000}", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


def line(text: str | None) -> str | None:
    """Return one line without spaces around it; None for nothing."""
    return _SPACES.sub(" ", text or "").strip()[:MAX_LINE] or None


def paragraphs(text: str | None) -> str | None:
    return (text or "").strip() or None


def line_of(element: Element, *tags: str) -> str | None:
    """Return the first of these fields that says something."""
    return next((found for child in element.all(*tags) if (found := line(child.text))), None)


def first_line(element: Element, *tags: str) -> str | None:
    """Like `line_of`, but the tags' order decides, not the document's."""
    return next((found for tag in tags if (found := line_of(element, tag))), None)


def text_of(element: Element, *tags: str) -> str | None:
    return next((found for tag in tags for child in element.all(tag) if (found := paragraphs(child.text))), None)


def lines(element: Element, *tags: str) -> tuple[str, ...]:
    """Return every value of these fields once. Old scrapers wrote several into one field, apart by ` / `."""
    found: dict[str, str] = {}
    for child in element.all(*tags):
        for part in child.text.split(" / "):
            if (value := line(part)) is not None:
                found.setdefault(value.casefold(), value)
    return tuple(found.values())[:MAX_LIST]


def number(text: str | None) -> int | None:
    match = _NUMBER.fullmatch((text or "").strip())
    return int(match[0]) if match is not None and abs(int(match[0])) <= INT_MAX else None


def count(text: str | None) -> int | None:
    """Read a number that cannot be negative; `1,234` and `1 234` are 1234."""
    plain = re.sub(r"(?<=\d)[,. \u00a0\u202f](?=\d{3}(?!\d))", "", (text or "").strip())
    found = number(plain)
    return found if found is not None and found >= 0 else None


def number_of(element: Element, *tags: str) -> int | None:
    return next(
        (found for tag in tags for child in element.all(tag) if (found := number(child.text)) is not None), None
    )


def ordinal_of(element: Element, *tags: str) -> int | None:
    """Read a number of a season or an episode: -1 is Kodi's word for none."""
    found = number_of(element, *tags)
    return found if found is not None and found >= 0 else None


def decimal(text: str | None) -> float | None:
    match = _DECIMAL.fullmatch((text or "").strip())
    return float(match[0].replace(",", ".")) if match is not None else None


def day(text: str | None) -> date | None:
    """Read a date, ISO 8601 or day first. A year alone is none; 1900-01-00 neither."""
    text = (text or "").strip()
    if (match := _ISO.match(text)) is not None:
        parts = (match[1], match[2], match[3])
    elif (match := _DAY_FIRST.match(text)) is not None:
        parts = (match[3], match[2], match[1])
    else:
        return None
    try:
        found = date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None
    return found if found.year >= 1000 else None  # noqa: PLR2004  0001-01-01 is how programs write that they do not know


def day_of(element: Element, *tags: str) -> date | None:
    return next((found for tag in tags for child in element.all(tag) if (found := day(child.text)) is not None), None)


def year(text: str | None) -> int | None:
    match = _YEAR.search(text or "")
    return int(match[1]) if match is not None else None


def minutes(text: str | None) -> int | None:
    """Read a running time: `136`, `136 min`, `2h 16min`, `2:16:00`."""
    text = (text or "").strip()
    if (clock := _CLOCK.fullmatch(text)) is not None:
        # Two numbers are hours and minutes; nobody writes a film's seconds without its hours.
        return int(clock[1]) * 60 + int(clock[2]) or None
    if (hours := _HOURS.match(text)) is not None:
        return int(hours[1]) * 60 + int(hours[2] or 0) or None
    plain = _NUMBER.match(text)
    found = int(plain[0]) if plain is not None else 0
    return found if 0 < found <= 60 * 24 * 7 else None


def boolean(text: str | None) -> bool | None:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
        (text or "").strip().lower()
    )


def http_url(text: str | None) -> str | None:
    """Return an address, http or https only: anything else might be a file of ours."""
    match = _HTTP.fullmatch((text or "").strip())
    return match[0] if match is not None else None
