"""What everything that is made ahead has in common: a file that is there, is still what was scanned, and may go."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

from app.db.tx import Transactions, Tx
from app.jobs.errors import JobCancel
from app.library.errors import NotAFile, OutsideRoot
from app.library.kinds import FileState
from app.library.opening import opened
from app.library.records import FileLocation
from app.library.repository.rows import column, rows
from app.playback.errors import TranscodeFailed
from app.playback.streaming import playable
from app.playback.streaming.records import KnownFile

NICE = 19
"""Of every FFmpeg here: whoever watches goes first."""

LOCKED = "SELECT size, mtime_ns FROM file WHERE id = %s AND state = 'present' FOR KEY SHARE"

EXISTING = "SELECT id FROM file WHERE id = ANY(%s)"

Report = Callable[[dict[str, Any]], Awaitable[None]]
Complete = Callable[[Tx], Awaitable[object]]
Keep = Callable[[Tx], Awaitable[object]]


def stamp_of(location: FileLocation) -> tuple[int, int]:
    """Return what the content of a file is known by."""
    return location.size, location.mtime_ns


class FilesAhead:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def known(self, file_id: UUID) -> KnownFile:
        """Raises: JobCancel: it is not there."""
        async with self._transactions.begin() as tx:
            known = await playable.known_file(tx, file_id)
        if known is None or known.location.state != FileState.PRESENT:
            raise JobCancel("there is no such file any more")
        return known

    async def keep(self, location: FileLocation, keep: Keep, complete: Complete | None = None) -> None:
        """Keep what was made, and end the job if that was all, in one transaction.

        Raises:
            JobCancel: the file has gone, or is another meanwhile: what was made is of nothing.
        """
        async with self._transactions.begin() as tx:
            if [tuple(row) for row in await rows(tx, LOCKED, location.file_id)] != [stamp_of(location)]:
                raise JobCancel("the file has gone, or has changed, meanwhile")
            await keep(tx)
            if complete is not None:
                await complete(tx)

    async def gone(self, file_ids: Sequence[UUID]) -> list[UUID]:
        """Return which of these are files no more."""
        async with self._transactions.begin() as tx:
            existing = set(await column(tx, EXISTING, list(file_ids)))
        return [one for one in file_ids if one not in existing]


@asynccontextmanager
async def opened_as_scanned(location: FileLocation) -> AsyncIterator[int]:
    """Open a file strictly within its root.

    Raises:
        JobCancel: it is not there.
        TranscodeFailed: it is another than was scanned, which a scan will find out, or the disk does not give it.
    """
    async with AsyncExitStack() as held:
        try:
            descriptor = await held.enter_async_context(opened(location))
        except (OutsideRoot, NotAFile, FileNotFoundError, NotADirectoryError) as err:
            raise JobCancel("the file cannot be opened") from err
        except OSError as err:
            raise TranscodeFailed(f"the file cannot be opened: {err.strerror}") from err
        found = os.fstat(descriptor)
        if (found.st_size, found.st_mtime_ns) != stamp_of(location):
            raise TranscodeFailed("the file has changed since it was scanned")
        yield descriptor
