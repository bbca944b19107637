"""From what `start` is asked with to a client's configuration, workers and periodic jobs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.jobs.client import ClientConfig, PeriodicJob
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.periodic import IntervalSchedule
from app.jobs.types import JobRow, QueueConfig
from app.jobs.worker import Workers
from tests.conformance.barriers import Barriers
from tests.conformance.behaviours import WORKERS, EchoArgs
from tests.conformance.observations import CancellingErrorHandler, Observations
from tests.conformance.params import StartParams
from tests.conformance.protocol import INVALID_PARAMS, Failure

DEFAULT_WORKERS = 4
FETCH_COOLDOWN = timedelta(milliseconds=1)


def config_of(params: StartParams, observations: Observations) -> ClientConfig:
    """Only what was said; the rest is left to the queue's own defaults."""
    queue = QueueConfig(params.max_workers or DEFAULT_WORKERS)
    options: dict[str, Any] = {
        "queues": dict.fromkeys(params.queues or ["default"], queue),
        "fetch_cooldown": FETCH_COOLDOWN,
        "fetch_only_known_kinds": params.fetch_only_known_kinds,
        "leader_election_disabled": params.leader_election_disabled,
        "poll_only": params.poll_only,
    }
    durations = {
        "fetch_poll_interval": params.fetch_poll_interval_ms,
        "job_timeout": params.job_timeout_ms,
        "rescue_stuck_jobs_after": params.rescue_after_ms,
    }
    options |= {name: timedelta(milliseconds=value) for name, value in durations.items() if value}
    if params.client_id:
        options["id"] = params.client_id
    if params.retry_delay_ms:
        options["retry_policy"] = FixedRetryPolicy(timedelta(milliseconds=params.retry_delay_ms))
    if params.error_handler_cancel:
        options["error_handler"] = CancellingErrorHandler(observations)
    return ClientConfig(**options)


def workers_of(params: StartParams, barriers: Barriers, observations: Observations) -> Workers:
    kinds = params.worker_kinds or ["conformance_echo"]
    return Workers(WORKERS[kind](barriers, observations) for kind in kinds)


def periodic_jobs_of(params: StartParams, observations: Observations) -> list[PeriodicJob]:
    """The marker comes after the unique job, so that its row proves that the other one had its turn."""
    if params.periodic_unique and not params.periodic_run_on_start:
        raise Failure(INVALID_PARAMS, "periodic_unique needs periodic_run_on_start")
    if not params.periodic_run_on_start:
        return []
    unique = UniqueOpts(by_args=True, by_queue=True) if params.periodic_unique else None
    hourly = IntervalSchedule(timedelta(hours=1))
    counted = CountedSchedule(hourly, observations)
    jobs = [periodic_job("conformance-periodic", "periodic run on start", counted, unique)]
    if params.periodic_unique:
        jobs.append(periodic_job("conformance-periodic-marker", "periodic marker", hourly, None))
    return jobs


def periodic_job(job_id: str, message: str, schedule: Any, unique: UniqueOpts | None) -> PeriodicJob:
    def construct() -> tuple[EchoArgs, InsertOpts]:
        return EchoArgs(message=message), InsertOpts(metadata={"periodic": True}, unique=unique)

    return PeriodicJob(schedule, construct, id=job_id, run_on_start=True)


@dataclass(frozen=True, slots=True)
class CountedSchedule:
    """Every start of the enqueuer asks each schedule once; hourly, nobody asks again while a scenario lasts."""

    schedule: IntervalSchedule
    observations: Observations

    def next(self, after: datetime) -> datetime:
        self.observations.periodic_starts += 1
        return self.schedule.next(after)


@dataclass(frozen=True, slots=True)
class FixedRetryPolicy:
    delay: timedelta

    def next_retry(self, job: JobRow, now: datetime) -> datetime:
        return now + self.delay
