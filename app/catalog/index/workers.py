"""How the kinds of the index are worked. Thin: the indexer knows how."""

from datetime import timedelta

from app.catalog.index.indexer import Indexer
from app.catalog.index.jobs import IndexItemsArgs, RebuildIndexArgs
from app.catalog.index.requests import IndexRequests
from app.catalog.typesense.requests import TypesenseRequests
from app.config import Settings
from app.db.tx import Transactions
from app.jobs.completion import job_complete_tx
from app.jobs.driver.driver import Driver
from app.jobs.errors import JobSnooze
from app.jobs.job import Job
from app.jobs.worker import NO_TIMEOUT, Worker

SOON = timedelta(seconds=1)


class IndexItemsWorker(Worker[IndexItemsArgs]):
    """Makes documents until none waits. Every batch is kept, so whoever takes over goes on where it stopped."""

    def __init__(self, indexer: Indexer, requests: IndexRequests, transactions: Transactions, driver: Driver) -> None:
        self._indexer = indexer
        self._requests = requests
        self._transactions = transactions
        self._driver = driver

    def timeout(self, job: Job[IndexItemsArgs]) -> timedelta:  # noqa: ARG002  a million items take what they take
        return NO_TIMEOUT

    async def work(self, job: Job[IndexItemsArgs]) -> None:
        taken = written = 0
        while (batch := await self._indexer.index_some()).taken:
            taken, written = taken + batch.taken, written + batch.written
            await job.report_progress({"items": taken, "written": written})
        job.record_output({"items": taken, "written": written})
        if written:
            await self._indexer.settle()
        async with self._transactions.begin() as tx:
            done = await self._requests.are_done(tx)
            if done:
                await job_complete_tx(self._driver, tx.connection, job)
        if not done:
            raise JobSnooze(SOON)  # somebody is about to ask for more


class RebuildIndexWorker(Worker[RebuildIndexArgs]):
    """Asks for what is missing, all at once; the documents are the other kind's work.

    It also sees to it that Typesense is looked after where it is configured, and that nothing waits for it elsewhere.
    """

    def __init__(
        self,
        indexer: Indexer,
        requests: IndexRequests,
        typesense: TypesenseRequests,
        transactions: Transactions,
        *,
        driver: Driver,
        settings: Settings,
    ) -> None:
        self._indexer = indexer
        self._requests = requests
        self._typesense = typesense
        self._transactions = transactions
        self._driver = driver
        self._is_exported = settings.search.typesense.is_configured

    def timeout(self, job: Job[RebuildIndexArgs]) -> timedelta:  # noqa: ARG002  one statement over all items
        return timedelta(minutes=10)

    async def work(self, job: Job[RebuildIndexArgs]) -> None:
        async with self._transactions.begin() as tx:
            asked = await self._indexer.ask_for_stale(tx, everything=job.args.everything)
            if asked:
                await self._requests.wake(tx)
            if self._is_exported:
                await self._typesense.rebuild(tx, force=job.args.everything)
            else:
                await self._typesense.forget(tx)
            job.record_output({"items": asked})
            await job_complete_tx(self._driver, tx.connection, job)
