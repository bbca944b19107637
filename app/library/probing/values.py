"""Values out of a file, within limits: PostgreSQL takes no NUL in text and no number beyond its column."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

MAX_TEXT = 2_000
MAX_TAGS = 200
LONGEST_MS = 2**53
"""285,000 years; a JSON number beyond is not exact everywhere."""


def text(value: Any) -> str | None:
    """Return text without NUL and lone surrogates, cut to a length; None for nothing."""
    if value is None:
        return None
    plain = str(value).replace("\0", "").encode("utf-8", "replace").decode()[:MAX_TEXT].strip()
    return plain or None


def tags_of(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return tags with lower-case names: every container spells them its own way."""
    tags: dict[str, str] = {}
    for key, value in list(metadata.items())[:MAX_TAGS]:
        name, content = text(key), text(value)
        if name is not None and content is not None:
            tags[name.lower()] = content
    return tags


def number(value: Any, *, positive: bool = False, bits: int = 63) -> int | None:
    """Return a whole number that fits a signed column of so many bits, or None."""
    try:
        whole = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return whole if (whole > 0 if positive else -(2**bits) <= whole) and whole < 2**bits else None


def milliseconds(ticks: Any, time_base: Fraction | None) -> int | None:
    """Return a time in milliseconds; None when it is unknown, or nonsense."""
    if ticks is None or time_base is None:
        return None
    # In whole numbers: fractions cost more than all else that is done for a stream.
    time, rest = divmod(ticks * time_base.numerator * 1000, time_base.denominator)
    if 2 * rest > time_base.denominator or (2 * rest == time_base.denominator and time % 2):
        time += 1
    return time if abs(time) < LONGEST_MS else None


def rate(value: Any) -> float | None:
    """Return frames per second, if anybody could mean it."""
    try:
        frames = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return round(frames, 3) if 0 < frames < 100_000 else None  # noqa: PLR2004  a time base, not a rate
