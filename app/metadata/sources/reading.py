"""Reading what sources send. Total: whatever stands where something was expected, what comes out is a value or nothing.

A source changes a field without telling (dates in another form, null for an empty list, a number in quotes), and one
odd field must never cost a whole record.
"""

import html
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from app.library.naming.text import clean_text

MAX_TEXT = 20_000
MAX_NAME = 500
MAX_LIST = 2_000
MAX_INTEGER = 2**31 - 1

_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_YEAR = re.compile(r"(\d{4})(?:\D.*)?", re.DOTALL)
_TAG = re.compile(r"<[^<>]{0,200}>")
_BREAK = re.compile(r"</p>\s*<p>|<br\s*/?>", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_URL = re.compile(r"https?://[!-~]{1,2000}")
_NUL = re.compile(r"[\0\ud800-\udfff]")
_MINUTES_OF_A_DAY = 1_440


def at(value: Any, *path: str | int) -> Any:
    """Return what lies at a path of objects and lists; None where it ends before."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, Mapping) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def items(value: Any, *path: str | int) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of the list at a path, and pass by all that is none."""
    found = at(value, *path)
    if isinstance(found, list):
        for one in found[:MAX_LIST]:
            if isinstance(one, Mapping):
                yield one


def texts(value: Any, *path: str | int) -> Iterator[str]:
    """Yield the texts of the list at a path."""
    found = at(value, *path)
    if isinstance(found, list):
        yield from filter(None, (text(one) for one in found[:MAX_LIST]))


def text(value: Any, *path: str | int) -> str | None:
    """Return a name or a line: what is empty says nothing."""
    found = at(value, *path)
    if not isinstance(found, str):
        return None
    return clean_text(_NUL.sub("", found[:MAX_NAME])).strip() or None


def prose(value: Any, *path: str | int) -> str | None:
    """Return a text of several lines, without markup."""
    found = at(value, *path)
    if not isinstance(found, str):
        return None
    found = _NUL.sub("", found[:MAX_TEXT]).replace("\r\n", "\n")
    if "<" in found or "&" in found:
        found = html.unescape(_TAG.sub("", _BREAK.sub("\n\n", found)))
    return _NUL.sub("", found).strip() or None


def integer(value: Any, *path: str | int) -> int | None:
    found = at(value, *path)
    if isinstance(found, bool):
        return None
    if isinstance(found, str) and _INTEGER.fullmatch(found.strip()):
        found = int(found)
    if isinstance(found, float) and found.is_integer() and abs(found) <= MAX_INTEGER:
        found = int(found)
    return found if isinstance(found, int) and abs(found) <= MAX_INTEGER else None


def count(value: Any, *path: str | int) -> int | None:
    """Return a number that may not be below nothing: of a season, of votes."""
    found = integer(value, *path)
    return found if found is not None and found >= 0 else None


def minutes(value: Any, *path: str | int) -> int | None:
    """Return a running time; nothing and more than a day say nothing."""
    found = integer(value, *path)
    return found if found is not None and 0 < found <= _MINUTES_OF_A_DAY else None


def number(value: Any, *path: str | int) -> float | None:
    found = at(value, *path)
    if isinstance(found, str):
        try:
            found = float(found)
        except ValueError:
            return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        found = float(found)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def day(value: Any, *path: str | int) -> date | None:
    """Return a date, with a time behind it or not."""
    found = at(value, *path)
    match = _DAY.fullmatch(found.strip()) if isinstance(found, str) else None
    if match is None:
        return None
    try:
        return date(*map(int, match.groups()))
    except ValueError:
        return None


def year(value: Any, *path: str | int) -> int | None:
    """Return the year of a date, of which the rest may be missing or odd."""
    found = at(value, *path)
    match = _YEAR.fullmatch(found.strip()) if isinstance(found, str) else None
    found = int(match[1]) if match is not None else integer(found)
    return found if found is not None and 1800 <= found <= 2200 else None  # noqa: PLR2004  of anything ever recorded


def identifier(value: Any, *path: str | int) -> str | None:
    """Return an id, written as a number or as text; no more than what may stand in an address."""
    found = at(value, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    return found if isinstance(found, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", found) and found != "0" else None


def is_number(external_id: str) -> bool:
    """Tell whether an id is a plain number, as it may stand in an address. (`isdigit` takes other scripts' digits.)"""
    return re.fullmatch(r"[0-9]{1,12}", external_id) is not None


def url(value: Any, *path: str | int) -> str | None:
    found = at(value, *path)
    return found if isinstance(found, str) and _URL.fullmatch(found) else None


def unique(values: Iterable[str | None]) -> tuple[str, ...]:
    """Return what is something, once each, in their order."""
    return tuple(dict.fromkeys(value for value in values if value))
