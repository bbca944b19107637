"""What is asked for by itself: what never was, and what is old; and the other names of what is known.

Incremental: a batch of items a transaction, each of which is asked for once however often this is repeated. The nightly
round spreads its questions over the day.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import structlog
from psycopg import sql

from app.clock import Clock
from app.db.tx import Transactions, Tx
from app.jobs.errors import JobCancel
from app.jobs.insert_opts import InsertOpts
from app.jobs.inserter import Inserter
from app.library.kinds import LibraryKind
from app.library.repository.rows import rows
from app.metadata.contexts import ASKED_AGAIN_AFTER, Context, context, contexts
from app.metadata.errors import NotKnown
from app.metadata.identifying import fetch_of
from app.metadata.jobs import FetchMetadataArgs, RefreshMetadataArgs
from app.metadata.kinds import ITEM_TYPES, MATCHED_KINDS, MatchState
from app.metadata.registry import Registry

log = structlog.get_logger("metadata")

BATCH = 500
DAY = timedelta(days=1)
STALE = """
    SELECT item.id FROM item
    LEFT JOIN metadata_match known ON known.item_id = item.id
    WHERE item.library_id = %(library_id)s AND item.kind = ANY(%(kinds)s) AND item.state = 'present'
        AND item.id > %(after)s
        AND (
            known.item_id IS NULL
            OR known.state <> 'matched' AND known.decided_by <> 'user' AND known.asked_at < now() - %(again)s
            OR known.state = 'matched' AND NOT EXISTS (
                SELECT FROM metadata_record WHERE item_id = item.id AND refresh_at > now()
            )
            OR EXISTS (SELECT FROM metadata_record WHERE item_id = item.id AND refresh_at <= now())
        )
    ORDER BY item.id
    LIMIT %(limit)s
"""

LIBRARIES = "SELECT id, kind FROM library WHERE %s::uuid IS NULL OR id = %s ORDER BY id"

Complete = Callable[[Tx], Awaitable[object]]

_FIRST = UUID(int=0)


class Refresher:
    def __init__(self, transactions: Transactions, registry: Registry, inserter: Inserter, clock: Clock) -> None:
        self._transactions = transactions
        self._registry = registry
        self._inserter = inserter
        self._clock = clock

    async def refresh(self, args: RefreshMetadataArgs) -> dict[str, int]:
        """Ask for what is due in one library, or in all. Returns how many were asked for now, and how many before."""
        async with self._transactions.begin() as tx:
            libraries = await rows(tx, LIBRARIES, args.library_id, args.library_id)
        inserted = there = 0
        for library_id, kind in libraries:
            after = _FIRST
            while True:
                async with self._transactions.begin() as tx:
                    jobs, last = await self._batch(tx, library_id, LibraryKind(kind), after, args)
                    results = await self._inserter.insert_many_tx(tx.connection, jobs) if jobs else []
                there += sum(one.unique_skipped_as_duplicate for one in results)
                inserted += sum(not one.unique_skipped_as_duplicate for one in results)
                if last is None:
                    break
                after = last
        return {"asked": inserted, "asked_already": there}

    async def _batch(
        self, tx: Tx, library_id: UUID, kind: LibraryKind, after: UUID, args: RefreshMetadataArgs
    ) -> tuple[list[tuple[FetchMetadataArgs, InsertOpts | None]], UUID | None]:
        sources, _ = await self._registry.of_library(tx, library_id, kind)
        asked = {one for source in sources for one in source.kinds} & {*MATCHED_KINDS}
        if not asked:
            return [], None
        cursor = await tx.connection.execute(
            sql.SQL(STALE),
            {
                "library_id": library_id,
                "kinds": [one.value for one in sorted(asked)],
                "after": after,
                "again": ASKED_AGAIN_AFTER,
                "limit": BATCH,
            },
        )
        ids: list[UUID] = [row[0] for row in await cursor.fetchall()]  # type: ignore[misc]
        spread = args.library_id is None
        found = [item for item in await contexts(tx, ids) if not item.is_closed]
        jobs = [(self._job(item), self._opts(item.item_id) if spread else None) for item in found]
        return jobs, ids[-1] if len(ids) == BATCH else None

    def _job(self, item: Context) -> FetchMetadataArgs:
        known = item.known
        if known is None or known.state is not MatchState.MATCHED or known.source is None or known.external_id is None:
            return FetchMetadataArgs(item_id=item.item_id, item_type=ITEM_TYPES[item.kind])
        return fetch_of(item, known.source, known.external_id)

    def _opts(self, item_id: UUID) -> InsertOpts:
        """Every item has its time of the day."""
        return InsertOpts(scheduled_at=self._clock.now() + DAY * (item_id.int % 10_000 / 10_000))

    async def cross_walk(self, item_id: UUID, complete: Complete) -> None:
        """Ask the other sources what they call an item, and have fetched what they say of it.

        Raises:
            JobCancel: the item is gone.
            SourceWaits, SourceFailed: not now.
        """
        async with self._transactions.begin() as tx:
            item = await context(tx, item_id)
            if item is None:
                raise JobCancel("the item is gone")
            sources, _ = await self._registry.of_library(tx, item.library_id, item.library_kind)
        known = item.known
        jobs: list[FetchMetadataArgs] = []
        if known is not None and known.state is MatchState.MATCHED:
            for source in sources:
                if source.name == known.source or item.kind not in source.kinds:
                    continue
                try:
                    found = source.own_id(item.kind, item.ids) or await source.find(item.kind, item.ids)
                except NotKnown:
                    found = None
                if found is not None:
                    jobs.append(fetch_of(item, source.name, found))
        async with self._transactions.begin() as tx:
            if jobs:
                await self._inserter.insert_many_tx(tx.connection, jobs)
            await complete(tx)
