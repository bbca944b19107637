"""Times of keyframes, packed: two bytes each for most films, 7 KB for two hours.

They are in milliseconds on the clock of `stream.start_ms`, ascending. The first is as it is (it may be negative), each
other its distance to the one before; all in base 128, low digits first, the sign of the first in its lowest bit.
"""

from collections.abc import Iterable, Sequence

MAX_KEYFRAMES = 50_000
"""Of a stream in which every frame is one, fewer are as good: nobody cuts between frames."""
COARSE_MS = 500


def thinned(times: Iterable[int]) -> list[int]:
    """Return them ascending, without repetitions; where there are too many, none within half a second of the last."""
    ordered = sorted(set(times))
    step = COARSE_MS
    while len(ordered) > MAX_KEYFRAMES:
        kept = ordered[:1]
        for time in ordered:
            if time - kept[-1] >= step:
                kept.append(time)
        ordered, step = kept, step * 2
    return ordered


def pack(times: Sequence[int]) -> bytes:
    """Pack ascending times."""
    packed = bytearray()
    last = 0
    for number, time in enumerate(times):
        value = time - last if number else (time << 1 if time >= 0 else (-time << 1) - 1)
        while value > 0x7F:  # noqa: PLR2004  seven bits and a sign that more follow
            packed.append(value & 0x7F | 0x80)
            value >>= 7
        packed.append(value)
        last = time
    return bytes(packed)


def unpack(packed: bytes) -> list[int]:
    """Return what was packed."""
    times: list[int] = []
    value = shift = 0
    for byte in packed:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004  the last of this value
            if times:
                times.append(times[-1] + value)
            else:
                times.append(-(value + 1 >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return times
