"""The episodes of a season → in each of them what most of its neighbours have too. Pure."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from uuid import UUID

from app.playback.intros.common import Run

NEIGHBOURS = 4
"""Episodes behind each one that it is held against; with those before it, eight. Intros change within a season, too."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of one file: where it begins, and what it sounds like."""

    file_id: UUID
    episodes: frozenset[UUID]
    begin_ms: int
    points: "array[int]"


@dataclass(frozen=True, slots=True)
class Found:
    start_ms: int
    end_ms: int
    confidence: float
    """0 to 1: which share of the neighbours has it, and how alike it is in them."""


def pairs(heard: Sequence[Heard]) -> Iterator[tuple[int, int]]:
    """Return which are to be compared. Two versions of one episode have all in common, which says nothing."""
    for one, other in combinations(range(len(heard)), 2):
        if other - one <= NEIGHBOURS and not heard[one].episodes & heard[other].episodes:
            yield one, other


def agreed(begin_ms: int, runs: Sequence[Run | None]) -> Found | None:
    """Return what an episode has in common with most of those it was compared with: `runs`, it being the first."""
    known = [run for run in runs if run is not None]
    best = max((_like(run, known) for run in known), key=lambda alike: (len(alike), _length(alike)), default=[])
    if not best:
        return None
    start = median(run.first_ms for run in best)
    end = median(run.first_ms + run.length_ms for run in best)
    likeness = sum(run.likeness for run in best) / len(best)
    confidence = len(best) / len(runs) * (0.5 + likeness / 2)
    return Found(round(begin_ms + start), round(begin_ms + end), round(confidence, 3))


def _like(run: Run, known: Sequence[Run]) -> list[Run]:
    """Return all that mean the same part as this one: they share more than half of the longer of the two."""
    return [other for other in known if _shared(run, other) * 2 > max(run.length_ms, other.length_ms)]


def _shared(run: Run, other: Run) -> int:
    end = min(run.first_ms + run.length_ms, other.first_ms + other.length_ms)
    return end - max(run.first_ms, other.first_ms)


def _length(runs: Sequence[Run]) -> float:
    return median(run.length_ms for run in runs)
