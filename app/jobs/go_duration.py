"""Durations as Go writes and reads them: `1h30m`, `1.5s`, `-250ms`."""

import re

NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,  # the micro sign
    "μs": 10**3,  # the Greek letter
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
LONGEST = 2**63 - 1
PRECISION = 18
"""Digits behind the point that Go's integers can hold; more of them change nothing."""

_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)(?=[0-9.]|\Z)")


def parse_duration(text: str) -> int:
    """Return the nanoseconds.

    Raises:
        ValueError: Go would not take it for a duration.
    """
    unsigned = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    if unsigned == "0":
        return 0
    total = position = 0
    while position < len(unsigned):
        part = _PART.match(unsigned, position)
        if part is None or not (part[1] or part[2]):
            break
        total += _nanoseconds(part[1], part[2] or "", NANOSECONDS[part[3]])
        position = part.end()
    if not unsigned or position < len(unsigned):
        raise ValueError(f"{text!r} is no duration; write it as 1h30m or 90s")
    if total > LONGEST:
        raise ValueError(f"{text!r} is longer than 292 years")
    return -total if text.startswith("-") else total


def _nanoseconds(whole: str, fraction: str, unit: int) -> int:
    digits = fraction[:PRECISION]
    return int(whole or "0") * unit + int(digits or "0") * unit // int(10 ** len(digits))
