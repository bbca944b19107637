"""Runs one attempt: args, timeout, worker, verdict, result (contract 2.2, 2.5)."""

import asyncio
import contextlib
import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import structlog

from app.clock import Clock
from app.errors import InvalidInput
from app.jobs import verdict
from app.jobs.attempt import Attempt, Cause
from app.jobs.attempt_error import encode_attempt_error, text_of, trace_of
from app.jobs.completer import Completion, Outcome, TakesCompletions
from app.jobs.driver.driver import JobSetState
from app.jobs.error_handler import ErrorHandler
from app.jobs.errors import JobError
from app.jobs.extended_work import ExtendedWork
from app.jobs.extensions import Extensions
from app.jobs.job import Job, ReportProgress
from app.jobs.retry_policy import RetryPolicy, RiverRetryPolicy
from app.jobs.staged import encode_patch
from app.jobs.stuck import StuckJobs
from app.jobs.threads import run_in_daemon_thread
from app.jobs.timeouts import Timeouts
from app.jobs.types import JobRow, JobState
from app.jobs.worker import Worker, Workers

log = structlog.get_logger("jobs.executor")

LARGEST_SNOOZES = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is known of one kind, looked up once."""

    worker: Worker[Any]
    decoder: msgspec.json.Decoder[Any]
    is_async: bool
    extended: ExtendedWork | None
    """None: nobody is to be called on the way."""

    def decode(self, row: JobRow) -> Any:
        try:
            return self.decoder.decode(row.encoded_args)
        except (msgspec.DecodeError, UnicodeError) as err:
            raise UndecodableArgs(row.kind, err) from err


class Executor:
    """Never lets an exception of a worker out, and never loses the end of an attempt that it began.

    Timeouts interrupt the attempt from outside, with a cause: a context manager per job would cost as much
    as the rest of this class.
    """

    def __init__(
        self,
        workers: Workers,
        completer: TakesCompletions,
        clock: Clock,
        *,
        job_timeout: timedelta,
        retry_policy: RetryPolicy,
        report_progress: ReportProgress,
        error_handler: ErrorHandler | None = None,
        extensions: Extensions | None = None,
        stuck: StuckJobs | None = None,
    ) -> None:
        self._workers = workers
        self._completer = completer
        self._clock = clock
        self._timeout = seconds_of(job_timeout)
        self._retry_policy = retry_policy
        self._report_progress = report_progress
        self._error_handler = error_handler
        self._extensions = extensions or Extensions()
        self._kinds: dict[str, _Kind] = {}
        self._timeouts = Timeouts(self._time_out)
        self.stuck = StuckJobs() if stuck is None else stuck

    async def execute(self, attempt: Attempt, on_end: Callable[[Attempt], None]) -> None:
        """Run an attempt to its end, hand the result to the completer, then call `on_end`."""
        started_at = self._clock.now()
        began = time.perf_counter()
        try:
            try:
                await self._work(attempt)
            except (Exception, asyncio.CancelledError, SystemExit) as err:  # noqa: BLE001  a worker may raise anything
                await self._settle(attempt)
                completion = await self._completion_of(attempt, err, started_at)
            else:
                await self._settle(attempt)
                completion = await self._success(attempt, started_at)
            completion.run_seconds = time.perf_counter() - began
            if not attempt.is_abandoned:
                self._completer.offer(completion)
        except Exception:  # a defect of ours: the row stays running and is rescued, the slot must not be lost with it
            log.exception("an attempt ended without a result", job=attempt.row.id, kind=attempt.row.kind)
        finally:
            on_end(attempt)

    def give_back(self, attempt: Attempt) -> None:
        """Record an attempt as interrupted by the stop, without waiting for its worker."""
        change = self._interrupted(attempt.row)
        self._completer.offer(Completion(attempt.row, change, Outcome.INTERRUPTED, self._clock.now(), 0.0))

    def _work(self, attempt: Attempt) -> Awaitable[None]:
        """Return what is to be awaited: a coroutine of its own around the worker's would cost every job its frame."""
        row = attempt.row
        if row.undecodable is not None:
            raise JobError(f"job row couldn't be decoded: {row.undecodable}")
        kind = self._kinds.get(row.kind) or self._look_up(row.kind)
        if kind.extended is not None:
            return self._work_extended(kind, kind.extended, attempt)
        job = attempt.job = Job(row, kind.decode(row), self._report_progress)
        job.begin()
        return self._run_worker(kind, attempt, job)

    async def _work_extended(self, kind: _Kind, extended: ExtendedWork, attempt: Attempt) -> None:
        """The same with hooks and middleware around it, which an interruption reaches as it reaches the worker."""
        job: Job[Any] = Job(attempt.row, None, self._report_progress)
        attempt.job = job
        attempt.is_working = True
        if attempt.cause is not None:
            attempt.deliver()

        def decode() -> None:
            job.args = kind.decode(attempt.row)

        async def work() -> None:
            if not kind.is_async:  # a thread cannot be interrupted, only told; nor may our waiting for it be
                await swallow_cancellation(attempt)
            try:
                await self._run_worker(kind, attempt, job)
            finally:
                attempt.is_interruptible = True
                await swallow_cancellation(attempt)

        await extended.run(job, decode, work)

    async def _run_worker(self, kind: _Kind, attempt: Attempt, job: Job[Any]) -> None:
        attempt.is_interruptible = kind.is_async
        limit = self._timeout_of(kind.worker, job)
        if limit is not None:
            self._timeouts.watch(attempt, limit)
        attempt.is_working = True
        if attempt.cause is not None:
            attempt.deliver()
        try:
            if kind.is_async:
                await kind.worker.work(job)  # type: ignore[misc]  # a coroutine function, checked when looked up
            else:
                await self._work_in_thread(kind.worker, attempt, job)
        finally:
            if limit is not None:
                self._timeouts.forget(attempt, limit)
        job.end_well()

    async def _work_in_thread(self, worker: Worker[Any], attempt: Attempt, job: Job[Any]) -> None:
        result = await run_in_daemon_thread(worker.work, job, name=f"job-{job.id}")
        if isinstance(result, Awaitable):  # a coroutine function in disguise, behind a decorator
            attempt.is_interruptible = True
            if attempt.cause is not None:
                attempt.deliver()
            await result

    def _look_up(self, name: str) -> _Kind:
        worker = self._workers.get(name)
        if worker is None:
            raise JobError(f"job kind is not registered in the client's Workers bundle: {name}")
        kind = _Kind(
            worker,
            msgspec.json.Decoder(worker.args_type),
            inspect.iscoroutinefunction(worker.work),
            ExtendedWork.of(worker, self._extensions),
        )
        self._kinds[name] = kind
        return kind

    def _timeout_of(self, worker: Worker[Any], job: Job[Any]) -> float | None:
        own = worker.timeout(job)
        return seconds_of(own) if own else self._timeout

    def _time_out(self, attempt: Attempt) -> None:
        attempt.interrupt(Cause.TIMEOUT)
        self.stuck.timed_out(attempt)

    async def _settle(self, attempt: Attempt) -> None:
        attempt.is_working = False  # none is delivered from here on
        self.stuck.ended(attempt)
        await swallow_cancellation(attempt)

    async def _success(self, attempt: Attempt, started_at: datetime) -> Completion:
        row = attempt.row
        try:
            metadata = staged_of(attempt.job)
        except InvalidInput as err:
            return await self._completion_of(attempt, err, started_at)
        change = JobSetState(
            id=row.id,
            attempt=row.attempt,
            attempted_at=row.attempted_at or started_at,
            state=JobState.COMPLETED,
            finalized_at=self._clock.now(),
            metadata=metadata,
        )
        return Completion(row, change, Outcome.COMPLETED, started_at, 0.0)

    async def _completion_of(self, attempt: Attempt, err: BaseException, started_at: datetime) -> Completion:
        decision = verdict.judge(err, attempt.cause)
        row = attempt.row
        if attempt.job is not None:
            attempt.job.end_badly()
        if isinstance(decision, verdict.Failed):
            change, outcome = await self._failed(attempt, decision, started_at)
        elif isinstance(decision, verdict.Cancelled):
            change, outcome = self._changed(row, JobState.CANCELLED), Outcome.CANCELLED
            change.finalized_at = self._clock.now()
            change.error = encode_attempt_error(started_at, row.attempt, decision.error)
        elif isinstance(decision, verdict.Snoozed):
            change, outcome = self._snoozed(attempt, decision), Outcome.SNOOZED
        else:
            change, outcome = self._interrupted(row), Outcome.INTERRUPTED
        if change.metadata is None:
            change.metadata = self._staged_or_none(attempt)
        return Completion(row, change, outcome, started_at, 0.0)

    def _changed(self, row: JobRow, state: JobState) -> JobSetState:
        return JobSetState(id=row.id, attempt=row.attempt, attempted_at=row.attempted_at or row.created_at, state=state)

    def _interrupted(self, row: JobRow) -> JobSetState:
        """Give a job back, due at once by the database's clock: ours may be ahead, and the others would wait for it."""
        change = self._changed(row, JobState.AVAILABLE)
        change.scheduled_at = "now"
        change.new_attempt = max(row.attempt - 1, 0)
        return change

    def _snoozed(self, attempt: Attempt, decision: verdict.Snoozed) -> JobSetState:
        row = attempt.row
        is_short = decision.duration <= verdict.SHORT_WAIT
        change = self._changed(row, JobState.AVAILABLE if is_short else JobState.SCHEDULED)
        change.scheduled_at = self._clock.now() + decision.duration
        change.new_attempt = max(row.attempt - 1, 0)
        counted = encode_patch({"snoozes": min(row.snoozes + 1, LARGEST_SNOOZES)})
        staged = self._staged_or_none(attempt)
        change.metadata = counted if staged is None else staged[:-1] + b"," + counted[1:]
        return change

    def _staged_or_none(self, attempt: Attempt) -> bytes | None:
        try:
            return staged_of(attempt.job)
        except InvalidInput as err:  # the attempt has failed anyway; its verdict must not be lost with its metadata
            log.warning("staged metadata cannot be stored", job=attempt.row.id, error=str(err))
            return None

    async def _failed(
        self, attempt: Attempt, failure: verdict.Failed, started_at: datetime
    ) -> tuple[JobSetState, Outcome]:
        row = attempt.row
        text = failure.text or text_of(failure.error)
        trace = trace_of(failure.error) if failure.is_crash else ""
        self._log_failure(row, text, failure)
        error = encode_attempt_error(started_at, row.attempt, text, trace)
        now = self._clock.now()
        if await self._handler_cancels(row, failure, trace):
            change, outcome = self._changed(row, JobState.CANCELLED), Outcome.CANCELLED
            change.finalized_at = now
        elif row.attempt >= row.max_attempts:
            change, outcome = self._changed(row, JobState.DISCARDED), Outcome.DISCARDED
            change.finalized_at = now
        else:
            retry_at = self._next_retry(attempt, failure.error, now)
            is_short = retry_at - now <= verdict.SHORT_WAIT
            change, outcome = (
                self._changed(row, JobState.AVAILABLE if is_short else JobState.RETRYABLE),
                Outcome.RETRYABLE,
            )
            change.scheduled_at = retry_at
        change.error = error
        return change, outcome

    def _log_failure(self, row: JobRow, text: str, failure: verdict.Failed) -> None:
        facts = {"job": row.id, "kind": row.kind, "attempt": row.attempt, "max_attempts": row.max_attempts}
        if failure.is_crash:
            log.error("an attempt crashed", **facts, exc_info=failure.error)
        else:
            log.warning("an attempt failed", **facts, error=text[:1000])

    async def _handler_cancels(self, row: JobRow, failure: verdict.Failed, trace: str) -> bool:
        if self._error_handler is None:
            return False
        try:
            if failure.is_crash:
                return await self._error_handler.handle_panic(row, failure.error, trace)
            return await self._error_handler.handle_error(row, failure.error)
        except Exception:  # its defect must not change what becomes of the job
            log.exception("the error handler failed", job=row.id, kind=row.kind)
            return False

    def _next_retry(self, attempt: Attempt, err: BaseException, now: datetime) -> datetime:
        """The worker's word, else the client's policy; River's own when what they say has passed already."""
        row = attempt.row
        for ask in (partial(self._workers_next_retry, attempt, err), partial(self._retry_policy.next_retry, row, now)):
            try:
                retry_at = ask()
                if retry_at is None:
                    continue
                if retry_at >= now:
                    return retry_at
            except Exception:  # a defect there must not cost the job its retry
                log.exception("nobody could say when to retry, asking the next", job=row.id, kind=row.kind)
            else:
                log.warning("the next retry lies in the past, using the default", job=row.id, next_retry=retry_at)
                break
        return RiverRetryPolicy().next_retry(row, now)

    def _workers_next_retry(self, attempt: Attempt, err: BaseException) -> datetime | None:
        kind = self._kinds.get(attempt.row.kind)
        if kind is None or attempt.job is None or isinstance(err, UndecodableArgs):
            return None
        return kind.worker.next_retry(attempt.job)


async def swallow_cancellation(attempt: Attempt) -> None:
    """Swallow one that was delivered while what it was meant for was just ending."""
    if attempt.cause is None:
        return
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    while attempt.task is not None and attempt.task.cancelling():
        attempt.task.uncancel()


class UndecodableArgs(JobError):
    """The args do not fit the kind's type. The client's policy decides the retry, the worker is not asked."""

    def __init__(self, kind: str, cause: Exception) -> None:
        super().__init__(str(cause))
        self.kind = kind


def seconds_of(limit: timedelta) -> float | None:
    """Seconds of a limit; None for a negative one, which means there is none."""
    seconds = limit.total_seconds()
    return None if seconds < 0 else seconds


def staged_of(job: Job[Any] | None) -> bytes | None:
    """What the attempt wants merged into its row's metadata; progress that was not written yet is its last output."""
    if job is None:
        return None
    if job.unwritten_progress is not None:
        job.staged_metadata.setdefault("output", job.unwritten_progress)
    return encode_patch(job.staged_metadata) if job.staged_metadata else None
