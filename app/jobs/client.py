"""The queue's face: inserts jobs, controls them, and works them while it is started (contract 12.2)."""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog

from app.clock import Clock, SystemClock
from app.errors import InvalidInput
from app.jobs import context
from app.jobs.args import JobArgs
from app.jobs.client_config import ClientConfig
from app.jobs.completion import job_complete_tx
from app.jobs.crew import Crew
from app.jobs.driver.driver import Connection, Driver
from app.jobs.insert_opts import InsertOpts
from app.jobs.inserter import Inserter, JobToInsert
from app.jobs.job import Job
from app.jobs.job_control import JobControl
from app.jobs.periodic import PeriodicJob, PeriodicJobs
from app.jobs.queue_control import QueueControl
from app.jobs.statistics import Statistics
from app.jobs.subscription import BUFFER, EventKind, EventStream, SubscriptionManager
from app.jobs.types import JobInsertResult, JobRow, QueueConfig, Topic
from app.jobs.worker import Workers
from app.observability import METRICS, Metrics

__all__ = ["Client", "ClientConfig", "PeriodicJob"]

log = structlog.get_logger("jobs.client")

REQUEST_RESIGN = '{"action":"request_resign","leader_id":""}'


class Client:
    """One per process and schema. Without queues it only inserts and controls, and needs no start.

    States: stopped → started → stopping → stopped; it may be started again. Inserting and controlling work in all of
    them, as long as the driver is open. `start` and `stop` may be called from several tasks, and twice.
    """

    def __init__(
        self,
        driver: Driver,
        config: ClientConfig | None = None,
        workers: Workers | None = None,
        periodic_jobs: Iterable[PeriodicJob] = (),
        clock: Clock | None = None,
        *,
        metrics: Metrics = METRICS,
    ) -> None:
        self.driver = driver
        self.config = config or ClientConfig()
        self.workers = workers or Workers()
        self.periodic_jobs = PeriodicJobs(tuple(periodic_jobs))
        clock = clock or SystemClock()
        self._clock = clock
        self._subscriptions = SubscriptionManager()
        self._changing = asyncio.Lock()
        self._is_started = False
        extensions = self.config.extensions()
        self.inserter = Inserter(
            driver,
            self.workers if len(self.workers) else None,
            clock,
            max_attempts=self.config.max_attempts,
            fetch_cooldown=self.config.fetch_cooldown,
            skip_unknown_job_check=self.config.skip_unknown_job_check,
            metrics=metrics,
            extensions=extensions,
        )
        self.jobs = JobControl(driver, clock)
        self.queues = QueueControl(driver)
        self.statistics = Statistics(driver, clock)
        self.crew = Crew(
            driver,
            self.config,
            self.workers,
            inserter=self.inserter,
            periodic_jobs=self.periodic_jobs,
            subscriptions=self._subscriptions,
            extensions=extensions,
            clock=clock,
            metrics=metrics,
        )

    # -- what it is

    @property
    def id(self) -> str:
        return self.config.id

    @property
    def schema(self) -> str:
        return self.driver.schema

    @property
    def is_started(self) -> bool:
        return self._is_started

    @property
    def is_leader(self) -> bool:
        return self.crew.elector.is_leader

    @property
    def is_listening(self) -> bool:
        """Whether announcements reach us. Without them jobs are found by polling."""
        return self.crew.notifier is not None and self.crew.notifier.is_listening

    @property
    def only_inserts(self) -> bool:
        return not self.crew.producers

    # -- start and stop

    async def start(self) -> None:
        """Prove that the database answers, then work. A client without queues is done with the proof.

        Raises:
            InvalidInput: the configuration makes no sense.
            psycopg.Error: the database does not answer, or has no such tables.
        """
        async with self._changing:
            if self._is_started:
                return
            self._check()
            await self.driver.ping()
            if not self.only_inserts:
                await self._start_crew()
            self._is_started = True
        log.info("client started", client=self.id, queues=sorted(self.crew.producers))

    async def stop(self) -> None:
        """Fetch no more, let running jobs end, write their results, resign. Jobs that outlast the soft stop timeout
        are interrupted and go back to available with their attempt restored."""
        async with self._changing:
            if not self._is_started:
                return
            try:
                await self.crew.stop()
            finally:
                self._is_started = False
                self._subscriptions.close()
        log.info("client stopped", client=self.id)

    async def stop_and_cancel(self) -> None:
        """Stop without waiting for running jobs; also shortens a stop that is under way."""
        self.crew.cancel_work()
        await self.stop()

    async def _start_crew(self) -> None:
        token = context.current.set(self)
        try:
            await self.crew.start()
        except BaseException:
            await self.crew.stop()
            raise
        finally:
            context.current.reset(token)

    def _check(self) -> None:
        self.config.check()
        if self.only_inserts:
            return
        if not len(self.workers):
            raise InvalidInput("workers", "there are queues to work but no worker; provide one, or configure no queues")
        if self.config.leader_election_disabled and len(self.periodic_jobs):
            raise InvalidInput("periodic_jobs", "only a leader inserts them, and this client may not lead")

    # -- inserting

    async def insert(self, args: JobArgs, opts: InsertOpts | None = None) -> JobInsertResult:
        """Insert one job; see `Inserter` for this and the next five."""
        return await self.inserter.insert(args, opts)

    async def insert_tx(self, connection: Connection, args: JobArgs, opts: InsertOpts | None = None) -> JobInsertResult:
        return await self.inserter.insert_tx(connection, args, opts)

    async def insert_many(self, jobs: Iterable[JobToInsert]) -> list[JobInsertResult]:
        return await self.inserter.insert_many(jobs)

    async def insert_many_tx(self, connection: Connection, jobs: Iterable[JobToInsert]) -> list[JobInsertResult]:
        return await self.inserter.insert_many_tx(connection, jobs)

    async def insert_many_fast(self, jobs: Iterable[JobToInsert]) -> int:
        return await self.inserter.insert_many_fast(jobs)

    async def insert_many_fast_tx(self, connection: Connection, jobs: Iterable[JobToInsert]) -> int:
        return await self.inserter.insert_many_fast_tx(connection, jobs)

    # -- working

    async def job_complete_tx(self, connection: Connection, job: Job[Any]) -> JobRow:
        """Complete a job within its worker's own transaction: the work and its end commit together or not at all."""
        return await job_complete_tx(self.driver, connection, job, now=self._clock.now())

    async def add_queue(self, name: str, queue: QueueConfig) -> None:
        """Work one more queue from now on.

        Raises:
            InvalidInput: it is worked already, or misconfigured.
        """
        self.config.check_queue(name, queue)
        async with self._changing:
            is_first = self.only_inserts
            token = context.current.set(self)
            try:
                await self.crew.add_queue(name, queue)
            finally:
                context.current.reset(token)
            if is_first and self._is_started:  # until now it only inserted
                self._check()
                await self._start_crew()

    async def remove_queue(self, name: str) -> None:
        """Work a queue no more; returns when its running jobs have ended."""
        async with self._changing:
            await self.crew.remove_queue(name)

    def subscribe(self, *kinds: EventKind, buffer: int = BUFFER) -> EventStream:
        """Receive what happens to jobs and queues of this client; all kinds when none is named. Ends with the client.

        Raises:
            InvalidInput: this client only inserts, so nothing would ever come.
        """
        if self.only_inserts:
            raise InvalidInput("queues", "this client works no queues, so it has no events")
        return self._subscriptions.subscribe(*kinds, buffer=buffer)

    async def request_resign(self) -> None:
        """Ask whoever leads to resign; somebody is elected anew at once."""
        await self.driver.notify_many(Topic.LEADERSHIP, [REQUEST_RESIGN])

    async def request_resign_tx(self, connection: Connection) -> None:
        await self.driver.using(connection).notify_many(Topic.LEADERSHIP, [REQUEST_RESIGN])
