"""Numbers and dates as people write them into tags."""

import re
from datetime import date

_NUMBER = re.compile(r"\s*#?0*(\d{1,5})(?:\.0+)?\s*(?:(?:/|\bof\b|\bvon\b)\s*0*(\d{1,5}))?\s*$")
_DATE = re.compile(r"\s*([12]\d{3})(?:[-/. ]?([01]\d|\d)(?!\d)(?:[-/. ]?([0-3]?\d))?)?(?!\d)")
_COMPACT = re.compile(r"\s*([12]\d{3})([01]\d)([0-3]\d)(?!\d)")
_YEAR = re.compile(r"(?<!\d)([12]\d{3})(?!\d)")
_DECIMAL = re.compile(r"\s*([-+−]?\d{1,6}(?:[.,]\d{1,12})?|[-+−]?[.,]\d{1,12})")

LOUDEST_GAIN = 80.0
HIGHEST_PEAK = 1_000.0
FASTEST = 1_000
R128_UNITS = 256
R128_TO_REPLAYGAIN = 5.0
"""dB between their references, -23 and -18 LUFS."""


def number_and_total(value: str | None) -> tuple[int | None, int | None]:
    """Read `3`, `03/12`, `3 of 12`. 0 means that nobody knew."""
    found = _NUMBER.match(value or "")
    if found is None:
        return None, None
    return int(found[1]) or None, int(found[2] or 0) or None


def iso_date(value: str | None) -> str | None:
    """Read a date as far as it goes: `1997`, `1997-05`, `1997-05-21`. Of others only a year, if one stands out."""
    value = value or ""
    found = _COMPACT.match(value) or _DATE.match(value)
    if found is None:
        found = _YEAR.search(value)
        return found[1] if found else None
    year, month, day = found[1], int(found[2] or 0), int(found[3] or 0)
    try:
        if day:
            return date(int(year), month, day).isoformat()
        return f"{date(int(year), month, 1):%Y-%m}" if month else year
    except ValueError:
        return year


def decibels(value: str | None) -> float | None:
    """Read a ReplayGain of either kind of comma."""
    found = _float(value)
    return round(found, 2) if found is not None and abs(found) <= LOUDEST_GAIN else None


def r128_gain(value: str | None) -> float | None:
    """Read a gain of RFC 7845, a whole number of 1/256 dB, as ReplayGain."""
    found = _float(value)
    return None if found is None else decibels(str(found / R128_UNITS + R128_TO_REPLAYGAIN))


def peak(value: str | None) -> float | None:
    found = _float(value)
    return found if found is not None and 0 <= found <= HIGHEST_PEAK else None


def beats(value: str | None) -> int | None:
    found = round(_float(value) or 0)
    return found if 0 < found < FASTEST else None


def is_true(value: str | None) -> bool:
    return (value or "").strip().lower() in ("1", "true", "yes", "1.0")


def _float(value: str | None) -> float | None:
    found = _DECIMAL.match(value or "")
    return None if found is None else round(float(found[1].replace("−", "-").replace(",", ".")), 6)
