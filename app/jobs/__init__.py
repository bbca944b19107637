"""River for Python: a job queue in PostgreSQL that shares its tables with River's clients in other languages.

    from app.jobs import Client, ClientConfig, Job, JobArgs, PsycopgDriver, QueueConfig, Worker, Workers

Everything that users of the queue need is here under one import, and nothing else is meant for them, but for
`app.jobs.testing` and, for applications built on dishka, `app.jobs.module`. Names are loaded when they are first asked
for, so that whoever declares a kind does not pay for a client. `docs/jobs.md` is the tour.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.jobs.args import UNIQUE, JobArgs
    from app.jobs.client import Client
    from app.jobs.client_config import ClientConfig
    from app.jobs.completion import job_complete_tx, resumable_set_step_cursor_tx, resumable_set_step_tx
    from app.jobs.context import client_from_context
    from app.jobs.cron_expression import cron
    from app.jobs.driver.driver import Driver, JobDeleteManyParams, JobInsertParams, JobListParams
    from app.jobs.driver.psycopg_driver import PsycopgDriver
    from app.jobs.error_handler import ErrorHandler
    from app.jobs.errors import (
        JobCancel,
        JobError,
        JobNotFound,
        JobNotRunning,
        JobRunning,
        JobSnooze,
        QueueNotFound,
        UniqueConflict,
        UnknownJobKind,
    )
    from app.jobs.hooks import (
        Hook,
        HookInsertBegin,
        HookMetricEmit,
        HookPeriodicJobsStart,
        HookWorkBegin,
        HookWorkEnd,
        Metric,
    )
    from app.jobs.insert_opts import InsertOpts, UniqueOpts
    from app.jobs.inserter import Inserter
    from app.jobs.job import Job
    from app.jobs.job_log import JobLogMiddleware
    from app.jobs.middleware import DoInsert, DoWork, JobInsertMiddleware, Middleware, Plugin, WorkerMiddleware
    from app.jobs.periodic import IntervalSchedule, NeverSchedule, PeriodicJob, PeriodicJobs, PeriodicSchedule
    from app.jobs.retry_policy import ExponentialRetryPolicy, RetryPolicy, RiverRetryPolicy
    from app.jobs.stuck import JobStuckHandler, StuckJob
    from app.jobs.subscription import Event, EventKind, EventStream, JobStatistics
    from app.jobs.types import AttemptError, JobInsertResult, JobListPage, JobRow, JobState, QueueConfig, QueueRow
    from app.jobs.worker import NO_TIMEOUT, DuplicateWorker, MissingWorker, Worker, Workers

_HOMES = {
    "args": ("UNIQUE", "JobArgs"),
    "client": ("Client",),
    "client_config": ("ClientConfig",),
    "completion": ("job_complete_tx", "resumable_set_step_cursor_tx", "resumable_set_step_tx"),
    "context": ("client_from_context",),
    "cron_expression": ("cron",),
    "driver.driver": ("Driver", "JobDeleteManyParams", "JobInsertParams", "JobListParams"),
    "driver.psycopg_driver": ("PsycopgDriver",),
    "error_handler": ("ErrorHandler",),
    "errors": (
        "JobCancel",
        "JobError",
        "JobNotFound",
        "JobNotRunning",
        "JobRunning",
        "JobSnooze",
        "QueueNotFound",
        "UniqueConflict",
        "UnknownJobKind",
    ),
    "hooks": (
        "Hook",
        "HookInsertBegin",
        "HookMetricEmit",
        "HookPeriodicJobsStart",
        "HookWorkBegin",
        "HookWorkEnd",
        "Metric",
    ),
    "insert_opts": ("InsertOpts", "UniqueOpts"),
    "inserter": ("Inserter",),
    "job": ("Job",),
    "job_log": ("JobLogMiddleware",),
    "middleware": ("DoInsert", "DoWork", "JobInsertMiddleware", "Middleware", "Plugin", "WorkerMiddleware"),
    "periodic": ("IntervalSchedule", "NeverSchedule", "PeriodicJob", "PeriodicJobs", "PeriodicSchedule"),
    "retry_policy": ("ExponentialRetryPolicy", "RetryPolicy", "RiverRetryPolicy"),
    "stuck": ("JobStuckHandler", "StuckJob"),
    "subscription": ("Event", "EventKind", "EventStream", "JobStatistics"),
    "types": ("AttemptError", "JobInsertResult", "JobListPage", "JobRow", "JobState", "QueueConfig", "QueueRow"),
    "worker": ("NO_TIMEOUT", "DuplicateWorker", "MissingWorker", "Worker", "Workers"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "NO_TIMEOUT",
    "UNIQUE",
    "AttemptError",
    "Client",
    "ClientConfig",
    "DoInsert",
    "DoWork",
    "Driver",
    "DuplicateWorker",
    "ErrorHandler",
    "Event",
    "EventKind",
    "EventStream",
    "ExponentialRetryPolicy",
    "Hook",
    "HookInsertBegin",
    "HookMetricEmit",
    "HookPeriodicJobsStart",
    "HookWorkBegin",
    "HookWorkEnd",
    "InsertOpts",
    "Inserter",
    "IntervalSchedule",
    "Job",
    "JobArgs",
    "JobCancel",
    "JobDeleteManyParams",
    "JobError",
    "JobInsertMiddleware",
    "JobInsertParams",
    "JobInsertResult",
    "JobListPage",
    "JobListParams",
    "JobLogMiddleware",
    "JobNotFound",
    "JobNotRunning",
    "JobRow",
    "JobRunning",
    "JobSnooze",
    "JobState",
    "JobStatistics",
    "JobStuckHandler",
    "Metric",
    "Middleware",
    "MissingWorker",
    "NeverSchedule",
    "PeriodicJob",
    "PeriodicJobs",
    "PeriodicSchedule",
    "Plugin",
    "PsycopgDriver",
    "QueueConfig",
    "QueueNotFound",
    "QueueRow",
    "RetryPolicy",
    "RiverRetryPolicy",
    "StuckJob",
    "UniqueConflict",
    "UniqueOpts",
    "UnknownJobKind",
    "Worker",
    "WorkerMiddleware",
    "Workers",
    "client_from_context",
    "cron",
    "job_complete_tx",
    "resumable_set_step_cursor_tx",
    "resumable_set_step_tx",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
