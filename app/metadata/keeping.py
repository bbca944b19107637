"""A record → rows: of the item it is about, and of what is below it. Everything in the caller's transaction."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.db.tx import Tx
from app.library.kinds import FactSource, ItemKind
from app.library.service import LibraryService
from app.metadata import repository
from app.metadata.assigning import assign, unsaid
from app.metadata.contexts import Context
from app.metadata.merging import merge
from app.metadata.records import Kept, Record
from app.metadata.registry import Registry
from app.metadata.repository import Below, NewRecord

SETTLED, UNSETTLED = timedelta(days=60), timedelta(days=7)
"""How long a record is not asked for again. Both well below the half year that TMDb allows."""

SPREAD = 0.25
"""Of that, by the item's key: what was fetched in one night is not refreshed in one night."""


class Keeper:
    def __init__(self, library: LibraryService, registry: Registry) -> None:
        self._library = library
        self._registry = registry

    async def keep(self, tx: Tx, item: Context, source: str, record: Record) -> list[Below]:
        """Keep what a source says of an item and of what is below it. Returns what is below it."""
        below = await repository.below(tx, item.item_id)
        told = assign(record, below)
        new = [
            NewRecord(item_id=one.id, external_id="", record=None, refresh_after=None)
            for one in unsaid(record, below, told)
        ]
        new += [
            NewRecord(
                item_id=one.id,
                external_id=child.external_id,
                record=Kept(facts=child.facts, description=child.description),
                refresh_after=None,
            )
            for one, child in told.items()
        ]
        if record.kind is not ItemKind.SEASON:
            kept = Kept(facts=record.facts, description=record.description, is_counted=record.is_counted)
            wait = _refresh_after(item.item_id, is_settled=record.is_settled)
            new.append(NewRecord(item_id=item.item_id, external_id=record.external_id, record=kept, refresh_after=wait))
        await repository.put_records(tx, source, sorted(new, key=lambda one: one.item_id))
        await self.tell(tx, item, [one.item_id for one in new])
        return below

    async def tell(self, tx: Tx, item: Context, item_ids: Sequence[UUID]) -> None:
        """Let the library say of items what their records say together now."""
        sources, _ = await self._registry.of_library(tx, item.library_id, item.library_kind)
        order = [source.name for source in sources]
        found = await repository.records_of(tx, item_ids, order)
        merged = {item_id: merge(found[item_id]) if item_id in found else None for item_id in sorted(item_ids)}
        await self._library.tell(
            tx,
            FactSource.METADATA,
            {item_id: None if one is None else (one.facts, one.description) for item_id, one in merged.items()},
        )

    async def forget_others(self, tx: Tx, item_id: UUID, source: str | None, external_id: str | None) -> None:
        """Take it back, unless it was said of what the item is taken for now."""
        if source is None or external_id is None or await repository.record_id(tx, item_id, source) != external_id:
            await self.forget(tx, item_id)

    async def forget(self, tx: Tx, item_id: UUID) -> None:
        """Take back all that sources have said of an item and of what is below it."""
        ids = [item_id, *(one.id for one in await repository.below(tx, item_id))]
        if gone := await repository.forget_records(tx, ids):
            await self._library.tell(tx, FactSource.METADATA, dict.fromkeys(gone))


def _refresh_after(item_id: UUID, *, is_settled: bool) -> timedelta:
    base = SETTLED if is_settled else UNSETTLED
    return base * (1 + SPREAD * (item_id.int % 1_000) / 1_000)
