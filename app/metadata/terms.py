"""What a source asks of those who ask it: how often, and for how long its answers may be kept."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    name: str
    """As ids, jobs and the configuration call it."""
    base_url: str
    interval: timedelta
    """Between two requests, of all nodes together."""
    is_strict: bool = False
    """The next request leaves an interval after the answer to the one before, whoever asked it: its log shows no two
    closer together, however slow the way is. Else they leave at even times, and may arrive a little closer."""
    fresh_for: timedelta = timedelta(days=1)
    """How long an answer is not asked for again."""
    kept_for: timedelta = timedelta(days=150)
    """How long an answer may be kept at all. TMDb's terms say six months at most; the others say nothing."""
    attribution: str
    """A sentence that the source wants to be shown."""
