"""The search that PostgreSQL does by itself, in three steps, each of which reads a bounded number of rows:

1. titles that are what was typed, or begin with it: a stretch of the index of titles for each library and kind;
2. documents with all the words, the last one perhaps unfinished: the index of words;
3. if there was next to nothing: the same with the words that may have been meant.

What an earlier step has found comes first. Within a step: whole titles, whole words, words of the title itself; then
films, series and artists before what they are made of; then what more people know, then what came last.

The limit of step 2 (`CANDIDATES`) means that of a word which thousands of items share, only so many are looked at
before the best are shown: those that more people know, and films, series and artists, before the rest
(`documents.CLASSES`). What is typed next makes them fewer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql

from app.accounts.viewer import Viewer
from app.catalog import permission
from app.catalog.index.documents import CLASSES, kind_mark, library_mark
from app.catalog.index.folding import is_unspaced, key_of, words
from app.catalog.index.spelling import SHORTEST, meant, spellings
from app.catalog.planning import BY_INDEX
from app.catalog.queries import Statement
from app.catalog.searching import SearchQuery
from app.catalog.wanted import Wanted
from app.db.tx import Transactions, Tx
from app.library.kinds import ItemKind

CANDIDATES = 100
"""Documents that are ranked of those with frequent words, or five for each that is shown."""
LOOKED_AT = 1_000
"""Documents that are read in a step at most. What PostgreSQL takes to be in no more of them is rare: all are ranked."""
FREQUENT = 10_000
"""Documents. What begins so is no question to the index of words, which would name all of them before the first is
looked at."""
MAX_WORDS = 12
NEAR = 8
"""Words that one misspelt word may have meant."""
COMPARED = 400
"""Words of the dictionary that are compared to a misspelt one."""
ENOUGH = 3
"""Found so many: nothing was misspelt."""
MARKED_LIBRARIES = 32
"""A viewer of more is taken for one who sees most documents."""

NOWHERE = "@"
"""Where nobody's library is."""

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
        await BY_INDEX.run(tx)
        titled = await by_title(viewer, asked, key_of(asked.q)).fetch(tx)
        _add(found, titled)
        if len(found) >= asked.limit:
            return  # what another step would find comes after all of these
        wanted = Wanted([[word] for word in typed], is_unfinished=_is_unfinished(asked.q))
        _add(found, await by_words(viewer, asked, wanted, await lookup(tx, wanted)).fetch(tx))
        if not _is_found(titled, found, typed):
            await self._guess(tx, viewer, asked, typed, found)

    async def _guess(
        self, tx: Tx, viewer: Viewer, asked: SearchQuery, typed: Sequence[str], found: dict[UUID, None]
    ) -> None:
        misspelt = [word for word in typed if len(word) >= SHORTEST and word.isalpha() and not is_unspaced(word)]
        compared: dict[str, list[str]] = {}
        for row in await near_words(misspelt).fetch(tx) if misspelt else ():
            compared.setdefault(row["typed"], []).append(row["word"])
        alternatives: list[list[str]] = []
        for place, word in enumerate(typed):
            is_last = place == len(typed) - 1 and _is_unfinished(asked.q)
            near = meant(word, compared.get(word, []), is_unfinished=is_last, limit=NEAR)
            alternatives.append(list(dict.fromkeys([word, *near])))
        if any(len(words) > 1 for words in alternatives):
            wanted = Wanted(alternatives, is_unfinished=False)  # they are words of documents, whole ones
            _add(found, await by_words(viewer, asked, wanted, await lookup(tx, wanted)).fetch(tx))


