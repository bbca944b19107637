"""How the kinds of playback are worked: thin."""

from datetime import timedelta

from app.db.tx import Tx
from app.jobs.completion import job_complete_tx
from app.jobs.driver.driver import Driver
from app.jobs.job import Job
from app.jobs.worker import NO_TIMEOUT, Worker
from app.playback.jobs import ThumbnailsArgs, TranscodeArgs
from app.playback.transcoding.runner import Transcoder
from app.playback.trickplay.service import TrickplayService


class ThumbnailsWorker(Worker[ThumbnailsArgs]):
    """Makes the small pictures of one film. A later attempt goes on behind the last sheet there is."""

    def __init__(self, trickplay: TrickplayService, driver: Driver) -> None:
        self._trickplay = trickplay
        self._driver = driver

    def timeout(self, job: Job[ThumbnailsArgs]) -> timedelta:  # noqa: ARG002  of the longest film, on a slow disk
        return timedelta(minutes=30)

    async def work(self, job: Job[ThumbnailsArgs]) -> None:
        async def complete(tx: Tx) -> None:
            await job_complete_tx(self._driver, tx.connection, job)

        await self._trickplay.make(job.args.media_id, complete, job.report_progress)


class TranscodeWorker(Worker[TranscodeArgs]):
    """Makes segments while somebody watches. Its row shows how far it is."""

    def __init__(self, transcoder: Transcoder, driver: Driver) -> None:
        self._transcoder = transcoder
        self._driver = driver

    def timeout(self, job: Job[TranscodeArgs]) -> timedelta:  # noqa: ARG002  as long as somebody watches
        return NO_TIMEOUT

    async def work(self, job: Job[TranscodeArgs]) -> None:
        async def complete(tx: Tx) -> None:
            await job_complete_tx(self._driver, tx.connection, job)

        runner = f"{job.id}/{job.attempt}"
        await self._transcoder.work(job.args.media_id, job.args.profile, runner, complete, job.report_progress)
