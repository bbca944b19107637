"""How the kinds of playback are worked: thin."""

from datetime import timedelta
from typing import Any

from app.db.tx import Transactions, Tx
from app.jobs.completion import job_complete_tx
from app.jobs.driver.driver import Driver
from app.jobs.job import Job
from app.jobs.worker import NO_TIMEOUT, Worker
from app.playback.ahead.files import Complete
from app.playback.ahead.requests import AheadRequests
from app.playback.chapters.service import ChapterService
from app.playback.intros.service import IntroService
from app.playback.jobs import CatchUpArgs, ChaptersArgs, IntrosArgs, LoudnessArgs, ThumbnailsArgs, TranscodeArgs
from app.playback.loudness.service import LoudnessService
from app.playback.transcoding.runner import Transcoder
from app.playback.trickplay.service import TrickplayService

LONGEST = timedelta(minutes=30)
"""Of the longest film, on a slow disk."""


def _completing(driver: Driver, job: Job[Any]) -> Complete:
    """Return what ends the job in the transaction that keeps what it has made."""

    async def complete(tx: Tx) -> None:
        await job_complete_tx(driver, tx.connection, job)

    return complete


def _is_last_try(job: Job[Any]) -> bool:
    return job.attempt >= job.row.max_attempts


class ThumbnailsWorker(Worker[ThumbnailsArgs]):
    """Makes the small pictures of one film. A later attempt goes on behind the last sheet there is."""

    def __init__(self, trickplay: TrickplayService, driver: Driver) -> None:
        self._trickplay = trickplay
        self._driver = driver

    def timeout(self, job: Job[ThumbnailsArgs]) -> timedelta:  # noqa: ARG002  the same for all
        return LONGEST

    async def work(self, job: Job[ThumbnailsArgs]) -> None:
        complete = _completing(self._driver, job)
        await self._trickplay.make(job.args.media_id, complete, job.report_progress, is_last_try=_is_last_try(job))


class ChaptersWorker(Worker[ChaptersArgs]):
    """Pictures the chapters of one film. A later attempt makes those that are not there."""

    def __init__(self, chapters: ChapterService, driver: Driver) -> None:
        self._chapters = chapters
        self._driver = driver

    def timeout(self, job: Job[ChaptersArgs]) -> timedelta:  # noqa: ARG002  as above
        return LONGEST

    async def work(self, job: Job[ChaptersArgs]) -> None:
        complete = _completing(self._driver, job)
        await self._chapters.make(job.args.media_id, complete, job.report_progress, is_last_try=_is_last_try(job))


class LoudnessWorker(Worker[LoudnessArgs]):
    """Measures one song. What was measured is not measured again, only added up."""

    def __init__(self, loudness: LoudnessService, driver: Driver) -> None:
        self._loudness = loudness
        self._driver = driver

    def timeout(self, job: Job[LoudnessArgs]) -> timedelta:  # noqa: ARG002  as above
        return LONGEST

    async def work(self, job: Job[LoudnessArgs]) -> None:
        complete = _completing(self._driver, job)
        await self._loudness.make(job.args.media_id, complete, job.report_progress, is_last_try=_is_last_try(job))


class IntrosWorker(Worker[IntrosArgs]):
    """Finds what the episodes of a season have in common. Episodes that were listened to are not listened to again."""

    def __init__(self, intros: IntroService, driver: Driver) -> None:
        self._intros = intros
        self._driver = driver

    def timeout(self, job: Job[IntrosArgs]) -> timedelta:  # noqa: ARG002  of many episodes, on a slow disk
        return timedelta(hours=2)

    async def work(self, job: Job[IntrosArgs]) -> None:
        complete = _completing(self._driver, job)
        await self._intros.make(job.args.season_id, complete, job.report_progress, is_last_try=_is_last_try(job))


class CatchUpWorker(Worker[CatchUpArgs]):
    """Asks for what lacks. What it has inserted before it is killed stays, and is not inserted again."""

    def __init__(self, requests: AheadRequests, transactions: Transactions, driver: Driver) -> None:
        self._requests = requests
        self._transactions = transactions
        self._driver = driver

    def timeout(self, job: Job[CatchUpArgs]) -> timedelta:  # noqa: ARG002  as above
        return LONGEST

    async def work(self, job: Job[CatchUpArgs]) -> None:
        job.record_output({"asked": await self._requests.catch_up()})
        async with self._transactions.begin() as tx:
            await job_complete_tx(self._driver, tx.connection, job)


class TranscodeWorker(Worker[TranscodeArgs]):
    """Makes segments while somebody watches. Its row shows how far it is."""

    def __init__(self, transcoder: Transcoder, driver: Driver) -> None:
        self._transcoder = transcoder
        self._driver = driver

    def timeout(self, job: Job[TranscodeArgs]) -> timedelta:  # noqa: ARG002  as long as somebody watches
        return NO_TIMEOUT

    async def work(self, job: Job[TranscodeArgs]) -> None:
        runner = f"{job.id}/{job.attempt}"
        complete = _completing(self._driver, job)
        await self._transcoder.work(job.args.media_id, job.args.profile, runner, complete, job.report_progress)
