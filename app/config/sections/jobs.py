"""`jobs`: River's queue on this node."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator
from pydantic.dataclasses import dataclass

from app.config.durations import Duration
from app.config.sections.checks import STRICT_KEYS, PositiveDuration

MAX_SCHEMA_BYTES = 46
"""A NOTIFY channel has 63 bytes; the dot and River's longest topic, `river_leadership`, take 17 of them."""

MAX_WORKERS = 10_000
"""River's own ceiling for one queue."""

MAX_ATTEMPTS = 32_767
"""The column is a smallint."""


def _identifier(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("must be made of letters, digits and underscores, and not begin with a digit")
    if len(name) > MAX_SCHEMA_BYTES:
        raise ValueError(f"must have at most {MAX_SCHEMA_BYTES} bytes, so that a channel's name still fits")
    return name


def _over(defaults: Mapping[str, Any]) -> Callable[[Any], Any]:
    def merge(given: Any) -> Any:
        return {**defaults, **given} if isinstance(given, Mapping) else given

    return merge


QueueName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[_|-][a-z0-9]+)*$", max_length=64)]


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class WorkersSettings:
    count: Annotated[int, Field(ge=1, le=MAX_WORKERS)] = 10
    """For a queue that names no number of its own."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class QueueSettings:
    workers: Annotated[int, Field(ge=0, le=MAX_WORKERS)] | None = None
    """None: `jobs.workers.count`. 0: this node does not work this queue."""


DEFAULT_QUEUES: dict[str, QueueSettings] = {
    "default": QueueSettings(workers=5),
    "high": QueueSettings(workers=10),
    "low": QueueSettings(workers=2),
    "scheduled": QueueSettings(workers=2),
}
"""Always there: a kind's queue that no node works would keep its jobs for ever. Naming others only adds to them."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class RetrySettings:
    """After n errors a job waits min(initial_interval × backoff_multiplier^n, max_interval), give or take a tenth."""

    max_attempts: Annotated[int, Field(ge=1, le=MAX_ATTEMPTS)] = 5
    backoff_multiplier: Annotated[float, Field(ge=1, le=1_000, allow_inf_nan=False)] = 2
    initial_interval: PositiveDuration = timedelta(seconds=1)
    max_interval: PositiveDuration = timedelta(hours=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.initial_interval > self.max_interval:
            raise ValueError("initial_interval must not be longer than max_interval")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class CleanupSettings:
    """How long finished jobs stay in the table. None (`null`): for ever."""

    completed_jobs_retention: PositiveDuration | None = timedelta(days=7)
    cancelled_jobs_retention: PositiveDuration | None = timedelta(hours=24)
    discarded_jobs_retention: PositiveDuration | None = timedelta(days=30)


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class JobsSettings:
    enabled: bool = True
    """False: jobs are inserted here and worked elsewhere."""
    driver: Literal["river"] = "river"
    schema: Annotated[str, AfterValidator(_identifier)] = "river"
    workers: WorkersSettings = WorkersSettings()
    queues: Annotated[dict[QueueName, QueueSettings], BeforeValidator(_over(DEFAULT_QUEUES))] = dataclasses.field(
        default_factory=lambda: dict(DEFAULT_QUEUES)
    )
    retry: RetrySettings = RetrySettings()
    cleanup: CleanupSettings = CleanupSettings()
    fetch_cooldown: PositiveDuration = timedelta(milliseconds=10)
    """The least time between two fetches of one queue: what a burst of small inserts waits to be gathered."""
    fetch_poll_interval: PositiveDuration = timedelta(seconds=1)
    """How often a queue looks by itself, for what no notification announced."""
    soft_stop_timeout: Duration = timedelta(seconds=10)
    """How long running jobs may go on after a stop was asked for; then they are interrupted and given back."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.fetch_poll_interval < self.fetch_cooldown:
            raise ValueError("fetch_poll_interval must not be shorter than fetch_cooldown")
        return self

    def workers_by_queue(self) -> dict[str, int]:
        """How many workers each queue has on this node; queues that it does not work are left out."""
        counts = {
            name: self.workers.count if queue.workers is None else queue.workers for name, queue in self.queues.items()
        }
        return {name: count for name, count in counts.items() if count}
