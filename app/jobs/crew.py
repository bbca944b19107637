"""Everything that runs while a client works: made once, started in order, stopped in reverse (contract 2.6)."""

import asyncio
from contextlib import AsyncExitStack

import msgspec
import structlog

from app.clock import Clock
from app.errors import InvalidInput
from app.jobs.attempt import Attempt
from app.jobs.client_config import ClientConfig
from app.jobs.completer import Completer, TakesCompletions
from app.jobs.driver.driver import Driver
from app.jobs.elector import Elector
from app.jobs.executor import Executor
from app.jobs.extensions import Extensions
from app.jobs.inserter import Inserter
from app.jobs.maintenance.client_rescuer import ClientRescuer
from app.jobs.maintenance.job_cleaner import JobCleaner
from app.jobs.maintenance.job_rescuer import JobRescuer
from app.jobs.maintenance.job_scheduler import JobScheduler
from app.jobs.maintenance.maintainer import Maintainer, stop_all
from app.jobs.maintenance.periodic_job_enqueuer import PeriodicJobEnqueuer
from app.jobs.maintenance.periodic_memory import TableMemory
from app.jobs.maintenance.queue_cleaner import QueueCleaner
from app.jobs.maintenance.queue_reporter import QueueReporter
from app.jobs.maintenance.reindexer import Reindexer
from app.jobs.notifier import Notifier
from app.jobs.periodic import PeriodicJobs
from app.jobs.presence import Presence
from app.jobs.producer import Producer, ProducerConfig
from app.jobs.queue_keeper import QueueKeeper
from app.jobs.stuck import StuckJobs
from app.jobs.subscription import SubscriptionManager
from app.jobs.types import JobRow, QueueConfig
from app.jobs.worker import Workers
from app.lifecycle import Service
from app.observability import Metrics

log = structlog.get_logger("jobs.crew")

PROGRESS_TIMEOUT = 5.0


