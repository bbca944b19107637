"""Gives Typesense what waits for it, a batch at a time, and fills new collections beside the one that is searched.

States of the export (the one row of `search_export_state`): none, nobody wants it; building, a new collection is being
filled, while the old one, if there is one, is searched and kept up; kept up, the alias stands for a whole collection.
A rebuild writes a row for every item and nothing else. They are worked behind all changes, and when the last is gone
the alias is moved, the old collection dropped. Killed anywhere and run again, it ends in the same.

A batch is one transaction that holds the state's row while Typesense is asked: of two who work at once the one that
read an item first could write it last. It is the one place where we wait for another server with a transaction open;
an end is set to that (`server.WRITING`), and no request of a person waits for it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from app.catalog.index.indexer import MAKERS, documents_of
from app.catalog.typesense.documents import exported, rules
from app.catalog.typesense.requests import TypesenseRequests
from app.catalog.typesense.server import NoCollection, TypesenseServer
from app.db.tx import Transactions, Tx
from app.library.repository.rows import rows, run

log = structlog.get_logger("search")

BATCH = 500
"""Items. With their words about half a megabyte, which Typesense takes in a fraction of a second."""

STATE = "SELECT collection, building FROM search_export_state FOR UPDATE"
PEEK = "SELECT id, item_id, of_rebuild FROM search_export ORDER BY of_rebuild, id LIMIT %s"
DONE = "DELETE FROM search_export WHERE id = ANY(%s)"
IS_FILLED = "SELECT NOT EXISTS (SELECT FROM search_export WHERE of_rebuild)"
MOVED = "UPDATE search_export_state SET collection = building, building = NULL"
BUILD = """
    INSERT INTO search_export_state (collection, building) VALUES (NULL, %s)
    ON CONFLICT (singleton) DO UPDATE SET building = excluded.building
"""
FORGET_REBUILD = "DELETE FROM search_export WHERE of_rebuild"
ASK_ALL = "INSERT INTO search_export (item_id, of_rebuild) SELECT id, true FROM item ORDER BY id"
COUNT = """
    SELECT (SELECT count(*) FROM search_export) + (SELECT count(*) FROM search_pending), (SELECT count(*) FROM item)
"""


@dataclass(frozen=True, slots=True)
class Exported:
    taken: int
    refused: int
    """Documents that Typesense would not have."""


@dataclass(frozen=True, slots=True)
class ExportState:
    collection: str | None
    """What is searched."""
    building: str | None
    waiting: int
    """Items to be given."""


class TypesenseExporter:
    def __init__(
        self, server: TypesenseServer, alias: str, transactions: Transactions, requests: TypesenseRequests
    ) -> None:
        self._server = server
        self._alias = alias
        self._transactions = transactions
        self._requests = requests

    async def export_some(self) -> Exported:
        """Give a batch. Nothing taken: nothing waits, and a collection that was being filled is in use.

        Raises:
            TypesenseAway: not now; what waits still waits.
            NoCollection: the collection is lost; it wants a rebuild.
        """
        async with self._transactions.begin() as tx:
            found = await rows(tx, STATE)
            if not found:
                return Exported(0, 0)
            collection, building = found[0]
            if building is not None and await rows(tx, IS_FILLED) == [(True,)]:
                await self._move(tx, building)
                collection, building = building, None
            waiting = await rows(tx, PEEK, BATCH)
            changed = {item_id for _, item_id, of_rebuild in waiting if not of_rebuild}
            everything = dict.fromkeys(item_id for _, item_id, _ in waiting)
            refused = 0
            if waiting and building is not None:
                refused += await self._give(tx, building, list(everything))
            if changed and collection is not None:
                refused += await self._keep_up(tx, collection, [one for one in everything if one in changed], building)
            await run(tx, DONE, [row_id for row_id, *_ in waiting])
        return Exported(len(waiting), refused)

    async def _keep_up(self, tx: Tx, collection: str, item_ids: Sequence[UUID], building: str | None) -> int:
        try:
            return await self._give(tx, collection, item_ids)
        except NoCollection:
            if building is None:
                raise
            return 0  # the next one is being filled already

    async def _give(self, tx: Tx, collection: str, item_ids: Sequence[UUID]) -> int:
        there = await documents_of(tx, item_ids)
        problems = []
        if there:
            problems = await self._server.put(collection, [exported(one, item.min_age) for item, one in there])
        shown = {item.id for item, _ in there}
        await self._server.delete(collection, [one for one in item_ids if one not in shown])
        if problems:
            log.warning("Typesense refuses documents", count=len(problems), first=problems[0][:300])
        return len(problems)

    async def _move(self, tx: Tx, building: str) -> None:
        await self._server.point(self._alias, building)
        await run(tx, MOVED)
        ours = re.compile(re.escape(self._alias) + r"-v\d+x\d+-\d+")
        for name in await self._server.collections():
            if name != building and ours.fullmatch(name):
                await self._server.drop(name)

    async def is_needed(self) -> str | None:
        """Return why a new collection is needed; None where the one there is will do, or is being filled.

        Raises: TypesenseAway.
        """
        async with self._transactions.begin() as tx:
            found = await rows(tx, "SELECT collection, building FROM search_export_state")
            ((waiting, items),) = await rows(tx, COUNT)
        if not found:
            return "there is none"
        collection, building = found[0]
        if building is not None:
            is_there = f"-{rules()}-" in building and await self._server.count(building) is not None
            return None if is_there else "the one that was being filled is lost, or of older rules"
        if f"-{rules()}-" not in collection:
            return "it was made by older rules"
        count = await self._server.count(collection)
        if count is None or await self._server.collection_of(self._alias) != collection:
            return "it is lost"
        return f"it has {count} documents, and there are {items} items" if not waiting and count != items else None

    async def rebuild(self, job_id: int) -> int:
        """Begin to fill a new collection, named after the job that asks. Returns how many items it is to have.

        Raises: TypesenseAway.
        """
        building = f"{self._alias}-{rules()}-{job_id}"
        await self._server.create(building)
        async with self._transactions.begin() as tx:
            # Whoever makes documents now has not seen this state, or is before all of it.
            await run(tx, "SELECT pg_advisory_xact_lock(%s)", MAKERS)
            if await rows(tx, "SELECT FROM search_export_state WHERE building = %s", building):
                await self._requests.wake(tx)
                return 0
            await run(tx, BUILD, building)
            await run(tx, FORGET_REBUILD)
            asked = await run(tx, ASK_ALL)
            await self._requests.wake(tx)
        return asked


async def state_of(tx: Tx) -> ExportState | None:
    """Return how far the export is; None: nobody wants it."""
    found = await rows(tx, "SELECT collection, building, (SELECT count(*) FROM search_export) FROM search_export_state")
    return ExportState(*found[0]) if found else None
