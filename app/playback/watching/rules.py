"""When something counts as begun and as watched. Pure."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRules:
    begun_percent: float
    """Before this much nothing was begun: it was only looked at."""
    watched_percent: float
    """From here on it was watched: what is left are the credits."""
    shortest: timedelta
    """What is shorter is never gone on with; it begins anew."""


@dataclass(frozen=True, slots=True)
class Progress:
    position_ms: int
    """Where to go on; 0: at the beginning."""
    is_watched: bool


def progress(position_ms: int, duration_ms: int | None, rules: WatchRules) -> Progress:
    """Return what a position means. Without a length nothing is ever watched, and every position is kept."""
    if not duration_ms:
        return Progress(max(position_ms, 0), is_watched=False)
    percent = 100 * position_ms / duration_ms
    if percent >= rules.watched_percent:
        return Progress(0, is_watched=True)
    is_short = timedelta(milliseconds=duration_ms) < rules.shortest
    return Progress(0 if is_short or percent < rules.begun_percent else position_ms, is_watched=False)
