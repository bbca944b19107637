"""Asking one source about one item, and keeping what it says: what `metadata.fetch` does with a provider."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import msgspec

from app.db.tx import Transactions, Tx
from app.jobs.errors import JobCancel
from app.jobs.inserter import Inserter
from app.library.kinds import ItemKind
from app.metadata import repository
from app.metadata.assigning import seasons_to_ask_for
from app.metadata.contexts import Context, context, owners_of
from app.metadata.errors import BrokenRecord, NotKnown
from app.metadata.jobs import FetchMetadataArgs, RefreshExternalIdsArgs
from app.metadata.keeping import Keeper
from app.metadata.kinds import ITEM_TYPES, Decider, MatchState, kind_of
from app.metadata.orders import in_its_order
from app.metadata.records import Locale, Record
from app.metadata.registry import Registry
from app.metadata.sources.source import Source

Complete = Callable[[Tx], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Asked:
    item: Context
    owner: Context
    """Of a season: its series. What is decided is decided about this."""
    locale: Locale


class Fetcher:
    def __init__(self, transactions: Transactions, registry: Registry, keeper: Keeper, inserter: Inserter) -> None:
        self._transactions = transactions
        self._registry = registry
        self._keeper = keeper
        self._inserter = inserter

    async def fetch(self, args: FetchMetadataArgs, complete: Complete) -> None:
        """Ask, then keep, in the transaction that completes the job.

        Raises:
            JobCancel: the item or the source is gone, or the source does not know it.
            SourceWaits, SourceFailed: not now.
        """
        source = self._registry.get(args.provider)
        if source is None or not source.is_ready:
            raise JobCancel(f"there is no source {args.provider!r}, or its key is gone")
        kind = kind_of(args.item_type)
        while True:
            async with self._transactions.begin() as tx:
                asked = await self._asked(tx, args, source)
                if asked is None:
                    await complete(tx)
                    return
            try:
                record = await source.fetch(kind, args.external_id, asked.locale)
            except (NotKnown, BrokenRecord) as err:
                await self._give_up(asked.item, args, str(err))
                raise JobCancel(err) from err
            async with self._transactions.begin() as tx:
                if not await repository.lock_item(tx, asked.owner.item_id):
                    raise JobCancel("the item is gone")
                now = await self._asked(tx, args, source)
                if now is not None and now.locale != asked.locale:
                    continue  # it is to be told of otherwise since, and whoever decided that found us asking
                if now is not None:  # nobody has decided otherwise meanwhile
                    await self._keep(tx, now.item, args, await _counted_alike(tx, now.owner, args.provider, record))
                await complete(tx)
                return

    async def _asked(self, tx: Tx, args: FetchMetadataArgs, source: Source) -> "Asked | None":
        """Return the item, if it is still meant: what somebody chose since is fetched by a job of its own.

        Raises:
            JobCancel: there is none.
        """
        item = await context(tx, args.item_id)
        if item is None:
            raise JobCancel("the item is gone")
        owner = item if item.kind is not ItemKind.SEASON else await self._owner(tx, item.item_id)
        if owner is None or owner.known is None or owner.known.state is not MatchState.MATCHED:
            return None
        if owner.known.source == source.name and args.external_id.partition("/")[0] != owner.known.external_id:
            return None
        _, locale = await self._registry.of_library(tx, item.library_id, item.library_kind)
        if owner.kind is ItemKind.SERIES:
            locale = await in_its_order(tx, owner.item_id, locale)
        return Asked(item, owner, locale)

    async def _owner(self, tx: Tx, item_id: UUID) -> Context | None:
        owners = await owners_of(tx, [item_id])
        return await context(tx, owners[0]) if owners else None

    async def _keep(self, tx: Tx, item: Context, args: FetchMetadataArgs, record: Record) -> None:
        below = await self._keeper.keep(tx, item, args.provider, record)
        ids = {one.season: one.id for one in below if one.kind is ItemKind.SEASON}
        ours, counted = seasons_to_ask_for(record, below)
        jobs = [
            FetchMetadataArgs(
                # What is only counted over all seasons stands in our first one: it is found from the series.
                item_id=item.item_id if number in counted else ids[number],
                item_type=ITEM_TYPES[ItemKind.SEASON],
                external_id=f"{record.external_id}/{number}",
                provider=args.provider,
            )
            for number in sorted(ours | counted)
        ]
        if jobs:
            await self._inserter.insert_many_tx(tx.connection, jobs)
        sources, _ = await self._registry.of_library(tx, item.library_id, item.library_kind)
        is_first = item.known is not None and item.known.source == args.provider and record.kind is item.kind
        if is_first and any(one.name != args.provider and item.kind in one.kinds for one in sources):
            await self._inserter.insert_tx(tx.connection, RefreshExternalIdsArgs(item_id=item.item_id))

    async def _give_up(self, item: Context, args: FetchMetadataArgs, reason: str) -> None:
        """The source does not know what the item was taken for: somebody has to look. What a person chose stays, with
        the reason beside it."""
        known = item.known
        if known is None or known.source != args.provider or kind_of(args.item_type) is ItemKind.SEASON:
            return
        async with self._transactions.begin() as tx:
            if not await repository.lock_item(tx, item.item_id):
                return
            if known.decided_by is Decider.USER:
                await repository.put_reason(tx, item.item_id, reason)
                return
            await repository.put_match(
                tx, item.item_id, MatchState.DOUBTFUL, known.decided_by, reason=reason, asked_for=item.asked_for
            )
            await self._keeper.forget(tx, item.item_id)


async def _counted_alike(tx: Tx, owner: Context, provider: str, record: Record) -> Record:
    """Leave out the episodes of a source that counts them otherwise than the one that says what a series is: its third
    of the second season is another, and what the first leaves out must not come from there."""
    known = owner.known
    if owner.kind is not ItemKind.SERIES or known is None or known.source is None or known.source == provider:
        return record
    if await repository.is_counted(tx, owner.item_id, known.source) is record.is_counted:
        return record
    return msgspec.structs.replace(record, children=(), seasons_apart=())
