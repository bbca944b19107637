"""Hears what the library announces, and writes it down in the same transaction."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from app.db.tx import Tx

_WRITE = text(
    """
    INSERT INTO event (kind, library_id, min_age, data)
    SELECT :kind, item.library_id, item.min_age,
        jsonb_build_object('count', count(*), 'ids', to_jsonb((array_agg(item.id ORDER BY item.id))[1:100]))
    FROM item WHERE item.id = ANY(:ids)
    GROUP BY item.library_id, item.min_age
    ORDER BY item.library_id, item.min_age
    """
)


class LibraryEvents:
    """A `LibraryListener`. One event for each library, age and batch, however many items."""

    async def items_changed(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        await self._write(tx, "items.changed", item_ids)

    async def items_merged(self, tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
        await self._write(tx, "items.purged", [gone for gone, _ in merges])
        await self._write(tx, "items.changed", [kept for _, kept in merges])

    async def items_purged(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        await self._write(tx, "items.purged", item_ids)

    async def _write(self, tx: Tx, kind: str, item_ids: Sequence[UUID]) -> None:
        if item_ids:
            await tx.session.execute(_WRITE, {"kind": kind, "ids": list(item_ids)})
