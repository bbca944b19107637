"""The seam to PostgreSQL: one method per statement, named as River names it (contract 1 to 7).

Nothing above it sees SQL. A `Driver` over a pool runs each statement by itself; `begin` and `using` give one whose
statements share a transaction. All times are aware; `now` is None in production, where the database's clock decides.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, Self

import msgspec
import psycopg

from app.jobs.types import (
    EndedJobs,
    FailureStatistics,
    JobInsertResult,
    JobRow,
    JobState,
    QueueRow,
    QueueStatistics,
    ThroughputStatistics,
    Topic,
)

Connection = psycopg.AsyncConnection[Any]

DatabaseNow = Literal["now"]
"""The time by the database's clock, as PostgreSQL itself spells it. Ours may be minutes ahead."""

MAX_ATTEMPTS = 32_767
"""What the column holds; River writes more as this."""


class JobInsertParams(msgspec.Struct, kw_only=True, gc=False):
    """Everything resolved: what is written to a new row (contract 8.2).

    A struct and no dataclass, as `JobRow` is: it takes a third of the time to make one, and bulk inserts make one per
    row. It cannot be part of a cycle, so the garbage collector need not look at thousands of them.
    """

    kind: str
    encoded_args: bytes
    queue: str
    priority: int
    max_attempts: int
    state: JobState
    created_at: datetime
    scheduled_at: datetime
    tags: Sequence[str] = ()
    metadata: bytes = b"{}"
    unique_key: bytes | None = None
    unique_states: int | None = None
    """The byte of contract 1.4; written as bit(8)."""

    @property
    def shared(self) -> tuple[Any, ...]:
        """What the jobs of one kind and one call have in common: all but the args and the unique key."""
        return (
            self.kind,
            self.queue,
            self.priority,
            self.max_attempts,
            self.state,
            self.created_at,
            self.scheduled_at,
            self.tags,
            self.metadata,
        )


@dataclass(slots=True, kw_only=True)
class JobSetState:
    """How one attempt ended (contract 2.2, 2.4). None: leave the column as it is.

    Fenced: applies only while the row is running exactly this attempt. Metadata is merged in any state, except into
    a row that meanwhile runs another attempt, whose own bookkeeping it would spoil.
    """

    id: int
    attempt: int
    attempted_at: datetime
    state: JobState
    new_attempt: int | None = None
    scheduled_at: datetime | DatabaseNow | None = None
    finalized_at: datetime | None = None
    error: bytes | None = None
    """One element for `errors`, encoded (contract 2.3)."""
    metadata: bytes | None = None


@dataclass(slots=True, kw_only=True)
class JobRescue:
    """What becomes of one job left running (contract 6.2). Guarded by (id, attempt, attempted_at) and still running."""

    id: int
    attempt: int
    attempted_at: datetime
    state: JobState
    error: bytes
    scheduled_at: datetime | None = None
    finalized_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class JobListParams:
    """Filters of a listing: any within one field, all between fields (contract 12.5). Empty: no filter."""

    ids: Sequence[int] = ()
    kinds: Sequence[str] = ()
    priorities: Sequence[int] = ()
    queues: Sequence[str] = ()
    states: Sequence[JobState] = ()
    tags_all: Sequence[str] = ()
    tags_any: Sequence[str] = ()
    metadata: dict[str, Any] | bytes | None = None
    order_by: str = "id"
    """id, time, scheduled_at or finalized_at."""
    descending: bool = False
    after: str | None = None
    """River's cursor text."""
    limit: int = 100


@dataclass(slots=True, frozen=True, kw_only=True)
class JobDeleteManyParams:
    """Which jobs to delete: any within one field, all between fields (contract 2.7). Running ones never are.

    None is no filter, and an empty one matches nothing: a list of ids that turns out empty must not delete the rest.
    """

    ids: Sequence[int] | None = None
    kinds: Sequence[str] | None = None
    priorities: Sequence[int] | None = None
    queues: Sequence[str] | None = None
    states: Sequence[JobState] | None = None
    unsafe_all: bool = False
    """Said instead of a filter: delete whatever is not running."""
    limit: int = 100


@dataclass(slots=True, frozen=True)
class JobSchedule:
    """A row that the scheduler moved: to available, or to discarded because of a unique conflict (contract 6.1)."""

    id: int
    queue: str
    state: JobState
    scheduled_at: datetime


