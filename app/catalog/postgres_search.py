"""The search that PostgreSQL does by itself, in three steps, each of which reads a bounded number of rows:

1. titles that are what was typed, or begin with it: a stretch of the index of titles for each library and kind;
2. documents with all the words, the last one perhaps unfinished: the index of words;
3. if there was next to nothing: the same with the words that may have been meant.

What an earlier step has found comes first. Within a step: whole titles, whole words, words of the title itself; then
films, series and artists before what they are made of; then what more people know, then what came last.

The limit of step 2 (`CANDIDATES`) means that of a word which thousands of items share, only so many are looked at
before the best are shown; where tens of thousands share it, those that most people know (`KNOWN`). What is typed next
makes them fewer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql

from app.accounts.viewer import Viewer
from app.catalog import permission
from app.catalog.index.folding import is_unspaced, key_of, words
from app.catalog.index.spelling import SHORTEST, meant, spellings
from app.catalog.planning import BY_INDEX
from app.catalog.queries import Statement
from app.catalog.searching import SearchQuery
from app.db.tx import Transactions, Tx
from app.library.kinds import ItemKind

CANDIDATES = 2_000
"""Documents that are ranked in a step."""
FREQUENT = 20_000
"""Documents with these words, as PostgreSQL estimates: of more, the index of words names all before the first is looked
at. The best known items are looked at first then."""
KNOWN = 1_000
"""Items of a library, those that most people know, that are looked at for frequent words: of words that one in fifty
has, twenty are among them."""
MAX_WORDS = 12
NEAR = 8
"""Words that one misspelt word may have meant."""
LOOKED_AT = 400
"""Words of the dictionary that are compared to a misspelt one."""
ENOUGH = 3
"""Found so many: nothing was misspelt."""

_RANKS = ["movie", "series", "artist", "album", "track", "episode", "season"]
"""What is shown first of what fits alike."""

_ORDER = sql.SQL("popularity DESC, array_position(%(ranks)s::text[], item.kind), item.id DESC")


class PostgresSearch:
    """A `SearchEngine`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def find(self, viewer: Viewer, asked: SearchQuery) -> list[UUID]:
        typed = looked_for(asked.q)
        if not key_of(asked.q) or not typed:
            return []
        found: dict[UUID, None] = {}
        async with self._transactions.begin() as tx:
            await self._find(tx, viewer, asked, typed, found)
        return list(found)[: asked.limit]

    async def _find(
        self, tx: Tx, viewer: Viewer, asked: SearchQuery, typed: Sequence[str], found: dict[UUID, None]
    ) -> None:
        key = key_of(asked.q)
        await BY_INDEX.run(tx)
        await _add(tx, found, by_title(viewer, asked, key))
        if len(found) >= asked.limit:
            return  # what another step would find comes after all of these
        wanted = Wanted([[word] for word in typed], _is_unfinished(asked.q))
        await self._by_words(tx, viewer, asked, wanted, found)
        if len(found) < ENOUGH:
            await self._guess(tx, viewer, asked, typed, found)

    async def _by_words(
        self, tx: Tx, viewer: Viewer, asked: SearchQuery, wanted: "Wanted", found: dict[UUID, None]
    ) -> None:
        if await _estimate(tx, wanted) > FREQUENT:
            known = await among_known(viewer, asked, wanted).fetch(tx)
            if len(known) >= asked.limit:
                found.update((row["id"], None) for row in known if row["id"] not in found)
                return
        await _add(tx, found, by_words(viewer, asked, wanted))

    async def _guess(
        self, tx: Tx, viewer: Viewer, asked: SearchQuery, typed: Sequence[str], found: dict[UUID, None]
    ) -> None:
        unfinished = _is_unfinished(asked.q)
        alternatives: list[list[str]] = []
        for place, word in enumerate(typed):
            near: list[str] = []
            if len(word) >= SHORTEST and word.isalpha() and not is_unspaced(word):
                rows = await near_words(word).fetch(tx)
                is_last = unfinished and place == len(typed) - 1
                near = meant(word, [row["word"] for row in rows], is_unfinished=is_last, limit=NEAR)
            alternatives.append(list(dict.fromkeys([word, *near])))
        if any(len(words) > 1 for words in alternatives):
            await _add(tx, found, by_words(viewer, asked, Wanted(alternatives, unfinished)))


