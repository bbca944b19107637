"""Asking for an item's pictures to be fetched and looked at: a job, in the transaction that made them known."""

from collections.abc import Sequence
from uuid import UUID

from app.db.tx import Tx
from app.jobs.insert_opts import InsertOpts
from app.jobs.inserter import Inserter
from app.library.repository import images
from app.metadata.images.jobs import DownloadImagesArgs


class ImageRequests:
    """Listens to the library."""

    def __init__(self, inserter: Inserter) -> None:
        self._inserter = inserter

    async def items_changed(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Pictures come with a change of their item. Most changes bring none, and cost one statement for all."""
        await self.insert(tx, await images.waiting(tx, item_ids))

    async def items_merged(self, tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
        """Pictures hang on items and files themselves."""

    async def items_purged(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Rows go with their items, files in the store when nobody names them any more."""

    async def insert(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Insert the jobs, each into the queue of those nodes that see the item's media."""
        if item_ids:
            queues = await images.own_queues(tx, item_ids)
            jobs = [
                (DownloadImagesArgs(item_id=one), InsertOpts(queue=queues[one]) if one in queues else None)
                for one in item_ids
            ]
            await self._inserter.insert_many_tx(tx.connection, jobs)
