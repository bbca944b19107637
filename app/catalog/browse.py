"""What there is to see: libraries, items, files. Every question names its viewer, and permission is part of the query.

A page costs two statements however long it is: which items, and all that is told of them.
What a viewer may not see does not exist for them: the same 404, the same empty page.
"""

import zlib
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from app.accounts.viewer import Viewer
from app.catalog import assemble, described, queries
from app.catalog.cursor import decode_cursor, encode_cursor
from app.catalog.facets import count_facets, facets_of
from app.catalog.file_views import FileDetail
from app.catalog.filters import Filters
from app.catalog.page_views import Facets, ItemPage, ItemTreePage
from app.catalog.paging import FEW, ItemFilter, frequency, frequency_of_seen, page_of_items
from app.catalog.parts import read_items, read_items_as
from app.catalog.planning import BY_ANY_WAY, BY_INDEX
from app.catalog.search import search_query
from app.catalog.sorting import SHUFFLED, SORTS, Sort, sort_called
from app.catalog.views import Item, ItemTree, Library
from app.db.tx import Connected, Transactions
from app.errors import InvalidInput
from app.library.errors import FileNotFound, ItemNotFound, LibraryNotFound
from app.library.kinds import ItemKind
from app.library.records import FileLocation

__all__ = ["MAX_LIMIT", "Catalog", "ItemNotFound", "ItemQuery"]

