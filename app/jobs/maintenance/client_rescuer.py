"""Frees the jobs of clients that are gone (design 3): River would wait for an hour, and for ever without a timeout."""

from collections.abc import Callable, Sequence

import structlog

from app.clock import Clock
from app.jobs.driver.driver import Driver, JobRescue
from app.jobs.driver.job_statements import insert_payload
from app.jobs.maintenance.job_rescuer import rescue_of
from app.jobs.maintenance.maintenance_service import BatchSize, MaintenanceService, pause_between_batches
from app.jobs.presence import GONE_AFTER, Presence
from app.jobs.types import JobRow, JobState, Topic

log = structlog.get_logger("jobs.maintenance.client_rescuer")


class ClientRescuer(MaintenanceService):
    """Touches only clients that said once that they live: River's own say nothing and are left to the clock.

    A client that was merely cut off goes on working and finds, when it is back, that its results are fenced out.
    Nothing is done before our own presence has been steady for as long as others may be silent: after an outage of
    the database everyone looks gone, and everyone is given the time to come back.
    """

    interval = 3.0
    start_delay = 0.0

    def __init__(self, driver: Driver, presence: Presence, clock: Clock, *, may_run: Callable[[], bool]) -> None:
        super().__init__(may_run)
        self._driver = driver
        self._presence = presence
        self._clock = clock
        self._batch = BatchSize()

    async def run_once(self) -> None:
        if self._presence.steady_for < GONE_AFTER:
            return
        if gone := await self._driver.client_get_gone(unseen_for=GONE_AFTER):
            await self.rescue_jobs_of(gone)

    async def rescue_jobs_of(self, client_ids: Sequence[str]) -> None:
        while True:
            limit = self._batch.limit
            jobs = await self._batch.run(
                lambda limit: self._driver.job_get_running_by_clients(client_ids=client_ids, limit=limit)
            )
            if jobs:
                await self._rescue([self.decide(job) for job in jobs])
            if len(jobs) < limit:
                break
            await pause_between_batches()
        await self._driver.client_delete_gone(client_ids)

    async def _rescue(self, rescues: list[JobRescue]) -> None:
        async with self._driver.begin() as tx:
            rescued = await tx.job_rescue_many(rescues)
            ready = sorted({job.queue for job in rescued if job.state is JobState.AVAILABLE})
            await tx.notify_many(Topic.INSERT, [insert_payload(queue) for queue in ready])
        log.warning("rescued jobs whose client is gone", jobs=len(rescued))

    def decide(self, job: JobRow) -> JobRescue:
        """A dead node is not the job's fault, so it runs again at once: it was due when it was claimed, and keeps that
        time, for our own clock may be minutes ahead of the database's. The attempt stays counted all the same, or a job
        that kills its node would do so for ever."""
        now = self._clock.now()
        if job.wants_cancel:
            return rescue_of(job, JobState.CANCELLED, now)
        if job.attempt >= job.max_attempts:
            return rescue_of(job, JobState.DISCARDED, now)
        return rescue_of(job, JobState.AVAILABLE, now)
