"""Durations as Go writes them: `500ms`, `1h30m`, and, since retentions are counted in days, `7d` and `2w`.

A bare number is refused: whether 10 means seconds or minutes is a guess, and a wrong guess is silent.
"""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_MICROSECONDS = {
    "ns": Decimal("0.001"),
    "us": Decimal(1),
    "µs": Decimal(1),
    "ms": Decimal(1_000),
    "s": Decimal(1_000_000),
    "m": Decimal(60_000_000),
    "h": Decimal(3_600_000_000),
    "d": Decimal(86_400_000_000),
    "w": Decimal(604_800_000_000),
}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w)", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
_LONGEST_TEXT = 200
"""Characters. A million digits are more than a decimal holds."""
LONGEST = timedelta(days=36_500)
_EXPECTED = "must be a duration such as 500ms, 30s, 1h30m or 7d"


def parse_duration(text: str) -> timedelta:
    """Read a duration. `0` needs no unit; nothing is negative.

    Raises:
        ValueError: it is none, or longer than a date minus it would still be a date.
    """
    text = text.strip().replace("\N{GREEK SMALL LETTER MU}", "µ")
    if text == "0":
        return timedelta(0)
    if len(text) > _LONGEST_TEXT or not _WHOLE.fullmatch(text):
        raise ValueError(_EXPECTED)
    microseconds = sum((Decimal(number) * _MICROSECONDS[unit] for number, unit in _PART.findall(text)), Decimal(0))
    if microseconds > LONGEST / timedelta(microseconds=1):
        raise ValueError("must not be longer than 100 years (36500d); where for ever makes sense, write null")
    return timedelta(microseconds=int(microseconds))


def format_duration(duration: timedelta) -> str:
    """Write a duration so that `parse_duration` reads the same one."""
    rest = duration // timedelta(microseconds=1)
    parts = []
    for unit in ("d", "h", "m", "s", "ms", "us"):
        count, rest = divmod(rest, int(_MICROSECONDS[unit]))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _accept(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, int) and value == 0 and not isinstance(value, bool):
        return timedelta(0)
    raise ValueError(_EXPECTED)


Duration = Annotated[timedelta, BeforeValidator(_accept), PlainSerializer(format_duration, return_type=str)]
