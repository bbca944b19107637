"""The Range header, read as RFC 9110 section 14 wants it. Pure: a header and a size in, ranges out.

A header that is malformed or of another unit is ignored, so the whole file is sent; a set in which nothing lies
inside the file is not satisfiable. Ranges that overlap or touch are sent once, and a set of more than `MAX_RANGES`
is refused: asking for the same bytes a thousand times costs the asker nothing (CVE-2011-3192).
"""

import re
from dataclasses import dataclass

from app.errors import AppError

MAX_RANGES = 64
"""Players ask for one, PDF and zsync readers for some dozens; beyond that nobody honest was found."""

MAX_HEADER = 4096
"""Characters. 64 ranges of two 20-digit numbers each fit."""

_BEYOND = 10**18
"""Stands for every longer number: larger than any file, and Python refuses to parse more than 4,300 digits."""

_LONGEST = 18
"""Digits of the largest number that is read as itself."""

_SPEC = re.compile(r"(?:([0-9]+)-([0-9]*)|-([0-9]+))")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """From `start` up to, not including, `end`. Never empty."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def content_range(self, size: int) -> str:
        return f"bytes {self.start}-{self.end - 1}/{size}"


class RangeNotSatisfiable(AppError):
    """Nothing of what was asked lies inside the file, or too much was asked at once. Answered with 416."""

    code = "range_not_satisfiable"

    def __init__(self, size: int, reason: str) -> None:
        super().__init__(reason)
        self.size = size


def requested_ranges(header: str | None, size: int) -> list[ByteRange] | None:
    """Return what to send, in the order asked; None for the whole file.

    Raises:
        RangeNotSatisfiable: see there.
    """
    if header is None:
        return None
    if len(header) > MAX_HEADER:
        raise RangeNotSatisfiable(size, f"a Range header may have {MAX_HEADER} characters at most")
    unit, separator, specs = header.partition("=")
    if not separator or unit.strip(" \t").lower() != "bytes":
        return None
    asked = [spec for part in specs.split(",") if (spec := part.strip(" \t"))]
    if len(asked) > MAX_RANGES:
        raise RangeNotSatisfiable(size, f"{MAX_RANGES} ranges at most can be asked for at once")
    return _satisfiable(asked, size)


def _satisfiable(asked: list[str], size: int) -> list[ByteRange] | None:
    ranges: list[ByteRange] = []
    suffix_of_nothing = False
    for spec in asked:
        bounds = _bounds(spec)
        if bounds is None:
            return None
        first, last, suffix = bounds
        if suffix is not None:
            first, last = max(size - suffix, 0), _BEYOND
            suffix_of_nothing = suffix_of_nothing or (size == 0 and suffix > 0)
            if suffix == 0:
                continue
        if first < size:
            ranges.append(ByteRange(first, min(last + 1, size)))
    if not ranges:
        if not asked or suffix_of_nothing:
            return None  # the last bytes of an empty file exist, all none of them; no Content-Range can say so
        raise RangeNotSatisfiable(size, f"the file has {size} bytes; nothing of the range lies inside it")
    return _coalesced(ranges)


def _bounds(spec: str) -> tuple[int, int, int | None] | None:
    """First byte, last byte and length of the suffix of one range; None when it is not one."""
    match = _SPEC.fullmatch(spec)
    if match is None:
        return None
    if match[3] is not None:
        return 0, 0, _number(match[3])
    first, last = _number(match[1]), _number(match[2]) if match[2] else _BEYOND
    return None if last < first else (first, last, None)


def _number(digits: str) -> int:
    digits = digits.lstrip("0")
    return _BEYOND if len(digits) > _LONGEST else int(digits or "0")


def _coalesced(ranges: list[ByteRange]) -> list[ByteRange]:
    """Join what overlaps or touches; each result stands where the first of its parts was asked for."""
    joined: list[tuple[int, ByteRange]] = []
    for place, this in sorted(enumerate(ranges), key=lambda pair: pair[1].start):
        if joined and this.start <= joined[-1][1].end:
            earlier, last = joined[-1]
            joined[-1] = (min(earlier, place), ByteRange(last.start, max(last.end, this.end)))
        else:
            joined.append((place, this))
    return [this for _, this in sorted(joined, key=lambda pair: pair[0])]
