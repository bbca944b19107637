"""From result rows to River's types, whatever a foreign writer has put into them.

Go refuses a whole result for one value it cannot read, and strands every job of the batch (contract 2.3). Here each
row stands for itself: odd errors are read leniently, and a row that cannot be trusted is marked `undecodable`, so that
only its own attempt fails.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import psycopg
from psycopg.abc import AdaptContext
from psycopg.abc import Transformer as AnyTransformer
from psycopg.adapt import Buffer, Loader, Transformer
from psycopg.pq import Format
from psycopg.pq.abc import PGresult

from app.jobs.driver.driver import MAX_ATTEMPTS, JobInsertParams
from app.jobs.go_time import parse_go_time_exactly
from app.jobs.types import UNIQUE_STATE_BITS, AttemptError, JobRow, JobState, QueueRow

Row = tuple[Any, ...]

POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
ZERO_TIME = datetime(1, 1, 1, tzinfo=UTC)
"""Go's zero time: what River makes of a time it cannot read."""

_STATES = {state.value: state for state in JobState}
_attempt_error_decoder = msgspec.json.Decoder(AttemptError)
_FINE_TIME = re.compile(rb"\.\d{7}")


class JsonbBytesLoader(Loader):
    """jsonb as the server writes it: numbers keep every digit, and nothing is parsed that nobody reads."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data[1:])  # the first byte is the wire format's version, 1 since there is jsonb


class LenientTimeLoader(Loader):
    """Times that Python cannot hold (infinity, years past 9999) become None instead of failing the result."""

    format = Format.BINARY

    def load(self, data: Buffer) -> datetime | None:
        try:
            return POSTGRES_EPOCH + timedelta(microseconds=int.from_bytes(data, "big", signed=True))
        except OverflowError:
            return None


def read_jsonb_as_bytes(context: AdaptContext) -> None:
    """Set up a connection of ours once, or a single cursor on a caller's: that costs each statement 20 µs."""
    context.adapters.register_loader("jsonb", JsonbBytesLoader)


async def fetch_rows(cursor: psycopg.AsyncCursor[Row]) -> list[Row]:
    """Fetch all rows; when one holds a time out of range, decode the same result again with the lenient loader.

    The statement has had its effect by then: a claim is committed, so giving up here would strand its jobs.
    """
    try:
        return await cursor.fetchall()
    except psycopg.DataError:
        result = cursor.pgresult
        if result is None:
            raise
        return _load_leniently(cursor, result)


def load_rows(connection: psycopg.AsyncConnection[Any], transformer: AnyTransformer, result: PGresult) -> list[Row]:
    """The same for a result that no cursor has fetched."""
    transformer.set_pgresult(result, format=Format.BINARY)
    try:
        return transformer.load_rows(0, result.ntuples, tuple)
    except psycopg.DataError:
        return _load_leniently(psycopg.AsyncCursor(connection), result)


def _load_leniently(cursor: psycopg.AsyncCursor[Row], result: PGresult) -> list[Row]:
    cursor.adapters.register_loader("timestamptz", LenientTimeLoader)
    transformer = Transformer.from_context(cursor)
    transformer.set_pgresult(result, format=Format.BINARY)
    return transformer.load_rows(0, result.ntuples, tuple)


def job_row(row: Sequence[Any]) -> JobRow:
    (
        job_id, state, attempt, max_attempts, attempted_at, created_at, finalized_at, scheduled_at, priority, args,
        attempted_by, errors, kind, metadata, queue, tags, unique_key, unique_states,
    ) = row  # fmt: skip
    job = JobRow(
        id=job_id,
        state=_STATES[state],
        attempt=attempt,
        max_attempts=max_attempts,
        attempted_at=in_utc(attempted_at),
        created_at=created_at,
        finalized_at=in_utc(finalized_at),
        scheduled_at=scheduled_at,
        priority=priority,
        encoded_args=args,
        attempted_by=attempted_by or [],
        errors=[attempt_error(error) for error in errors] if errors else [],
        kind=kind,
        metadata=metadata,
        queue=queue,
        tags=tags,
        unique_key=unique_key,
        unique_states=None if unique_states is None else states_of_mask(unique_states),
    )
    if created_at is None or scheduled_at is None or None in tags or not metadata.startswith(b"{"):
        _mark_undecodable(job)
    elif created_at.tzinfo is not UTC:
        job.created_at = created_at.astimezone(UTC)
        job.scheduled_at = scheduled_at.astimezone(UTC)
    return job


