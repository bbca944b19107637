"""Asks for documents in the transaction that changes their items, and sees to it that somebody makes them.

A scan pays one narrow row an item for it: making documents right there would double what it writes.
"""

from collections.abc import Sequence
from uuid import UUID

from psycopg import sql

from app.catalog.index.jobs import IndexItemsArgs
from app.catalog.typesense.requests import TypesenseRequests
from app.db.tx import Tx
from app.jobs.driver.driver import Driver, JobListParams
from app.jobs.inserter import Inserter
from app.library.jobs import UNFINISHED

WRITERS = 0x7265_7665_6E67_66
"""The advisory lock that whoever asks shares until it commits, and whoever has made all documents takes alone before
it completes: a request that saw its job unfinished is therefore never left behind by it."""

UNFINISHED_JOB = JobListParams(kinds=[IndexItemsArgs.kind], states=sorted(UNFINISHED), limit=1)

_ASK = sql.SQL("INSERT INTO search_pending (item_id) SELECT unnest(%s::uuid[])")
_SHARE = sql.SQL("SELECT pg_advisory_xact_lock_shared(%s)")
_ALONE = sql.SQL("SELECT pg_try_advisory_xact_lock(%s)")
_NOBODY_ASKS = sql.SQL("SELECT NOT EXISTS (SELECT FROM search_pending)")


class IndexRequests:
    """A `LibraryListener`."""

    def __init__(self, inserter: Inserter, driver: Driver, typesense: TypesenseRequests) -> None:
        self._inserter = inserter
        self._driver = driver
        self._typesense = typesense

    async def items_changed(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        if item_ids:
            await tx.connection.execute(_ASK, [list(item_ids)])
            await self.wake(tx)

    async def items_merged(self, tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
        await self.items_changed(tx, [kept for _, kept in merges])
        await self._typesense.changed(tx, [gone for gone, _ in merges])

    async def items_purged(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Have them taken from where no row can go with them."""
        await self._typesense.changed(tx, item_ids)

    async def wake(self, tx: Tx) -> None:
        """Have what waits worked when this transaction has committed."""
        await tx.connection.execute(_SHARE, [WRITERS])
        if not await self._driver.using(tx.connection).job_list(UNFINISHED_JOB):
            await self._inserter.insert_tx(tx.connection, IndexItemsArgs())

    async def are_done(self, tx: Tx) -> bool:
        """Return whether nothing waits and nobody who is about to ask could count on the job that asks this."""
        alone = await (await tx.connection.execute(_ALONE, [WRITERS])).fetchone()
        if alone != (True,):
            return False
        return await (await tx.connection.execute(_NOBODY_ASKS)).fetchone() == (True,)