def _add(found: dict[UUID, None], rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        found.setdefault(row["id"])


def _is_found(titled: Sequence[Mapping[str, Any]], found: Mapping[UUID, None], typed: Sequence[str]) -> bool:
    """Return whether nothing was misspelt: it is a title, enough was found, or several words met in one document."""
    return any(row["rank"] == 0 for row in titled) or len(found) >= (ENOUGH if len(typed) == 1 else 1)


def looked_for(q: str) -> list[str]:
    """Return the words to look for. Of two and more characters without spaces their pairs are enough."""
    typed = words(q)
    paired = {character for word in typed if len(word) > 1 and is_unspaced(word) for character in word}
    return [word for word in typed if word not in paired][:MAX_WORDS]


def _is_unfinished(q: str) -> bool:
    """Return whether the last word may go on: nothing has been typed behind it."""
    return bool(q) and q[-1].isalnum() and not is_unspaced(q[-1])


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the index of words is asked for, if that is not all that is wanted; what it finds is looked at then."""

    words: Wanted
    is_rare: bool
    """All that it finds can be ranked."""


async def lookup(tx: Tx, wanted: Wanted) -> Lookup:
    """Choose what the index is asked for: all that is wanted, or, where the last word has only begun, the others."""
    others = wanted.but_the_last()
    if not wanted.is_unfinished:
        (whole,) = await _estimates(tx, [wanted])
        return Lookup(wanted, is_rare=whole <= LOOKED_AT)
    if others is None:
        (begun,) = await _estimates(tx, [wanted])
        return Lookup(wanted if begun <= FREQUENT else wanted.finished(), is_rare=begun <= LOOKED_AT)
    whole, begun, rest = await _estimates(tx, [wanted, wanted.only_the_last(), others])
    if rest <= LOOKED_AT or begun > FREQUENT:
        return Lookup(others, is_rare=rest <= LOOKED_AT)
    return Lookup(wanted, is_rare=whole <= LOOKED_AT)


def _parameters(viewer: Viewer, asked: SearchQuery) -> dict[str, Any]:
    return {
        **permission.parameters(viewer),
        "library_id": asked.library_id,
        "kinds": list(ItemKind) if asked.kind is None else [asked.kind],
        "ranks": _RANKS,
        "limit": asked.limit,
    }


_SHOWN = sql.SQL("CROSS JOIN LATERAL (SELECT FROM item AS shown WHERE shown.id = {} AND {} LIMIT 1) AS shown")


def _shown(viewer: Viewer, item_id: sql.Composable) -> sql.Composable:
    """Whose age is limited has each item looked at. For all others its library decides, and that is beside it."""
    if viewer.max_age is None:
        return sql.SQL("")
    return _SHOWN.format(item_id, permission.item(viewer, "shown"))


def by_title(viewer: Viewer, asked: SearchQuery, key: str) -> Statement:
    """Return items whose title is this (their `rank` is 0), or begins with it."""
    text = sql.SQL("""
        SELECT item.id, item.rank FROM (
            SELECT title.item_id AS id, title.kind, min(title.rank) AS rank, max(title.popularity) AS popularity
            FROM unnest(ARRAY(
                SELECT library.id FROM library
                WHERE {sees} AND (%(library_id)s::uuid IS NULL OR library.id = %(library_id)s::uuid)
            )) AS library(id)
            CROSS JOIN unnest(%(kinds)s::text[]) AS wanted(kind)
            CROSS JOIN LATERAL (
                SELECT search_title.item_id, search_title.kind, search_title.popularity,
                    CASE WHEN search_title.key = %(key)s THEN 0
                        WHEN substr(search_title.key, length(%(key)s) + 1, 1) = ' ' THEN 1 ELSE 2 END AS rank
                FROM (
                    SELECT title.item_id, title.kind, title.key, title.popularity FROM search_title title
                    WHERE title.library_id = library.id AND title.kind = wanted.kind
                      AND title.key >= %(key)s AND title.key < %(end)s
                    ORDER BY title.key LIMIT %(looked_at)s
                ) AS search_title {shown}
                ORDER BY search_title.key LIMIT %(limit)s
            ) AS title
            GROUP BY title.item_id, title.kind
        ) AS item
        ORDER BY item.rank, {order} LIMIT %(limit)s
    """)
    shown = _shown(viewer, sql.Identifier("search_title", "item_id"))
    composed = text.format(sees=permission.library("library", "id"), shown=shown, order=_ORDER)
    values = {"key": key, "end": key + "\U0010ffff", "looked_at": asked.limit if viewer.max_age is None else LOOKED_AT}
    return Statement(composed, {**_parameters(viewer, asked), **values})


async def _estimates(tx: Tx, asked: Sequence[Wanted]) -> list[int]:
    """Return how many documents PostgreSQL takes to have these words. Nothing is read for it but its statistics."""
    one = sql.SQL("{} AS MATERIALIZED (SELECT FROM search_document document WHERE document.words @@ {}::tsquery)")
    names = [f"words_{place}" for place in range(len(asked))]
    parts = [one.format(sql.Identifier(name), sql.Placeholder(name)) for name in names]
    plan = sql.SQL("EXPLAIN (FORMAT JSON) WITH {} SELECT FROM {}").format(
        sql.SQL(", ").join(parts), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    values = {name: wanted.tsquery() for name, wanted in zip(names, asked, strict=True)}
    row = await (await tx.connection.execute(plan, values)).fetchone()
    told: Any = row[0] if row is not None else []
    rows = {node["Subplan Name"]: int(node["Plan Rows"]) for node in told[0]["Plan"]["Plans"] if "Subplan Name" in node}
    return [rows[f"CTE {name}"] for name in names]


_OF_CLASS = sql.SQL("""(
    SELECT document.item_id, document.kind, document.popularity, document.words FROM search_document document
    WHERE document.words @@ {}::tsquery AND document.kind = ANY(%(kinds)s)
      AND {} AND (%(library_id)s::uuid IS NULL OR document.library_id = %(library_id)s::uuid) {}
)""")

_OTHERS = sql.SQL("AND (document.words @@ %(classes)s::tsquery) IS NOT TRUE")
"""What is of none of the classes before. Said so, it is no question to the index, which would name a million."""


def by_words(viewer: Viewer, asked: SearchQuery, wanted: Wanted, lookup: Lookup) -> Statement:
    """Return items whose documents have all the words that are wanted; the index is asked for those of `lookup`.

    Of frequent words class by class, and none is looked into once enough are found. `BY_INDEX` is to be said before.
    """
    text = sql.SQL("""
        SELECT item.id FROM (
            SELECT document.item_id AS id, document.kind, document.popularity,
                document.words @@ %(own)s::tsquery AS is_own
            FROM (SELECT * FROM ({classes}) AS document LIMIT %(looked_at)s) AS document {shown}
            {all_words}
            LIMIT %(candidates)s
        ) AS item
        ORDER BY item.is_own DESC, {order} LIMIT %(limit)s
    """)
    queries = [lookup.words.tsquery()] if lookup.is_rare else _class_queries(viewer, asked, lookup.words)
    in_sight = permission.library("document", "library_id")
    parts = [
        _OF_CLASS.format(
            sql.Placeholder(f"class_{place}"),
            in_sight,
            _OTHERS if place and place == len(queries) - 1 else sql.SQL(""),
        )
        for place in range(len(queries))
    ]
    is_all = lookup.words is wanted
    composed = text.format(
        classes=sql.SQL(" UNION ALL ").join(parts),
        shown=_shown(viewer, sql.Identifier("document", "item_id")),
        all_words=sql.SQL("" if is_all else "WHERE (document.words @@ %(words)s::tsquery) IS TRUE"),
        order=_ORDER,
    )
    candidates = LOOKED_AT if lookup.is_rare else max(CANDIDATES, 5 * asked.limit)
    values = {
        **_parameters(viewer, asked),
        **{f"class_{place}": query for place, query in enumerate(queries)},
        "classes": _any_class(CLASSES[:-1]),
        "words": wanted.tsquery(),
        "own": wanted.tsquery("A"),
        "candidates": candidates,
        "looked_at": candidates if is_all and viewer.max_age is None else LOOKED_AT,
    }
    return Statement(composed, values)


def _class_queries(viewer: Viewer, asked: SearchQuery, words: Wanted) -> list[str]:
    """Return a question for each class, and one for all that is of none of them."""
    marks = []
    if asked.kind is not None:
        marks.append([kind_mark(asked.kind)])
    seen = [asked.library_id] if asked.library_id is not None else viewer.libraries
    if seen is not None and len(seen) <= MARKED_LIBRARIES:
        marks.append([library_mark(library_id) for library_id in sorted(seen)] or [NOWHERE])
    # The index names all beginnings before the first is looked at: not five times.
    classes = [CLASSES[:-1]] if words.is_unfinished else [[one] for one in CLASSES[:-1]]
    return [*(words.tsquery(marks=[*marks, one]) for one in classes), words.tsquery(marks=marks)]


def _any_class(classes: Sequence[str]) -> str:
    return " | ".join(f"'{one}'" for one in classes)


def near_words(typed: Sequence[str]) -> Statement:
    """Return words that have a spelling in common with these. `BY_INDEX` is to be said before."""
    parts: list[sql.Composed] = []
    values: dict[str, Any] = {}
    for place, word in enumerate(typed):
        parts.append(
            sql.SQL(
                "(SELECT {typed} AS typed, word FROM search_word WHERE spellings && {spellings}::text[] LIMIT {limit})"
            ).format(
                typed=sql.Placeholder(f"typed_{place}"),
                spellings=sql.Placeholder(f"spellings_{place}"),
                limit=sql.Literal(COMPARED),
            )
        )
        values |= {f"typed_{place}": word, f"spellings_{place}": spellings(word)}
    return Statement(sql.SQL(" UNION ALL ").join(parts), values)
