"""How the library's kinds are worked. Thin: open the transaction, call who knows, complete the job in it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.db.tx import Transactions, Tx
from app.jobs.completion import job_complete_tx
from app.jobs.driver.driver import Driver
from app.jobs.errors import JobCancel, JobSnooze
from app.jobs.job import Job
from app.jobs.worker import NO_TIMEOUT, Worker
from app.library.analysis import FileAnalyzer
from app.library.errors import LibraryNotFound
from app.library.indexing import KeyframeFinder
from app.library.jobs import (
    AWAIT_ROOT_INTERVAL,
    AnalyzeFileArgs,
    AwaitRootArgs,
    AwaitSettledArgs,
    FindKeyframesArgs,
    ScanLibraryArgs,
)
from app.library.repository import folders, libraries
from app.library.scan.scanner import LibraryScanner
from app.library.service import LibraryService
from app.library.threads import in_thread
from app.library.trust import why_offline

SOON = timedelta(seconds=1)


class ScanLibraryWorker(Worker[ScanLibraryArgs]):
    """Looks what is on disk. Its row shows how far it is, and in the end how it went."""

    def __init__(self, scanner: LibraryScanner, transactions: Transactions, driver: Driver) -> None:
        self._scanner = scanner
        self._transactions = transactions
        self._driver = driver

    def timeout(self, job: Job[ScanLibraryArgs]) -> timedelta:  # noqa: ARG002  as long as the disk takes
        return NO_TIMEOUT

    async def work(self, job: Job[ScanLibraryArgs]) -> None:
        state = await self._scanner.scan(job.args, job.report_progress)
        job.record_output(state.result())
        async with self._transactions.begin() as tx:
            await self._scanner.finish(tx, state, lambda: job_complete_tx(self._driver, tx.connection, job))


class AnalyzeFileWorker(Worker[AnalyzeFileArgs]):
    """Probes one file. A bad file is a result, not a failure."""

    def __init__(self, analyzer: FileAnalyzer, driver: Driver) -> None:
        self._analyzer = analyzer
        self._driver = driver

    def timeout(self, job: Job[AnalyzeFileArgs]) -> timedelta:  # noqa: ARG002  far beyond a probe's own
        return timedelta(minutes=5)

    async def work(self, job: Job[AnalyzeFileArgs]) -> None:
        async def complete(tx: Tx) -> None:
            await job_complete_tx(self._driver, tx.connection, job)

        await self._analyzer.analyze(job.args.file_id, job.attempt, complete)


class FindKeyframesWorker(Worker[FindKeyframesArgs]):
    """Reads one film from beginning to end."""

    def __init__(self, finder: KeyframeFinder, driver: Driver) -> None:
        self._finder = finder
        self._driver = driver

    def timeout(self, job: Job[FindKeyframesArgs]) -> timedelta:  # noqa: ARG002  films before it are waited for, too
        return timedelta(hours=1)

    async def work(self, job: Job[FindKeyframesArgs]) -> None:
        async def complete(tx: Tx) -> None:
            await job_complete_tx(self._driver, tx.connection, job)

        await self._finder.find(job.args.file_id, job.attempt, complete)


class AwaitRootWorker(Worker[AwaitRootArgs]):
    """Looks once a minute whether an offline root is back, and asks for a scan when it is.

    A look costs one listing of one folder. Where the disk does not answer at all, the thread that asked keeps waiting
    and no other is sent after it.
    """

    def __init__(self, service: LibraryService, transactions: Transactions, driver: Driver) -> None:
        self._service = service
        self._transactions = transactions
        self._driver = driver
        self._looking: set[UUID] = set()

    def timeout(self, job: Job[AwaitRootArgs]) -> timedelta:  # noqa: ARG002  for a disk to spin up
        return timedelta(minutes=1)

    async def work(self, job: Job[AwaitRootArgs]) -> None:
        root_id = job.args.root_id
        async with self._transactions.begin() as tx:
            found = await libraries.root_library(tx, root_id)
            known = await folders.top_names(tx, root_id)
        if found is None:
            return  # its library was deleted, or does not look into it any more
        library_id, path = found
        if root_id in self._looking or await self._look(root_id, path, known) is not None:
            raise JobSnooze(AWAIT_ROOT_INTERVAL)
        async with self._transactions.begin() as tx:
            await self._service.request_scan(tx, library_id)
            await job_complete_tx(self._driver, tx.connection, job)

    async def _look(self, root_id: UUID, path: bytes, known: set[bytes]) -> str | None:
        def look() -> str | None:
            try:
                return why_offline(path, root_id, known)
            finally:
                self._looking.discard(root_id)

        self._looking.add(root_id)
        return await in_thread(look)


class AwaitSettledWorker(Worker[AwaitSettledArgs]):
    """Asks for a scan of the folders in which something was being written, when that should be over."""

    def __init__(self, service: LibraryService, transactions: Transactions, driver: Driver) -> None:
        self._service = service
        self._transactions = transactions
        self._driver = driver

    async def work(self, job: Job[AwaitSettledArgs]) -> None:
        try:
            async with self._transactions.begin() as tx:
                later = await self._service.request_settled(tx, job.args.library_id)
                if later is None:
                    await job_complete_tx(self._driver, tx.connection, job)
        except LibraryNotFound as err:
            raise JobCancel(err) from err
        if later is not None:
            raise JobSnooze(max(later - datetime.now(UTC), SOON))