@dataclass(slots=True, frozen=True)
class Leader:
    leader_id: str
    elected_at: datetime
    expires_at: datetime


@dataclass(slots=True, frozen=True)
class Notification:
    topic: Topic
    payload: str


@dataclass(slots=True, frozen=True)
class PeriodicRun:
    """A row of `revenge_periodic`: what is known of a remembered periodic job (design of the scheduled kinds)."""

    id: str
    last_run_at: datetime | None
    """When its last run was planned."""
    next_run_at: datetime | None
    """None: never again."""
    last_job_id: int | None


@dataclass(slots=True, frozen=True)
class ClientPresence:
    """A row of `revenge_client`: a node that works jobs, and when it was last heard of (design 3)."""

    id: str
    started_at: datetime
    seen_at: datetime
    queues: Sequence[str] = field(default_factory=tuple)


class Listener(Protocol):
    """A connection of its own that listens. Nothing missed while it was away is replayed (contract 4.1)."""

    async def connect(self) -> None: ...
    async def listen(self, topic: Topic) -> None: ...
    async def ping(self) -> None: ...
    def notifications(self, timeout: float) -> AsyncIterator[Notification]:
        """Yield what arrives within `timeout` seconds, then end. Raises psycopg.OperationalError when cut off."""
        ...

    async def close(self) -> None: ...


