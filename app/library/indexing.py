"""Keyframes of one film without an index, kept. Its job ends: with all of them, or with a row that says there are none.

A film is read as a whole for it, so this is done for those only that somebody plays, once for each content, and never
for one larger than `library.probe.read_whole`. Whoever plays it meanwhile, or where nothing was found, has its picture
converted, which can be cut anywhere.
"""

import os
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from app.config import Settings
from app.db.tx import Transactions, Tx
from app.library.errors import NotAFile, OutsideRoot, ProbeFailed
from app.library.media import KeyframeIndex
from app.library.opening import opened
from app.library.probing.prober import Prober
from app.library.records import FileLocation
from app.library.repository import files, probes
from app.library.repository.probes import Stamp

log = structlog.get_logger("library.indexing")

TRIES = 3
"""Attempts at a film that kills its scanner, or takes too long, before it is taken for one without keyframes."""

Complete = Callable[[Tx], Awaitable[object]]


class KeyframeFinder:
    def __init__(self, transactions: Transactions, prober: Prober, settings: Settings) -> None:
        self._transactions = transactions
        self._prober = prober
        self._largest = int(settings.library.probe.read_whole)

    async def find(self, file_id: UUID, attempt: int, complete: Complete) -> None:
        """Look for a film's keyframes, unless somebody has; `complete` ends the job in the same transaction.

        Raises:
            ProbeFailed: this try told nothing; the next may.
        """
        async with self._transactions.begin() as tx:
            stream = await probes.stream_without_index(tx, file_id)
            location = await files.locate(tx, file_id)
            if stream is None or location is None:
                await complete(tx)
                return
        try:
            found = await self._found(location, stream, attempt)
        except (OSError, OutsideRoot, NotAFile) as err:
            # It is not there, or another one by now; the next who plays it asks again.
            log.info("film not read for its keyframes", file=location.display_path, reason=str(err))
            found = None
        async with self._transactions.begin() as tx:
            if found is not None:
                recorded = await probes.lock_file(tx, file_id)
                is_same = recorded == Stamp(location.size, location.mtime_ns)
                if is_same and await probes.stream_without_index(tx, file_id) == stream:
                    await probes.keep_keyframes(tx, file_id, found)
            await complete(tx)

    async def _found(self, location: FileLocation, stream: int, attempt: int) -> KeyframeIndex | None:
        """Return what there is; None for another content than the one that was asked for."""
        nothing = KeyframeIndex(stream_index=stream, count=0, times=b"")
        if location.size > self._largest:
            log.info("film too large to be read for its keyframes", file=location.display_path, size=location.size)
            return nothing
        async with opened(location) as file:
            if not _is_as_recorded(file, location):
                return None
            try:
                found = await self._prober.keyframes(file, stream)
            except ProbeFailed:
                if attempt < TRIES:
                    raise
                found = None
            return (found or nothing) if _is_as_recorded(file, location) else None


def _is_as_recorded(file: int, location: FileLocation) -> bool:
    found = os.fstat(file)
    return (found.st_size, found.st_mtime_ns) == (location.size, location.mtime_ns)
