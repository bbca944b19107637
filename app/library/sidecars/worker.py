"""How readings of side files are worked."""

from datetime import timedelta

from app.db.tx import Tx
from app.jobs.completion import job_complete_tx
from app.jobs.driver.driver import Driver
from app.jobs.job import Job
from app.jobs.worker import Worker
from app.library.jobs import ReadSideFilesArgs
from app.library.sidecars.reader import SideFileReader


class ReadSideFilesWorker(Worker[ReadSideFilesArgs]):
    """Looks into what lies beside the media of one folder. A bad file is a result, not a failure."""

    def __init__(self, reader: SideFileReader, driver: Driver) -> None:
        self._reader = reader
        self._driver = driver

    def timeout(self, job: Job[ReadSideFilesArgs]) -> timedelta:  # noqa: ARG002  a folder of 100,000 NFO is read in parts
        return timedelta(minutes=15)

    async def work(self, job: Job[ReadSideFilesArgs]) -> None:
        async def complete(tx: Tx) -> None:
            await job_complete_tx(self._driver, tx.connection, job)

        await self._reader.read(job.args.folder_id, complete)
