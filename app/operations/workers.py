"""How the kinds of this domain are worked, and when they come by themselves."""

from datetime import timedelta

from app.db.tx import Transactions
from app.jobs.completion import job_complete_tx
from app.jobs.driver.driver import Driver
from app.jobs.job import Job
from app.jobs.worker import Worker
from app.operations.cleanup import SessionSweeper
from app.operations.jobs import CleanUpSessionsArgs, MaintainDatabaseArgs
from app.operations.maintenance import DatabaseMaintenance


class CleanUpSessionsWorker(Worker[CleanUpSessionsArgs]):
    def __init__(self, sweeper: SessionSweeper, transactions: Transactions, driver: Driver) -> None:
        self._sweeper = sweeper
        self._transactions = transactions
        self._driver = driver

    def timeout(self, job: Job[CleanUpSessionsArgs]) -> timedelta:  # noqa: ARG002  see design of the kinds
        return timedelta(minutes=10)

    async def work(self, job: Job[CleanUpSessionsArgs]) -> None:
        job.record_output(await self._sweeper.sweep())
        async with self._transactions.begin() as tx:
            await job_complete_tx(self._driver, tx.connection, job)


class MaintainDatabaseWorker(Worker[MaintainDatabaseArgs]):
    def __init__(self, maintenance: DatabaseMaintenance, transactions: Transactions, driver: Driver) -> None:
        self._maintenance = maintenance
        self._transactions = transactions
        self._driver = driver

    def timeout(self, job: Job[MaintainDatabaseArgs]) -> timedelta:  # noqa: ARG002  as above
        return timedelta(hours=1)

    async def work(self, job: Job[MaintainDatabaseArgs]) -> None:
        job.record_output(await self._maintenance.run())
        async with self._transactions.begin() as tx:
            await job_complete_tx(self._driver, tx.connection, job)
