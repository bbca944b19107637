"""The statement for one page of items, in any order and with any filters; rows of `id` and the sort's keys.

Two ways, and each reads a bounded number of rows: walk the index of the order, if nothing restricts or if what is asked
for is frequent; or find what is asked for by its own index, and sort that, if it is little.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import sql

from app.accounts.viewer import Viewer
from app.catalog import permission
from app.catalog.queries import Statement
from app.catalog.search import VECTOR
from app.catalog.seen_filter import SeenFilter
from app.catalog.sorting import Sort
from app.library.kinds import ItemKind
from app.playback.watching.states import viewer_id

FEW = 5_000
"""Items that are sorted for a page; of more, enough are met soon in any order. A page reads some hundred rows of a
thousand times as many then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """What is None does not restrict."""

    library_id: UUID | None = None
    kind: str | None = None
    parent_id: UUID | None = None
    artist_id: UUID | None = None
    """Credited to this artist, whoever the first one is."""
    person_id: UUID | None = None
    words: str | None = None
    """A tsquery."""
    facets: Sequence[Sequence[str]] = ()
    """One of each must be among an item's facets."""
    since: UUID | None = None
    """The least key."""
    until: int | None = None
    """Shuffled before this."""
    is_frequent: bool = False
    """There are more than `FEW` with these facets."""
    seen: SeenFilter = field(default_factory=SeenFilter)
    seen_is_frequent: bool = False
    """The viewer has more than `FEW` rows of everything that is to be so."""
    after: Sequence[object] | None = None
    """The keys of the last row shown before."""
    limit: int

    @property
    def is_narrow(self) -> bool:
        """What is asked for hangs together by something with an index of its own."""
        asked = (self.parent_id, self.artist_id, self.person_id, self.words)
        return any(one is not None for one in asked)

    @property
    def is_few(self) -> bool:
        """What is asked for is found by an index of its own, and sorted."""
        return self.is_narrow or (bool(self.facets) and not self.is_frequent) or self.is_looked_up

    def parameters(self, viewer: Viewer) -> dict[str, Any]:
        after = {f"after_{place}": key for place, key in enumerate(self.after or ())}
        facets = {f"facets_{place}": list(group) for place, group in enumerate(self.facets)}
        return {
            **permission.parameters(viewer),
            **after,
            **facets,
            "viewer_id": viewer_id(viewer.account_id),
            "library_id": self.library_id,
            "kind": self.kind,
            "kinds": list(ItemKind) if self.kind is None else [self.kind],
            "parent_id": self.parent_id,
            "artist_id": self.artist_id,
            "person_id": self.person_id,
            "words": self.words,
            "since": self.since,
            "until": self.until,
            "limit": self.limit,
        }

    @property
    def is_looked_up(self) -> bool:
        """The viewer's own rows find it, for those are few."""
        return self.seen.is_looked_up and not self.seen_is_frequent and not self.is_narrow

    def items(self) -> sql.Composed:
        """What to select from, as `item`."""
        return self.seen.items() if self.is_looked_up else sql.SQL("item").format()

    def of_document(self) -> list[sql.Composable]:
        """Conditions that an item's document decides."""
        found: list[sql.Composable] = [
            sql.SQL("document.facets && {}::text[]").format(sql.Placeholder(f"facets_{place}"))
            for place in range(len(self.facets))
        ]
        return [*found, *([sql.SQL("document.shuffle < %(until)s")] if self.until is not None else [])]


def page_of_items(viewer: Viewer, asked: ItemFilter, sort: Sort) -> Statement:
    if sort.is_of_viewer:
        return _walk_states(viewer, asked, sort)
    if asked.is_few:
        return _few(viewer, asked, sort)
    return _walk_documents(viewer, asked, sort) if sort.is_of_document else _walk(viewer, asked, sort)


def frequency(asked: ItemFilter) -> Statement:
    """Count what has these facets, as far as `FEW` and one more."""
    text = sql.SQL("""
        SELECT count(*) FROM (SELECT FROM search_document document WHERE {conditions} LIMIT {most}) AS found
    """)
    conditions = sql.SQL(" AND ").join(asked.of_document())
    facets = {f"facets_{place}": list(group) for place, group in enumerate(asked.facets)}
    return Statement(text.format(conditions=conditions, most=sql.Literal(FEW + 1)), {**facets, "until": asked.until})


def frequency_of_seen(viewer: Viewer, asked: ItemFilter) -> Statement:
    """Count the viewer's rows of each thing that is to be so, as far as `FEW` and one more; rows of `count`."""
    limited = sql.SQL("SELECT count(*) FROM ({} LIMIT {}) AS one")
    counted = (limited.format(one, sql.Literal(FEW + 1)) for one in asked.seen.rows())
    return Statement(sql.SQL(" UNION ALL ").join(counted), asked.parameters(viewer))


