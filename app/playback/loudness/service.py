"""Measuring files, and adding up albums. A file is measured once; its albums are added up each time."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog

from app.db.tx import Transactions, Tx
from app.jobs.errors import JobCancel
from app.library.records import FileLocation
from app.library.repository.rows import column, rows, run
from app.playback.ahead.files import Complete, FilesAhead, Report, opened_as_scanned, stamp_of
from app.playback.errors import TranscodeFailed
from app.playback.ffmpeg.binary import FfmpegBinary
from app.playback.loudness import gating
from app.playback.loudness.measuring import Measured, measure
from app.playback.streaming.records import KnownFile

log = structlog.get_logger("playback.loudness")

IS_MEASURED = """
    SELECT FROM loudness JOIN file ON file.id = loudness.file_id
    WHERE file.id = %s AND (loudness.size, loudness.mtime_ns) = (file.size, file.mtime_ns)
"""

KEEP = """
    INSERT INTO loudness (file_id, size, mtime_ns, loudness, peak, blocks, problem) VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (file_id) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
        loudness = excluded.loudness, peak = excluded.peak, blocks = excluded.blocks, problem = excluded.problem,
        measured_at = now()
"""

ALBUMS = """
    SELECT DISTINCT album.id
    FROM item_file link JOIN item track ON track.id = link.item_id JOIN item album ON album.id = track.parent_id
    WHERE link.file_id = %s AND link.role = 'main' AND album.kind = 'album' ORDER BY album.id
"""

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('album_loudness ' || %s::text, 0))"

TRACKS = """
    SELECT made.file_id, made.loudness, made.peak, made.blocks
    FROM item track
    LEFT JOIN LATERAL (
        SELECT loudness.* FROM item_file link JOIN file ON file.id = link.file_id
        JOIN loudness ON loudness.file_id = file.id
            AND (loudness.size, loudness.mtime_ns) = (file.size, file.mtime_ns)
        WHERE link.item_id = track.id AND link.role = 'main'
        ORDER BY (loudness.problem IS NULL) DESC, link.position, file.id LIMIT 1
    ) AS made ON true
    WHERE track.parent_id = %s AND track.kind = 'track'
"""

KEEP_ALBUM = """
    INSERT INTO album_loudness (item_id, tracks, loudness, peak)
    SELECT item.id, %s, %s, %s FROM item WHERE item.id = %s
    ON CONFLICT (item_id) DO UPDATE SET tracks = excluded.tracks, loudness = excluded.loudness, peak = excluded.peak,
        measured_at = now()
"""


class LoudnessService:
    def __init__(self, transactions: Transactions, files: FilesAhead, binary: FfmpegBinary) -> None:
        self._transactions = transactions
        self._files = files
        self._binary = binary

    async def make(self, file_id: UUID, complete: Complete, report: Report, *, is_last_try: bool) -> None:
        """Measure a file that was not measured yet, and add up the albums it is on.

        Two transactions: whoever adds up an album holds it alone, and sees what all who came before have measured.

        Raises:
            JobCancel: the file is not there, or has no sound.
            TranscodeFailed: it cannot be read; on the last try that is what is kept.
        """
        known = await self._files.known(file_id)
        async with self._transactions.begin() as tx:
            is_measured = bool(await rows(tx, IS_MEASURED, file_id))
        if not is_measured:
            await self._measure(known, report, is_last_try=is_last_try)
        async with self._transactions.begin() as tx:
            for album_id in await column(tx, ALBUMS, file_id):
                await _add_up(tx, album_id)
            await complete(tx)

    async def _measure(self, known: KnownFile, report: Report, *, is_last_try: bool) -> None:
        location, sounds = known.location, known.source.audio
        if not sounds:
            raise JobCancel("there is no sound in it")
        program = (await self._binary.capabilities()).program
        measured, problem = Measured(loudness=None, peak=None, blocks=gating.Blocks()), None
        async with opened_as_scanned(location) as descriptor:
            try:
                measured = await measure(program, sounds[0], descriptor, report)
            except TranscodeFailed as err:
                if not is_last_try:
                    raise
                log.warning("song cannot be measured", file=location.display_path, reason=str(err))
                problem = str(err)
        await self._keep(location, measured, problem)

    async def _keep(self, location: FileLocation, measured: Measured, problem: str | None) -> None:
        blocks = gating.pack(measured.blocks)
        values = (*stamp_of(location), measured.loudness, measured.peak, blocks, problem)
        await self._files.keep(location, lambda tx: run(tx, KEEP, location.file_id, *values))


async def _add_up(tx: Tx, album_id: UUID) -> None:
    await run(tx, LOCK, album_id)
    tracks = await rows(tx, TRACKS, album_id)
    loudness, peak = _whole(tracks)
    await run(tx, KEEP_ALBUM, len(tracks), loudness, peak, album_id)


def _whole(tracks: Sequence[tuple[Any, ...]]) -> tuple[float | None, float | None]:
    """Return loudness and peak of all tracks as one; neither unless all of them were looked at."""
    if any(file_id is None for file_id, *_ in tracks):
        return None, None
    peaks = [peak for _, _, peak, _ in tracks if peak is not None]
    return gating.integrated(gating.unpack(blocks) for *_, blocks in tracks if blocks), max(peaks, default=None)
