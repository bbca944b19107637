"""The queue's wiring, with domains of a test's own."""

from datetime import timedelta
from typing import Any

import pytest
from dishka import STRICT_VALIDATION, Provider, Scope, make_async_container, provide

from app.clock import Clock, SystemClock
from app.config import Settings
from app.jobs.client import Client, PeriodicJob
from app.jobs.client_config import FOREVER, ClientConfig
from app.jobs.driver.driver import Driver
from app.jobs.module import JobsModule, queues_of
from app.jobs.periodic import IntervalSchedule
from app.jobs.retry_policy import ExponentialRetryPolicy
from app.jobs.types import QueueConfig
from app.jobs.worker import DuplicateWorker, MissingWorker, Worker
from app.observability import Metrics
from tests.fixtures.clients import WorkArgs, WorkFunction, do_nothing


class Ground(Provider):
    scope = Scope.APP

    clock = provide(SystemClock, provides=Clock)

    @provide
    def metrics(self) -> Metrics:
        return Metrics()

    def __init__(self, driver: Driver) -> None:
        super().__init__()
        self._driver = driver

    @provide
    def driver(self) -> Driver:
        return self._driver


class Domain(Provider):
    scope = Scope.APP

    @provide
    def worker(self) -> Worker[Any]:
        return WorkFunction(do_nothing)

    @provide
    def schedule(self) -> PeriodicJob:
        return PeriodicJob(IntervalSchedule(timedelta(hours=1)), WorkArgs, id="hourly")


@pytest.fixture
def declared(monkeypatch):
    """The kinds the application declares, in place of those that other tests happened to import."""
    kinds = [WorkArgs]
    monkeypatch.setattr("app.jobs.module.declared_args", lambda _package: kinds)
    return kinds


@pytest.fixture
def client_of(driver, declared):
    async def make(*domains: Provider, work: bool = True, settings: Settings | None = None) -> Client:
        container = make_async_container(
            Ground(driver),
            JobsModule(work=work),
            *domains,
            context={Settings: settings or Settings()},
            validation_settings=STRICT_VALIDATION,
        )
        try:
            return await container.get(Client)
        finally:
            await container.close()

    return make


async def test_what_the_domains_bring_is_gathered(client_of):
    client = await client_of(Domain())
    assert client.workers.kinds == ("test.work",)
    assert [job.id for job in client.periodic_jobs] == ["hourly"]
    assert client.config.queues == {
        "default": QueueConfig(5),
        "high": QueueConfig(10),
        "low": QueueConfig(2),
        "scheduled": QueueConfig(2),
    }
    assert client.config.fetch_only_known_kinds


async def test_two_workers_for_one_kind_stop_the_start(client_of):
    class Another(Domain):
        pass

    with pytest.raises(DuplicateWorker, match=r"test\.work"):
        await client_of(Domain(), Another())


async def test_a_kind_without_a_worker_stops_the_start(client_of):
    with pytest.raises(MissingWorker, match=r"test\.work \(tests\.fixtures\.clients\.WorkArgs\)"):
        await client_of()


async def test_without_work_the_client_only_inserts(client_of):
    client = await client_of(Domain(), work=False)
    assert client.only_inserts
    assert client.workers.kinds == ("test.work",)  # so that a kind nobody works is refused at the insert


def config_of(settings: dict[str, Any]) -> ClientConfig:
    return JobsModule(work=True).config(Settings(jobs=settings))


def test_the_settings_become_the_clients():
    config = config_of(
        {
            "retry": {"max_attempts": 7, "backoff_multiplier": 3, "initial_interval": "2s", "max_interval": "1m"},
            "cleanup": {"completed_jobs_retention": "1h", "cancelled_jobs_retention": None},
            "soft_stop_timeout": "3s",
        }
    )
    assert config.max_attempts == 7
    assert config.retry_policy == ExponentialRetryPolicy(timedelta(seconds=2), 3, timedelta(minutes=1))
    assert config.completed_job_retention_period == timedelta(hours=1)
    assert config.cancelled_job_retention_period == FOREVER
    assert config.discarded_job_retention_period == timedelta(days=30)
    assert config.soft_stop_timeout == timedelta(seconds=3)
    config.check()


def test_disabled_jobs_are_only_inserted():
    assert config_of({"enabled": False}).queues == {}


def test_a_root_that_not_every_node_sees_is_worked_by_the_nodes_that_do():
    queues = queues_of(Settings(library={"roots": ["attic"]}, jobs={"workers": {"count": 3}}))
    assert queues["root_attic"] == QueueConfig(3)