def new_job_row(job: JobInsertParams, row: Row) -> JobRow:
    """Return what a plain insert has made of these params: `row` is its id, its args and its metadata as stored."""
    return JobRow(
        id=row[0],
        state=job.state,
        attempt=0,
        max_attempts=min(job.max_attempts, MAX_ATTEMPTS),
        attempted_at=None,
        created_at=job.created_at if job.created_at.tzinfo is UTC else job.created_at.astimezone(UTC),
        finalized_at=None,
        scheduled_at=job.scheduled_at if job.scheduled_at.tzinfo is UTC else job.scheduled_at.astimezone(UTC),
        priority=job.priority,
        encoded_args=row[1],
        attempted_by=[],
        errors=[],
        kind=job.kind,
        metadata=row[2] or b"{}",
        queue=job.queue,
        tags=list(job.tags),
        unique_key=None,
        unique_states=None,
    )


def _mark_undecodable(job: JobRow) -> None:
    """Say what is wrong, and put something of the right type in its place, so that readers need not care."""
    problems = []
    if job.created_at is None:
        problems.append("created_at is out of range")
        job.created_at = ZERO_TIME
    if job.scheduled_at is None:
        problems.append("scheduled_at is out of range")
        job.scheduled_at = ZERO_TIME
    if None in job.tags:
        problems.append("tags hold a NULL")
        job.tags = [tag for tag in job.tags if tag is not None]
    if not job.metadata.startswith(b"{"):
        problems.append("metadata is not an object")
    job.created_at = job.created_at.astimezone(UTC)
    job.scheduled_at = job.scheduled_at.astimezone(UTC)
    job.undecodable = ", ".join(problems)


def in_utc(time: datetime | None) -> datetime | None:
    """Return the same instant in UTC: a caller's own connection may have any time zone."""
    return time if time is None or time.tzinfo is UTC else time.astimezone(UTC)


@cache
def states_of_mask(mask: str) -> frozenset[JobState]:
    value = int(mask, 2)
    return frozenset(state for state, bit in UNIQUE_STATE_BITS.items() if value & bit)


def attempt_error(raw: bytes | None) -> AttemptError:
    """Read one element of `errors`."""
    if raw is None:
        return AttemptError(at=ZERO_TIME, attempt=0, error="")
    try:
        error = _attempt_error_decoder.decode(raw)
    except (msgspec.DecodeError, ValueError):
        return _lenient_attempt_error(raw)
    # A finer time than a datetime holds would have been rounded, up to the next second if need be.
    return _lenient_attempt_error(raw) if error.at.tzinfo is not UTC or _FINE_TIME.search(raw) else error


def _lenient_attempt_error(raw: bytes) -> AttemptError:
    """Make the best of an element that is not River's: never an exception, never a changed row.

    An unreadable time is Go's zero time, a number in a text counts, other texts are the value's own JSON.
    """
    try:
        element = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return AttemptError(at=ZERO_TIME, attempt=0, error=_text(raw))
    at, nanosecond = _time(element.get("at"))
    return AttemptError(
        at=at,
        nanosecond=nanosecond,
        attempt=_number(element.get("attempt")),
        error=_text(element.get("error")),
        trace=_text(element.get("trace")),
    )


def _time(raw: msgspec.Raw | None) -> tuple[datetime, int]:
    try:
        time, nanosecond = parse_go_time_exactly(msgspec.json.decode(raw or b"null", type=str))
        return time.astimezone(UTC), nanosecond
    except (msgspec.DecodeError, OverflowError, ValueError):
        return ZERO_TIME, 0


def _number(raw: msgspec.Raw | None) -> int:
    try:
        return msgspec.json.decode(raw or b"0", type=int, strict=False)
    except msgspec.DecodeError:
        return 0


def _text(raw: msgspec.Raw | bytes | None) -> str:
    """Return a JSON text's content; anything else as compact JSON; nothing for null."""
    if raw is None or bytes(raw) == b"null":
        return ""
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.DecodeError:
        return msgspec.json.format(bytes(raw), indent=-1).decode()


def queue_row(row: Sequence[Any]) -> QueueRow:
    name, created_at, metadata, paused_at, updated_at = row
    return QueueRow(
        name=name,
        created_at=created_at.astimezone(UTC),
        metadata=metadata,
        paused_at=in_utc(paused_at),
        updated_at=updated_at.astimezone(UTC),
    )
