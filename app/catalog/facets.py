"""What a listing can be narrowed by further, and how many there are of each."""

from typing import Any

import msgspec
from psycopg import sql

from app.accounts.viewer import Viewer
from app.catalog import permission
from app.catalog.page_views import FacetCount, Facets
from app.catalog.paging import CREDITED, HAS_PERSON, ItemFilter
from app.catalog.queries import Statement

COUNTED = 10_000
"""Items whose facets are counted. Of more, so many are drawn in an order that means nothing: the shares are right, the
numbers are theirs."""
SHOWN = 100
"""Values of one facet, the most frequent."""

_FIELDS = {
    "kind": "kinds",
    "genre": "genres",
    "studio": "studios",
    "country": "countries",
    "decade": "decades",
    "resolution": "resolutions",
    "hdr": "hdr",
    "audio": "audio_languages",
    "subtitle": "subtitle_languages",
    "unmatched": "unmatched",
    "missing": "missing",
}


def count_facets(viewer: Viewer, asked: ItemFilter, most: int = COUNTED) -> Statement:
    """Return rows of `facet` and `count`, and one of an empty facet with how many items were looked at."""
    conditions: list[sql.Composable] = [permission.library("document", "library_id"), *asked.of_document()]
    conditions += [sql.SQL("document.library_id = %(library_id)s")] if asked.library_id is not None else []
    conditions += [sql.SQL("document.kind = %(kind)s")] if asked.kind is not None else []
    of_item: list[sql.Composable] = [permission.item(viewer), *asked.seen.conditions(viewer)]
    of_item += [sql.SQL("item.parent_id = %(parent_id)s")] if asked.parent_id is not None else []
    of_item += [CREDITED] if asked.artist_id is not None else []
    of_item += [HAS_PERSON] if asked.person_id is not None else []
    of_item += [sql.SQL("item.id >= %(since)s::uuid")] if asked.since is not None else []
    by_item = asked.is_narrow or asked.is_looked_up
    found = _FOUND_BY_ITEM if by_item else _FOUND if asked.is_few else _DRAWN
    text = sql.SQL("""
        WITH looked_at AS MATERIALIZED ({found})
        SELECT '' AS facet, count(*) FROM looked_at
        UNION ALL
        SELECT one.facet, count(*)
        FROM looked_at, unnest(array_append(looked_at.facets, 'kind:' || looked_at.kind)) AS one(facet)
        GROUP BY one.facet
    """)
    composed = text.format(
        found=found.format(
            items=asked.items(),
            conditions=sql.SQL(" AND ").join(conditions),
            of_item=sql.SQL(" AND ").join(of_item),
            visible=permission.library("library", "id"),
            most=sql.Literal(most + 1),
        )
    )
    return Statement(composed, asked.parameters(viewer))


_FOUND = sql.SQL("""
    SELECT document.kind, document.facets
    FROM search_document document
    CROSS JOIN LATERAL (SELECT FROM item WHERE item.id = document.item_id AND {of_item} LIMIT 1) AS seen
    WHERE {conditions} LIMIT {most}
""")
_FOUND_BY_ITEM = sql.SQL("""
    SELECT document.kind, document.facets FROM {items} JOIN search_document document ON document.item_id = item.id
    WHERE {of_item} AND {conditions} LIMIT {most}
""")
_DRAWN = sql.SQL("""
    SELECT drawn.kind, drawn.facets
    FROM unnest(ARRAY(
        SELECT library.id FROM library
        WHERE {visible} AND (%(library_id)s::uuid IS NULL OR library.id = %(library_id)s::uuid)
    )) AS library(id)
    CROSS JOIN unnest(%(kinds)s::text[]) AS wanted(kind)
    CROSS JOIN LATERAL (
        SELECT document.kind, document.facets, document.shuffle
        FROM search_document document
        CROSS JOIN LATERAL (SELECT FROM item WHERE item.id = document.item_id AND {of_item} LIMIT 1) AS seen
        WHERE (document.library_id, document.kind) >= (library.id, wanted.kind)
          AND (document.library_id, document.kind) <= (library.id, wanted.kind) AND {conditions}
        ORDER BY document.library_id, document.kind, document.shuffle, document.item_id LIMIT {most}
    ) AS drawn
    ORDER BY drawn.shuffle LIMIT {most}
""")
"""Of every library and kind as many as there might be in all, then the first of all: each by its share."""


def facets_of(rows: list[dict[str, Any]]) -> Facets:
    by_kind: dict[str, list[FacetCount]] = {name: [] for name in _FIELDS.values()}
    total = 0
    for row in rows:
        kind, _, value = row["facet"].partition(":")
        if not kind:
            total = row["count"]
        elif kind in _FIELDS:
            by_kind[_FIELDS[kind]].append(FacetCount(value=value, count=row["count"]))
    shown: dict[str, object] = {"total": min(total, COUNTED), "is_exact": total <= COUNTED}
    for name, counts in by_kind.items():
        if name in _MARKS:
            shown[name] = sum(one.count for one in counts if one.value == "true")
        else:
            shown[name] = sorted(counts, key=lambda one: (-one.count, one.value))[:SHOWN]
    return msgspec.convert(shown, Facets)


_MARKS = ("unmatched", "missing")
"""What is so or not, and needs no list."""
