"""What MP4 says and the library does not pass on: keyframes by presentation time, rotation, Dolby Vision.

The library's own index has decoding times, which B-frames move away from presentation times by varying amounts.
"""

import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import atan2, degrees
from struct import calcsize, iter_unpack, unpack_from

from app.library.probing.boxes import Box, children, content, find
from app.library.probing.dolby_vision import KINDS, read_dolby_vision
from app.library.probing.peaks import peak_bit_rate
from app.library.probing.reading import CountedFile

VISUAL_ENTRY, AUDIO_ENTRY = 78, 28
"""Bytes of a sample entry before its boxes."""
DEC3 = 6
"""Bytes at least of `dec3` with anything after its only substream."""
CLEAN_ACCESS = 3
"""Kinds of access point from which all can be decoded; 0 is how most writers say 1."""
STSZ = 12
"""Bytes of the table of sizes before its rows: version and flags, one size for all or 0, how many."""
MATRIX = {0: 40, 1: 52}
"""Where `tkhd` has its matrix, by version."""


@dataclass(frozen=True, slots=True)
class Mp4Track:
    rotation: int | None
    """Degrees clockwise that a player turns the picture by, when it is a quarter turn or several."""
    dolby_vision: dict[str, float | str]
    keyframes: list[int]
    """Milliseconds; none when the file has no index that would tell."""
    peak_bit_rate: int | None
    """Of its pictures alone."""
    is_fragmented: bool
    """The index is of fragments: distances are right, but the library may count from another beginning."""


def read_mp4(source: CountedFile, size: int, track_id: int) -> Mp4Track | None:
    """Return what is said of a track with a picture; None when there is no such track."""
    top = list(_before_fragments(source, size))
    moov = next((box for box in top if box.kind == b"moov"), None)
    trak, header = _track(source, moov, track_id)
    if moov is None or trak is None:
        return None
    whole, peak = _keyframes(source, moov, trak)
    times = whole or _segments(source, top, track_id) or _random_access(source, trak, size, track_id)
    return Mp4Track(_rotation(header), _dolby_vision(source, trak), times or [], peak, is_fragmented=not whole)


def has_objects(source: CountedFile, size: int, track_id: int) -> bool:
    """Whether a track of E-AC-3 says that it carries objects, at the end of its `dec3`."""
    moov = next((box for box in _before_fragments(source, size) if box.kind == b"moov"), None)
    trak, _ = _track(source, moov, track_id)
    record = _in_description(source, trak, AUDIO_ENTRY, b"dec3") if trak is not None else b""
    if len(record) < DEC3:
        return False
    at = 2
    for _ in range((record[1] & 7) + 1):
        at += 4 if len(record) > at + 2 and record[at + 2] >> 1 & 0xF else 3
    return len(record) > at and bool(record[at] & 1)


def _track(source: CountedFile, moov: Box | None, track_id: int) -> tuple[Box | None, bytes]:
    """Return a track and its header."""
    for trak in children(source, moov.start, moov.end) if moov is not None else ():
        header = content(source, find(source, trak, b"tkhd")) if trak.kind == b"trak" else None
        if header is not None and _track_id(header) == track_id:
            return trak, header
    return None, b""


def _before_fragments(source: CountedFile, size: int) -> Iterator[Box]:
    """Give the boxes of the file; of a fragmented one those before its thousands of fragments."""
    for box in children(source, 0, size):
        if box.kind == b"moof":
            return
        yield box


def _track_id(header: bytes) -> int | None:
    at = 20 if header[:1] == b"\1" else 12
    return int.from_bytes(header[at : at + 4], "big") if len(header) >= at + 4 else None


def _rotation(header: bytes) -> int | None:
    at = MATRIX.get(header[0])
    if at is None or len(header) < at + 36:
        return None
    across, down = unpack_from(">2i", header, at)
    turn = round(degrees(atan2(down, across))) % 360
    return turn if turn % 90 == 0 and turn else None


def _dolby_vision(source: CountedFile, trak: Box) -> dict[str, float | str]:
    return read_dolby_vision(_in_description(source, trak, VISUAL_ENTRY, *KINDS))


