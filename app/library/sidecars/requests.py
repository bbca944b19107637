"""Asking for side files to be read: a row that says which folder, and a job, both in the caller's transaction."""

from collections.abc import Sequence
from uuid import UUID

from app.db.tx import Tx
from app.jobs.insert_opts import InsertOpts
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

    async def insert(self, tx: Tx, folder_ids: Sequence[UUID]) -> None:
        """Insert the jobs, each into the queue of those nodes that see the folder."""
        queues = await side_files.own_queues(tx, folder_ids)
        jobs = [
            (ReadSideFilesArgs(folder_id=one), InsertOpts(queue=queues[one]) if one in queues else None)
            for one in sorted(folder_ids)
        ]
        await self._inserter.insert_many_tx(tx.connection, jobs)

    async def media_analyzed(self, tx: Tx, file_ids: Sequence[UUID]) -> None:
        """A song's tags may have moved it to another album, whose cover lies beside it. Films stay what they are."""
        await self.ask(tx, await side_files.folders_of_songs(tx, file_ids))
