"""Makes the documents of items that wait for it, a batch a transaction, and writes those that came out different."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from app.accounts.viewer import LOCAL_ADMINISTRATOR
from app.catalog.index.documents import VERSION, Document, document
from app.catalog.index.spelling import SHORTEST, spellings
from app.catalog.parts import read_items
from app.catalog.typesense.requests import TypesenseRequests
from app.catalog.views import Item
from app.db.tx import Transactions, Tx

BATCH = 500
"""Items a transaction. The locks are held as long as it takes, half a second; more made nothing faster."""

MAKERS = 0x7265_7665_6E67_67
"""The advisory lock of whoever makes documents: of two, the one that read an item first could write it last."""

_LOCK = sql.SQL("SELECT pg_advisory_xact_lock(%s)")

_TAKE = sql.SQL("""
    DELETE FROM search_pending WHERE id IN (SELECT id FROM search_pending ORDER BY id LIMIT %s)
    RETURNING item_id
""")

_HOLD = sql.SQL("SELECT id FROM item WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE SKIP LOCKED")
"""They must be there until their documents are. Who locks one against this is deleting it."""

_OTHER_TITLES = sql.SQL("""
    SELECT DISTINCT item_id, title FROM item_text WHERE item_id = ANY(%s) AND title IS NOT NULL ORDER BY item_id, title
""")

_PUT = sql.SQL("""
    INSERT INTO search_document AS document (item_id, library_id, kind, version, words, facets, popularity, released_on,
        rating, duration_ms, shuffle)
    SELECT new.item_id, new.library_id, new.kind, %(version)s, new.words::tsvector,
        ARRAY(SELECT jsonb_array_elements_text(new.facets)), new.popularity, new.released_on, new.rating,
        new.duration_ms, new.shuffle
    FROM unnest(%(item_id)s::uuid[], %(library_id)s::uuid[], %(kind)s::text[], %(words)s::text[], %(facets)s::jsonb[],
        %(popularity)s::int[], %(released_on)s::date[], %(rating)s::real[], %(duration_ms)s::bigint[],
        %(shuffle)s::int[])
        AS new (item_id, library_id, kind, words, facets, popularity, released_on, rating, duration_ms, shuffle)
    ON CONFLICT (item_id) DO UPDATE
    SET library_id = excluded.library_id, kind = excluded.kind, version = excluded.version, words = excluded.words,
        facets = excluded.facets, popularity = excluded.popularity, released_on = excluded.released_on,
        rating = excluded.rating, duration_ms = excluded.duration_ms, shuffle = excluded.shuffle
    WHERE (document.library_id, document.kind, document.version, document.words, document.facets, document.popularity,
            document.released_on, document.rating, document.duration_ms)
        IS DISTINCT FROM (excluded.library_id, excluded.kind, excluded.version, excluded.words, excluded.facets,
            excluded.popularity, excluded.released_on, excluded.rating, excluded.duration_ms)
    RETURNING document.item_id
""")

_TITLES = sql.SQL("""
    SELECT item_id, library_id, kind, key FROM search_title WHERE item_id = ANY(%s) ORDER BY item_id, position
""")
_FORGET_TITLES = sql.SQL("DELETE FROM search_title WHERE item_id = ANY(%s)")
_ADD_TITLES = sql.SQL("""
    INSERT INTO search_title (item_id, position, library_id, kind, key)
    SELECT * FROM unnest(%s::uuid[], %s::smallint[], %s::uuid[], %s::text[], %s::text[])
""")
_RANK_TITLES = sql.SQL("""
    UPDATE search_title title SET popularity = new.popularity
    FROM unnest(%s::uuid[], %s::int[]) AS new (item_id, popularity)
    WHERE title.item_id = new.item_id AND title.popularity <> new.popularity
""")
"""Votes come and go; that renames nothing below."""

_SETTLE = sql.SQL("SELECT gin_clean_pending_list(%s::regclass)")
"""What was just written lies beside the index, where every search reads all of it, until somebody puts it in."""

_NEW_WORDS = sql.SQL("""
    SELECT new.word FROM unnest(%s::text[]) AS new (word)
    WHERE NOT EXISTS (SELECT FROM search_word known WHERE known.word = new.word)
""")
_ADD_WORDS = sql.SQL("""
    INSERT INTO search_word (word, spellings)
    SELECT new.word, ARRAY(SELECT jsonb_array_elements_text(new.spellings))
    FROM unnest(%s::text[], %s::jsonb[]) AS new (word, spellings)
    ON CONFLICT (word) DO NOTHING
""")

_ASK_DEPENDENTS = sql.SQL("""
    INSERT INTO search_pending (item_id)
    SELECT child.id FROM item child WHERE child.parent_id = ANY(%(renamed)s)
    UNION
    SELECT grandchild.id FROM item child JOIN item grandchild ON grandchild.parent_id = child.id
    WHERE child.parent_id = ANY(%(renamed)s)
    UNION
    SELECT credit.item_id FROM item_artist credit WHERE credit.artist_id = ANY(%(renamed)s)
