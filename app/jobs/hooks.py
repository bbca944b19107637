"""What may be told of a job's life without standing around it: River's hooks (contract 8.4, 10, 12.6).

A hook is any object with one of these methods, or with several: nothing is inherited, nothing registered twice. Hooks
cost a job nothing where there are none.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import structlog

from app.jobs.driver.driver import JobInsertParams
from app.jobs.job import Job
from app.jobs.periodic import PeriodicJobs

log = structlog.get_logger("jobs.hooks")


@runtime_checkable
class HookInsertBegin(Protocol):
    """Told of each job that is about to be inserted."""

    async def insert_begin(self, params: JobInsertParams) -> None:
        """Called for each job before it is inserted. May change what will be written; raising inserts none of them."""
        ...


@runtime_checkable
class HookWorkBegin(Protocol):
    """Told of each attempt that is about to begin."""

    async def work_begin(self, job: Job[Any]) -> None:
        """Called right before the worker, within all middleware. `job.args` is None still; raising ends the attempt."""
        ...


@runtime_checkable
class HookWorkEnd(Protocol):
    """Told how each attempt has ended, and may say that it ended otherwise."""

    async def work_end(self, job: Job[Any], err: BaseException | None) -> BaseException | None:
        """Called when the worker has returned (None) or raised. What is returned, or raised, takes the error's place.

        Returning None makes a success of a failure. Unlike in River a crash comes by here too: in Python there is no
        telling a panic from an error nobody foresaw, and whoever opened something in `work_begin` must close it.
        """
        ...


@runtime_checkable
class HookPeriodicJobsStart(Protocol):
    """Told when this client becomes the one that inserts periodic jobs."""

    async def periodic_jobs_start(self, jobs: PeriodicJobs) -> None:
        """Called when this client has begun to lead, before any periodic job is inserted. May add and remove some;
        raising gives the leadership up."""
        ...


class MetricName(enum.StrEnum):
    JOB_GET_AVAILABLE_COUNT = "job_get_available_count"
    JOB_GET_AVAILABLE_DURATION = "job_get_available_duration"


@dataclass(frozen=True, slots=True)
class Metric:
    """One measurement of one queue. Durations are in seconds."""

    name: MetricName
    value: float
    queue: str


@runtime_checkable
class HookMetricEmit(Protocol):
    """Told how long fetches take and what they bring."""

    async def metric_emit(self, metric: Metric) -> None:
        """Called twice per fetch that reached the database, which waits for it: be quick."""
        ...


Hook = HookInsertBegin | HookWorkBegin | HookWorkEnd | HookPeriodicJobsStart | HookMetricEmit


async def emit_fetch(hooks: Sequence[HookMetricEmit], queue: str, *, count: int, seconds: float) -> None:
    """Tell of a fetch. A hook that fails costs its measurement, never the fetch."""
    metrics = (
        Metric(MetricName.JOB_GET_AVAILABLE_DURATION, seconds, queue),
        Metric(MetricName.JOB_GET_AVAILABLE_COUNT, count, queue),
    )
    for hook in hooks:
        for metric in metrics:
            try:
                await hook.metric_emit(metric)
            except Exception:  # the jobs just fetched are working; nothing here may stop their producer
                log.exception("a metric hook failed", metric=metric.name, queue=queue)
