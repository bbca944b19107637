"""What two episodes have in common: the longest run of nearly the same points, wherever in each it is. Pure.

Points that are equal in their upper half vote for how far the two are apart; along the distances that have most votes
the bits that differ are counted.
"""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from app.playback.intros.fingerprints import STEP_MS

BITS = 32

ALIKE = 5.0
"""Bits that may differ on average. The same sound in two encodings: 0 to 3; noise and noise: 8; music and music: 12."""

AROUND = 16
"""Points that the average is taken of: two seconds, as much as one point hears."""

EDGE = 4
"""Bits that differ at most in the first and the last point of a run."""

SHORTEST_MS, LONGEST_MS = 15_000, 180_000
"""What is shorter may be a sound effect, what is longer is the same film."""

CENTRE_MS = 800
"""A point counts as alike as soon as most of what it hears is the same: the run begins so much later than its first."""

MOST_EQUAL = 40
"""A point that comes more often says nothing: silence, or one long tone."""

VARIED = 0.25
"""Share of the points of a run that must differ from each other, for the same reason."""

CANDIDATES = 6
"""Distances that are looked at."""


@dataclass(frozen=True, slots=True)
class Run:
    """Times within each of the two stretches; `likeness` is 1 where no bit differs, 0 at what is let pass."""

    first_ms: int
    second_ms: int
    length_ms: int
    likeness: float

    def turned(self) -> "Run":
        return Run(self.second_ms, self.first_ms, self.length_ms, self.likeness)


def common_run(first: "array[int]", second: "array[int]") -> Run | None:
    """Return the longest run that both have; None where there is none of a length that makes sense."""
    found = [run for distance in _distances(first, second) if (run := _along(first, second, distance)) is not None]
    longest = max(found, key=lambda run: run.length_ms, default=None)
    return longest if longest is not None and longest.length_ms <= LONGEST_MS else None


def _distances(first: "array[int]", second: "array[int]") -> list[int]:
    places: dict[int, list[int]] = {}
    for place, point in enumerate(second):
        places.setdefault(point >> BITS // 2, []).append(place)
    votes: Counter[int] = Counter()
    for place, point in enumerate(first):
        others = places.get(point >> BITS // 2, ())
        if len(others) <= MOST_EQUAL:
            votes.update(place - other for other in others)
    chosen: list[int] = []
    for distance, _ in votes.most_common(CANDIDATES * 8):
        if all(abs(distance - other) > 2 for other in chosen):  # noqa: PLR2004  neighbours of one that was chosen
            chosen.append(distance)
        if len(chosen) == CANDIDATES:
            break
    return chosen


def _along(first: "array[int]", second: "array[int]", distance: int) -> Run | None:
    begin, end = max(distance, 0), min(len(first), len(second) + distance)
    differing = [(first[place] ^ second[place - distance]).bit_count() for place in range(begin, end)]
    low, high = _exactly(differing, *_longest(differing))
    length_ms = round((high - low) * STEP_MS)
    if length_ms < SHORTEST_MS or len(set(first[begin + low : begin + high])) < VARIED * (high - low):
        return None
    likeness = max(1 - sum(differing[low:high]) / (high - low) / ALIKE, 0.0)
    place = begin + low
    return Run(_time(place), _time(place - distance), length_ms, likeness)


def _longest(differing: Sequence[int]) -> tuple[int, int]:
    """Return where the longest stretch is of points around which few bits differ."""
    sums = [0, *accumulate(differing)]
    best = (0, 0)
    begin: int | None = None
    for place in range(len(differing) + 1):
        low, high = max(place - AROUND // 2, 0), min(place + AROUND // 2 + 1, len(differing))
        is_alike = place < len(differing) and sums[high] - sums[low] <= ALIKE * (high - low)
        if is_alike and begin is None:
            begin = place
        elif not is_alike and begin is not None:
            best = max(best, (begin, place), key=lambda run: run[1] - run[0])
            begin = None
    return best


def _exactly(differing: Sequence[int], low: int, high: int) -> tuple[int, int]:
    """Move both ends to where the points themselves begin and cease to be alike: an average sees that too late."""
    while low < high and differing[low] > EDGE:
        low += 1
    while low < high and differing[high - 1] > EDGE:
        high -= 1
    while low < high and low > 0 and differing[low - 1] <= EDGE:
        low -= 1
    while low < high < len(differing) and differing[high] <= EDGE:
        high += 1
    return low, high


def _time(place: int) -> int:
    return round(place * STEP_MS) + CENTRE_MS
