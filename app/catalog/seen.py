"""What a viewer has seen: statements of the catalogue over watch state, each restricted to what they may see."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from psycopg import sql

from app.accounts.viewer import Viewer
from app.catalog import permission
from app.catalog.queries import Lookup, Statement, these
from app.db.prepared import Prepared
from app.playback.watching.states import viewer_id

LATEST = 1_000
"""Of what was last seen, so much is looked at for what comes next."""


def _values(viewer: Viewer) -> dict[str, Any]:
    return {**permission.parameters(viewer), "viewer_id": viewer_id(viewer.account_id)}


def states_of(viewer: Viewer, item_ids: Sequence[UUID]) -> Lookup:
    """Return the state of each of these items; of what has episodes or songs below it, how many were not watched."""
    return Lookup(_states_of(permission.alike(viewer)), {**_values(viewer), "item_ids": list(item_ids)})


@cache
def _states_of(viewer: Viewer) -> Prepared:
    text = sql.SQL("""
        SELECT item.id AS item_id, coalesce(state.position_ms, 0) AS position_ms,
            CASE WHEN below.count > 0 THEN below.unwatched = 0 ELSE coalesce(state.watched, false) END AS watched,
            coalesce(state.play_count, 0) AS play_count, coalesce(state.last_played_at, below.last_played_at)
                AS last_played_at,
            coalesce(state.favorite, false) AS favorite,
            CASE WHEN below.count > 0 THEN below.unwatched END AS unwatched_count
        FROM item
        LEFT JOIN watch_state state ON state.viewer_id = %(viewer_id)s AND state.item_id = item.id
        LEFT JOIN LATERAL (
            SELECT count(*), count(*) FILTER (WHERE seen.watched IS NOT TRUE) AS unwatched,
                max(seen.last_played_at) AS last_played_at
            FROM (
                SELECT child.id FROM item child
                WHERE child.parent_id = item.id AND child.kind IN ('episode', 'track') AND {child_visible}
                UNION ALL
                SELECT leaf.id FROM item season JOIN item leaf ON leaf.parent_id = season.id
                WHERE item.kind = 'series' AND season.parent_id = item.id AND season.kind = 'season' AND {leaf_visible}
            ) AS leaf
            LEFT JOIN watch_state seen ON seen.viewer_id = %(viewer_id)s AND seen.item_id = leaf.id
        ) AS below ON item.kind IN ('series', 'season', 'album')
        WHERE item.id = {these} AND {visible} AND (state.item_id IS NOT NULL OR below.count > 0)
    """)
    composed = text.format(
        these=these("item_ids"),
        visible=permission.item(viewer),
        child_visible=permission.item(viewer, "child"),
        leaf_visible=permission.item(viewer, "leaf"),
    )
    return Prepared.of(composed)


def leaves_of(viewer: Viewer, item_id: UUID) -> Statement:
    """Return what can be watched of an item: itself, or all below it."""
    text = sql.SQL("""
        WITH RECURSIVE below AS (
            SELECT item.id, item.kind, 0 AS depth FROM item WHERE item.id = %(item_id)s
            UNION ALL
            SELECT child.id, child.kind, below.depth + 1 FROM below JOIN item child ON child.parent_id = below.id
            WHERE below.depth < 3
        )
        SELECT item.id FROM below JOIN item ON item.id = below.id
        WHERE below.kind IN ('movie', 'episode', 'track') AND {visible} ORDER BY item.id
    """)
    return Statement(text.format(visible=permission.item(viewer)), {**_values(viewer), "item_id": item_id})


def to_resume(viewer: Viewer, limit: int) -> Statement:
    """Return what was begun, the last first. Of episodes in one file, the first."""
    text = sql.SQL("""
        SELECT item.id
        FROM watch_state state
        CROSS JOIN LATERAL (
            SELECT item.id, item.kind, item.number FROM item WHERE item.id = state.item_id AND {visible} LIMIT 1
        ) AS item
        WHERE state.viewer_id = %(viewer_id)s AND state.position_ms > 0 AND NOT state.hidden
          AND NOT (item.kind = 'episode' AND EXISTS (
              SELECT FROM item_file mine JOIN item_file other ON other.file_id = mine.file_id
              JOIN item before ON before.id = other.item_id
              WHERE mine.item_id = item.id AND mine.role = 'main' AND other.role = 'main' AND before.kind = 'episode'
                AND (before.number, before.id) < (item.number, item.id)
          ))
        ORDER BY state.last_played_at DESC LIMIT %(limit)s
    """)
    return Statement(text.format(visible=permission.item(viewer)), {**_values(viewer), "limit": limit})


_PLACE = sql.SQL("""
    CASE WHEN {season}.number > 0 THEN ARRAY[{season}.number, 1, coalesce({episode}.number, 100000)::numeric]
        WHEN {detail}.airs_before_season IS NOT NULL
            THEN ARRAY[{detail}.airs_before_season, 1, coalesce({detail}.airs_before_episode, 0) - 0.5]
        WHEN {detail}.airs_after_season IS NOT NULL THEN ARRAY[{detail}.airs_after_season, 2, {episode}.number]
    END
