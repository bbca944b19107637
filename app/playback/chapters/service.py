"""Picturing chapters, and finding the pictures. What was made before a kill is not made again."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import structlog

from app.config import Settings
from app.db.tx import Transactions
from app.errors import NotFound
from app.jobs.errors import JobCancel
from app.library.media import StreamInfo
from app.library.records import FileLocation
from app.library.repository.rows import rows, run
from app.library.threads import in_thread
from app.playback.ahead.files import Complete, FilesAhead, Report, opened_as_scanned, stamp_of
from app.playback.ahead.store import PictureStore
from app.playback.chapters import pictures
from app.playback.errors import TranscodeFailed
from app.playback.ffmpeg.binary import FfmpegBinary
from app.playback.trickplay.sheets import size_of

log = structlog.get_logger("playback.chapters")

MOST = 300
"""Chapters of one file that are pictured, the first ones. Honest films have thirty."""

CHAPTERS = "SELECT index, start_ms, end_ms FROM chapter WHERE file_id = %s ORDER BY index LIMIT %s"

KEEP = """
    INSERT INTO chapter_pictures (file_id, size, mtime_ns, width, height, chapters) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (file_id) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, width = excluded.width,
        height = excluded.height, chapters = excluded.chapters, made_at = now()
"""

FIND = """
    SELECT file.size, file.mtime_ns FROM chapter_pictures made JOIN file ON file.id = made.file_id
    WHERE file.id = %s AND (made.size, made.mtime_ns) = (file.size, file.mtime_ns) AND %s = ANY(made.chapters)
"""


class ChapterStore(PictureStore):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, "chapters")


class ChapterService:
    def __init__(
        self, transactions: Transactions, files: FilesAhead, binary: FfmpegBinary, store: ChapterStore
    ) -> None:
        self._transactions = transactions
        self._files = files
        self._binary = binary
        self._store = store

    async def make(self, file_id: UUID, complete: Complete, report: Report, *, is_last_try: bool) -> None:
        """Picture the chapters of a film that are not pictured yet. On the last try what there is has to do.

        Raises:
            JobCancel: the file is not there, or has no picture.
            TranscodeFailed: no chapter could be pictured.
            CacheFull: there is no room for them.
        """
        known = await self._files.known(file_id)
        location, video = known.location, known.source.video
        if video is None:
            raise JobCancel("there is no picture in it")
        async with self._transactions.begin() as tx:
            chapters = await rows(tx, CHAPTERS, file_id, MOST)
        waiting = await self._waiting(location, chapters)
        failure = await self._make(location, video, waiting, report) if waiting else None
        made = await in_thread(lambda: self._store.made(file_id, stamp_of(location)))
        if failure is not None and not made and not is_last_try:
            raise failure
        values = (*stamp_of(location), *size_of(video, pictures.WIDTH), sorted(made))
        await self._files.keep(location, lambda tx: run(tx, KEEP, file_id, *values), complete)

    async def _waiting(self, location: FileLocation, chapters: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
        """Return index and time of what is to be made."""
        made = await in_thread(lambda: self._store.made(location.file_id, stamp_of(location)))
        return [(index, pictures.moment_of(start, end)) for index, start, end in chapters if index not in made]

    async def _make(
        self, location: FileLocation, video: StreamInfo, waiting: Sequence[tuple[int, int]], report: Report
    ) -> TranscodeFailed | None:
        """Make what can be made; return why another could not."""
        ffmpeg = await self._binary.capabilities()
        file_id, stamp, failure = location.file_id, stamp_of(location), None
        async with opened_as_scanned(location) as descriptor:
            for number, (index, at_ms) in enumerate(waiting, 1):
                try:
                    made = await pictures.make(ffmpeg, video, descriptor, at_ms)
                except TranscodeFailed as err:
                    log.info("chapter cannot be pictured", file=location.display_path, chapter=index, reason=str(err))
                    failure = err
                    continue
                if made is not None:
                    await in_thread(
                        lambda index=index, content=made: self._store.write(file_id, stamp, index, content)  # type: ignore[misc]
                    )
                await report({"chapters": number, "of": len(waiting)})
        return failure

    async def place(self, file_id: UUID, index: int) -> Path:
        """Return where the picture of a chapter lies. Whether its file may be seen was asked before.

        Raises:
            NotFound: there is none.
        """
        async with self._transactions.begin() as tx:
            found = await rows(tx, FIND, file_id, index)
        if not found:
            raise NotFound("picture of chapter", index)
        size, mtime_ns = found[0]
        return self._store.place(file_id, (size, mtime_ns), index)
