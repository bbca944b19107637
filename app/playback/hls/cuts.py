"""Where a film is cut into segments: pure, from its keyframes or from nothing but its length.

Times are milliseconds of what is watched: 0 is the film's first picture or sound, whatever its container counts from.
Copies and conversions of a film share its cuts, so that a player can go from one to the other at any of them.
"""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise

import msgspec

TARGET_MS = 4_000
"""Apple recommends 6 s; a shorter segment is ready sooner, and costs a request more."""

LEAST_MS = 500
"""What is left over at the end is no segment of its own below this."""


class Cuts(msgspec.Struct, frozen=True):
    starts: list[int]
    """Ascending from 0."""
    end: int

    def __len__(self) -> int:
        return len(self.starts)

    def start(self, number: int) -> int:
        return self.starts[number]

    def stop(self, number: int) -> int:
        """Return where a segment ends: where the next begins, or the film does."""
        return self.starts[number + 1] if number + 1 < len(self.starts) else self.end

    def durations(self) -> list[int]:
        return [later - earlier for earlier, later in pairwise([*self.starts, self.end])]

    @property
    def are_regular(self) -> bool:
        """Whether they were made without looking at the film, whose keyframes may lie anywhere between them."""
        return all(start == number * TARGET_MS for number, start in enumerate(self.starts))

    def at(self, time_ms: int) -> int:
        """Return the number of the segment that a time lies in; the last one for what lies beyond."""
        return max(bisect_right(self.starts, time_ms) - 1, 0)


def at_keyframes(keyframes: Iterable[int], end: int, target: int = TARGET_MS) -> Cuts:
    """Cut at keyframes only, each segment at least so long: the only places where a copy can begin."""
    starts = [0]
    for time in keyframes:
        if time - starts[-1] >= target and end - time >= LEAST_MS:
            starts.append(time)
    return Cuts(starts, max(end, starts[-1] + 1))


def at_regular_times(end: int, target: int = TARGET_MS) -> Cuts:
    """Cut where it suits: for what is converted anyway."""
    starts = list(range(0, max(end, 1), target))
    if len(starts) > 1 and end - starts[-1] < LEAST_MS:
        starts.pop()
    return Cuts(starts, max(end, starts[-1] + 1))


def widest_gap(keyframes: list[int], end: int) -> int | None:
    """Return the longest time without a keyframe; None where none is known."""
    return max((later - earlier for earlier, later in pairwise([*keyframes, end])), default=None) if keyframes else None
