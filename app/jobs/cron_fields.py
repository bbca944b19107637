"""The five fields of a cron expression, read as robfig/cron reads them (conformance 5.3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

LARGESTNUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    lowest: int
    highest: int
    names: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Values:
    numbers: frozenset[int]
    is_open: bool
    """A star without a step is among them: the field restricts nothing."""


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

FIELDS = (
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day of the month", 1, 31, {}),
    _Field("month", 1, 12, {name: number for number, name in enumerate(MONTHS, 1)}),
    _Field("weekday", 0, 6, {name: number for number, name in enumerate(WEEKDAYS)}),
)

NUMBER = re.compile(r"\+?[0-9]+")


def parse_fields(spec: str) -> list[Values]:
    """Return the values of each field: minutes, hours, days, months, weekdays.

    Raises:
        ValueError: says which field makes no sense, and why.
    """
    texts = spec.split()
    if len(texts) != len(FIELDS):
        names = ", ".join(field.name for field in FIELDS)
        raise ValueError(f"has {len(texts)} fields instead of 5 ({names})")
    return [_values(text, field) for text, field in zip(texts, FIELDS, strict=True)]


def _values(text: str, field: _Field) -> Values:
    numbers: set[int] = set()
    is_open = False
    for part in filter(None, text.split(",")):
        found, open_part = _part(part, field)
        numbers.update(found)
        is_open |= open_part
    if not numbers:
        raise ValueError(f"the {field.name} {text!r} names no value")
    return Values(frozenset(numbers), is_open)


def _part(part: str, field: _Field) -> tuple[range, bool]:
    """Read one part of a list: where it begins and ends, in which steps, and whether it leaves the field open."""
    span, *steps = part.split("/")
    first, *last = span.split("-")
    if len(steps) > 1:
        raise ValueError(f"the {field.name} {part!r} has more than one step")
    step = _number(steps[0], field, {}) if steps else 1
    if first in {"*", "?"}:
        is_open, low, high = step == 1, field.lowest, field.highest
    else:
        if len(last) > 1:
            raise ValueError(f"the {field.name} {part!r} has more than one hyphen")
        is_open, low = False, _number(first, field, field.names)
        high = _number(last[0], field, field.names) if last else (field.highest if steps else low)
    _check(part, field, low, high, step)
    return range(low, high + 1, step), is_open


def _check(part: str, field: _Field, low: int, high: int, step: int) -> None:
    if low < field.lowest or high > field.highest:
        raise ValueError(f"the {field.name} {part!r} is not within {field.lowest} to {field.highest}")
    if low > high:
        raise ValueError(f"the {field.name} {part!r} ends before it begins")
    if step == 0:
        raise ValueError(f"the {field.name} {part!r} has a step of nothing")


def _number(text: str, field: _Field, names: Mapping[str, int]) -> int:
    if (named := names.get(text.lower())) is not None:
        return named
    if not NUMBER.fullmatch(text) or int(text) > LARGESTNUMBER:
        raise ValueError(f"the {field.name} {text!r} is no number" + (" and no name" if names else ""))
    return int(text)
