"""What a client may be told: River's `Config`, its names and its defaults (contract 12.1)."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.errors import InvalidInput
from app.jobs.error_handler import ErrorHandler
from app.jobs.extensions import Extensions
from app.jobs.hooks import Hook
from app.jobs.maintenance.reindexer import DEFAULT_INDEX_NAMES, LONGEST_INDEX_NAME, MidnightSchedule
from app.jobs.middleware import Middleware, Plugin
from app.jobs.names import check_queue_name, is_storable
from app.jobs.periodic import PeriodicSchedule
from app.jobs.retry_policy import RetryPolicy, RiverRetryPolicy
from app.jobs.stuck import STUCK_AFTER, JobStuckHandler
from app.jobs.types import QueueConfig

LONGEST_HOSTNAME = 60
LONGEST_ID = 100
MOST_WORKERS = 10_000
SHORTEST_INTERVAL = timedelta(milliseconds=1)
FETCH_COOLDOWN = timedelta(milliseconds=10)
"""A tenth of River's, whose default is what makes its pick-up tail: a job that was inserted just after another waits it
out. A hundred fetches of one queue a second are the most that this costs; not studied further."""

DEFAULT_TIMEOUT = timedelta(minutes=1)
FOREVER = timedelta(days=-1)
"""A retention that keeps finished jobs for ever. Anything negative means it."""


def default_client_id() -> str:
    """Make River's default: the host, and when it began, so that no two processes share one (contract 5)."""
    host = socket.gethostname().replace(".", "_") or "unknown_host"
    host = host.encode()[:LONGEST_HOSTNAME].decode(errors="ignore")
    return f"{host}_{datetime.now(UTC):%Y_%m_%dT%H_%M_%S_%f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """Durations that are negative mean never, as in River. No queues: the client only inserts."""

    id: str = field(default_factory=default_client_id)
    """Unique among running processes: it names the holder of jobs and of the leadership."""

    queues: Mapping[str, QueueConfig] = field(default_factory=dict)
    fetch_cooldown: timedelta = FETCH_COOLDOWN
    fetch_poll_interval: timedelta = timedelta(seconds=1)
    fetch_only_known_kinds: bool = False
    """Claim only kinds that have a worker here, and leave the others to those who know them."""
    poll_only: bool = False
    """Do not LISTEN: jobs, pauses and cancellations are found by asking every now and then."""

    job_timeout: timedelta = DEFAULT_TIMEOUT
    max_attempts: int = 25
    retry_policy: RetryPolicy = field(default_factory=RiverRetryPolicy)
    error_handler: ErrorHandler | None = None
    hooks: Sequence[Hook] = ()
    middleware: Sequence[Middleware] = ()
    """The first is the outermost."""
    plugins: Sequence[Plugin] = ()
    """Objects that are hooks and middleware, as they have methods for; they come before those given singly."""
    job_stuck_handler: JobStuckHandler | None = None
    job_stuck_threshold: timedelta = STUCK_AFTER
    """How long beyond its timeout a job may take to end before it is reported, and the handler asked."""
    rescue_stuck_jobs_after: timedelta | None = None
    """None: an hour, and with a longer job timeout than the default an hour more than that."""

    completed_job_retention_period: timedelta = timedelta(hours=24)
    cancelled_job_retention_period: timedelta = timedelta(hours=24)
    discarded_job_retention_period: timedelta = timedelta(days=7)

    reindexer_index_names: Sequence[str] = DEFAULT_INDEX_NAMES
    reindexer_schedule: PeriodicSchedule = field(default_factory=MidnightSchedule)
    """When the leader rebuilds them. `NeverSchedule()`: not at all."""
    reindexer_timeout: timedelta = timedelta(minutes=1)
    """For each of them."""

    leader_election_disabled: bool = False
    skip_unknown_job_check: bool = False
    """Let kinds be inserted that have no worker here although there are workers."""

    soft_stop_timeout: timedelta | None = None
    """How long a stop lets running jobs go on before it interrupts them. None: without limit."""
    abandon_after: timedelta = timedelta(seconds=5)
    """How long an interrupted job may take to end. After that the stop no longer waits for it."""

    def extensions(self) -> Extensions:
        """Sort the hooks, middleware and plugins.

        Raises:
            InvalidInput: one of them would never be called.
        """
        return Extensions(hooks=self.hooks, middleware=self.middleware, plugins=self.plugins)

    @property
    def rescue_after(self) -> timedelta:
        if self.rescue_stuck_jobs_after is not None:
            return self.rescue_stuck_jobs_after
        return timedelta(hours=1) if self.job_timeout <= DEFAULT_TIMEOUT else timedelta(hours=1) + self.job_timeout

    def cooldown_of(self, queue: QueueConfig) -> float:
        return self.fetch_cooldown.total_seconds() if queue.fetch_cooldown is None else queue.fetch_cooldown

    def poll_interval_of(self, queue: QueueConfig) -> float:
        return (
            self.fetch_poll_interval.total_seconds() if queue.fetch_poll_interval is None else queue.fetch_poll_interval
        )

    def check(self) -> None:
        """Refuse what River refuses.

        Raises:
            InvalidInput: names the option.
        """
        if not 0 < len(self.id.encode()) <= LONGEST_ID:
            raise InvalidInput("id", f"must have 1 to {LONGEST_ID} bytes, has {len(self.id.encode())}")
        if self.max_attempts < 1:
            raise InvalidInput("max_attempts", f"must be at least 1, is {self.max_attempts}")
        if self.job_stuck_threshold < timedelta(0):
            raise InvalidInput("job_stuck_threshold", "must not be negative")
        if self.rescue_after < self.job_timeout:
            raise InvalidInput("rescue_stuck_jobs_after", "must not be shorter than job_timeout")
        if self.reindexer_timeout == timedelta(0):
            raise InvalidInput("reindexer_timeout", "must not be nothing; a negative one is none")
        for name in self.reindexer_index_names:
            if not 0 < len(name.encode(errors="replace")) <= LONGEST_INDEX_NAME or not is_storable(name):
                raise InvalidInput("reindexer_index_names", f"a name has 1 to {LONGEST_INDEX_NAME} bytes: {name!r}")
        check_pace("fetch_cooldown", self.fetch_cooldown.total_seconds(), self.fetch_poll_interval.total_seconds())
        for name, queue in self.queues.items():
            self.check_queue(name, queue)

    def check_queue(self, name: str, queue: QueueConfig) -> None:
        check_queue_name(name)
        if not 1 <= queue.max_workers <= MOST_WORKERS:
            raise InvalidInput(f"queues.{name}.max_workers", f"must be 1 to {MOST_WORKERS}, is {queue.max_workers}")
        check_pace(f"queues.{name}.fetch_cooldown", self.cooldown_of(queue), self.poll_interval_of(queue))


def check_pace(field_name: str, cooldown: float, poll_interval: float) -> None:
    if cooldown < SHORTEST_INTERVAL.total_seconds():
        raise InvalidInput(field_name, "must be at least 1 ms")
    if poll_interval < cooldown:
        raise InvalidInput(field_name, f"{cooldown:g} s is longer than the poll interval of {poll_interval:g} s")