class Driver(Protocol):
    """The statements that the queue is made of. `PsycopgDriver` is the one there is."""

    schema: str

    @property
    def announces(self) -> bool:
        """False: the server has no NOTIFY, so nobody need listen."""
        ...

    # -- connections
    def begin(self) -> AbstractAsyncContextManager[Self]:
        """Open a transaction on the queue's own pool; commit at the end, roll back on error."""
        ...

    def using(self, connection: Connection) -> Self:
        """Return the same statements on the caller's connection, in whatever transaction it is in."""
        ...

    def listener(self) -> Listener: ...
    async def ping(self) -> None: ...

    # -- inserting (contract 8)
    async def job_insert_many(
        self, jobs: Sequence[JobInsertParams], *, notify_queues: Sequence[str] = ()
    ) -> list[JobInsertResult]:
        """Insert in one statement, in input order, announcing the given queues in that same statement.

        A duplicate of a unique job comes back as it stands. Raises UniqueConflict for equal keys within one call.
        """
        ...

    async def job_insert_fast_many(self, jobs: Iterable[JobInsertParams], *, notify_queues: Sequence[str] = ()) -> int:
        """Insert by COPY, and announce in the same transaction. Returns how many, and no rows.

        Nothing is inserted when a single row cannot be. Raises UniqueConflict when that is for its unique key.
        """
        ...

    async def notify_many(self, topic: Topic, payloads: Sequence[str]) -> None: ...

    # -- working (contract 2, 3)
    async def job_get_available(
        self,
        *,
        queue: str,
        client_id: str,
        limit: int,
        kinds: Sequence[str] | None = None,
        now: datetime | None = None,
    ) -> list[JobRow]:
        """Claim up to `limit` jobs; with `kinds`, only those. A row that breaks the contract comes back marked."""
        ...

    async def job_complete_many(self, jobs: Sequence[JobSetState]) -> set[int]:
        """Plain successes without error or metadata: River's end state by a leaner statement.

        Returns the ids completed, and no rows: the caller has them. An id that is missing was not running this very
        attempt any more (or has been deleted); `job_get_by_ids` tells what became of it.
        """
        ...

    async def job_set_state_if_running_many(self, jobs: Sequence[JobSetState]) -> list[JobRow]:
        """Apply outcomes (contract 2.4). Returns every row that still exists, changed or not."""
        ...

    async def job_set_metadata(self, job_id: int, metadata: bytes) -> JobRow | None:
        """Shallow-merge into metadata, in any state (River's job update). None: no such row."""
        ...

    # -- control (contract 2.7)
    async def job_get_by_id(self, job_id: int) -> JobRow | None: ...
    async def job_get_by_ids(self, job_ids: Sequence[int]) -> list[JobRow]: ...
    async def job_list(self, params: JobListParams) -> list[JobRow]: ...
    async def job_cancel(self, job_id: int, *, cancel_attempted_at: str) -> JobRow | None:
        """Cancel and notify in one statement; the row as committed, None when there is none."""
        ...

    async def job_retry(self, job_id: int, *, now: datetime | None = None) -> JobRow | None:
        """Make available again. Raises UniqueConflict."""
        ...

    async def job_delete(self, job_id: int) -> JobRow | None:
        """Delete unless running. None: no such row. Raises JobRunning."""
        ...

    async def job_delete_many(self, params: JobDeleteManyParams) -> list[JobRow]:
        """Delete, passing over rows that are running or held by somebody, and return them by their ids."""
        ...

    # -- maintenance (contract 6); statements that select in batches return how many they touched
    async def job_schedule(self, *, limit: int, now: datetime) -> list[JobSchedule]: ...
    async def job_get_stuck(self, *, limit: int, horizon: datetime, after_id: int = 0) -> list[JobRow]: ...
    async def job_get_running_by_clients(self, *, client_ids: Sequence[str], limit: int) -> list[JobRow]:
        """Running jobs whose newest entry in attempted_by is one of these clients."""
        ...

    async def job_rescue_many(self, jobs: Sequence[JobRescue]) -> list[JobRow]:
        """Apply, and return only the rows changed."""
        ...

    async def job_delete_finished(
        self,
        *,
        completed_before: datetime | None,
        cancelled_before: datetime | None,
        discarded_before: datetime | None,
        limit: int,
    ) -> int:
        """None: keep for ever."""
        ...

    # -- indexes (contract 6.6); never in a transaction
    async def indexes_exist(self, names: Sequence[str]) -> set[str]: ...
    async def index_reindex(self, name: str) -> None:
        """Rebuild concurrently. Cut short, it leaves an invalid index beside the one that stays in use."""
        ...

    async def index_reindex_artifacts(self, name: str) -> list[str]: ...
    async def index_drop_if_exists(self, name: str) -> None: ...

    # -- leadership (contract 5); the database's clock issues elected_at
    async def leader_attempt_elect(self, *, leader_id: str, ttl: float) -> Leader | None: ...
    async def leader_attempt_reelect(self, *, leader_id: str, elected_at: datetime, ttl: float) -> Leader | None: ...
    async def leader_resign(self, *, leader_id: str, elected_at: datetime) -> bool:
        """Notify `resigned` and delete the row, in one statement, if this very term is still held."""
        ...

    async def leader_get(self) -> Leader | None: ...

    # -- queues (contract 11)
    async def queue_create_or_set_updated_at(self, name: str) -> QueueRow: ...
    async def queue_get(self, name: str) -> QueueRow | None: ...
    async def queue_list(self, limit: int = 100) -> list[QueueRow]: ...
    async def queue_pause(self, name: str) -> bool:
        """Pause by name or `*`. False: no such queue (never for `*`). Does not notify."""
        ...

    async def queue_resume(self, name: str) -> bool: ...
    async def queue_update(self, name: str, metadata: bytes) -> QueueRow | None: ...
    async def queue_delete_expired(self, *, before: datetime, limit: int) -> list[str]: ...

    # -- presence: a table of ours beside River's (design 3)
    async def periodic_list(self) -> list[PeriodicRun]: ...
    async def periodic_upsert_many(self, runs: Sequence[PeriodicRun]) -> None: ...
    async def client_upsert(self, *, client_id: str, queues: Sequence[str]) -> None: ...
    async def client_delete(self, client_id: str) -> None: ...
    async def client_list(self) -> list[ClientPresence]: ...
    async def client_get_gone(self, *, unseen_for: float) -> list[str]:
        """Ids of clients whose last sign is older than that, in seconds, by the database's clock."""
        ...

    async def client_delete_gone(self, client_ids: Sequence[str]) -> None:
        """Forget those of them that hold no running job any more."""
        ...

    # -- statistics
    async def job_count_by_queue_and_state(self) -> list[QueueStatistics]: ...
    async def job_failed_since(self, since: datetime) -> list[FailureStatistics]: ...
    async def job_completed_by_minute(self, since: datetime) -> list[ThroughputStatistics]: ...
    async def job_ended_between(self, since: datetime, until: datetime) -> list[EndedJobs]:
        """Return what ended later than `since` and not later than `until`, counted by kind and state."""
        ...

    async def job_get_running(self, *, limit: int) -> list[JobRow]: ...
