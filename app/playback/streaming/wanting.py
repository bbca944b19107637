"""What somebody's wish for a segment leads to: nothing, patience, another aim for the runner, or a job.

A wish is recorded even when the segment is there: that is how a transcode knows where its viewers are, keeps ahead of
them, and stops when they have gone.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from app.clock import Clock
from app.config import Settings
from app.db.tx import Tx
from app.jobs.driver.driver import Driver
from app.jobs.inserter import Inserter
from app.jobs.types import JobState
from app.playback.errors import not_made
from app.playback.hls.cuts import TARGET_MS
from app.playback.jobs import TranscodeArgs
from app.playback.streaming import transcodes
from app.playback.streaming.records import TranscodeRow
from app.playback.streaming.transcodes import LEASE
from app.playback.transcoding.runs import INIT

SOON = 3
"""Segments that a runner is let to come to by itself. Beginning anew costs about as much as one or two."""

MOST_AIMS = 64

PICK_UP = timedelta(seconds=30)
"""How long a job that waits for a free worker is believed to come. Another one beside it does no harm."""


def queued(aims: Sequence[int], aim: int | None, viewers: int) -> list[int]:
    """Return what is to be made in turn. Who says again what they wait for keeps their place: at the end they would be
    overtaken by all others who do, and might wait for ever."""
    if aim is None:
        return list(aims)
    if viewers <= 1:
        return [aim]  # a lone viewer who goes elsewhere does not wait any more for where they were
    return list(aims) if aim in aims else [*aims[: MOST_AIMS - 1], aim]


class Wanting:
    def __init__(self, inserter: Inserter, driver: Driver, settings: Settings, clock: Clock) -> None:
        self._inserter = inserter
        self._driver = driver
        self._clock = clock
        self._ahead = max(int(settings.playback.ahead.total_seconds() * 1000) // TARGET_MS, 2)

    async def known(self, tx: Tx, transcode_id: UUID) -> TranscodeRow | None:
        return await transcodes.lock_transcode(tx, transcode_id)

    async def want(
        self, tx: Tx, transcode_id: UUID, number: int, present: Collection[int], *, playback_id: UUID
    ) -> TranscodeRow | None:
        """Record a wish; `present` are the segments there are. None: there is no such transcode any more.

        Raises:
            TranscodeFailed, CacheFull, CacheUnavailable, FfmpegMissing: it was tried a moment ago, and went wrong.
        """
        row = await transcodes.lock_transcode(tx, transcode_id)
        if row is None:
            return None
        if row.failure is not None and number not in present:
            raise not_made(row.failure_code, row.failure)
        aim = self._aim(row, number, present)
        aims = queued([one for one in row.aims if one not in present], aim, row.viewers)
        job_id = None
        if aims and not row.is_run and not await self._comes(tx, row):
            args = TranscodeArgs(session_id=playback_id, media_id=row.file_id, profile=row.name)
            job_id = (await self._inserter.insert_tx(tx.connection, args)).job.id
        await transcodes.record_want(tx, transcode_id, row.wanted if number == INIT else number, aims, job_id)
        return row

    def _aim(self, row: TranscodeRow, number: int, present: Collection[int]) -> int | None:
        """Return the segment to be made next for this wish; None where nothing has to change."""
        if number == INIT:
            return None if INIT in present or row.is_run or row.aims else row.wanted
        if number in present:
            # Ahead of this viewer something will be missing: better begun now than when it is waited for.
            following = range(number + 1, min(number + 1 + self._ahead // 2, len(row.cuts)))
            missing = next((one for one in following if one not in present), None)
            return None if missing is None or row.is_run else missing
        if row.is_run and row.position <= number < row.position + SOON and not row.aims:
            return None
        return number

    async def _comes(self, tx: Tx, row: TranscodeRow) -> bool:
        """Whether the job that was asked for is going to take the row."""
        if row.job_id is None or row.job_age is None:
            return False
        job = await self._driver.using(tx.connection).job_get_by_id(row.job_id)
        if job is None:
            return False
        match job.state:
            case JobState.AVAILABLE:
                return row.job_age < PICK_UP.total_seconds()
            case JobState.RUNNING:
                since = job.attempted_at or job.created_at
                return self._clock.now() - since < LEASE
            case JobState.RETRYABLE | JobState.SCHEDULED:
                return job.scheduled_at - self._clock.now() < LEASE
            case _:
                return False