MAX_LIMIT = 500
MAX_QUERY = 200
"""Characters of a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemQuery:
    """Which items, in which order. What is None does not restrict."""

    library_id: UUID | None = None
    kind: str | None = None
    parent_id: UUID | None = None
    artist_id: UUID | None = None
    """Credited to this artist: albums and tracks, also those of which others are the first artist."""
    q: str | None = None
    filters: Filters = field(default_factory=Filters)
    sort: str | None = None
    """title, added, year, released, rating, duration, last_played, random, or number among children; `-` before it
    turns it round.
    None: number among children, else title."""
    seed: str = ""
    """Of random: where it begins."""
    cursor: str | None = None
    limit: int = 50

    def listing(self) -> list[str | None]:
        """All that makes this listing another than the next one; not where in it we are."""
        ids = (str(one) if one else None for one in (self.library_id, self.parent_id, self.artist_id))
        return [*ids, self.kind, self.q, self.sort, self.seed, *self.filters.listing()]


class Catalog:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def libraries(self, viewer: Viewer) -> list[Library]:
        """Return the libraries by name."""
        async with self._transactions.autocommit() as asked:
            return [Library(**row) for row in await queries.libraries(viewer).fetch(asked)]

    async def library(self, viewer: Viewer, library_id: UUID) -> Library:
        """Raises: LibraryNotFound."""
        async with self._transactions.autocommit() as asked:
            return await self.library_tx(asked, viewer, library_id)

    async def library_tx(self, asked: Connected, viewer: Viewer, library_id: UUID) -> Library:
        """Show it as it is in a transaction. Raises: LibraryNotFound."""
        rows = await queries.libraries(viewer, library_id).fetch(asked)
        if not rows:
            raise LibraryNotFound(library_id)
        return Library(**rows[0])

    async def items(self, viewer: Viewer, query: ItemQuery) -> ItemPage:
        """Return a page of items, missing ones among them.

        Raises:
            InvalidInput: a field makes no sense.
            BadCursor: the cursor is of another listing.
        """
        async with self._connected(query) as asked:
            item_ids, cursor = await _page(asked, viewer, query)
            items = await read_items(asked, viewer, item_ids)
        return ItemPage(items=items, next_cursor=cursor)

    async def tree(self, viewer: Viewer, query: ItemQuery) -> ItemTreePage:
        """Return a page of items, each with all that is below it: a fixed number of statements for every level.

        The page limits the topmost only, so this is for who shows a whole library, not for a page on a screen.

        Raises:
            InvalidInput, BadCursor: as for `items`.
        """
        below: dict[UUID, list[UUID]] = {}
        found: dict[UUID, ItemTree] = {}
        async with self._connected(query) as asked:
            tops, cursor = await _page(asked, viewer, query)
            level: Sequence[UUID] = tops
            while level:
                items = await read_items_as(asked, viewer, level, ItemTree)
                found.update({item.id: item for item in items})
                rows = await queries.children(viewer, level).fetch(asked)
                for row in rows:
                    below.setdefault(row["parent_id"], []).append(row["id"])
                level = [row["id"] for row in rows]
        return ItemTreePage(items=assemble.tree(tops, found, below), next_cursor=cursor)

    async def facets(self, viewer: Viewer, query: ItemQuery) -> Facets:
        """Count what a listing can be narrowed by further; its order, place and words play no part.

        Raises:
            InvalidInput: a field makes no sense.
        """
        async with self._transactions.begin() as tx:
            asked = await _frequency(tx, viewer, _filter(query, SORTS["title"]))
            await BY_INDEX.run(tx)
            rows = await count_facets(viewer, asked).fetch(tx)
        return facets_of(rows)

    async def item(self, viewer: Viewer, item_id: UUID) -> Item:
        """Raises: ItemNotFound."""
        async with self._transactions.autocommit() as asked:
            return await self.item_tx(asked, viewer, item_id)

    async def item_tx(self, asked: Connected, viewer: Viewer, item_id: UUID) -> Item:
        """Show it as it is in a transaction. Raises: ItemNotFound."""
        found = await read_items(asked, viewer, [item_id])
        if not found:
            raise ItemNotFound(item_id)
        return found[0]

    async def file(self, viewer: Viewer, file_id: UUID) -> FileDetail:
        """Raises: FileNotFound."""
        async with self._transactions.autocommit() as asked:
            row = await _file_row(asked, viewer, file_id)
            streams = await queries.streams_of_files([file_id]).fetch(asked)
            chapters = await queries.chapters_of_file(file_id).fetch(asked)
            words = await described.words_of_files([file_id]).fetch(asked)
        return assemble.file_detail(row, streams, chapters, words)

    async def location(self, viewer: Viewer, file_id: UUID) -> FileLocation:
        """Return where a file is, to be opened by `open_within` and by nothing else.

        Raises:
            FileNotFound: there is none, or not for this viewer.
        """
        async with self._transactions.autocommit() as asked:
            return assemble.file_location(await _file_row(asked, viewer, file_id))

    def _connected(self, query: ItemQuery) -> AbstractAsyncContextManager[Connected]:
        """What the planner is told (`app.catalog.planning`) holds for a transaction."""
        is_told = query.filters.facets() or query.filters.seen().is_looked_up
        return self._transactions.begin() if is_told else self._transactions.autocommit()


async def _page(tx: Connected, viewer: Viewer, query: ItemQuery) -> tuple[list[UUID], str | None]:
    """Return which items are on a page, and where the next begins."""
    sort = _sort(query)
    asked = _filter(query, sort)
    if not sort.is_of_viewer:
        asked = await _frequency(tx, viewer, asked)
    if asked.words == "":
        return [], None
    if sort is SHUFFLED:
        return await _shuffled(tx, viewer, query, asked)
    rows = await _fetch(tx, viewer, asked, sort)
    shown = rows[: query.limit]
    cursor = encode_cursor(query.listing(), sort.keys_of(shown[-1])) if len(rows) > query.limit else None
    return [row["id"] for row in shown], cursor


async def _fetch(tx: Connected, viewer: Viewer, asked: ItemFilter, sort: Sort) -> list[dict[str, Any]]:
    if not asked.facets and not asked.seen.is_looked_up:
        return await page_of_items(viewer, asked, sort).fetch(tx)
    await BY_INDEX.run(tx)
    rows = await page_of_items(viewer, asked, sort).fetch(tx)
    await BY_ANY_WAY.run(tx)
    return rows


async def _frequency(tx: Connected, viewer: Viewer, asked: ItemFilter) -> ItemFilter:
    """Find out whether what has these facets, or is so for the viewer, is little or much: the two are listed in
    different ways."""
    if asked.is_narrow or not (asked.facets or asked.seen.is_looked_up):
        return asked
    await BY_INDEX.run(tx)
    if asked.facets:
        (row,) = await frequency(asked).fetch(tx)
        asked = replace(asked, is_frequent=row["count"] > FEW)
    if asked.seen.is_looked_up:
        counts = await frequency_of_seen(viewer, asked).fetch(tx)
        asked = replace(asked, seen_is_frequent=all(one["count"] > FEW for one in counts))
    await BY_ANY_WAY.run(tx)
    return asked


async def _shuffled(
    tx: Connected, viewer: Viewer, query: ItemQuery, asked: ItemFilter
) -> tuple[list[UUID], str | None]:
    """Go round once, from where the seed says."""
    start = zlib.crc32(query.seed.encode()) - 2**31
    turn, after = (asked.after[0], asked.after[1:]) if asked.after else (0, (start - 1, UUID(int=2**128 - 1)))
    shown: list[tuple[object, ...]] = []
    found: list[UUID] = []
    for now in (0, 1):
        if now < int(str(turn)) or len(found) > query.limit:
            continue
        begins = after if now == turn else None
        part = replace(asked, after=begins, until=start if now else None, limit=query.limit + 1 - len(found))
        rows = await _fetch(tx, viewer, part, SHUFFLED)
        found += [row["id"] for row in rows]
        shown += [(now, *SHUFFLED.keys_of(row)) for row in rows]
    cursor = encode_cursor(query.listing(), shown[query.limit - 1]) if len(found) > query.limit else None
    return found[: query.limit], cursor


async def _file_row(asked: Connected, viewer: Viewer, file_id: UUID) -> dict[str, Any]:
    rows = await queries.file(viewer, file_id).fetch(asked)
    if not rows:
        raise FileNotFound(file_id)
    return rows[0]


def _sort(query: ItemQuery) -> Sort:
    among_children = query.parent_id is not None
    return sort_called(query.sort or ("number" if among_children else "title"), among_children=among_children)


def _filter(query: ItemQuery, sort: Sort) -> ItemFilter:
    if not 1 <= query.limit <= MAX_LIMIT:
        raise InvalidInput("limit", f"must be 1 to {MAX_LIMIT}")
    if query.kind is not None and query.kind not in set(ItemKind):
        raise InvalidInput("kind", f"must be one of {', '.join(ItemKind)}")
    if query.q is not None and len(query.q) > MAX_QUERY:
        raise InvalidInput("q", f"may have {MAX_QUERY} characters at most")
    after = None if query.cursor is None else decode_cursor(query.listing(), query.cursor, sort.keys)
    return ItemFilter(
        library_id=query.library_id,
        kind=query.kind,
        parent_id=query.parent_id,
        artist_id=query.artist_id,
        person_id=query.filters.person_id,
        facets=query.filters.facets(),
        since=query.filters.since(),
        seen=query.filters.seen(),
        words=search_query(query.q) if query.q and query.q.strip() else None,
        after=after,
        limit=query.limit + 1,
    )
