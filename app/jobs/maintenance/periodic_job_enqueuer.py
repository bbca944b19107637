"""Inserts periodic jobs when their time comes (contract 10)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace

from app.clock import Clock
from app.jobs.driver.driver import JobInsertParams, PeriodicRun
from app.jobs.hooks import HookPeriodicJobsStart
from app.jobs.inserter import Inserter
from app.jobs.maintenance.maintenance_service import next_time
from app.jobs.maintenance.periodic_memory import NoMemory, PeriodicMemory
from app.jobs.periodic import NEVER, PeriodicJob, PeriodicJobs
from app.jobs.signals import TestSignal
from app.jobs.staged import encode_patch
from app.jobs.types import JobInsertResult, JobState
from app.lifecycle import Service

log = structlog.get_logger("jobs.maintenance.periodic_job_enqueuer")

SOON_ENOUGH = timedelta(milliseconds=100)
"""Runs due within so little are inserted together."""

INSERT_TIMEOUT = 30.0
LONGEST_SLEEP = timedelta(hours=24)

PERIODIC_JOB_ID_KEY = "river:periodic_job_id"


@dataclass(frozen=True, slots=True)
class Run:
    job: PeriodicJob
    planned_at: datetime


class PeriodicJobEnqueuer(Service):
    """A run that cannot be inserted is logged and lost; the next one has its own time.

    The next time is counted from the planned one, so a leader that was busy catches up one run per missed time. Of a
    remembered job's times that nobody led, one is caught up.
    """

    def __init__(
        self,
        inserter: Inserter,
        jobs: PeriodicJobs,
        clock: Clock,
        *,
        memory: PeriodicMemory | None = None,
        may_run: Callable[[], bool],
        on_start: Sequence[HookPeriodicJobsStart] = (),
    ) -> None:
        super().__init__()
        self._on_start = on_start
        self._inserter = inserter
        self._jobs = jobs
        self._clock = clock
        self._memory = memory or NoMemory()
        self._may_run = may_run
        self._next: dict[PeriodicJob, datetime] = {}
        self._changed = asyncio.Event()
        jobs.on_change(self._changed.set)
        self.inserted = TestSignal[list[JobInsertResult]]()

    async def prepare(self) -> None:
        for hook in self._on_start:
            await hook.periodic_jobs_start(self._jobs)

    async def run(self) -> None:
        self._next = {}
        await self._insert_surviving(await self._recall_and_take_in())
        while True:
            await self._sleep_until_next()
            added = await self._recall_and_take_in() if self._changed.is_set() else []
            await self._insert_surviving([*added, *self.take_due()])

    async def _recall_and_take_in(self) -> list[Run]:
        runs = self._take_in_new(await self._memory.recall())
        await self._memory.remember(
            [PeriodicRun(str(job.id), None, self._next_of(job), None) for job in self._next if job.is_remembered]
        )
        return runs

    def _take_in_new(self, remembered: Mapping[str, datetime] | None = None) -> list[Run]:
        """Plan jobs that were added; return those among them that run on start, or were missed while nobody led."""
        self._changed.clear()
        now = self._clock.now()
        known = set(self._jobs)
        self._next = {job: at for job, at in self._next.items() if job in known}
        added = [job for job in self._jobs if job not in self._next]
        runs = []
        for job in added:
            planned = (remembered or {}).get(job.id or "") if job.is_remembered else None
            missed = planned is not None and planned <= now
            regular = next_time(job.schedule, now, id=job.id)
            # What was planned holds, unless the schedule has been made to come sooner since.
            self._next[job] = regular if planned is None or missed else min(planned, regular)
            if missed or job.run_on_start:
                runs.append(Run(job, now))
        return runs

    def take_due(self) -> list[Run]:
        """Return the runs whose time has come, and plan the next of each."""
        horizon = self._clock.now() + SOON_ENOUGH
        due = [Run(job, at) for job, at in self._next.items() if at <= horizon]
        for run in due:
            self._next[run.job] = next_time(run.job.schedule, run.planned_at, id=run.job.id)
        return due

    async def _sleep_until_next(self) -> None:
        pause = min((at - self._clock.now() for at in self._next.values()), default=LONGEST_SLEEP)
        try:
            async with asyncio.timeout(max(min(pause, LONGEST_SLEEP).total_seconds(), 0)):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _insert_surviving(self, runs: list[Run]) -> None:
        if not runs or not self._may_run():
            return
        try:
            async with asyncio.timeout(INSERT_TIMEOUT):
                results = await self.insert(runs)
        except Exception:  # the other runs and the next times must not be lost with this one
            log.exception("periodic jobs could not be inserted", ids=[run.job.id for run in runs])
        else:
            self.inserted.signal(results)

    async def insert(self, runs: list[Run]) -> list[JobInsertResult]:
        """Insert a batch of runs in one transaction, as available from their planned time on."""
        made = [(run, params) for run in runs if (params := self._params_of(run)) is not None]
        if not made:
            return []
        inserted = await self._inserter.insert_resolved([params for _, params in made])
        await self._memory.remember(
            [
                PeriodicRun(str(run.job.id), run.planned_at, self._next_of(run.job), result.job.id)
                for (run, _), result in zip(made, inserted, strict=True)
                if run.job.is_remembered
            ]
        )
        return inserted

    def _next_of(self, job: PeriodicJob) -> datetime | None:
        at = self._next.get(job)
        return None if at is None or at == NEVER else at

    def _params_of(self, run: Run) -> JobInsertParams | None:
        try:
            made = run.job.construct()
        except Exception:  # one constructor's defect must not cost the others their run
            log.exception("a periodic job could not be made", id=run.job.id)
            return None
        if made is None:
            return None
        args, opts = made
        params = self._inserter.resolve(args, opts)
        metadata: dict[str, bool | str] = {"periodic": True}
        if run.job.id is not None:
            metadata[PERIODIC_JOB_ID_KEY] = run.job.id
        merged = merge_objects(params.metadata, encode_patch(metadata))
        if params.state is JobState.PENDING:
            return replace(params, metadata=merged)
        scheduled_at = run.planned_at if opts.scheduled_at is None else params.scheduled_at
        return replace(params, metadata=merged, state=JobState.AVAILABLE, scheduled_at=scheduled_at)


def merge_objects(first: bytes, second: bytes) -> bytes:
    """Join two encoded objects without decoding either; where both have a key, jsonb keeps the second."""
    if first.strip() in {b"", b"{}"}:
        return second
    return first.rstrip()[:-1] + b"," + second.lstrip()[1:]
