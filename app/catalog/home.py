"""What greets somebody: what came last to each library, and something of the genres there is most of.

Every row reads a bounded number of rows by an index of its own, whatever the libraries hold.
"""

from dataclasses import replace
from uuid import UUID

from psycopg import sql

from app.accounts.viewer import Viewer
from app.catalog import permission, queries, seen
from app.catalog.facets import count_facets, facets_of
from app.catalog.paging import FEW, ItemFilter, frequency, page_of_items
from app.catalog.parts import read_items
from app.catalog.planning import BY_ANY_WAY, BY_INDEX
from app.catalog.queries import Statement
from app.catalog.sorting import SORTS
from app.catalog.views import Home, HomeRow, Item
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
            rows = await self._seen(tx, viewer, limit)
            rows += [*await self._added(tx, viewer, limit), *await self._genres(tx, viewer, limit)]
        return Home(rows=[row for row in rows if row.items])

    async def _seen(self, tx: Tx, viewer: Viewer, limit: int) -> list[HomeRow]:
        rows = []
        for kind, ask in (("continue_watching", seen.to_resume), ("next_up", seen.next_up)):
            found = await ask(viewer, limit).fetch(tx)
            rows.append(HomeRow(kind=kind, items=await read_items(tx, viewer, [row["id"] for row in found])))
        return rows

    async def _added(self, tx: Tx, viewer: Viewer, limit: int) -> list[HomeRow]:
        rows = []
        for library in (await queries.libraries(viewer).fetch(tx))[:LIBRARIES]:
            found = await recently_added(viewer, library["id"], limit).fetch(tx)
            items = await read_items(tx, viewer, [row["id"] for row in found])
            rows.append(HomeRow(kind="recently_added", library_id=library["id"], items=items))
        return rows

    async def _genres(self, tx: Tx, viewer: Viewer, limit: int) -> list[HomeRow]:
        counts: dict[str, int] = {}
        for kind in GENRE_KINDS:
            counted = facets_of(await count_facets(viewer, ItemFilter(kind=kind, limit=1), DRAWN).fetch(tx))
            for genre in counted.genres:
                counts[genre.value] = counts.get(genre.value, 0) + genre.count
        most = sorted(counts, key=lambda genre: (-counts[genre], genre))[:GENRES]
        return [
            HomeRow(kind="genre", genre=genre, items=await self._of_genre(tx, viewer, genre, limit)) for genre in most
        ]

    async def _of_genre(self, tx: Tx, viewer: Viewer, genre: str, limit: int) -> list[Item]:
        asked = ItemFilter(facets=[[f"genre:{genre}"]], limit=limit)
        await BY_INDEX.run(tx)
        (row,) = await frequency(asked).fetch(tx)
        found: list[UUID] = []
        for kind in GENRE_KINDS:
            part = replace(asked, kind=kind, is_frequent=row["count"] > FEW)
            found += [one["id"] for one in await page_of_items(viewer, part, SORTS["-added"]).fetch(tx)]
        await BY_ANY_WAY.run(tx)
        return await read_items(tx, viewer, sorted(found, reverse=True)[:limit])


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
