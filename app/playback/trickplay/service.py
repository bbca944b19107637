"""Making sheets and finding them. What was made before a kill is not made again; what was of another content is."""

import os
import secrets
import shutil
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from app.config import Settings
from app.db.tx import Transactions, Tx
from app.errors import NotFound
from app.jobs.errors import JobCancel
from app.jobs.inserter import Inserter
from app.library.errors import NotAFile, OutsideRoot
from app.library.kinds import FileState
from app.library.opening import opened
from app.library.repository.rows import rows, run
from app.library.threads import in_thread
from app.playback.errors import TranscodeFailed
from app.playback.ffmpeg.binary import FfmpegBinary
from app.playback.jobs import ThumbnailsArgs
from app.playback.streaming import repository
from app.playback.streaming.records import KnownFile
from app.playback.trickplay import sheets
from app.playback.trickplay.sheets import Sheets

READ = """
    SELECT trickplay.interval_ms, trickplay.width, trickplay.height, trickplay.sheets, file.duration_ms
    FROM trickplay JOIN file ON file.id = trickplay.file_id
    WHERE file.id = %s AND trickplay.size = file.size AND trickplay.mtime_ns = file.mtime_ns
"""

KEEP = """
    INSERT INTO trickplay (file_id, size, mtime_ns, interval_ms, width, height, sheets)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (file_id) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
        interval_ms = excluded.interval_ms, width = excluded.width, height = excluded.height,
        sheets = excluded.sheets, made_at = now()
"""

FILMS = """
    SELECT DISTINCT stream.file_id FROM stream WHERE stream.file_id = ANY(%s) AND stream.kind = 'video'
"""

EXISTING = "SELECT id FROM file WHERE id = ANY(%s)"

Report = Callable[[dict[str, Any]], Awaitable[None]]
Complete = Callable[[Tx], Awaitable[object]]


class SheetStore:
    """A folder for each content of a file. Every method waits for the disk: call it in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._root = (settings.playback.cache_dir or settings.data_dir / "cache") / "trickplay"

    def folder(self, file_id: UUID, stamp: tuple[int, int]) -> Path:
        size, mtime = stamp
        return self._root / str(file_id)[-2:] / str(file_id) / f"{size:x}-{mtime & (2**64 - 1):x}"

    def made(self, file_id: UUID, stamp: tuple[int, int]) -> int:
        """Return how many sheets there are, from the first on without a gap."""
        folder, count = self.folder(file_id, stamp), 0
        while (folder / f"{count}.jpg").is_file():
            count += 1
        return count

    def write(self, file_id: UUID, stamp: tuple[int, int], number: int, content: bytes) -> None:
        folder = self.folder(file_id, stamp)
        if folder.parent.is_dir() and not folder.is_dir():
            shutil.rmtree(folder.parent, ignore_errors=True)  # of another content
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{number}.{secrets.token_hex(6)}.part"
        try:
            part.write_bytes(content)
            part.replace(folder / f"{number}.jpg")
        except OSError:
            part.unlink(missing_ok=True)
            raise

    def known(self) -> list[UUID]:
        found: list[UUID] = []
        for place in self._root.glob("??/*"):
            with suppress(ValueError):
                found.append(UUID(place.name))
        return found

    def remove(self, file_id: UUID) -> None:
        shutil.rmtree(self._root / str(file_id)[-2:] / str(file_id), ignore_errors=True)


class TrickplayService:
    def __init__(self, transactions: Transactions, binary: FfmpegBinary, store: SheetStore) -> None:
        self._transactions = transactions
        self._binary = binary
        self._store = store

    async def make(self, file_id: UUID, complete: Complete, report: Report) -> None:
        """Make all sheets of a film that are not there yet.

        Raises:
            JobCancel: the file is not there, or has no picture.
            TranscodeFailed: FFmpeg cannot make them.
        """
        async with self._transactions.begin() as tx:
            known = await repository.known_file(tx, file_id)
        if known is None or known.location.state != FileState.PRESENT or known.source.video is None:
            raise JobCancel("there is no such film any more")
        width, height = sheets.size_of(known.source.video)
        made = await self._make(known, report)
        location = known.location
        async with self._transactions.begin() as tx:
            if not await rows(tx, EXISTING, [file_id]):
                raise JobCancel("the film was forgotten meanwhile")
            stamp = (location.size, location.mtime_ns)
            await run(tx, KEEP, file_id, *stamp, sheets.INTERVAL_MS, width, height, made)
            await complete(tx)

    async def _make(self, known: KnownFile, report: Report) -> int:
        location, video = known.location, known.source.video
        stamp = (location.size, location.mtime_ns)
        wanted = sheets.count_for(known.source.duration_ms or 0)
        number = await in_thread(lambda: self._store.made(location.file_id, stamp))
        if number >= wanted or video is None:
            return number
        ffmpeg = await self._binary.capabilities()
        try:
            async with opened(location) as descriptor:
                found = os.fstat(descriptor)
                if (found.st_size, found.st_mtime_ns) != stamp:
                    raise TranscodeFailed("the file has changed since it was scanned")
                told = sheets.arguments(video, ffmpeg, descriptor, number)
                async for sheet in sheets.make(ffmpeg.program, told, descriptor):
                    await in_thread(
                        lambda at=number, content=sheet: self._store.write(location.file_id, stamp, at, content)  # type: ignore[misc]
                    )
                    number += 1
                    await report({"sheets": number, "of": wanted})
        except (OutsideRoot, NotAFile, FileNotFoundError) as err:
            raise JobCancel("the film cannot be opened") from err
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

    async def sweep(self) -> int:
        """Remove what belongs to no file; return how many folders."""
        known = await in_thread(self._store.known)
        async with self._transactions.begin() as tx:
            existing = {row[0] for row in await rows(tx, EXISTING, known)}
        gone = [one for one in known if one not in existing]
        for one in gone:
            await in_thread(lambda file_id=one: self._store.remove(file_id))  # type: ignore[misc]  # bound at once
        return len(gone)


class ThumbnailRequests:
    """Asks for sheets of films as soon as it is known what they are, where that is wanted."""

    def __init__(self, inserter: Inserter, settings: Settings) -> None:
        self._inserter = inserter
        self._is_wanted = settings.playback.thumbnails

    async def media_analyzed(self, tx: Tx, file_ids: Sequence[UUID]) -> None:
        if not self._is_wanted:
            return
        films = [row[0] for row in await rows(tx, FILMS, list(file_ids))]
        if films:
            jobs = [ThumbnailsArgs(media_id=file_id) for file_id in films]
            await self._inserter.insert_many_tx(tx.connection, jobs)
