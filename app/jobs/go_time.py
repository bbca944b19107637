"""Times as Go writes them into JSON: RFC 3339, UTC as Z, the shortest fraction (conformance 6, row 16)."""

import re
from datetime import UTC, datetime

import msgspec

ZERO_TIME = datetime(1, 1, 1, tzinfo=UTC)
"""Go's zero time, which stands for no time at all."""


_BEYOND_MICROSECONDS = re.compile(r"(\.\d{6})(\d{1,3})\d*")


def go_time(time: datetime, nanosecond: int = 0) -> str:
    """Return the text of an aware time, in UTC. `nanosecond` is what it has below its microsecond."""
    if nanosecond:
        fraction = f"{time.microsecond:06}{nanosecond:03}".rstrip("0")
        return f"{time.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()}.{fraction}Z"
    return go_time_in_its_zone(time.astimezone(UTC))


def go_time_in_its_zone(time: datetime) -> str:
    """Return the text of a time with the offset it has, as Go's encoder leaves it."""
    text = time.isoformat(timespec="seconds" if time.microsecond == 0 else "microseconds")
    seconds, offset = text[:19], text[19:]
    fraction, offset = (offset[:7].rstrip("0"), offset[7:]) if time.microsecond else ("", offset)
    return seconds + fraction + ("Z" if offset == "+00:00" else offset)


def parse_go_time(text: str) -> datetime:
    """Read what Go wrote: any offset, up to nine digits of fraction, of which Python keeps six.

    Raises:
        ValueError: not RFC 3339 with an offset.
    """
    time = msgspec.convert(text, datetime)
    if time.tzinfo is None:
        raise ValueError("a time without an offset")
    return time


def parse_go_time_exactly(text: str) -> tuple[datetime, int]:
    """Read what Go wrote without rounding: the time, and what it has below its microsecond.

    Raises:
        ValueError: not RFC 3339 with an offset.
    """
    if (fine := _BEYOND_MICROSECONDS.search(text)) is None:
        return parse_go_time(text), 0
    return parse_go_time(text.replace(fine[0], fine[1])), int(fine[2].ljust(3, "0"))
