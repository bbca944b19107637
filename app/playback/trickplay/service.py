"""Making sheets and finding them. What was made before a kill is not made again; what was of another content is."""

from uuid import UUID

import structlog

from app.config import Settings
from app.db.tx import Tx
from app.errors import NotFound
from app.jobs.errors import JobCancel
from app.library.repository.rows import rows, run
from app.library.threads import in_thread
from app.playback.ahead.files import Complete, FilesAhead, Report, opened_as_scanned, stamp_of
from app.playback.ahead.store import PictureStore
from app.playback.errors import TranscodeFailed
from app.playback.ffmpeg.binary import FfmpegBinary
from app.playback.streaming.records import KnownFile
from app.playback.trickplay import sheets
from app.playback.trickplay.sheets import Sheets

log = structlog.get_logger("playback.trickplay")

READ = """
    SELECT trickplay.interval_ms, trickplay.width, trickplay.height, trickplay.sheets, file.duration_ms
    FROM trickplay JOIN file ON file.id = trickplay.file_id
    WHERE file.id = %s AND trickplay.size = file.size AND trickplay.mtime_ns = file.mtime_ns
        AND trickplay.sheets > 0
"""

KEEP = """
    INSERT INTO trickplay (file_id, size, mtime_ns, interval_ms, width, height, sheets)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (file_id) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
        interval_ms = excluded.interval_ms, width = excluded.width, height = excluded.height,
        sheets = excluded.sheets, made_at = now()
"""


class SheetStore(PictureStore):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, "trickplay")

    def first_missing(self, file_id: UUID, stamp: tuple[int, int]) -> int:
        """Return how many sheets there are, from the first on without a gap."""
        made, count = self.made(file_id, stamp), 0
        while count in made:
            count += 1
        return count


class TrickplayService:
    def __init__(self, files: FilesAhead, binary: FfmpegBinary, store: SheetStore) -> None:
        self._files = files
        self._binary = binary
        self._store = store

    async def make(self, file_id: UUID, complete: Complete, report: Report, *, is_last_try: bool) -> None:
        """Make all sheets of a film that are not there yet. On the last try what there is has to do.

        Raises:
            JobCancel: the file is not there, or has no picture.
            TranscodeFailed: FFmpeg cannot make them.
            CacheFull: there is no room for them.
        """
        known = await self._files.known(file_id)
        video = known.source.video
        if video is None:
            raise JobCancel("there is no picture in it")
        width, height = sheets.size_of(video)
        try:
            made = await self._make(known, report)
        except TranscodeFailed as err:
            if not is_last_try:
                raise
            log.warning("film has no small pictures", file=known.location.display_path, reason=str(err))
            made = await in_thread(lambda: self._store.first_missing(file_id, stamp_of(known.location)))
        values = (*stamp_of(known.location), sheets.INTERVAL_MS, width, height, made)
        await self._files.keep(known.location, lambda tx: run(tx, KEEP, file_id, *values), complete)

    async def _make(self, known: KnownFile, report: Report) -> int:
        location, video = known.location, known.source.video
        file_id, stamp = location.file_id, stamp_of(location)
        wanted = sheets.count_for(known.source.duration_ms or 0)
        number = await in_thread(lambda: self._store.first_missing(file_id, stamp))
        if number >= wanted or video is None:
            return number
        ffmpeg = await self._binary.capabilities()
        async with opened_as_scanned(location) as descriptor:
            told = sheets.arguments(known.source, video, ffmpeg, descriptor, number)
            async for sheet in sheets.make(ffmpeg.program, told, descriptor):
                await in_thread(
                    lambda at=number, content=sheet: self._store.write(file_id, stamp, at, content)  # type: ignore[misc]
                )
                number += 1
                await report({"sheets": number, "of": wanted})
        if number == 0:
            raise TranscodeFailed("no picture of it could be made small")
        return number

    async def find(self, tx: Tx, file_id: UUID) -> tuple[Sheets, int]:
        """Return what there is of a file, and how long that is. Whether it may be seen was asked before.

        Raises:
            NotFound: there is nothing.
        """
        found = await rows(tx, READ, file_id)
        if not found:
            raise NotFound("trickplay of file", file_id)
        *numbers, duration = found[0]
        return Sheets(**dict(zip(Sheets.__struct_fields__, numbers, strict=True))), duration or 0
