"""How the episodes of a series are counted: as its sources list them, or in another order that somebody chose.

The numbers in names of files stay what they are, and so do the items and what was watched of them. Which episode of the
source a number means is what an order says.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from app.db.tx import Transactions, Tx
from app.errors import InvalidInput
from app.jobs.inserter import Inserter
from app.jobs.types import JobInsertResult
from app.library.errors import ItemNotFound
from app.library.kinds import ItemKind
from app.library.repository.rows import rows, run
from app.metadata import repository
from app.metadata.contexts import Context, context
from app.metadata.errors import NotCounted, NothingAsked
from app.metadata.identifying import fetch_of
from app.metadata.jobs import FetchMetadataArgs
from app.metadata.kinds import ITEM_TYPES, EpisodeOrder, MatchState
from app.metadata.records import Locale, Order
from app.metadata.registry import Registry
from app.metadata.sources.source import Source

OF_ITEM = "SELECT episode_order FROM metadata_order WHERE item_id = %s"

CHOOSE = """
    INSERT INTO metadata_order (item_id, episode_order) VALUES (%s, %s)
    ON CONFLICT (item_id) DO UPDATE SET episode_order = excluded.episode_order
"""

LEAVE = "DELETE FROM metadata_order WHERE item_id = %s"

_LIST = re.compile(r"([a-z]{1,32}):([A-Za-z0-9_-]{1,64})")
"""One list of one source."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How a series is counted, and how it could be."""

    chosen: str | None
    """None: as its library."""
    library: str
    lists: Sequence[Order]


async def in_its_order(tx: Tx, item_id: UUID, locale: Locale) -> Locale:
    """Return how a series is to be told of: in its own order, where one was chosen for it alone."""
    chosen = await _chosen(tx, item_id)
    return locale if chosen is None else msgspec.structs.replace(locale, order=chosen)


async def _chosen(tx: Tx, item_id: UUID) -> str | None:
    found = await rows(tx, OF_ITEM, item_id)
    return None if not found else str(found[0][0])


class EpisodeOrders:
    def __init__(self, transactions: Transactions, registry: Registry, inserter: Inserter) -> None:
        self._transactions = transactions
        self._registry = registry
        self._inserter = inserter

    async def counted(self, item_id: UUID) -> Counted:
        """Return the order of a series, and those that its source has for it: asked, or remembered.

        Raises:
            ItemNotFound, NotCounted: it is no series.
            NothingAsked: nobody is asked about its library.
            NotKnown, SourceWaits, SourceFailed: the source does not tell.
        """
        async with self._transactions.begin() as tx:
            item, sources, locale = await self._series(tx, item_id)
            chosen = await _chosen(tx, item_id)
        lists: list[Order] = []
        known = item.known
        if known is not None and known.state is MatchState.MATCHED and known.external_id is not None:
            for source in sources:
                if source.name == known.source:
                    lists += await source.orders(known.external_id, locale)
        return Counted(chosen, locale.order, lists)

    async def choose(self, tx: Tx, item_id: UUID, order: str | None) -> JobInsertResult:
        """Count a series so from now on, and ask anew what its episodes are; None: as its library is counted.

        Raises:
            ItemNotFound, NotCounted, NothingAsked: as above.
            InvalidInput: there is no such order.
        """
        await repository.lock_item(tx, item_id)
        item, sources, _ = await self._series(tx, item_id)
        if order is None:
            await run(tx, LEAVE, item_id)
        else:
            _check(order, sources)
            await run(tx, CHOOSE, item_id, order)
        return await self._inserter.insert_tx(tx.connection, _ask(item))

    async def _series(self, tx: Tx, item_id: UUID) -> tuple[Context, Sequence[Source], Locale]:
        item = await context(tx, item_id)
        if item is None:
            raise ItemNotFound(item_id)
        if item.kind is not ItemKind.SERIES:
            raise NotCounted(item.kind)
        sources, locale = await self._registry.of_library(tx, item.library_id, item.library_kind)
        if not sources:
            raise NothingAsked(item.library_id)
        return item, sources, locale


def _check(order: str, sources: Sequence[Source]) -> None:
    if order in set(EpisodeOrder):
        return
    named = _LIST.fullmatch(order)
    if named is None or named[1] not in {source.name for source in sources}:
        raise InvalidInput("order", f"must be one of {', '.join(EpisodeOrder)}, or a list of its sources (tmdb:…)")


def _ask(item: Context) -> FetchMetadataArgs:
    """What is not matched is looked for; it is counted so when it is found."""
    known = item.known
    if known is not None and known.source is not None and known.external_id is not None:
        return fetch_of(item, known.source, known.external_id)
    return FetchMetadataArgs(item_id=item.item_id, item_type=ITEM_TYPES[item.kind])
