"""What each method is asked with. Times are RFC 3339, durations milliseconds; JSON is passed on as it came."""

from datetime import datetime
from typing import Literal

import msgspec

from app.jobs.types import JobState
from tests.conformance.protocol import Params

WorkerKind = Literal["conformance_echo", "conformance_echo_peer", "conformance_echo_renamed"]


class NoParams(Params):
    pass


class UniqueParams(Params):
    by_args: bool = False
    by_period_ms: int = 0
    by_queue: bool = False
    by_state: tuple[JobState, ...] = ()
    exclude_kind: bool = False


class InsertOptsParams(Params):
    max_attempts: int = 0
    metadata: msgspec.Raw = msgspec.Raw(b"")
    pending: bool = False
    priority: int = 0
    queue: str = ""
    scheduled_at: datetime | None = None
    tags: tuple[str, ...] = ()
    unique: UniqueParams | None = None


class JobParams(Params):
    behavior: str = ""
    duration_ms: int = 0
    message: str = ""
    opts: InsertOptsParams | None = None


class Scope(Params):
    """Where a method works: in an open transaction, in another schema than the connection's own."""

    schema: str = ""
    tx: str = ""


class InsertParams(Scope, kw_only=True):
    jobs: list[JobParams]


class JobIdParams(Scope, kw_only=True):
    id: int


class ListParams(Scope):
    after: str = ""
    direction: Literal["", "asc", "desc"] = ""
    ids: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    limit: int = 0
    metadata: msgspec.Raw = msgspec.Raw(b"")
    order_by: str = ""
    priorities: tuple[int, ...] = ()
    queues: tuple[str, ...] = ()
    states: tuple[JobState, ...] = ()
    tags_all: tuple[str, ...] = ()


class MigrateParams(Params):
    direction: Literal["", "up", "down"] = ""
    schema: str = ""
    target_version: int | None = None


class QueueParams(Scope, kw_only=True):
    action: Literal["pause", "resume", "update"]
    name: str
    metadata: msgspec.Raw = msgspec.Raw(b"")


class ReleaseParams(Params):
    name: str


class TxParams(Params):
    tx: str


class TxEndParams(Params):
    tx: str
    commit: bool = False


class StopParams(Params):
    cancel: bool = False


class TuningParams(Params):
    """Shorter intervals for those who expose them. Ours are River's own numbers and stay."""

    elect_interval_ms: int = 0
    rescuer_interval_ms: int = 0
    scheduler_interval_ms: int = 0


class StartParams(Params):
    claim_barrier: str = ""
    client_id: str = ""
    error_handler_cancel: bool = False
    fetch_only_known_kinds: bool = False
    fetch_poll_interval_ms: int = 0
    job_timeout_ms: int = 0
    leader_election_disabled: bool = False
    max_workers: int = 0
    periodic_run_on_start: bool = False
    periodic_unique: bool = False
    poll_only: bool = False
    queues: tuple[str, ...] = ()
    rescue_after_ms: int = 0
    retry_delay_ms: int = 0
    schema: str = ""
    tuning: TuningParams | None = None
    worker_kinds: tuple[WorkerKind, ...] = ()
