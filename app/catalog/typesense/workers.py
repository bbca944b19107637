"""How the kinds of Typesense are worked. It may be away for days: that costs no attempt, and nothing that waits."""

from datetime import timedelta

import structlog

from app.catalog.typesense.exporting import TypesenseExporter
from app.catalog.typesense.jobs import TypesenseItemsArgs, TypesenseRebuildArgs
from app.catalog.typesense.requests import TypesenseRequests
from app.catalog.typesense.server import NoCollection, TypesenseAway
from app.db.tx import Transactions
from app.jobs.completion import job_complete_tx
from app.jobs.driver.driver import Driver
from app.jobs.errors import JobCancel, JobSnooze
from app.jobs.job import Job
from app.jobs.worker import NO_TIMEOUT, Worker

log = structlog.get_logger("search")

SOON = timedelta(seconds=1)
AWAY = timedelta(minutes=1)


class TypesenseItemsWorker(Worker[TypesenseItemsArgs]):
    """Gives documents until none waits. Every batch is kept, so whoever takes over goes on where it stopped."""

    def __init__(
        self,
        exporter: TypesenseExporter | None,
        requests: TypesenseRequests,
        transactions: Transactions,
        driver: Driver,
    ) -> None:
        self._exporter = exporter
        self._requests = requests
        self._transactions = transactions
        self._driver = driver

    def timeout(self, job: Job[TypesenseItemsArgs]) -> timedelta:  # noqa: ARG002  a million items take what they take
        return NO_TIMEOUT

    async def work(self, job: Job[TypesenseItemsArgs]) -> None:
        if self._exporter is None:
            raise JobCancel("no Typesense is configured on this node")
        items = refused = 0
        try:
            while (batch := await self._exporter.export_some()).taken:
                items, refused = items + batch.taken, refused + batch.refused
                await job.report_progress({"items": items, "refused": refused})
        except NoCollection as err:
            await self._ask_anew(job, err.reason)
            return
        except TypesenseAway as err:
            log.warning("Typesense is not kept up", reason=err.reason)
            raise JobSnooze(AWAY) from err
        job.record_output({"items": items, "refused": refused})
        async with self._transactions.begin() as tx:
            done = await self._requests.are_done(tx)
            if done:
                await job_complete_tx(self._driver, tx.connection, job)
        if not done:
            raise JobSnooze(SOON)  # somebody is about to ask for more

    async def _ask_anew(self, job: Job[TypesenseItemsArgs], reason: str) -> None:
        """The collection is lost. What waits goes on waiting, for the job that the new one inserts."""
        log.warning("Typesense has lost its collection; it is made anew", reason=reason)
        async with self._transactions.begin() as tx:
            await job_complete_tx(self._driver, tx.connection, job)
            await self._requests.rebuild(tx, force=False)


class TypesenseRebuildWorker(Worker[TypesenseRebuildArgs]):
    """Begins a new collection where one is needed; filling it is the other kind's work."""

    def __init__(self, exporter: TypesenseExporter | None, transactions: Transactions, driver: Driver) -> None:
        self._exporter = exporter
        self._transactions = transactions
        self._driver = driver

    def timeout(self, job: Job[TypesenseRebuildArgs]) -> timedelta:  # noqa: ARG002  one statement over all items
        return timedelta(minutes=10)

    async def work(self, job: Job[TypesenseRebuildArgs]) -> None:
        if self._exporter is None:
            raise JobCancel("no Typesense is configured on this node")
        try:
            reason = "it was asked for" if job.args.force else await self._exporter.is_needed()
            items = None if reason is None else await self._exporter.rebuild(job.id)
        except TypesenseAway as err:
            log.warning("Typesense cannot be looked after", reason=err.reason)
            raise JobSnooze(AWAY) from err
        job.record_output({"reason": reason, "items": items})
        async with self._transactions.begin() as tx:
            await job_complete_tx(self._driver, tx.connection, job)