def _in_description(source: CountedFile, trak: Box, skipped: int, *kinds: bytes) -> bytes:
    """Return the first such box of how a track's samples are described; empty for none."""
    descriptions = find(source, trak, b"mdia", b"minf", b"stbl", b"stsd")
    if descriptions is None:
        return b""
    for entry in children(source, descriptions.start + 8, descriptions.end):
        for box in children(source, entry.start + skipped, entry.end):
            if box.kind in kinds:
                return content(source, box) or b""
    return b""


def _scale(source: CountedFile, box: Box | None) -> int | None:
    """Return ticks per second of `mvhd` or `mdhd`, which begin alike."""
    header = content(source, box) or b""
    at = 20 if header[:1] == b"\1" else 12
    return int.from_bytes(header[at : at + 4], "big") or None


def _keyframes(source: CountedFile, moov: Box, trak: Box) -> tuple[list[int] | None, int | None]:
    """Return the times of the keyframes and the peak bit rate; None for what the tables do not tell."""
    scale = _scale(source, find(source, trak, b"mdia", b"mdhd"))
    table = find(source, trak, b"mdia", b"minf", b"stbl")
    if scale is None or table is None:
        return None, None
    edit = _edit(source, trak, scale, _scale(source, find(source, moov, b"mvhd")) or scale)
    boxes = {box.kind: box for box in children(source, table.start, table.end)}
    tables = {kind: content(source, boxes[kind]) for kind in (b"stts", b"ctts", b"stss") if kind in boxes}
    durations = tables.get(b"stts")
    if edit is None or durations is None or None in tables.values():
        return None, None
    syncs = tables.get(b"stss")
    numbers = None if syncs is None else [number for (number,) in _rows(syncs, ">I")]
    found = list(_times(durations, tables.get(b"ctts"), numbers))
    times = [round(time * 1000 / scale) for time in edit.applied(iter(found))]
    milliseconds = [time * 1000 // scale for time in found]
    return times or None, _peak(content(source, boxes.get(b"stsz")), numbers, milliseconds)


def _peak(sizes: bytes | None, numbers: list[int] | None, times: list[int]) -> int | None:
    """Return the peak bit rate of samples whose sizes are in a table, by those from which decoding can begin."""
    if sizes is None or len(sizes) < STSZ or int.from_bytes(sizes[4:8], "big") or times != sorted(times):
        return None
    each = array("I", sizes[STSZ : STSZ + (len(sizes) - STSZ) // 4 * 4])
    if sys.byteorder == "little":
        each.byteswap()
    firsts = [number - 1 for number in numbers] if numbers is not None else range(len(times))
    between = (sum(each[one:other]) for one, other in pairwise([0, *firsts]))
    return peak_bit_rate(list(zip(times, accumulate(between), strict=False)))


def _rows(table: bytes, layout: str) -> Iterator[tuple[int, ...]]:
    """Give the rows of a table that has version, flags and a count before them."""
    width = {">I": 4, ">2I": 8, ">Ii": 8}[layout]
    count = min(int.from_bytes(table[4:8], "big"), (len(table) - 8) // width)
    return iter_unpack(layout, table[8 : 8 + count * width]) if count > 0 else iter(())


def _times(durations: bytes, offsets: bytes | None, numbers: Sequence[int] | None) -> Iterator[int]:
    """Give the presentation times of the samples with these numbers (from 1, ascending); of all for None."""
    decoding = _Runs(_rows(durations, ">2I"))
    shifts = _Runs(_rows(offsets, ">Ii")) if offsets is not None else None
    for number in range(1, decoding.MAX_ALL) if numbers is None else numbers:
        if not decoding.move_to(number - 1):
            return
        shift = shifts.value if shifts is not None and shifts.move_to(number - 1) else 0
        yield decoding.total + shift


class _Runs:
    """A run-length table walked upwards: the value at a place, and the sum of the values before it."""

    MAX_ALL = 2_000_000

    def __init__(self, runs: Iterator[tuple[int, ...]]) -> None:
        self._runs = runs
        self._first = self._next = 0
        self._base = 0
        self.value = 0
        self.total = 0

    def move_to(self, place: int) -> bool:
        while place >= self._next:
            run = next(self._runs, None)
            if run is None:
                return False
            self._base += (self._next - self._first) * self.value
            self._first, self._next, self.value = self._next, self._next + run[0], run[1]
        self.total = self._base + (place - self._first) * self.value
        return place >= self._first


@dataclass(frozen=True, slots=True)
class _Edit:
    """Which part of a track is played, and when: in the track's ticks."""

    begins: int
    """What is played at `at`."""
    at: int
    lasts: int | None

    def applied(self, times: Iterator[int]) -> list[int]:
        """Return played times; of those before the beginning only the last, which decoding starts from."""
        kept: list[int] = []
        for time in sorted(times):
            if self.lasts is not None and time >= self.begins + self.lasts:
                break
            if time <= self.begins:
                kept.clear()
            kept.append(time)
        return [time - self.begins + self.at for time in kept]


def _edit(source: CountedFile, trak: Box, scale: int, movie_scale: int) -> _Edit | None:
    """Return the only edit; None when there are several, which no index describes."""
    table = content(source, find(source, trak, b"edts", b"elst"))
    if table is None or len(table) < 8:  # noqa: PLR2004  version, flags and count
        return _Edit(0, 0, None)
    layout, width = (">Qq4x", 20) if table[0] == 1 else (">Ii4x", 12)
    count = min(int.from_bytes(table[4:8], "big"), (len(table) - 8) // width)
    at, found = 0, None
    for lasts, begins in iter_unpack(layout, table[8 : 8 + count * width]):
        if found is not None:
            return None
        if begins < 0:
            at += lasts * scale // movie_scale
        else:
            found = _Edit(begins, at, lasts * scale // movie_scale or None)
    return found or _Edit(0, at, None)


def _segments(source: CountedFile, top: list[Box], track_id: int) -> list[int] | None:
    """Read the index of a fragmented file: where segments begin, and whether with a keyframe."""
    index = content(source, next((box for box in top if box.kind == b"sidx"), None))
    head = 32 if index and index[0] == 1 else 24
    if index is None or len(index) < head or int.from_bytes(index[4:8], "big") != track_id:
        return None
    scale = int.from_bytes(index[8:12], "big")
    time = int.from_bytes(index[12:20] if index[0] == 1 else index[12:16], "big")
    rows = index[head : head + 12 * int.from_bytes(index[head - 2 : head], "big")]
    times: list[int] = []
    for reference, lasts, access in iter_unpack(">3I", rows[: len(rows) // 12 * 12]):
        if reference >> 31 or scale == 0:
            return None
        if access >> 31 and access >> 28 & 7 <= CLEAN_ACCESS:
            times.append(round(time * 1000 / scale))
        time += lasts
    return times or None


def _random_access(source: CountedFile, trak: Box, size: int, track_id: int) -> list[int] | None:
    """Read the table at the end of a fragmented file, which the last box points back to."""
    last = source.at(max(size - 16, 0), 16)
    scale = _scale(source, find(source, trak, b"mdia", b"mdhd"))
    if last[4:8] != b"mfro" or scale is None:
        return None
    for box in children(source, size - int.from_bytes(last[12:16], "big"), size):
        if box.kind == b"mfra":
            for table in children(source, box.start, box.end):
                data = content(source, table) if table.kind == b"tfra" else None
                if data is not None and int.from_bytes(data[4:8], "big") == track_id:
                    return [round(time * 1000 / scale) for time in _accesses(data)]
    return None


def _accesses(table: bytes) -> list[int]:
    wide = table[0] == 1
    lengths = int.from_bytes(table[8:12], "big")
    numbers = sum((lengths >> shift & 3) + 1 for shift in (0, 2, 4))
    layout = f"{'>Q8x' if wide else '>I4x'}{numbers}x"
    width = calcsize(layout)
    count = min(int.from_bytes(table[12:16], "big"), (len(table) - 16) // width)
    return [time for (time,) in iter_unpack(layout, table[16 : 16 + count * width])]
