"""River's plain data: states, rows and what an attempt left behind (contract 1.2, 2.1, 2.3)."""

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec


class JobState(enum.StrEnum):
    """The eight states, in the order of the database's enum (contract 1.1)."""

    AVAILABLE = "available"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    DISCARDED = "discarded"
    PENDING = "pending"
    RETRYABLE = "retryable"
    RUNNING = "running"
    SCHEDULED = "scheduled"

    @property
    def is_final(self) -> bool:
        return self in FINAL_STATES


FINAL_STATES = frozenset({JobState.CANCELLED, JobState.COMPLETED, JobState.DISCARDED})

UNIQUE_STATE_BITS: dict[JobState, int] = {
    JobState.AVAILABLE: 1,
    JobState.CANCELLED: 2,
    JobState.COMPLETED: 4,
    JobState.DISCARDED: 8,
    JobState.PENDING: 16,
    JobState.RETRYABLE: 32,
    JobState.RUNNING: 64,
    JobState.SCHEDULED: 128,
}
"""Value of each state in the byte whose binary form, most significant bit first, is `unique_states` (contract 1.4)."""


class AttemptError(msgspec.Struct, frozen=True):
    """One failed attempt. `trace` is empty for an expected failure, a traceback for a crash."""

    at: datetime
    attempt: int
    error: str
    trace: str = ""
    nanosecond: int = 0
    """What `at` has below its microsecond: Go's clock is finer than a datetime."""


class JobRow(msgspec.Struct, kw_only=True, gc=False):
    """A row of `river_job`. `encoded_args` and `metadata` are JSON as stored: numbers keep every digit."""

    id: int
    state: JobState
    attempt: int
    max_attempts: int
    attempted_at: datetime | None
    created_at: datetime
    finalized_at: datetime | None
    scheduled_at: datetime
    priority: int
    encoded_args: bytes
    attempted_by: list[str]
    errors: list[AttemptError]
    kind: str
    metadata: bytes
    queue: str
    tags: list[str]
    unique_key: bytes | None
    unique_states: frozenset[JobState] | None
    undecodable: str | None = None
    """Why this row breaks the contract, if it does: its attempt fails alone with this text (conformance 6, row 14)."""

    def args_value(self) -> Any:
        """Decode the args into plain values, for showing. Workers get them typed instead."""
        return msgspec.json.decode(self.encoded_args)

    def metadata_value(self) -> dict[str, Any]:
        value = msgspec.json.decode(self.metadata)
        return value if isinstance(value, dict) else {}

    @property
    def wants_cancel(self) -> bool:
        """Somebody has asked to cancel this job: the key is there, whatever its value (contract 2.4)."""
        return b"cancel_attempted_at" in self.metadata and bool(_known_metadata(self.metadata).cancel_attempted_at)

    @property
    def snoozes(self) -> int:
        """How often this job was put off, read as leniently as River does (contract 2.2)."""
        return _lenient_integer(bytes(_known_metadata(self.metadata).snoozes)) if b"snoozes" in self.metadata else 0


class _KnownMetadata(msgspec.Struct):
    """What the queue itself reads; the numbers of anybody else are not even looked at."""

    cancel_attempted_at: msgspec.Raw = msgspec.Raw(b"")
    snoozes: msgspec.Raw = msgspec.Raw(b"")


_metadata_decoder = msgspec.json.Decoder(_KnownMetadata)


def _known_metadata(metadata: bytes) -> _KnownMetadata:
    try:
        return _metadata_decoder.decode(metadata)
    except msgspec.DecodeError:  # no object, as no client of River's writes it
        return _KnownMetadata()


def _lenient_integer(text: bytes) -> int:
    """Read a count: fractions lose what is behind the point, digits in a string count, anything else is none."""
    try:
        value = msgspec.json.decode(text)
        if isinstance(value, str):
            return int(value) if str(int(value)) == value else 0
        return int(value) if isinstance(value, bool | int | float) else 0
    except (ValueError, OverflowError):
        return 0


class JobInsertResult(msgspec.Struct, frozen=True, gc=False):
    """What became of one job that was to be inserted."""

    job: JobRow
    unique_skipped_as_duplicate: bool = False
    """True: nothing was inserted; `job` is the row that was there already."""


@dataclass(slots=True, frozen=True, kw_only=True)
class QueueRow:
    """A row of `river_queue` (contract 11)."""

    name: str
    created_at: datetime
    metadata: bytes
    paused_at: datetime | None
    updated_at: datetime


@dataclass(slots=True, frozen=True)
class QueueConfig:
    """How one queue is worked by this client (contract 3.2). Seconds; None: the client's value."""

    max_workers: int
    fetch_cooldown: float | None = None
    fetch_poll_interval: float | None = None


@dataclass(slots=True, frozen=True)
class JobListPage:
    """Part of a listing, and where the next part begins (contract 12.5)."""

    jobs: list[JobRow]
    cursor: str | None
    """River's own cursor text after the last listed row; None when the page is empty."""


@dataclass(slots=True, frozen=True)
class QueueStatistics:
    """Jobs of one queue that wait, by state, and the age of the oldest that could start now, in seconds."""

    queue: str
    by_state: dict[JobState, int] = field(default_factory=dict)
    oldest_available_seconds: float | None = None


@dataclass(slots=True, frozen=True)
class FailureStatistics:
    """Attempts of one kind that failed within the asked period, with the newest row's last error."""

    kind: str
    failed: int
    last_error: str
    last_job_id: int


@dataclass(slots=True, frozen=True)
class ThroughputStatistics:
    """Jobs that completed in one minute."""

    minute: datetime
    completed: int


@dataclass(slots=True, frozen=True)
class EndedJobs:
    """Jobs of one kind that ended alike within a period."""

    kind: str
    state: JobState
    count: int
    ids: tuple[int, ...]
    """Of the newest, 20 at most."""


class Topic(enum.StrEnum):
    """What is announced by NOTIFY; the channel is schema, dot, topic (contract 4.1)."""

    INSERT = "river_insert"
    CONTROL = "river_control"
    LEADERSHIP = "river_leadership"
