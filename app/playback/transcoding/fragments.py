"""Fragmented MP4 as FFmpeg writes it into a pipe → segments that fit together, whichever run made them.

FFmpeg is told to keep the file's own times, and begins a fragment at every keyframe, of sound twice a second.
Here each fragment's time becomes time of what is watched, by exact numbers, and its place among the segments follows
from that: a run that was begun in the middle makes the same segments as one from the start. Pure, but for the reading.
"""

import itertools
import struct
from asyncio import IncompleteReadError, StreamReader
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from app.playback.errors import TranscodeFailed

MAX_BOX = 2**30
"""Bytes. A fragment of the highest rate there is, of the longest group of pictures that is copied, has a quarter."""

_OFFSETS = 0x800
_SIZES, _DURATIONS, _SAMPLE_FLAGS = 0x200, 0x100, 0x400
_DATA_OFFSET, _FIRST_FLAGS = 0x1, 0x4
_DEFAULT_DURATION = 0x8


@dataclass(frozen=True, slots=True)
class Fragment:
    """A `moof` and its `mdat`, of one track."""

    moof: bytearray
    mdat: bytes
    """With its header."""
    decode_time: int
    """In ticks of the track, as the fragment says; may be below 0."""
    first_offset: int
    """From the first sample's decoding to its showing."""
    earliest_offset: int
    """From the first sample's decoding to the first showing of any: of a group that is open at its beginning, pictures
    decoded behind its keyframe are shown before it."""
    samples: list[tuple[int, int]]
    """Duration and size of each."""

    @property
    def shown_time(self) -> int:
        return self.decode_time + self.first_offset

    @property
    def duration(self) -> int:
        return sum(duration for duration, _ in self.samples)