_COLUMNS = sql.SQL("item.id, item.sort_title, item.year, item.disc_number, item.number")
_OF_DOCUMENT = sql.SQL(
    "document.item_id, document.released_on, document.rating, document.duration_ms, document.shuffle"
)
_AS_DOCUMENT = sql.SQL("""
    CROSS JOIN LATERAL (
        SELECT item.item_id, item.released_on, item.rating, item.duration_ms, item.shuffle
    ) AS document
""")
"""Columns of a document under their own name again."""

_SINCE = sql.SQL("(%(since)s::uuid IS NULL OR item.id >= %(since)s::uuid)")


def _walk(viewer: Viewer, asked: ItemFilter, sort: Sort) -> Statement:
    """Walk every (library, kind) that is asked for along the sort's own index, and merge what they begin with.

    So each order needs one index, whatever the question leaves open, and a page reads `limit` rows of each at most. For
    a viewer with an age limit there is a second one, and every age they may see is walked: (library, kind, age).
    The place is bounded from both sides rather than equated: of equal columns PostgreSQL knows that they need no
    order, and then takes an index without them, which for a kind that a library has none of it reads to the end.
    The libraries come as an array because a table that small is never analysed, and taken for one of hundreds of rows.
    """
    columns: tuple[sql.SQL, ...] = (sql.SQL("item.library_id"), sql.SQL("item.kind"))
    wanted, ages = sql.SQL("library.id, wanted.kind"), sql.SQL("")
    if viewer.max_age is not None:
        columns = (*columns, permission.AGE_OF_ITEM)
        wanted = sql.SQL("library.id, wanted.kind, allowed.age")
        ages = sql.SQL("CROSS JOIN unnest(%(ages)s::int[]) AS allowed(age)")
    text = sql.SQL("""
        SELECT item.*
        FROM {places}
        CROSS JOIN LATERAL (
            SELECT {columns}, {keys}
            FROM item {with_document}
            WHERE {bounds} AND {since} AND {seen}
            ORDER BY {order_of_index}
            LIMIT %(limit)s
        ) AS item
        ORDER BY {order}
        LIMIT %(limit)s
    """)
    with_document: sql.Composable = sql.SQL("")
    if asked.facets:
        with_document = sql.SQL("""CROSS JOIN LATERAL (
            SELECT FROM search_document document WHERE document.item_id = item.id AND {} LIMIT 1
        ) AS described""").format(sql.SQL(" AND ").join(asked.of_document()))
    composed = text.format(
        places=_places(ages),
        columns=_COLUMNS,
        keys=sort.selected_sql,
        with_document=with_document,
        bounds=_bounds(asked, sort, columns, wanted),
        since=_SINCE if asked.since is not None else sql.SQL("true"),
        seen=_all_of(asked.seen.conditions(viewer)),
        order_of_index=sort.order_sql(*columns),
        order=sort.order_sql(),
    )
    return Statement(composed, asked.parameters(viewer))


def _walk_documents(viewer: Viewer, asked: ItemFilter, sort: Sort) -> Statement:
    """Do the same for an order that documents have. Who may see the item is asked of each row on the way."""
    columns = (sql.SQL("document.library_id"), sql.SQL("document.kind"))
    text = sql.SQL("""
        SELECT item.*
        FROM {places}
        CROSS JOIN LATERAL (
            SELECT seen.*, {columns}, {keys}
            FROM search_document document CROSS JOIN LATERAL (
                SELECT {of_item} FROM item WHERE item.id = document.item_id AND {visible} AND {since} AND {seen} LIMIT 1
            ) AS seen
            WHERE {conditions}
            ORDER BY {order_of_index}
            LIMIT %(limit)s
        ) AS item {as_document}
        ORDER BY {order}
        LIMIT %(limit)s
    """)
    conditions = [_bounds(asked, sort, columns, sql.SQL("library.id, wanted.kind")), *asked.of_document()]
    composed = text.format(
        places=_places(sql.SQL("")),
        columns=_OF_DOCUMENT,
        of_item=_COLUMNS,
        keys=sort.selected_sql,
        visible=permission.item(viewer),
        since=_SINCE,
        seen=_all_of(asked.seen.conditions(viewer)),
        conditions=sql.SQL(" AND ").join(conditions),
        as_document=_AS_DOCUMENT,
        order_of_index=sort.order_sql(*columns),
        order=sort.order_sql(),
    )
    return Statement(composed, asked.parameters(viewer))


