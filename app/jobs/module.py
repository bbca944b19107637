"""Wiring of the queue: gathers what the domains bring along, and makes one client of it."""

from collections.abc import Sequence
from typing import Any

from dishka import Provider, Scope, collect, provide

from app.clock import Clock
from app.config import Settings
from app.jobs.client import Client, ClientConfig
from app.jobs.client_config import FOREVER
from app.jobs.driver.driver import Driver
from app.jobs.inserter import Inserter
from app.jobs.job_log import JobLogMiddleware
from app.jobs.kinds import JobKinds
from app.jobs.periodic import PeriodicJob
from app.jobs.retry_policy import ExponentialRetryPolicy
from app.jobs.types import QueueConfig
from app.jobs.worker import Worker, Workers, check_all_worked, declared_args
from app.observability import Metrics


class JobsModule(Provider):
    """Domains provide their workers as `Worker[Any]` and their schedules as `PeriodicJob`; nothing lists them here."""

    scope = Scope.APP

    all_workers = collect(Worker[Any], provides=Sequence[Worker[Any]])
    all_periodic_jobs = collect(PeriodicJob, provides=Sequence[PeriodicJob])

    def __init__(self, *, work: bool) -> None:
        super().__init__()
        self._work = work

    @provide
    def workers(self, workers: Sequence[Worker[Any]]) -> Workers:
        """Refuse to go on with a kind that two want to work, or that nobody does."""
        registry = Workers(workers)
        check_all_worked(registry, declared_args("app"))
        return registry

    @provide
    def config(self, settings: Settings) -> ClientConfig:
        jobs = settings.jobs
        return ClientConfig(
            queues=queues_of(settings) if self._work and jobs.enabled else {},
            fetch_cooldown=jobs.fetch_cooldown,
            fetch_poll_interval=jobs.fetch_poll_interval,
            fetch_only_known_kinds=True,
            max_attempts=jobs.retry.max_attempts,
            retry_policy=ExponentialRetryPolicy(
                jobs.retry.initial_interval, jobs.retry.backoff_multiplier, jobs.retry.max_interval
            ),
            completed_job_retention_period=jobs.cleanup.completed_jobs_retention or FOREVER,
            cancelled_job_retention_period=jobs.cleanup.cancelled_jobs_retention or FOREVER,
            discarded_job_retention_period=jobs.cleanup.discarded_jobs_retention or FOREVER,
            soft_stop_timeout=jobs.soft_stop_timeout,
            middleware=[JobLogMiddleware()],
        )

    @provide
    def kinds(self, workers: Workers, periodic_jobs: Sequence[PeriodicJob], config: ClientConfig) -> JobKinds:
        return JobKinds(workers, periodic_jobs, max_attempts=config.max_attempts)

    @provide
    def inserter(self, driver: Driver, config: ClientConfig, clock: Clock, metrics: Metrics) -> Inserter:
        """For the domains. It knows no workers: theirs insert jobs too, and the registry is made of them."""
        return Inserter(
            driver,
            None,
            clock,
            max_attempts=config.max_attempts,
            fetch_cooldown=config.fetch_cooldown,
            metrics=metrics,
            extensions=config.extensions(),
        )

    @provide
    def client(
        self,
        *,
        driver: Driver,
        config: ClientConfig,
        workers: Workers,
        periodic_jobs: Sequence[PeriodicJob],
        clock: Clock,
        metrics: Metrics,
    ) -> Client:
        return Client(driver, config, workers, periodic_jobs, clock, metrics=metrics)


def queues_of(settings: Settings) -> dict[str, QueueConfig]:
    """Say what this node works: the configured queues, and one for each root that not every node sees."""
    workers = settings.jobs.workers_by_queue()
    roots = {f"root_{root}": settings.jobs.workers.count for root in settings.library.roots}
    return {name: QueueConfig(count) for name, count in {**roots, **workers}.items()}
