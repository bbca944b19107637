"""What keeping the house offers to the container: its workers, and when they come by themselves."""

from typing import Any

from dishka import Provider, Scope, provide
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import Clock
from app.config import Settings
from app.db.tx import Transactions
from app.jobs import PeriodicJob, cron
from app.jobs.worker import Worker
from app.metadata.answers import Answers
from app.metadata.images.sweeping import StoreSweeper
from app.operations.cleanup import SessionSweeper
from app.operations.jobs import CleanUpSessionsArgs, MaintainDatabaseArgs
from app.operations.maintenance import DatabaseMaintenance
from app.operations.schedule import Schedule
from app.operations.workers import CleanUpSessionsWorker, MaintainDatabaseWorker


class OperationsModule(Provider):
    scope = Scope.APP

    sweeper = provide(SessionSweeper)
    schedule = provide(Schedule)
    clean_up = provide(CleanUpSessionsWorker, provides=Worker[Any])
    maintain = provide(MaintainDatabaseWorker, provides=Worker[Any])

    @provide
    def maintenance(
        self,
        engine: AsyncEngine,
        transactions: Transactions,
        settings: Settings,
        clock: Clock,
        *,
        answers: Answers,
        store: StoreSweeper,
    ) -> DatabaseMaintenance:
        return DatabaseMaintenance(engine, transactions, settings, clock, answers=answers, store=store)

    @provide
    def hourly(self) -> PeriodicJob:
        return PeriodicJob(
            cron("@hourly"), CleanUpSessionsArgs, id="cleanup.sessions", run_on_start=True, is_remembered=True
        )

    @provide
    def nightly(self, settings: Settings) -> PeriodicJob:
        return PeriodicJob(
            cron(settings.operations.nightly), MaintainDatabaseArgs, id="maintenance.database", is_remembered=True
        )
