"""Sizes and rates a picture is offered in: from what it is downwards, never up."""

from fractions import Fraction

import msgspec

RUNGS = ((2160, 16_000_000), (1440, 9_000_000), (1080, 6_000_000), (720, 3_000_000), (480, 1_400_000), (360, 700_000))
"""Heights of 16:9 and the bits per second that H.264 needs for them to look well, made in one pass."""

LEAST_BIT_RATE = 150_000

_LEVELS = ((1280 * 720, 31), (1920 * 1088, 40), (2560 * 1440, 50), (3840 * 2160, 51))
"""What H.264 in a size needs at the usual 30 pictures a second, ten times."""
_FAST = {31: 32, 40: 42, 50: 51, 51: 52}
"""The same at 60."""
FAST = 31


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    width: int
    height: int
    bit_rate: int


def ladder(
    width: int,
    height: int,
    bit_rate: int | None,
    *,
    max_width: int | None = None,
    max_height: int | None = None,
    max_bit_rate: int | None = None,
) -> list[Rung]:
    """Return what a picture of this size may be offered in, the best first: at least one, none larger than it is.

    A rung is for pictures that fit into its 16:9 frame, so wide films keep the width of theirs.
    """
    top = _fitted(width, height, max_width or width, max_height or height)
    rungs = [Rung(width=top[0], height=top[1], bit_rate=_rate(*top))]
    for rung_height, rate in RUNGS:
        size = _fitted(width, height, _frame_width(rung_height), rung_height)
        if size[0] < rungs[-1].width and size[1] < rungs[-1].height:
            rungs.append(Rung(width=size[0], height=size[1], bit_rate=rate))
    limit = min(bit_rate or RUNGS[0][1], max_bit_rate or RUNGS[0][1])
    affordable = [rung for rung in rungs if rung.bit_rate <= limit]
    if len(affordable) < len(rungs) and not (max_bit_rate and max_bit_rate < rungs[0].bit_rate):
        # What is small because it was made well is not made smaller in size: the first rung keeps its pixels.
        affordable = [rung for rung in affordable if rung.width < rungs[0].width]
        affordable.insert(0, msgspec.structs.replace(rungs[0], bit_rate=max(limit, LEAST_BIT_RATE)))
    return affordable or [msgspec.structs.replace(rungs[-1], bit_rate=max(limit, LEAST_BIT_RATE))]


def h264_level(width: int, height: int, frame_rate: float | None) -> int:
    """Return the level that pictures are made in, ten times: as players are told before they see any."""
    level = next((level for pixels, level in _LEVELS if width * height <= pixels), 52)
    return _FAST.get(level, level) if frame_rate and frame_rate > FAST else level


def _fitted(width: int, height: int, max_width: int, max_height: int) -> tuple[int, int]:
    """Shrink into a frame, keeping the shape; even numbers, which every encoder of 4:2:0 wants."""
    shrink = min(Fraction(1), Fraction(max_width, max(width, 1)), Fraction(max_height, max(height, 1)))
    return _even(width, shrink), _even(height, shrink)


def _even(pixels: int, shrink: Fraction) -> int:
    return max(min(round(pixels * shrink / 2) * 2, pixels // 2 * 2), 2)


def _rate(width: int, height: int) -> int:
    """Return what a picture of this size needs: that of the smallest rung that holds it."""
    fitting = [rate for rung, rate in RUNGS if height <= rung and width <= _frame_width(rung)]
    return fitting[-1] if fitting else RUNGS[0][1]


def _frame_width(height: int) -> int:
    return -(-height * 16 // 9)
