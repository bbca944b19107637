"""From what a caller says to what is written: the call's words, then the kind's, then the client's (contract 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from app.errors import InvalidInput
from app.jobs import go_json
from app.jobs.args import JobArgs
from app.jobs.driver.driver import JobInsertParams
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.names import MAX_KIND_LENGTH, check_queue_name, check_tag
from app.jobs.types import JobState
from app.jobs.unique import check_unique_opts, unique_key, unique_states

DEFAULT_QUEUE = "default"
DEFAULT_MAX_ATTEMPTS = 25
DEFAULT_PRIORITY = 1
LOWEST_PRIORITY = 4

_NOTHING = InsertOpts()


@dataclass(frozen=True, slots=True)
class InsertPlan:
    """All that does not depend on the single job: settled once, it serves thousands of one kind."""

    kind: str
    queue: str
    priority: int
    max_attempts: int
    state: JobState
    scheduled_at: datetime | None
    tags: Sequence[str]
    metadata: bytes
    unique: UniqueOpts | None

    def params(self, args: JobArgs, now: datetime) -> JobInsertParams:
        """Return what is to be written for these args.

        Raises:
            InvalidInput: they are no JSON, or cannot be unique.
        """
        params = JobInsertParams(
            kind=self.kind,
            encoded_args=encode(args, "args"),
            queue=self.queue,
            priority=self.priority,
            max_attempts=self.max_attempts,
            state=self.state,
            created_at=now,
            scheduled_at=self.scheduled_at or now,
            tags=self.tags,
            metadata=self.metadata,
        )
        if self.unique is not None:
            params.unique_key = unique_key(
                self.unique,
                kind=self.kind,
                args_type=type(args),
                encoded_args=params.encoded_args,
                queue=self.queue,
                base_time=params.scheduled_at,
            )
            params.unique_states = unique_states(self.unique)
        return params


def plan(args_type: type[JobArgs], opts: InsertOpts | None, max_attempts: int = DEFAULT_MAX_ATTEMPTS) -> InsertPlan:
    """Settle whose word counts.

    Raises:
        InvalidInput: names the option that makes no sense.
    """
    call, kind = opts or _NOTHING, args_type.insert_opts() or _NOTHING
    scheduled_at = _checked_time(call.scheduled_at or kind.scheduled_at)
    return InsertPlan(
        kind=_checked_kind(args_type.kind),
        queue=check_queue_name(call.queue or kind.queue or DEFAULT_QUEUE),
        priority=_checked_priority(call.priority or kind.priority or DEFAULT_PRIORITY),
        max_attempts=_checked_max_attempts(call.max_attempts or kind.max_attempts or max_attempts),
        state=_state(pending=call.pending or kind.pending, scheduled_at=scheduled_at),
        scheduled_at=scheduled_at,
        tags=[check_tag(tag) for tag in (kind.tags or () if call.tags is None else call.tags)],
        metadata=checked_metadata(call.metadata),
        unique=_checked_unique(kind.unique if call.unique is None or call.unique == UniqueOpts() else call.unique),
    )


def resolve(
    args: JobArgs, opts: InsertOpts | None, *, now: datetime, max_attempts: int = DEFAULT_MAX_ATTEMPTS
) -> JobInsertParams:
    """Return what is to be written for one job.

    Raises:
        InvalidInput: names what makes no sense.
    """
    return plan(type(args), opts, max_attempts).params(args, now)


def _state(*, pending: bool, scheduled_at: datetime | None) -> JobState:
    if pending:
        return JobState.PENDING
    return JobState.AVAILABLE if scheduled_at is None else JobState.SCHEDULED


def encode(value: Any, field: str) -> bytes:
    """Encode as River would, refusing what PostgreSQL cannot keep.

    Raises:
        InvalidInput: not JSON, or a text holds U+0000.
    """
    try:
        encoded = go_json.encode(value)
    except (TypeError, ValueError, RecursionError) as err:
        raise InvalidInput(field, f"is no JSON: {err}") from err
    return _without_nul(encoded, field)


def _without_nul(encoded: bytes, field: str) -> bytes:
    if go_json.holds_nul(encoded):
        raise InvalidInput(field, "holds the character U+0000, which PostgreSQL's JSON cannot")
    return encoded


def checked_metadata(metadata: dict[str, Any] | bytes | None) -> bytes:
    """An array would pass the database and break every later merge (contract 8.1), so it is refused here."""
    if not metadata:
        return b"{}"
    if isinstance(metadata, dict):
        return encode(metadata, "metadata")
    try:
        msgspec.json.decode(metadata, type=dict[str, msgspec.Raw])
    except ValueError as err:
        raise InvalidInput("metadata", f"must be a JSON object: {err}") from err
    return _without_nul(metadata, "metadata")


def _checked_unique(opts: UniqueOpts | None) -> UniqueOpts | None:
    return opts if opts is not None and check_unique_opts(opts) else None


def _checked_time(scheduled_at: datetime | None) -> datetime | None:
    if scheduled_at is not None and scheduled_at.tzinfo is None:
        raise InvalidInput("scheduled_at", "needs a time zone: without one nobody knows when it is")
    return scheduled_at


def _checked_kind(kind: str) -> str:
    if not 0 < len(kind) <= MAX_KIND_LENGTH:
        raise InvalidInput("kind", f"has 1 to {MAX_KIND_LENGTH} characters")
    return kind


def _checked_priority(priority: int) -> int:
    if not 1 <= priority <= LOWEST_PRIORITY:
        raise InvalidInput("priority", f"must be 1 (first) to {LOWEST_PRIORITY}, is {priority}")
    return priority


def _checked_max_attempts(max_attempts: int) -> int:
    if max_attempts < 1:
        raise InvalidInput("max_attempts", f"must be at least 1, is {max_attempts}")
    return max_attempts