def _walk_states(viewer: Viewer, asked: ItemFilter, sort: Sort) -> Statement:
    """Walk what the viewer has played, whatever else is asked: bounded by that, and not by what there is."""
    text = sql.SQL("""
        SELECT item.id, {keys} FROM watch_state state
        CROSS JOIN LATERAL (SELECT item.id FROM item {with_document} WHERE {conditions} LIMIT 1) AS item
        WHERE state.viewer_id = %(viewer_id)s AND state.last_played_at IS NOT NULL AND {follows}
        ORDER BY {order} LIMIT %(limit)s
    """)
    composed = text.format(
        keys=sort.selected_sql,
        with_document=_JOINED if asked.of_document() else sql.SQL(""),
        conditions=_all_of([sql.SQL("item.id = state.item_id"), *of_item(viewer, asked), *asked.of_document()]),
        follows=_follows(asked, sort),
        order=sort.order_sql(),
    )
    return Statement(composed, asked.parameters(viewer))


def _places(ages: sql.SQL) -> sql.Composed:
    return sql.SQL("""unnest(ARRAY(
            SELECT library.id FROM library
            WHERE {visible} AND (%(library_id)s::uuid IS NULL OR library.id = %(library_id)s::uuid)
        )) AS library(id)
        CROSS JOIN unnest(%(kinds)s::text[]) AS wanted(kind)
        {ages}""").format(visible=permission.library("library", "id"), ages=ages)


def _bounds(asked: ItemFilter, sort: Sort, columns: Sequence[sql.SQL], wanted: sql.SQL) -> sql.Composed:
    """From where to where a place of the index is walked."""
    place = sql.SQL(", ").join(columns)
    if asked.after is None:
        begins = sql.SQL("({}) {} ({})").format(wanted, sort.precedes_or_is, place)
    else:
        begins = sql.SQL("({}, {}) {} ({}, {})").format(place, sort.keys_sql, sort.follows, wanted, sort.after_sql)
    return sql.SQL("{} AND ({}) {} ({})").format(begins, place, sort.precedes_or_is, wanted)


CREDITED = sql.SQL(
    "item.id IN (SELECT credit.item_id FROM item_artist credit WHERE credit.artist_id = %(artist_id)s)"
).format()

HAS_PERSON = sql.SQL("item.id IN (SELECT credit.item_id FROM credit WHERE credit.person_id = %(person_id)s)").format()


_JOINED = sql.SQL("JOIN search_document document ON document.item_id = item.id")


def of_item(viewer: Viewer, asked: ItemFilter) -> list[sql.Composable]:
    """Return all conditions that the item itself and what hangs on it decide."""
    conditions: list[sql.Composable] = [permission.item(viewer), *asked.seen.conditions(viewer)]
    conditions += [sql.SQL("item.parent_id = %(parent_id)s")] if asked.parent_id is not None else []
    conditions += [CREDITED] if asked.artist_id is not None else []
    conditions += [HAS_PERSON] if asked.person_id is not None else []
    conditions += [sql.SQL("item.library_id = %(library_id)s")] if asked.library_id is not None else []
    conditions += [sql.SQL("item.kind = %(kind)s")] if asked.kind is not None else []
    conditions += [VECTOR + sql.SQL(" @@ %(words)s::tsquery")] if asked.words is not None else []
    conditions += [_SINCE] if asked.since is not None else []
    return conditions


def _few(viewer: Viewer, asked: ItemFilter, sort: Sort) -> Statement:
    """Find the children of one parent, what somebody is credited with, what words, facets or the viewer's own rows
    find, by index; sort those.

    Materialized, because PostgreSQL takes every beginning of a word for a frequent one, and would rather read all
    items in order until it has met enough of them.
    """
    has_document = bool(asked.of_document()) or sort.is_of_document
    text = sql.SQL("""
        WITH found AS MATERIALIZED (
            SELECT {columns} FROM {items} {with_document} WHERE {conditions}
        )
        SELECT item.id, {keys} FROM found AS item {as_document} WHERE {follows} ORDER BY {order} LIMIT %(limit)s
    """)
    composed = text.format(
        columns=sql.SQL("{}, {}").format(_COLUMNS, _OF_DOCUMENT) if has_document else _COLUMNS,
        items=asked.items(),
        with_document=_JOINED if has_document else sql.SQL(""),
        as_document=_AS_DOCUMENT if has_document else sql.SQL(""),
        keys=sort.selected_sql,
        follows=_follows(asked, sort),
        order=sort.order_sql(),
        conditions=_all_of([*of_item(viewer, asked), *asked.of_document()]),
    )
    return Statement(composed, asked.parameters(viewer))


def _follows(asked: ItemFilter, sort: Sort) -> sql.Composed:
    if asked.after is None:
        return sql.SQL("true").format()
    return sql.SQL("({}) {} ({})").format(sort.keys_sql, sort.follows, sort.after_sql)


def _all_of(conditions: Sequence[sql.Composable]) -> sql.Composed:
    return sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("true").format()