class Crew:
    """The stop goes: no more fetching, running jobs end, their results are written, leadership is resigned, and last
    our presence is taken back, unless rows of ours are left running, whose rescue it brings about by fading."""

    def __init__(
        self,
        driver: Driver,
        config: ClientConfig,
        workers: Workers,
        *,
        inserter: Inserter,
        periodic_jobs: PeriodicJobs,
        subscriptions: SubscriptionManager,
        extensions: Extensions,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._driver = driver
        self._config = config
        self._workers = workers
        self._subscriptions = subscriptions
        self._extensions = extensions
        self._metrics = metrics
        self._is_started = False
        self.notifier = None if config.poll_only else Notifier(driver)
        self.completer = Completer(driver, subscriptions, clock, metrics)
        self._clock = clock
        self.executor = self.make_executor(self.completer)
        self.presence = Presence(driver, config.id, lambda: sorted(self.producers))
        self.producers: dict[str, Producer] = {}
        self._keepers: dict[str, QueueKeeper] = {}
        for name, queue in config.queues.items():
            self._make_producer(name, queue)
        self.maintainer = Maintainer(self._make_services(inserter, periodic_jobs, clock))
        self.elector = Elector(driver, config.id, self.notifier, self.maintainer, metrics)

    def make_executor(self, completer: TakesCompletions) -> Executor:
        config = self._config
        return Executor(
            self._workers,
            completer,
            self._clock,
            job_timeout=config.job_timeout,
            retry_policy=config.retry_policy,
            report_progress=self._write_progress,
            error_handler=config.error_handler,
            extensions=self._extensions,
            stuck=StuckJobs(config.job_stuck_threshold, config.job_stuck_handler, self._give_up_slot),
        )

    def _give_up_slot(self, attempt: Attempt) -> None:
        if (producer := self.producers.get(attempt.row.queue)) is not None:
            producer.give_up_slot(attempt)

    def _make_producer(self, name: str, queue: QueueConfig) -> None:
        config = self._config
        producer = Producer(
            ProducerConfig(
                queue=name,
                client_id=config.id,
                max_workers=queue.max_workers,
                cooldown=config.cooldown_of(queue),
                poll_interval=config.poll_interval_of(queue),
                kinds=self._workers.kinds if config.fetch_only_known_kinds else None,
                soft_stop_timeout=config.soft_stop_timeout,
                abandon_after=config.abandon_after,
            ),
            self._driver,
            executor=self.executor,
            completer=self.completer,
            notifier=self.notifier,
            subscriptions=self._subscriptions,
            metrics=self._metrics,
            metric_hooks=self._extensions.metric_emit,
        )
        self.producers[name] = producer
        self._keepers[name] = QueueKeeper(producer, self._driver, self.notifier)

    def _make_services(self, inserter: Inserter, periodic_jobs: PeriodicJobs, clock: Clock) -> list[Service]:
        """Make what the leader runs, in River's order."""
        driver, config = self._driver, self._config
        return [
            JobCleaner(
                driver,
                clock,
                completed=config.completed_job_retention_period,
                cancelled=config.cancelled_job_retention_period,
                discarded=config.discarded_job_retention_period,
                may_run=self._leads,
            ),
            JobRescuer(
                driver,
                self._workers,
                clock,
                rescue_after=config.rescue_after,
                job_timeout=config.job_timeout,
                retry_policy=config.retry_policy,
                leave_unknown_kinds=config.fetch_only_known_kinds,
                may_run=self._leads,
            ),
            ClientRescuer(driver, self.presence, clock, may_run=self._leads),
            JobScheduler(driver, inserter.notify_limiter, clock, may_run=self._leads),
            PeriodicJobEnqueuer(
                inserter,
                periodic_jobs,
                clock,
                memory=TableMemory(driver),
                may_run=self._leads,
                on_start=self._extensions.periodic_jobs_start,
            ),
            QueueCleaner(driver, clock, may_run=self._leads),
            QueueReporter(driver, self._metrics, may_run=self._leads),
            Reindexer(
                driver,
                clock,
                index_names=config.reindexer_index_names,
                schedule=config.reindexer_schedule,
                timeout=config.reindexer_timeout,
                may_run=self._leads,
            ),
        ]

    def _leads(self) -> bool:
        return self.elector.is_leader

    async def start(self) -> None:
        self._is_started = True
        await self.completer.start()
        if self.notifier is not None:
            await self.notifier.start()
        await self.presence.start()
        for name in list(self.producers):
            await self._start_producer(name)
        if not self._config.leader_election_disabled:
            await self.elector.start()

    async def stop(self) -> None:
        """Stop whatever runs, going on past errors. May come unstarted, or after half a start."""
        self._is_started = False
        async with AsyncExitStack() as stack:  # the last entered is the first to be left
            stack.push_async_callback(self._stop_presence)
            if self.notifier is not None:
                stack.push_async_callback(self.notifier.stop)
            stack.push_async_callback(self.elector.stop)
            stack.push_async_callback(self.completer.stop)
            stack.push_async_callback(stop_all, list(self._keepers.values()))
            stack.push_async_callback(stop_all, list(self.producers.values()))

    def cancel_work(self) -> None:
        for producer in self.producers.values():
            producer.cancel_work()

    async def add_queue(self, name: str, queue: QueueConfig) -> None:
        """Work one more queue; at once, if the client is started.

        Raises:
            InvalidInput: it is worked already.
        """
        if name in self.producers:
            raise InvalidInput("name", f"queue {name} is worked already")
        self._make_producer(name, queue)
        if self._is_started:
            await self._start_producer(name)

    async def remove_queue(self, name: str) -> None:
        """Work a queue no more, after its running jobs have ended. Its row stays until the cleaner takes it.

        Raises:
            InvalidInput: it is not worked here.
        """
        if name not in self.producers:
            raise InvalidInput("name", f"queue {name} is not worked here")
        await self.producers[name].stop()
        await self._keepers.pop(name).stop()
        del self.producers[name]

    async def _start_producer(self, name: str) -> None:
        await self.producers[name].start()
        await self._keepers[name].start()

    async def _stop_presence(self) -> None:
        held = any(producer.may_hold_rows for producer in self.producers.values()) or bool(self.completer.held_ids())
        self.presence.keep = held
        await self.presence.stop()

    async def _write_progress(self, row: JobRow, value: msgspec.Raw) -> bool:
        """Merge progress into a running job's row, as River's job update does. Best effort."""
        try:
            async with asyncio.timeout(PROGRESS_TIMEOUT):
                await self._driver.job_set_metadata(row.id, msgspec.json.encode({"output": value}))
        except Exception as err:  # noqa: BLE001  progress is a courtesy; the attempt must not fail for it
            log.warning("progress could not be written", job=row.id, error=str(err) or type(err).__name__)
            return False
        return True
