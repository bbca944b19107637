"""What waits for Typesense: a row for each item that changed, written with its change.

Rows are written only while there is a collection to keep up (`search_export_state`), whoever writes them: a node that
is not told of Typesense keeps its index up all the same.
"""

from collections.abc import Sequence
from uuid import UUID

from app.catalog.typesense.jobs import TypesenseItemsArgs, TypesenseRebuildArgs
from app.db.tx import Tx
from app.jobs.driver.driver import Driver, JobListParams
from app.jobs.inserter import Inserter
from app.jobs.types import JobInsertResult
from app.library.jobs import UNFINISHED
from app.library.repository.rows import rows, run

WRITERS = 0x7265_7665_6E67_68
"""The advisory lock that whoever asks shares until it commits, and whoever has given all takes alone before it
completes: as `app.catalog.index.requests` has it."""

UNFINISHED_JOB = JobListParams(kinds=[TypesenseItemsArgs.kind], states=sorted(UNFINISHED), limit=1)

ASK = """
    INSERT INTO search_export (item_id) SELECT unnest(%s::uuid[]) WHERE EXISTS (SELECT FROM search_export_state)
"""


class TypesenseRequests:
    def __init__(self, inserter: Inserter, driver: Driver) -> None:
        self._inserter = inserter
        self._driver = driver

    async def changed(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Have documents given anew, or taken where an item is gone by then. Nobody searches there: nothing waits."""
        if item_ids and await run(tx, ASK, list(item_ids)):
            await self.wake(tx)

    async def wake(self, tx: Tx) -> None:
        """Have what waits worked when this transaction has committed."""
        await run(tx, "SELECT pg_advisory_xact_lock_shared(%s)", WRITERS)
        if not await self._driver.using(tx.connection).job_list(UNFINISHED_JOB):
            await self._inserter.insert_tx(tx.connection, TypesenseItemsArgs())

    async def are_done(self, tx: Tx) -> bool:
        """Return whether nothing waits and nobody who is about to ask could count on the job that asks this."""
        if await rows(tx, "SELECT pg_try_advisory_xact_lock(%s)", WRITERS) != [(True,)]:
            return False
        return await rows(tx, "SELECT NOT EXISTS (SELECT FROM search_export)") == [(True,)]

    async def rebuild(self, tx: Tx, *, force: bool) -> JobInsertResult:
        """Have it looked at whether the collection will do; or made anew whatever it is like."""
        return await self._inserter.insert_tx(tx.connection, TypesenseRebuildArgs(force=force))

    async def forget(self, tx: Tx) -> None:
        """Nobody is configured to be given anything: let nothing wait for them."""
        if await run(tx, "DELETE FROM search_export_state"):
            await run(tx, "DELETE FROM search_export")
