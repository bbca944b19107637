"""What a listing is narrowed to by what its viewer has seen. Of a series, season or album that is what is below it.

What is asked for is looked up by the viewer's own rows, which have indexes of their own, if it is little; else it is
met soon on the way along the order's index. What is not to be so is asked of each row on the way.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from app.accounts.viewer import Viewer
from app.catalog import permission

_HAS_BELOW = sql.SQL("item.kind IN ('series', 'season', 'album')")

_BELOW = sql.SQL("""(
    SELECT below.id FROM item below
    WHERE below.parent_id = item.id AND below.kind IN ('episode', 'track') AND {visible}
    UNION ALL
    SELECT below.id FROM item season JOIN item below ON below.parent_id = season.id
    WHERE item.kind = 'series' AND season.parent_id = item.id AND season.kind = 'season' AND {visible}
) AS leaf""")

_STATE = sql.SQL("""coalesce((
    SELECT {is_so} FROM watch_state state
    WHERE state.viewer_id = %(viewer_id)s AND state.item_id = {id} LIMIT 1
), false)""")
"""Looked up row by row: as EXISTS it would be joined, and all that the viewer has ever seen be read."""

_FAVORITE, _WATCHED, _BEGUN = (sql.SQL(f"state.{one}") for one in ("favorite", "watched", "position_ms > 0"))
_TOUCHED = sql.SQL("(state.watched OR state.position_ms > 0)")

_OWN = sql.SQL("SELECT state.item_id AS id FROM watch_state state WHERE state.viewer_id = %(viewer_id)s AND {is_so}")
_RELATED = sql.SQL("""
    SELECT DISTINCT related.id FROM watch_state state
    CROSS JOIN LATERAL (SELECT item.id, item.parent_id FROM item WHERE item.id = state.item_id LIMIT 1) AS seen
    LEFT JOIN LATERAL (
        SELECT above.parent_id FROM item above WHERE above.id = seen.parent_id LIMIT 1
    ) AS above ON true
    CROSS JOIN LATERAL unnest(ARRAY[seen.id, seen.parent_id, above.parent_id]) AS related(id)
    WHERE state.viewer_id = %(viewer_id)s AND {is_so} AND related.id IS NOT NULL
""")
"""What somebody has a state of, and what that is below. Looked up one by one: joined, all items might be read."""

_ITEMS = sql.SQL("""({}) AS related
    CROSS JOIN LATERAL (SELECT item.* FROM item WHERE item.id = related.id LIMIT 1) AS item""")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFilter:
    """What is None does not restrict."""

    favorite: bool | None = None
    watched: bool | None = None
    in_progress: bool | None = None
    """Begun, and not to its end."""

    @property
    def is_looked_up(self) -> bool:
        """Something is to be so, and can be found by rows of the viewer's."""
        return True in (self.favorite, self.watched, self.in_progress)

    def _wanted(self) -> Iterator[sql.SQL]:
        if self.favorite:
            yield _FAVORITE
        if self.watched:
            yield _WATCHED
        if self.in_progress:
            yield _TOUCHED

    def rows(self) -> list[sql.Composed]:
        """Return a statement for each thing that is to be so: the viewer's rows that say it, or may."""
        text = sql.SQL("SELECT FROM watch_state state WHERE state.viewer_id = %(viewer_id)s AND {}")
        return [text.format(one) for one in self._wanted()]

    def items(self) -> sql.Composed:
        """Return what to select from, as `item`: all that can be meant, and perhaps more, by the viewer's rows."""
        return _ITEMS.format(
            _OWN.format(is_so=_FAVORITE) if self.favorite else _RELATED.format(is_so=next(self._wanted()))
        )

    def conditions(self, viewer: Viewer) -> list[sql.Composable]:
        """Return conditions on `item` that are exact."""
        asked = ((self.favorite, _favorite()), (self.watched, _watched(viewer)), (self.in_progress, _begun(viewer)))
        return [one if wanted else sql.SQL("NOT ({})").format(one) for wanted, one in asked if wanted is not None]


def _favorite() -> sql.Composed:
    return _STATE.format(id=sql.SQL("item.id"), is_so=_FAVORITE)


def _watched(viewer: Viewer) -> sql.Composed:
    return sql.SQL("""
        CASE WHEN {has_below} THEN EXISTS (SELECT FROM {below})
            AND NOT EXISTS (SELECT FROM {below} WHERE NOT {of_leaf}) ELSE {own} END
    """).format(**_parts(viewer), of_leaf=_of_leaf(_WATCHED), own=_of_item(_WATCHED))


def _begun(viewer: Viewer) -> sql.Composed:
    return sql.SQL("""
        CASE WHEN {has_below} THEN EXISTS (SELECT FROM {below} WHERE {touched})
            AND EXISTS (SELECT FROM {below} WHERE NOT {watched}) ELSE {own} END
    """).format(**_parts(viewer), touched=_of_leaf(_TOUCHED), watched=_of_leaf(_WATCHED), own=_of_item(_BEGUN))


def _parts(viewer: Viewer) -> dict[str, sql.Composable]:
    return {"has_below": _HAS_BELOW, "below": _BELOW.format(visible=permission.item(viewer, "below"))}


def _of_leaf(is_so: sql.SQL) -> sql.Composed:
    return _STATE.format(id=sql.SQL("leaf.id"), is_so=is_so)


def _of_item(is_so: sql.SQL) -> sql.Composed:
    return _STATE.format(id=sql.SQL("item.id"), is_so=is_so)
