"""What a person may ask about matches, and decide. All but a search works inside the caller's transaction.

What a person decides is never changed by anything else: no job, no scan, no refresh. The item stays the item it was,
so whatever hangs on it (what was watched, for one) stays too.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete

from app.db.tx import Transactions, Tx
from app.errors import InvalidInput
from app.jobs.inserter import Inserter
from app.jobs.types import JobInsertResult
from app.library.errors import ItemNotFound, LibraryNotFound
from app.library.kinds import LibraryKind
from app.library.models import Library
from app.metadata import repository
from app.metadata.contexts import Context, context
from app.metadata.errors import NothingAsked, NotMatchable, UnknownSource
from app.metadata.identifying import Identifier, fetch_of
from app.metadata.jobs import FetchMetadataArgs, RefreshMetadataArgs
from app.metadata.keeping import Keeper
from app.metadata.kinds import ITEM_TYPES, MATCHED_KINDS, Decider, MatchState
from app.metadata.models import LibrarySources, Match
from app.metadata.records import Locale, Scored, Wanted
from app.metadata.registry import Registry

MAX_TITLE = 200
FIRST_YEAR, LAST_YEAR = 1870, 2200


class MetadataService:
    def __init__(
        self,
        transactions: Transactions,
        *,
        registry: Registry,
        identifier: Identifier,
        keeper: Keeper,
        inserter: Inserter,
    ) -> None:
        self._transactions = transactions
        self._registry = registry
        self._identifier = identifier
        self._keeper = keeper
        self._inserter = inserter

    async def search(
        self, item_id: UUID, *, title: str | None = None, year: int | None = None, source: str | None = None
    ) -> list[Scored]:
        """Ask the item's sources, or one of them, what it may be; under another title or year than its own, if given.

        Raises:
            ItemNotFound, NotMatchable, NothingAsked: there is nothing to be asked, or nobody.
            InvalidInput: the title or the year makes no sense, or no such source is asked about its library.
            SourceWaits, SourceFailed: not now.
        """
        async with self._transactions.begin() as tx:
            item = await self._matchable(tx, item_id)
            sources, locale = await self._registry.of_library(tx, item.library_id, item.library_kind)
        finding = [one for one in sources if item.kind in one.kinds and not one.only_adds]
        fitting = [one for one in finding if source in (None, one.name)]
        if not fitting and source is None:
            raise NothingAsked(item.library_id)
        if not fitting:
            raise UnknownSource("source", source or "", [one.name for one in finding])
        wanted = _asked(item.wanted, title, year)
        found: list[Scored] = []
        for one in fitting:
            found += (await self._identifier.look(one, wanted, locale)).shown
        return sorted(found, key=lambda scored: -scored.score)

    async def lock(self, tx: Tx, item_id: UUID) -> None:
        """Let nobody else decide about an item until this transaction ends: what is read now is what is decided."""
        await repository.lock_item(tx, item_id)

    async def choose(self, tx: Tx, item_id: UUID, source: str, external_id: str) -> JobInsertResult:
        """Say what an item is. What sources said of it so far is taken back; what people said stays.

        Raises:
            ItemNotFound, NotMatchable, NothingAsked: it cannot be said of this.
            InvalidInput: there is no such source for it, or the id is none.
        """
        item = await self._locked(tx, item_id)
        sources, _ = await self._registry.of_library(tx, item.library_id, item.library_kind)
        if not sources:
            raise NothingAsked(item.library_id)
        finding = [one.name for one in sources if item.kind in one.kinds and not one.only_adds]
        if source not in finding:
            raise UnknownSource("source", source, finding)
        if not 1 <= len(external_id) <= 64 or not external_id.isascii() or not external_id.isprintable():  # noqa: PLR2004
            raise InvalidInput("external_id", "must be an id as the source writes it")
        await self._keeper.forget_others(tx, item_id, source, external_id)
        await repository.put_match(
            tx,
            item_id,
            MatchState.MATCHED,
            Decider.USER,
            source=source,
            external_id=external_id,
            asked_for=item.asked_for,
        )
        return await self._inserter.insert_tx(tx.connection, fetch_of(item, source, external_id))

    async def unmatch(self, tx: Tx, item_id: UUID) -> None:
        """Say that an item is none of what sources know. It is not looked for again until somebody asks.

        Raises: ItemNotFound, NotMatchable.
        """
        item = await self._locked(tx, item_id)
        await self._keeper.forget(tx, item_id)
        await repository.put_match(
            tx, item_id, MatchState.UNMATCHED, Decider.USER, reason="a person said so", asked_for=item.asked_for
        )

    async def look_again(self, tx: Tx, item_id: UUID) -> JobInsertResult:
        """Forget what was decided and look anew, as for a new item. Until then what is known of it stays.

        Raises: ItemNotFound, NotMatchable, NothingAsked.
        """
        item = await self._locked(tx, item_id)
        sources, _ = await self._registry.of_library(tx, item.library_id, item.library_kind)
        if not any(item.kind in one.kinds for one in sources):
            raise NothingAsked(item.library_id)
        await tx.session.execute(delete(Match).where(Match.item_id == item_id))
        args = FetchMetadataArgs(item_id=item_id, item_type=ITEM_TYPES[item.kind])
        return await self._inserter.insert_tx(tx.connection, args)

    async def refresh(self, tx: Tx, library_id: UUID) -> JobInsertResult:
        """Ask for what is due in a library, now and not spread over the day.

        Raises: LibraryNotFound, NothingAsked.
        """
        kind = await self._library_kind(tx, library_id)
        sources, _ = await self._registry.of_library(tx, library_id, kind)
        if not sources:
            raise NothingAsked(library_id)
        return await self._inserter.insert_tx(tx.connection, RefreshMetadataArgs(library_id=library_id))

    async def set_sources(self, tx: Tx, library_id: UUID, changes: Mapping[str, object]) -> LibrarySources:
        """Change what a library says otherwise than the configuration: `sources`, `language`, `region`, and the
        `episode_order` of its series. None: as there, or as the sources have it.

        All that is known of its items is due then: the next refresh asks anew.

        Raises:
            LibraryNotFound: there is none of this id.
            UnknownSource, SourceWithoutKey: a source may not be asked about it.
        """
        kind = await self._library_kind(tx, library_id)
        row = await tx.session.get(LibrarySources, library_id, with_for_update=True)
        if row is None:
            row = LibrarySources(library_id=library_id)
            tx.session.add(row)
        if "sources" in changes:
            named = changes["sources"]
            row.sources = None if named is None else self._registry.check("sources", list(_texts(named)), kind)
        for field in ("language", "region", "episode_order"):
            if field in changes:
                value = changes[field]
                setattr(row, field, None if value is None else str(value))
        if tx.session.is_modified(row) or row in tx.session.new:
            await repository.make_due(tx, library_id)
        await tx.session.flush()
        return row

    async def sources_of(self, tx: Tx, library_id: UUID) -> tuple[LibraryKind, tuple[str, ...], Locale]:
        """Return who is asked about a library, and in which language.

        Raises: LibraryNotFound.
        """
        kind = await self._library_kind(tx, library_id)
        sources, locale = await self._registry.of_library(tx, library_id, kind)
        return kind, tuple(source.name for source in sources), locale

    async def _library_kind(self, tx: Tx, library_id: UUID) -> LibraryKind:
        library = await tx.session.get(Library, library_id)
        if library is None:
            raise LibraryNotFound(library_id)
        return LibraryKind(library.kind)

    async def _locked(self, tx: Tx, item_id: UUID) -> Context:
        await self.lock(tx, item_id)
        return await self._matchable(tx, item_id)

    async def _matchable(self, tx: Tx, item_id: UUID) -> Context:
        item = await context(tx, item_id)
        if item is None:
            raise ItemNotFound(item_id)
        if item.kind not in MATCHED_KINDS:
            raise NotMatchable(item.kind)
        return item


def _asked(wanted: Wanted, title: str | None, year: int | None) -> Wanted:
    if title is not None and not 1 <= len(title.strip()) <= MAX_TITLE:
        raise InvalidInput("title", f"must be 1 to {MAX_TITLE} characters")
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise InvalidInput("year", f"must be between {FIRST_YEAR} and {LAST_YEAR}")
    if title is None and year is None:
        return wanted
    return Wanted(
        kind=wanted.kind,
        title=title.strip() if title is not None else wanted.title,
        original_title=None if title is not None else wanted.original_title,
        year=year if year is not None or title is not None else wanted.year,
        country=wanted.country,
        artist=wanted.artist,
    )


def _texts(value: object) -> Sequence[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise InvalidInput("sources", "must be a list of names of sources")
    return list(value)
