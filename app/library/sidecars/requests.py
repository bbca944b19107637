"""Asking for side files to be read: a row that says which folder, and a job, both in the caller's transaction."""

from collections.abc import Sequence
from uuid import UUID

from app.db.tx import Tx
from app.jobs.inserter import Inserter
from app.library.jobs import ReadSideFilesArgs
from app.library.repository import side_files


class SideFileRequests:
    def __init__(self, inserter: Inserter) -> None:
        self._inserter = inserter

    async def ask(self, tx: Tx, folder_ids: Sequence[UUID]) -> None:
        """Have these folders' side files read. One that is being read now will be read once more."""
        if folder_ids:
            await side_files.ask(tx, folder_ids)
            await self.insert(tx, folder_ids)

    async def ask_for_items(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Have side files read again that may belong to items that were made, or got other files."""
        if item_ids:
            await self.ask(tx, await side_files.folders_of_items(tx, item_ids))

    async def insert(self, tx: Tx, folder_ids: Sequence[UUID]) -> None:
        jobs = [ReadSideFilesArgs(folder_id=folder_id) for folder_id in sorted(folder_ids)]
        await self._inserter.insert_many_tx(tx.connection, jobs)

    async def media_analyzed(self, tx: Tx, file_ids: Sequence[UUID]) -> None:
        """A song's tags may have moved it to another album, whose cover lies beside it. Films stay what they are."""
        await self.ask(tx, await side_files.folders_of_songs(tx, file_ids))