async def _add(tx: Tx, found: dict[UUID, None], statement: Statement) -> None:
    for row in await statement.fetch(tx):
        found.setdefault(row["id"])


def looked_for(q: str) -> list[str]:
    """Return the words to look for. Of two and more characters without spaces their pairs are enough."""
    typed = words(q)
    paired = {character for word in typed if len(word) > 1 and is_unspaced(word) for character in word}
    return [word for word in typed if word not in paired][:MAX_WORDS]


def _is_unfinished(q: str) -> bool:
    """Return whether the last word may go on: nothing has been typed behind it."""
    return bool(q) and q[-1].isalnum() and not is_unspaced(q[-1])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words any of which may stand in their place."""

    alternatives: Sequence[Sequence[str]]
    is_unfinished: bool
    """The last one may go on."""

    def tsquery(self, weight: str = "") -> str:
        groups = []
        for place, meanings in enumerate(self.alternatives):
            goes_on = self.is_unfinished and place == len(self.alternatives) - 1
            marks = f":{'*' if goes_on else ''}{weight}".rstrip(":")
            groups.append("(" + " | ".join(f"'{word}'{marks}" for word in meanings) + ")")
        return " & ".join(groups)


def _parameters(viewer: Viewer, asked: SearchQuery) -> dict[str, Any]:
    return {
        **permission.parameters(viewer),
        "library_id": asked.library_id,
        "kinds": list(ItemKind) if asked.kind is None else [asked.kind],
        "ranks": _RANKS,
        "limit": asked.limit,
    }


def by_title(viewer: Viewer, asked: SearchQuery, key: str) -> Statement:
    """Return items whose title is this, or begins with it."""
    text = sql.SQL("""
        WITH begun AS MATERIALIZED (
            SELECT title.id, title.kind, min(title.rank) AS rank
            FROM unnest(ARRAY(
                SELECT library.id FROM library
                WHERE {sees} AND (%(library_id)s::uuid IS NULL OR library.id = %(library_id)s::uuid)
            )) AS library(id)
            CROSS JOIN unnest(%(kinds)s::text[]) AS wanted(kind)
            CROSS JOIN LATERAL (
                SELECT item.id, item.kind,
                    CASE WHEN search_title.key = %(key)s THEN 0
                        WHEN substr(search_title.key, length(%(key)s) + 1, 1) = ' ' THEN 1 ELSE 2 END AS rank
                FROM search_title CROSS JOIN LATERAL (
                    SELECT item.id, item.kind FROM item WHERE item.id = search_title.item_id AND {visible} LIMIT 1
                ) AS item
                WHERE search_title.library_id = library.id AND search_title.kind = wanted.kind
                  AND search_title.key >= %(key)s AND search_title.key < %(end)s
                ORDER BY search_title.key LIMIT %(limit)s
            ) AS title
            GROUP BY title.id, title.kind
        )
        SELECT item.id FROM begun AS item CROSS JOIN LATERAL (
            SELECT search_document.popularity FROM search_document WHERE search_document.item_id = item.id LIMIT 1
        ) AS document
        ORDER BY item.rank, {order} LIMIT %(limit)s
    """)
    composed = text.format(sees=permission.library("library", "id"), visible=permission.item(viewer), order=_ORDER)
    return Statement(composed, {**_parameters(viewer, asked), "key": key, "end": key + "\U0010ffff"})


_PLAN = sql.SQL("EXPLAIN (FORMAT JSON) SELECT FROM search_document document WHERE document.words @@ %(words)s::tsquery")


async def _estimate(tx: Tx, wanted: "Wanted") -> int:
    """Return how many documents PostgreSQL takes to have these words. Nothing is read for it but its statistics."""
    row = await (await tx.connection.execute(_PLAN, {"words": wanted.tsquery()})).fetchone()
    plan: Any = row[0] if row is not None else []
    return int(plan[0]["Plan"]["Plan Rows"])


def among_known(viewer: Viewer, asked: SearchQuery, wanted: "Wanted") -> Statement:
    """Return items with all these words, of those that most people know: a stretch of an index for each library."""
    text = sql.SQL("""
        SELECT item.id FROM (
            SELECT known.item_id AS id, known.kind, known.popularity, known.words @@ %(own)s::tsquery AS is_own
            FROM unnest(ARRAY(
                SELECT library.id FROM library
                WHERE {sees} AND (%(library_id)s::uuid IS NULL OR library.id = %(library_id)s::uuid)
            )) AS library(id)
            CROSS JOIN LATERAL (
                SELECT document.* FROM search_document document
                WHERE document.library_id = library.id
                ORDER BY document.popularity DESC, document.item_id DESC LIMIT %(known)s
            ) AS known
            WHERE known.words @@ %(words)s::tsquery AND known.kind = ANY(%(kinds)s)
        ) AS item
        CROSS JOIN LATERAL (
            SELECT FROM item AS shown WHERE shown.id = item.id AND {visible} LIMIT 1
        ) AS shown
        ORDER BY item.is_own DESC, {order} LIMIT %(limit)s
    """)
    composed = text.format(
        sees=permission.library("library", "id"), visible=permission.item(viewer, "shown"), order=_ORDER
    )
    values = {"words": wanted.tsquery(), "own": wanted.tsquery("A"), "known": KNOWN}
    return Statement(composed, {**_parameters(viewer, asked), **values})


_OF_AGE = sql.SQL("""CROSS JOIN LATERAL (
    SELECT FROM item AS shown WHERE shown.id = found.item_id AND {visible} LIMIT 1
) AS shown""")
"""Whose age is limited has each candidate looked at, or all of them might be for others; whose is not, those shown."""


def by_words(viewer: Viewer, asked: SearchQuery, wanted: Wanted) -> Statement:
    """Return items whose documents have all these words.

    Items are looked up one by one: joined to a guess of how many there are, all of them might be read. `BY_INDEX` is to
    be said before.
    """
    text = sql.SQL("""
        WITH found AS MATERIALIZED (
            SELECT document.item_id, document.kind, document.popularity, document.words @@ %(own)s::tsquery AS is_own
            FROM search_document document
            WHERE document.words @@ %(words)s::tsquery AND document.kind = ANY(%(kinds)s)
              AND {in_sight} AND (%(library_id)s::uuid IS NULL OR document.library_id = %(library_id)s::uuid)
        )
        SELECT item.id FROM (
            SELECT * FROM (SELECT found.item_id AS id, found.* FROM found {seen} LIMIT %(candidates)s) AS item
            ORDER BY item.is_own DESC, {order}
        ) AS item
        CROSS JOIN LATERAL (
            SELECT FROM item AS shown WHERE shown.id = item.id AND {visible} LIMIT 1
        ) AS shown
        ORDER BY item.is_own DESC, {order} LIMIT %(limit)s
    """)
    visible = permission.item(viewer, "shown")
    composed = text.format(
        in_sight=permission.library("document", "library_id"),
        seen=sql.SQL("") if viewer.max_age is None else _OF_AGE.format(visible=visible),
        visible=visible,
        order=_ORDER,
    )
    return Statement(
        composed,
        {
            **_parameters(viewer, asked),
            "words": wanted.tsquery(),
            "own": wanted.tsquery("A"),
            "candidates": CANDIDATES,
        },
    )


def near_words(word: str) -> Statement:
    """Return words that have a spelling in common with this one. `BY_INDEX` is to be said before."""
    text = sql.SQL("SELECT word FROM search_word WHERE spellings && %(spellings)s::text[] LIMIT %(limit)s")
    return Statement(text.format(), {"spellings": spellings(word), "limit": LOOKED_AT})
