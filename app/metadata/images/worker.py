"""How pictures' jobs are worked."""

from datetime import timedelta

import msgspec

from app.db.tx import Tx
from app.jobs.completion import job_complete_tx
from app.jobs.driver.driver import Driver
from app.jobs.job import Job
from app.jobs.worker import Worker
from app.metadata.images.downloader import Downloaded, ImageDownloader
from app.metadata.images.jobs import DownloadImagesArgs


class DownloadImagesWorker(Worker[DownloadImagesArgs]):
    """Fetches what is elsewhere and looks at what is here. A bad picture is a result, not a failure."""

    def __init__(self, downloader: ImageDownloader, driver: Driver) -> None:
        self._downloader = downloader
        self._driver = driver

    def timeout(self, job: Job[DownloadImagesArgs]) -> timedelta:  # noqa: ARG002  some pictures, each with its own
        return timedelta(minutes=5)

    async def work(self, job: Job[DownloadImagesArgs]) -> None:
        async def complete(tx: Tx, done: Downloaded) -> None:
            job.record_output(msgspec.to_builtins(done))
            await job_complete_tx(self._driver, tx.connection, job)

        is_last_try = job.attempt >= job.row.max_attempts
        await self._downloader.download(job.args.item_id, complete, is_last_try=is_last_try)
