"""A job as the API shows it: River's columns by name."""

from typing import Any

import msgspec

from app.catalog.file_views import Time
from app.jobs import kinds
from app.jobs.types import JobRow


class AttemptError(msgspec.Struct, frozen=True):
    """One failed attempt. `trace` is empty for an expected failure, a traceback for a crash."""

    at: Time
    attempt: int
    error: str
    trace: str


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `river_job`. `args` and `metadata` pass through as stored: no digit of any number is lost."""

    id: int
    state: str
    attempt: int
    max_attempts: int
    attempted_at: Time | None
    created_at: Time
    finalized_at: Time | None
    scheduled_at: Time
    priority: int
    args: msgspec.Raw
    attempted_by: list[str]
    """The clients that have tried it, one for each attempt."""
    errors: list[AttemptError]
    kind: str
    metadata: msgspec.Raw
    """An object. `output` holds the result, or how far a running job is."""
    queue: str
    tags: list[str]
    unique_key: bytes | None
    """In base64."""
    unique_states: list[str] | None

    @classmethod
    def of(cls, row: JobRow) -> "Job":
        return cls(
            id=row.id,
            state=row.state,
            attempt=row.attempt,
            max_attempts=row.max_attempts,
            attempted_at=row.attempted_at,
            created_at=row.created_at,
            finalized_at=row.finalized_at,
            scheduled_at=row.scheduled_at,
            priority=row.priority,
            args=msgspec.Raw(row.encoded_args),
            attempted_by=row.attempted_by,
            errors=[AttemptError(error.at, error.attempt, error.error, error.trace) for error in row.errors],
            kind=row.kind,
            metadata=msgspec.Raw(row.metadata),
            queue=row.queue,
            tags=row.tags,
            unique_key=row.unique_key,
            unique_states=None if row.unique_states is None else sorted(row.unique_states),
        )


class JobInserted(msgspec.Struct, frozen=True):
    job: Job
    duplicate: bool
    """True: such a job was unfinished already, and `job` is that one; nothing of what was asked is changed of it."""


class JobKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of job that this server knows, and how one is inserted where nothing else is said."""

    kind: str
    aliases: list[str]
    description: str
    args_schema: dict[str, Any]
    """JSON Schema of `args`."""
    queue: str
    priority: int
    max_attempts: int
    is_unique: bool
    """One that is asked for while such a job is unfinished is that job."""
    is_periodic: bool
    """It also comes by itself; see the schedule."""

    @classmethod
    def of(cls, kind: kinds.JobKind) -> "JobKind":
        return cls(
            kind=kind.kind,
            aliases=list(kind.aliases),
            description=kind.description,
            args_schema=dict(kind.args_schema),
            queue=kind.queue,
            priority=kind.priority,
            max_attempts=kind.max_attempts,
            is_unique=kind.is_unique,
            is_periodic=kind.is_periodic,
        )


class JobKindList(msgspec.Struct, frozen=True):
    kinds: list[JobKind]


class JobPage(msgspec.Struct, frozen=True):
    jobs: list[Job]
    next_cursor: str | None