""")
"""Where an episode stands among all of its series, specials among the episodes they were shown between. NULL: a special
of which nobody says that; it never comes next."""

_AIRS = sql.SQL("""
    LEFT JOIN LATERAL (
        SELECT max(item_detail.airs_before_season) AS airs_before_season,
            max(item_detail.airs_before_episode) AS airs_before_episode,
            max(item_detail.airs_after_season) AS airs_after_season
        FROM item_detail WHERE item_detail.item_id = {episode}.id
    ) AS {detail} ON {season}.number = 0
""")


def next_up(viewer: Viewer, limit: int, series_id: UUID | None = None) -> Statement:
    """Return the episode after the last watched one of each series, the series last seen first.

    One that is begun is gone on with (`to_resume`) and does not come next; watched ones are passed over.
    """
    text = sql.SQL("""
        WITH latest AS MATERIALIZED (
            SELECT state.item_id, state.touched_at, state.watched
            FROM watch_state state WHERE state.viewer_id = %(viewer_id)s AND state.touched_at IS NOT NULL
            ORDER BY state.touched_at DESC LIMIT %(latest)s
        ), series AS MATERIALIZED (
            SELECT DISTINCT ON (season.parent_id) season.parent_id AS id, latest.touched_at, {place} AS place
            FROM latest JOIN item episode ON episode.id = latest.item_id AND episode.kind = 'episode'
            JOIN item season ON season.id = episode.parent_id
            {airs}
            WHERE latest.watched AND {place} IS NOT NULL
              AND (%(series_id)s::uuid IS NULL OR season.parent_id = %(series_id)s::uuid)
            ORDER BY season.parent_id, latest.touched_at DESC, {place} DESC
        )
        SELECT following.id
        FROM series CROSS JOIN LATERAL (
            SELECT episode.id, state.position_ms
            FROM item season JOIN item episode ON episode.parent_id = season.id AND episode.kind = 'episode'
            {airs}
            LEFT JOIN watch_state state ON state.viewer_id = %(viewer_id)s AND state.item_id = episode.id
            WHERE season.parent_id = series.id AND {place} > series.place AND state.watched IS NOT TRUE
              AND episode.state = 'present' AND {visible}
            ORDER BY {place}, episode.id LIMIT 1
        ) AS following
        WHERE coalesce(following.position_ms, 0) = 0
        ORDER BY series.touched_at DESC, series.id LIMIT %(limit)s
    """)
    names = {name: sql.Identifier(name) for name in ("season", "episode", "detail")}
    composed = text.format(
        place=_PLACE.format(**names), airs=_AIRS.format(**names), visible=permission.item(viewer, "episode")
    )
    return Statement(composed, {**_values(viewer), "limit": limit, "latest": LATEST, "series_id": series_id})


def history(viewer: Viewer, before: int | None, limit: int) -> Statement:
    """Return rows of `id`, `item_id` and `watched_at`, the last first."""
    text = sql.SQL("""
        SELECT watch_history.id, watch_history.item_id, watch_history.watched_at
        FROM watch_history
        CROSS JOIN LATERAL (
            SELECT FROM item WHERE item.id = watch_history.item_id AND {visible} LIMIT 1
        ) AS seen
        WHERE watch_history.viewer_id = %(viewer_id)s AND (%(before)s::bigint IS NULL OR watch_history.id < %(before)s)
        ORDER BY watch_history.id DESC LIMIT %(limit)s
    """)
    return Statement(
        text.format(visible=permission.item(viewer)), {**_values(viewer), "before": before, "limit": limit}
    )
