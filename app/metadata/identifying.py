"""Finding out what an item is: what `metadata.fetch` does without a provider.

An id that names, tags or NFO say is an order. Else the sources are searched in the library's order; the first that has
a clear answer is believed, and where none has, the best of the first is put before a person.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from app.db.tx import Transactions, Tx
from app.jobs.errors import JobCancel
from app.jobs.inserter import Inserter
from app.metadata import repository
from app.metadata.contexts import Context, context
from app.metadata.errors import BrokenRecord, NotKnown, NotMatchable
from app.metadata.jobs import FetchMetadataArgs
from app.metadata.keeping import Keeper
from app.metadata.kinds import ITEM_TYPES, MATCHED_KINDS, Decider, EpisodeOrder, MatchState
from app.metadata.matching import Decision, decide
from app.metadata.records import Candidate, Locale, Wanted
from app.metadata.registry import Registry
from app.metadata.sources.source import Source

LOOKED_INTO = 3
"""Candidates whose other titles and length are asked for where the search alone does not settle it."""

Complete = Callable[[Tx], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Identity:
    """What an item is, as far as it is known."""

    decision: Decision
    decided_by: Decider
    source: str | None = None
    external_id: str | None = None


class Identifier:
    def __init__(self, transactions: Transactions, registry: Registry, keeper: Keeper, inserter: Inserter) -> None:
        self._transactions = transactions
        self._registry = registry
        self._keeper = keeper
        self._inserter = inserter

    async def identify(self, item_id: UUID, complete: Complete) -> None:
        """Ask, decide, and ask for what was chosen, in the transaction that completes the job.

        Raises:
            JobCancel: there is no such item, or none that is looked for.
            SourceWaits, SourceFailed: not now.
        """
        while True:
            async with self._transactions.begin() as tx:
                item = await context(tx, item_id)
                if item is None:
                    raise JobCancel("the item is gone")
                if item.kind not in MATCHED_KINDS:
                    raise JobCancel(NotMatchable(item.kind))
                sources, locale = await self._registry.of_library(tx, item.library_id, item.library_kind)
                fitting = [one for one in sources if item.kind in one.kinds and not one.only_adds]
                if not item.is_open or not fitting:
                    await complete(tx)
                    return
            found = await self._find(item, fitting, locale)
            async with self._transactions.begin() as tx:
                await repository.lock_item(tx, item_id)
                now = await context(tx, item_id)
                if now is None:
                    raise JobCancel("the item is gone")
                if now.asked_for != item.asked_for:
                    continue  # it is called otherwise now, and whoever wanted to ask again found us asking
                if now.is_open:
                    await self._keep(tx, now, found)
                await complete(tx)
                return

    async def _find(self, item: Context, sources: Sequence[Source], locale: Locale) -> Identity:
        if (ordered := await self._by_id(item, sources)) is not None:
            return ordered
        first: Decision | None = None
        for source in sources:
            decision = await self.look(source, item.wanted, locale)
            if decision.state is MatchState.MATCHED and decision.best is not None:
                best = decision.best.candidate
                return Identity(decision, Decider.SEARCH, source.name, best.external_id)
            if first is None or (first.state is MatchState.UNMATCHED and decision.shown):
                first = decision
        return Identity(first or Decision(state=MatchState.UNMATCHED), Decider.SEARCH)

    async def _by_id(self, item: Context, sources: Sequence[Source]) -> Identity | None:
        if not item.own_ids:
            return None
        matched = Decision(state=MatchState.MATCHED)
        for source in sources:
            if (own := source.own_id(item.kind, item.own_ids)) is not None:
                return Identity(matched, Decider.ID, source.name, own)
        for source in sources:
            if (own := await source.find(item.kind, item.own_ids)) is not None:
                return Identity(matched, Decider.ID, source.name, own)
        return None

    async def look(self, source: Source, wanted: Wanted, locale: Locale) -> Decision:
        """Search one source and decide; where that does not settle it, look closer at the best."""
        candidates = list(await source.search(wanted, locale))
        decision = decide(wanted, candidates)
        if decision.state is not MatchState.DOUBTFUL:
            return decision
        closer = {(one.source, one.external_id): one for one in candidates}
        for scored in decision.shown[:LOOKED_INTO]:
            one = scored.candidate
            closer[one.source, one.external_id] = await self._closer(source, one, locale)
        return decide(wanted, closer.values())

    async def _closer(self, source: Source, candidate: Candidate, locale: Locale) -> Candidate:
        try:
            plain = msgspec.structs.replace(locale, order=EpisodeOrder.AIRED)  # its episodes tell nothing here
            record = await source.fetch(candidate.kind, candidate.external_id, plain)
        except (NotKnown, BrokenRecord):
            return candidate
        return msgspec.structs.replace(
            candidate,
            aliases=tuple(dict.fromkeys((*candidate.aliases, *record.aliases))),
            runtime_minutes=record.description.details.runtime_minutes or candidate.runtime_minutes,
            country=record.country or candidate.country,
            artist=record.artist or candidate.artist,
        )

    async def _keep(self, tx: Tx, item: Context, found: Identity) -> None:
        decision = found.decision
        await repository.put_match(
            tx,
            item.item_id,
            decision.state,
            found.decided_by,
            source=found.source,
            external_id=found.external_id,
            score=None if decision.best is None else decision.best.score,
            reason=decision.reason,
            candidates=decision.shown if decision.state is not MatchState.MATCHED else (),
            asked_for=item.asked_for,
        )
        await self._keeper.forget_others(tx, item.item_id, found.source, found.external_id)
        if found.source is not None and found.external_id is not None:
            await self._inserter.insert_tx(tx.connection, fetch_of(item, found.source, found.external_id))


def fetch_of(item: Context, source: str, external_id: str) -> FetchMetadataArgs:
    return FetchMetadataArgs(
        item_id=item.item_id, item_type=ITEM_TYPES[item.kind], external_id=external_id, provider=source
    )