async def read_boxes(stream: StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
    """Yield the boxes of a stream as they become whole: type and bytes. What is cut off at the end is left out."""
    while True:
        try:
            head = await stream.readexactly(8)
            size, kind = struct.unpack(">I4s", head)
            if size == 1:
                head += await stream.readexactly(8)
                size = int.from_bytes(head[8:], "big")
            if size < len(head) or size > MAX_BOX:
                raise TranscodeFailed("ffmpeg wrote something that is no MP4")
            yield kind, head + await stream.readexactly(size - len(head))
        except IncompleteReadError:
            return


def timescale_of(moov: bytes) -> int:
    """Return the ticks per second of the only track."""
    place = _find(moov, (b"trak", b"mdia", b"mdhd"))
    version = moov[place + 8]
    return int.from_bytes(moov[place + 28 : place + 32] if version else moov[place + 20 : place + 24], "big")


def parse(moof: bytes, mdat: bytes) -> Fragment:
    tfdt = _find(moof, (b"traf", b"tfdt"))
    tfhd = _find(moof, (b"traf", b"tfhd"))
    trun = _find(moof, (b"traf", b"trun"))
    if moof[tfdt + 8] != 1:
        raise TranscodeFailed("ffmpeg wrote a fragment whose time has 32 bits")
    decode_time = int.from_bytes(moof[tfdt + 12 : tfdt + 20], "big", signed=True)
    offsets, samples = _samples(moof, trun, *_defaults(moof, tfhd))
    starts = itertools.accumulate((duration for duration, _ in samples), initial=0)
    earliest = min((start + offset for start, offset in zip(starts, offsets, strict=False)), default=0)
    return Fragment(bytearray(moof), mdat, decode_time, offsets[0] if offsets else 0, earliest, samples)


def _defaults(moof: bytes, tfhd: int) -> tuple[int, int]:
    flags, place = int.from_bytes(moof[tfhd + 9 : tfhd + 12], "big"), tfhd + 16
    place += (8 if flags & 1 else 0) + (4 if flags & 2 else 0)
    duration = size = 0
    if flags & _DEFAULT_DURATION:
        duration, place = int.from_bytes(moof[place : place + 4], "big"), place + 4
    if flags & 0x10:
        size = int.from_bytes(moof[place : place + 4], "big")
    return duration, size


def _samples(moof: bytes, trun: int, duration: int, size: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Return how much later than decoded each sample is shown, and the duration and size of each."""
    flags, count = int.from_bytes(moof[trun + 9 : trun + 12], "big"), int.from_bytes(moof[trun + 12 : trun + 16], "big")
    place = trun + 16 + (4 if flags & _DATA_OFFSET else 0) + (4 if flags & _FIRST_FLAGS else 0)
    offsets, samples = [], []
    for _ in range(count):
        if flags & _DURATIONS:
            duration, place = int.from_bytes(moof[place : place + 4], "big"), place + 4
        if flags & _SIZES:
            size, place = int.from_bytes(moof[place : place + 4], "big"), place + 4
        place += 4 if flags & _SAMPLE_FLAGS else 0
        if flags & _OFFSETS:
            offsets.append(int.from_bytes(moof[place : place + 4], "big", signed=True))
            place += 4
        else:
            offsets.append(0)
        samples.append((duration, size))
    return offsets, samples


def retimed(fragment: Fragment, zero: int, sequence: int) -> bytes:
    """Return the fragment with its first sample's decoding set to its first showing, counted from `zero`.

    Decoding goes ahead of showing by as much as pictures wait for later ones, which would be below 0 at the start of a
    film. Moving it by that, and every offset back by as much, shows everything when it was shown before. Counted by the
    first showing of any picture, groups follow each other without gap or overlap, open ones and others in turn.
    """
    moof, shift = fragment.moof, fragment.earliest_offset
    tfdt = _find(moof, (b"traf", b"tfdt"))
    time = max(fragment.decode_time + shift - zero, 0)
    moof[tfdt + 12 : tfdt + 20] = time.to_bytes(8, "big")
    _number(moof, sequence)
    if shift:
        _shift_offsets(moof, _find(moof, (b"traf", b"trun")), shift)
    return bytes(moof) + fragment.mdat


def _number(moof: bytearray, sequence: int) -> None:
    mfhd = _find(moof, (b"mfhd",))
    moof[mfhd + 12 : mfhd + 16] = (sequence & 0xFFFFFFFF).to_bytes(4, "big")


def _shift_offsets(moof: bytearray, trun: int, shift: int) -> None:
    moof[trun + 8] = 1  # offsets may be below 0 from this version on
    flags, count = int.from_bytes(moof[trun + 9 : trun + 12], "big"), int.from_bytes(moof[trun + 12 : trun + 16], "big")
    place = trun + 16 + (4 if flags & _DATA_OFFSET else 0) + (4 if flags & _FIRST_FLAGS else 0)
    before = sum(4 for flag in (_DURATIONS, _SIZES, _SAMPLE_FLAGS) if flags & flag)
    for number in range(count):
        at = place + number * (before + 4) + before
        offset = int.from_bytes(moof[at : at + 4], "big", signed=True) - shift
        moof[at : at + 4] = offset.to_bytes(4, "big", signed=True)


def sound_segment(time: int, samples: Sequence[tuple[int, int]], data: bytes, sequence: int) -> bytes:
    """Return one fragment of all these samples of sound: one by one they would cost a third more bytes."""
    count = len(samples)
    trun_body = bytearray(struct.pack(">II", 0x1 | _DURATIONS | _SIZES, count) + b"\0\0\0\0")
    for duration, size in samples:
        trun_body += struct.pack(">II", duration, size)
    tfhd = _box(b"tfhd", struct.pack(">III", 0x020020, 1, 0x02000000))
    tfdt = _box(b"tfdt", struct.pack(">IQ", 0x01000000, time))
    size = 8 + 16 + 8 + len(tfhd) + len(tfdt) + 8 + len(trun_body)
    struct.pack_into(">i", trun_body, 8, size + 8)
    traf = _box(b"traf", tfhd + tfdt + _box(b"trun", bytes(trun_body)))
    moof = _box(b"moof", _box(b"mfhd", struct.pack(">II", 0, sequence & 0xFFFFFFFF)) + traf)
    return moof + _box(b"mdat", data)


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _find(box: bytes | bytearray, path: Sequence[bytes]) -> int:
    """Return where a box within boxes begins."""
    start, end = 8, len(box)
    for kind in path:
        for place, found, size in _children(box, start, end):
            if found == kind:
                start, end = place + 8, place + size
                break
        else:
            raise TranscodeFailed(f"ffmpeg wrote MP4 without {kind.decode()}")
    return start - 8


def _children(box: bytes | bytearray, start: int, end: int) -> Iterator[tuple[int, bytes, int]]:
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", box, start)
        if size < 8:  # noqa: PLR2004  a header
            return
        yield start, kind, size
        start += size
