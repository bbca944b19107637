"""What greets somebody: what came last to each library, and something of the genres there is most of.

Every row reads a bounded number of rows by an index of its own, whatever the libraries hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from psycopg import sql

from app.accounts.viewer import Viewer
from app.catalog import permission, queries, seen
from app.catalog.facets import count_facets, facets_of
from app.catalog.page_views import Home, HomeRow
from app.catalog.paging import FEW, ItemFilter, frequency, page_of_items
from app.catalog.parts import read_items
from app.catalog.planning import BY_ANY_WAY, BY_INDEX
from app.catalog.queries import Statement
from app.catalog.sorting import SORTS
from app.catalog.views import Item
from app.db.tx import Transactions, Tx
from app.errors import InvalidInput

MAX_LIMIT = 100
LIBRARIES = 30
"""Rows of what came last. Who has more libraries looks into them."""
GENRES = 6
GENRE_KINDS = ("movie", "series")
DRAWN = 500
"""Films, and series, whose genres decide which there is most of."""
LATEST = 400
"""The last films, episodes and songs of a library that are looked at: a series that came at once is one of the row."""


class HomePage:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def show(self, viewer: Viewer, limit: int = 20) -> Home:
        """Return the rows, `limit` items each; rows of nothing are left out.

        Raises:
            InvalidInput: the limit makes no sense.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidInput("limit", f"must be 1 to {MAX_LIMIT}")
        async with self._transactions.begin() as tx:
            found = await self._seen(tx, viewer, limit)
            found += [*await self._added(tx, viewer, limit), *await self._genres(tx, viewer, limit)]
            wanted = dict.fromkeys(item_id for row in found for item_id in row.item_ids)
            items = {item.id: item for item in await read_items(tx, viewer, list(wanted))}
        rows = [row.shown(items) for row in found]
        return Home(rows=[row for row in rows if row.items])

    async def _seen(self, tx: Tx, viewer: Viewer, limit: int) -> list["_Row"]:
        return [
            _Row("continue_watching", await _ids(tx, seen.to_resume(viewer, limit))),
            _Row("next_up", await _ids(tx, seen.next_up(viewer, limit))),
        ]

    async def _added(self, tx: Tx, viewer: Viewer, limit: int) -> list["_Row"]:
        libraries = [row["id"] for row in await queries.libraries(viewer).fetch(tx)][:LIBRARIES]
        return [
            _Row("recently_added", await _ids(tx, recently_added(viewer, one, limit)), library_id=one)
            for one in libraries
        ]

    async def _genres(self, tx: Tx, viewer: Viewer, limit: int) -> list["_Row"]:
        counts: dict[str, int] = {}
        for kind in GENRE_KINDS:
            counted = facets_of(await count_facets(viewer, ItemFilter(kind=kind, limit=1), DRAWN).fetch(tx))
            for genre in counted.genres:
                counts[genre.value] = counts.get(genre.value, 0) + genre.count
        most = sorted(counts, key=lambda genre: (-counts[genre], genre))[:GENRES]
        return [_Row("genre", await self._of_genre(tx, viewer, genre, limit), genre=genre) for genre in most]

    async def _of_genre(self, tx: Tx, viewer: Viewer, genre: str, limit: int) -> list[UUID]:
        asked = ItemFilter(facets=[[f"genre:{genre}"]], limit=limit)
        await BY_INDEX.run(tx)
        (row,) = await frequency(asked).fetch(tx)
        found: list[UUID] = []
        for kind in GENRE_KINDS:
            part = replace(asked, kind=kind, is_frequent=row["count"] > FEW)
            found += await _ids(tx, page_of_items(viewer, part, SORTS["-added"]))
        await BY_ANY_WAY.run(tx)
        return sorted(found, reverse=True)[:limit]


@dataclass(frozen=True, slots=True)
class _Row:
    """What is in a row. All that is told of it is read at once for all rows: one film may stand in several."""

    kind: str
    item_ids: Sequence[UUID]
    library_id: UUID | None = None
    genre: str | None = None

    def shown(self, items: Mapping[UUID, Item]) -> HomeRow:
        shown = [items[one] for one in self.item_ids if one in items]
        return HomeRow(kind=self.kind, library_id=self.library_id, genre=self.genre, items=shown)


async def _ids(tx: Tx, statement: Statement) -> list[UUID]:
    return [row["id"] for row in await statement.fetch(tx)]


def recently_added(viewer: Viewer, library_id: UUID, limit: int) -> Statement:
    """Return what came last to a library: films, the series of episodes, the albums of songs, each once."""
    text = sql.SQL("""
        SELECT shown.id
        FROM (
            SELECT latest.* FROM unnest(ARRAY['movie', 'episode', 'track']) AS wanted(kind)
            CROSS JOIN LATERAL (
                SELECT item.id, item.kind, item.parent_id FROM item
                WHERE (item.library_id, item.kind) <= (%(library_id)s, wanted.kind)
                  AND (item.library_id, item.kind) >= (%(library_id)s, wanted.kind) AND {visible}
                ORDER BY item.library_id DESC, item.kind DESC, item.id DESC LIMIT %(latest)s
            ) AS latest
        ) AS latest
        LEFT JOIN LATERAL (
            SELECT above.id, above.parent_id FROM item above WHERE above.id = latest.parent_id LIMIT 1
        ) AS parent ON true
        CROSS JOIN LATERAL (
            SELECT CASE latest.kind WHEN 'movie' THEN latest.id
                WHEN 'episode' THEN coalesce(parent.parent_id, parent.id) ELSE coalesce(parent.id, latest.id) END AS id
        ) AS shown
        GROUP BY shown.id ORDER BY max(latest.id::text) DESC LIMIT %(limit)s
    """)
    values = {**permission.parameters(viewer), "library_id": library_id, "limit": limit, "latest": LATEST}
    return Statement(text.format(visible=permission.item(viewer)), values)
