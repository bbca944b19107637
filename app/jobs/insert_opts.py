"""How a job is to be inserted, and how the call's, the kind's and the client's words combine (contract 8.1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.jobs.types import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueOpts:
    """What makes two jobs the same (contract 7.1). With nothing set, nothing is unique."""

    by_args: bool = False
    by_period: timedelta | None = None
    by_queue: bool = False
    by_state: frozenset[JobState] | None = None
    exclude_kind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertOpts:
    """None means: not said here; so does 0, as in River."""

    queue: str | None = None
    priority: int | None = None
    max_attempts: int | None = None
    tags: tuple[str, ...] | None = None
    metadata: dict[str, Any] | bytes | None = None
    """An object, or its JSON as bytes when every digit of its numbers matters. Never the kind's: only the call's."""
    scheduled_at: datetime | None = None
    """Aware. Even in the past it makes a job scheduled, which the leader moves on within 5 s."""
    pending: bool = False
    """Parked: nothing but a retry or a cancel moves it. Wins over `scheduled_at`."""
    unique: UniqueOpts | None = None
    """The call's word replaces the kind's as a whole; so do tags, even none of them."""
