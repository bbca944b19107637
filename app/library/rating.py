"""Whose certifications count first is a setting: when it changes, every age is worked out again."""

from datetime import timedelta

from app.config import Settings
from app.db.tx import Transactions
from app.jobs.completion import job_complete_tx
from app.jobs.driver.driver import Driver
from app.jobs.job import Job
from app.jobs.worker import Worker
from app.library.jobs import RefreshAgesArgs
from app.library.repository import ages

BATCH = 500
"""Items of one transaction, with all that is below them."""


class RefreshAgesWorker(Worker[RefreshAgesArgs]):
    """Does nothing while the country is what it was. Cut off anywhere, it begins again: what is right stays so."""

    def __init__(self, transactions: Transactions, driver: Driver, settings: Settings) -> None:
        self._transactions = transactions
        self._driver = driver
        self._country = settings.metadata.region

    def timeout(self, job: Job[RefreshAgesArgs]) -> timedelta:  # noqa: ARG002  the same for each
        return timedelta(hours=1)

    async def work(self, job: Job[RefreshAgesArgs]) -> None:
        async with self._transactions.begin() as tx:
            is_new = await ages.set_country(tx, self._country)
        after = None
        while is_new:
            async with self._transactions.begin() as tx:
                batch = await ages.certified(tx, after, BATCH)
                await ages.refresh(tx, batch)
            if len(batch) < BATCH:
                break
            after = batch[-1]
        async with self._transactions.begin() as tx:
            await ages.country_is_applied(tx)
            await job_complete_tx(self._driver, tx.connection, job)
