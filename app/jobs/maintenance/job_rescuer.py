"""Frees jobs left running too long (contract 6.2)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import msgspec
import structlog

from app.clock import Clock
from app.jobs.attempt_error import encode_attempt_error
from app.jobs.driver.driver import Driver, JobRescue
from app.jobs.job import Job
from app.jobs.maintenance.maintenance_service import BatchSize, MaintenanceService, pause_between_batches
from app.jobs.retry_policy import RetryPolicy
from app.jobs.types import JobRow, JobState
from app.jobs.worker import Worker, Workers

T = TypeVar("T")

log = structlog.get_logger("jobs.maintenance.job_rescuer")

RESCUED_TEXT = "Stuck job rescued by JobRescuer"


class JobRescuer(MaintenanceService):
    """Goes by time alone: it cannot tell a dead client from a slow one, so the attempt stays counted, and a job
    without a timeout is never touched. `ClientRescuer` is the one that knows of the dead.

    A kind nobody here knows is discarded, as River does, unless we claim only kinds we know: then it belongs to
    somebody else, whose timeout we cannot know, and is left to them.
    """

    interval = 30.0

    def __init__(
        self,
        driver: Driver,
        workers: Workers,
        clock: Clock,
        *,
        rescue_after: timedelta,
        job_timeout: timedelta,
        retry_policy: RetryPolicy,
        leave_unknown_kinds: bool,
        may_run: Callable[[], bool],
    ) -> None:
        super().__init__(may_run)
        self._driver = driver
        self._workers = workers
        self._clock = clock
        self._rescue_after = rescue_after
        self._job_timeout = job_timeout
        self._retry_policy = retry_policy
        self._leave_unknown_kinds = leave_unknown_kinds
        self._batch = BatchSize()

    async def run_once(self) -> None:
        after_id = 0
        while True:
            horizon = self._clock.now() - self._rescue_after
            limit = self._batch.limit
            stuck = await self._batch.run(partial(self._get_stuck, horizon, after_id))
            rescues = [rescue for job in stuck if (rescue := self.decide(job)) is not None]
            if rescues:
                rescued = await self._driver.job_rescue_many(rescues)
                log.warning("rescued jobs that ran too long", jobs=len(rescued))
            if len(stuck) < limit:
                return
            after_id = stuck[-1].id
            await pause_between_batches()

    async def _get_stuck(self, horizon: datetime, after_id: int, limit: int) -> list[JobRow]:
        return await self._driver.job_get_stuck(limit=limit, horizon=horizon, after_id=after_id)

    def decide(self, job: JobRow) -> JobRescue | None:
        """Say what becomes of a job that has been running since before the horizon; None: leave it alone."""
        now = self._clock.now()
        if job.wants_cancel:
            return rescue_of(job, JobState.CANCELLED, now)
        worker = self._workers.get(job.kind)
        if worker is None:
            return None if self._leave_unknown_kinds else rescue_of(job, JobState.DISCARDED, now)
        decoded = decode(worker, job)
        if decoded is not None and not self._is_overdue(worker, decoded, now):
            return None
        if job.attempt >= job.max_attempts:
            return rescue_of(job, JobState.DISCARDED, now)
        return rescue_of(job, JobState.RETRYABLE, now, scheduled_at=self._next_retry(worker, job, decoded, now))

    def _is_overdue(self, worker: Worker[Any], job: Job[Any], now: datetime) -> bool:
        own = ask(worker.timeout, job)
        limit = own or self._job_timeout
        if limit < timedelta(0) or job.row.attempted_at is None:
            return False
        return now - job.row.attempted_at >= limit

    def _next_retry(self, worker: Worker[Any], row: JobRow, job: Job[Any] | None, now: datetime) -> datetime:
        own = ask(worker.next_retry, job) if job is not None else None
        return own or self._retry_policy.next_retry(row, now)


def ask(question: Callable[[Job[Any]], T | None], job: Job[Any]) -> T | None:
    """Ask a worker; None when it cannot say. One worker's defect must not keep all other jobs from being rescued."""
    try:
        return question(job)
    except Exception:
        log.exception("a worker failed when asked about a stuck job", job=job.id, kind=job.row.kind)
        return None


def decode(worker: Worker[Any], row: JobRow) -> Job[Any] | None:
    """Make the job a worker would see; None when its args cannot be read: it is retried like any other."""
    if row.undecodable is not None:
        return None
    try:
        return Job(row, msgspec.json.decode(row.encoded_args, type=worker.args_type))
    except (msgspec.DecodeError, UnicodeError):
        return None


def rescue_of(job: JobRow, state: JobState, now: datetime, scheduled_at: datetime | None = None) -> JobRescue:
    return JobRescue(
        id=job.id,
        attempt=job.attempt,
        attempted_at=job.attempted_at or job.created_at,
        state=state,
        error=encode_attempt_error(now, job.attempt, RESCUED_TEXT),
        scheduled_at=scheduled_at,
        finalized_at=now if state.is_final else None,
    )