""")
"""Episodes carry the name of their series, songs those of their album and artists."""

_ASK_STALE = sql.SQL("""
    INSERT INTO search_pending (item_id)
    SELECT item.id FROM item LEFT JOIN search_document document ON document.item_id = item.id
    WHERE %(everything)s OR document.item_id IS NULL OR document.version <> %(version)s ORDER BY item.id
""")


@dataclass(frozen=True, slots=True)
class Indexed:
    taken: int
    written: int


class Indexer:
    def __init__(self, transactions: Transactions, typesense: TypesenseRequests) -> None:
        self._transactions = transactions
        self._typesense = typesense

    async def index_some(self) -> Indexed:
        """Make the documents of a batch. Nothing taken: nothing waits."""
        async with self._transactions.begin() as tx:
            await tx.connection.execute(_LOCK, [MAKERS])
            taken = await (await tx.connection.execute(_TAKE, [BATCH])).fetchall()
            item_ids = list(dict.fromkeys(UUID(str(row[0])) for row in taken))
            written = await self._index(tx, item_ids) if item_ids else 0
            await self._typesense.changed(tx, item_ids)
        return Indexed(len(taken), written)

    async def settle(self) -> None:
        """Put what was written into the indexes for good: a few milliseconds, or as much as was written."""
        for index in ("ix_search_document_words", "ix_search_document_facets", "ix_search_word_spellings"):
            async with self._transactions.begin() as tx:
                await tx.connection.execute(_SETTLE, [index])

    async def ask_for_stale(self, tx: Tx, *, everything: bool = False) -> int:
        """Ask for the documents of all items that have none of these rules, or of all there are. Returns how many."""
        return (await tx.connection.execute(_ASK_STALE, {"everything": everything, "version": VERSION})).rowcount

    async def _index(self, tx: Tx, item_ids: Sequence[UUID]) -> int:
        there = await (await tx.connection.execute(_HOLD, [list(item_ids)])).fetchall()
        made = [made for _, made in await documents_of(tx, [UUID(str(row[0])) for row in there])]
        if not made:
            return 0  # all of them are gone again
        written = await (await tx.connection.execute(_PUT, _columns(made))).fetchall()
        await self._put_titles(tx, made)
        known = [one for one in made if one.titles]
        await tx.connection.execute(_RANK_TITLES, [[one.item_id for one in known], [one.popularity for one in known]])
        await self._learn(tx, sorted({word for one in made for word in one.dictionary if len(word) >= SHORTEST}))
        return len(written)

    async def _put_titles(self, tx: Tx, made: Sequence[Document]) -> None:
        rows = await (await tx.connection.execute(_TITLES, [[one.item_id for one in made]])).fetchall()
        before = {key: [row[1:] for row in group] for key, group in groupby(rows, key=lambda row: UUID(str(row[0])))}
        wanted = {one.item_id: [(one.library_id, one.kind, key) for key in one.titles] for one in made}
        changed = [item_id for item_id, titles in wanted.items() if before.get(item_id, []) != titles]
        if not changed:
            return
        known = [item_id for item_id in changed if item_id in before]
        if known:
            await tx.connection.execute(_FORGET_TITLES, [known])
            await tx.connection.execute(_ASK_DEPENDENTS, {"renamed": known})
        table = [(item_id, position, *title) for item_id in changed for position, title in enumerate(wanted[item_id])]
        if table:
            await tx.connection.execute(_ADD_TITLES, [list(column) for column in zip(*table, strict=True)])

    async def _learn(self, tx: Tx, words: list[str]) -> None:
        new = [str(row[0]) for row in await (await tx.connection.execute(_NEW_WORDS, [words])).fetchall()]
        if new:
            await tx.connection.execute(_ADD_WORDS, [new, [_json(spellings(word)) for word in new]])


async def documents_of(tx: Tx, item_ids: Sequence[UUID]) -> list[tuple[Item, Document]]:
    """Return these items, of those that there are, and what each is found by."""
    others = _grouped(await (await tx.connection.execute(_OTHER_TITLES, [list(item_ids)])).fetchall())
    items = await read_items(tx, LOCAL_ADMINISTRATOR, item_ids)
    return [(item, document(item, others.get(item.id, ()))) for item in items]


def _grouped(rows: Iterable[tuple[Any, ...]]) -> Mapping[UUID, list[str]]:
    return {key: [row[1] for row in group] for key, group in groupby(rows, key=lambda row: row[0])}


_PLAIN = ("item_id", "library_id", "kind", "words", "popularity", "released_on", "rating", "duration_ms", "shuffle")


def _columns(made: Sequence[Document]) -> dict[str, Any]:
    plain = {name: [getattr(one, name) for one in made] for name in _PLAIN}
    return {**plain, "facets": [_json(one.facets) for one in made], "version": VERSION}


def _json(texts: Sequence[str]) -> Any:
    """Lists of different lengths make no array of arrays: each travels as JSON."""
    return Jsonb(texts)
