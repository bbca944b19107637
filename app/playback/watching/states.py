"""Writes watch state. Whoever calls has asked whether the viewer may see the items.

Rows are locked in the order of their items, so that two devices of one account wait for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import sql

from app.clock import Clock
from app.config import Settings
from app.db.tx import Tx
from app.playback.watching.models import LOCAL
from app.playback.watching.rules import WatchRules, progress

_MAKE = sql.SQL("""
    INSERT INTO watch_state (account_id, item_id) SELECT %(account_id)s, item.id FROM item
    WHERE item.id = ANY(%(item_ids)s) ORDER BY item.id
    ON CONFLICT DO NOTHING
""")

_LOCK = sql.SQL("""
    SELECT item_id, is_counted FROM watch_state WHERE viewer_id = %(viewer_id)s AND item_id = ANY(%(item_ids)s)
    ORDER BY item_id FOR UPDATE
""")

_SHARING = sql.SQL("""
    SELECT DISTINCT other.item_id
    FROM item_file mine JOIN item_file other ON other.file_id = mine.file_id
    JOIN item ON item.id = other.item_id
    WHERE mine.item_id = %(item_id)s AND mine.role = 'main' AND other.role = 'main' AND item.kind = 'episode'
""")
"""Episodes that are in the very file: who is in one is in all of them."""

_DURATION = sql.SQL("""
    WITH main AS (
        SELECT item_file.version, item_file.position, file.duration_ms
        FROM item_file JOIN file ON file.id = item_file.file_id
        WHERE item_file.item_id = %(item_id)s AND item_file.role = 'main' AND file.state <> 'purged'
    )
    SELECT sum(duration_ms)::bigint FROM main
    WHERE version = (SELECT version FROM main ORDER BY position LIMIT 1)
""")

_PROGRESS = sql.SQL("""
    UPDATE watch_state
    SET position_ms = %(position_ms)s, watched = watched OR %(is_watched)s,
        play_count = play_count + CASE WHEN %(is_watched)s AND NOT is_counted THEN 1 ELSE 0 END,
        is_counted = %(is_watched)s, hidden = false, last_played_at = %(now)s, touched_at = %(now)s
    WHERE viewer_id = %(viewer_id)s AND item_id = ANY(%(item_ids)s)
""")

_ABOVE = sql.SQL("""
    SELECT DISTINCT unnest(ARRAY[item.parent_id, above.parent_id])
    FROM item LEFT JOIN item above ON above.id = item.parent_id
    WHERE item.id = ANY(%(item_ids)s) AND item.parent_id IS NOT NULL
""")

_PLAYED = sql.SQL("""
    UPDATE watch_state SET last_played_at = %(now)s WHERE viewer_id = %(viewer_id)s AND item_id = ANY(%(above)s)
""")
"""A series is played when an episode is: so one index orders both."""

_REMEMBER = sql.SQL("""
    INSERT INTO watch_history (account_id, item_id, watched_at)
    SELECT %(account_id)s, item_id, %(now)s FROM unnest(%(item_ids)s::uuid[]) AS item_id
""")

_MARK = sql.SQL("""
    UPDATE watch_state
    SET watched = true, position_ms = 0, hidden = false, play_count = greatest(play_count, 1), touched_at = %(now)s
    WHERE viewer_id = %(viewer_id)s AND item_id = ANY(%(item_ids)s) AND NOT (watched AND position_ms = 0)
""")

_UNMARK = sql.SQL("""
    UPDATE watch_state
    SET watched = false, position_ms = 0, play_count = 0, is_counted = false, touched_at = NULL
    WHERE viewer_id = %(viewer_id)s AND item_id = ANY(%(item_ids)s)
""")

_HIDE = sql.SQL("""
    UPDATE watch_state SET hidden = true WHERE viewer_id = %(viewer_id)s AND item_id = ANY(%(item_ids)s)
""")

_FAVOR = sql.SQL("""
    UPDATE watch_state SET favorite = %(favorite)s WHERE viewer_id = %(viewer_id)s AND item_id = ANY(%(item_ids)s)
""")

_MERGE = sql.SQL("""
    INSERT INTO watch_state AS kept (account_id, item_id, position_ms, watched, play_count, is_counted, favorite,
        hidden, last_played_at, touched_at)
    SELECT gone.account_id, %(kept)s, gone.position_ms, gone.watched, gone.play_count, gone.is_counted, gone.favorite,
        gone.hidden, gone.last_played_at, gone.touched_at
    FROM watch_state gone WHERE gone.item_id = %(gone)s ORDER BY gone.viewer_id
    ON CONFLICT (viewer_id, item_id) DO UPDATE
    SET position_ms = CASE WHEN excluded.last_played_at > coalesce(kept.last_played_at, '-infinity')
            THEN excluded.position_ms ELSE kept.position_ms END,
        hidden = CASE WHEN excluded.last_played_at > coalesce(kept.last_played_at, '-infinity')
            THEN excluded.hidden ELSE kept.hidden END,
        is_counted = CASE WHEN excluded.last_played_at > coalesce(kept.last_played_at, '-infinity')
            THEN excluded.is_counted ELSE kept.is_counted END,
        watched = kept.watched OR excluded.watched, favorite = kept.favorite OR excluded.favorite,
        play_count = kept.play_count + excluded.play_count,
        last_played_at = greatest(kept.last_played_at, excluded.last_played_at),
        touched_at = greatest(kept.touched_at, excluded.touched_at)
""")
_GIVE = sql.SQL("""
    UPDATE watch_state SET account_id = %(account_id)s WHERE viewer_id = %(viewer_id)s
""")
_GIVE_HISTORY = sql.SQL("""
    UPDATE watch_history SET account_id = %(account_id)s WHERE viewer_id = %(viewer_id)s
""")
_FORGET_GONE = sql.SQL("DELETE FROM watch_state WHERE item_id = %(gone)s")
_MOVE_HISTORY = sql.SQL("UPDATE watch_history SET item_id = %(kept)s WHERE item_id = %(gone)s")


@dataclass(frozen=True, slots=True)
class Told:
    """A position as it was told."""

    position_ms: int
    duration_ms: int | None = None
    """None: as long as its files are."""


class WatchStates:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        watched = settings.playback.watched
        self._rules = WatchRules(
            begun_percent=watched.begun_percent, watched_percent=watched.watched_percent, shortest=watched.shortest
        )
        self._clock = clock

    async def tell(self, tx: Tx, account_id: UUID | None, item_id: UUID, told: Told) -> None:
        """Keep where somebody is. Coming to the end counts as one play, however often it is told."""
        duration = told.duration_ms or await _scalar(tx, _DURATION, {"item_id": item_id})
        outcome = progress(told.position_ms, duration, self._rules)
        sharing = await _column(tx, _SHARING, {"item_id": item_id})
        values = self._values(account_id, [item_id, *sharing])
        above = await _column(tx, _ABOVE, values)
        before = await _lock(tx, values | {"item_ids": [*values["item_ids"], *above]})
        values |= {"position_ms": outcome.position_ms, "is_watched": outcome.is_watched, "above": above}
        await tx.connection.execute(_PROGRESS, values)
        await tx.connection.execute(_PLAYED, values)
        if outcome.is_watched and (ended := [key for key in values["item_ids"] if before.get(key) is False]):
            await tx.connection.execute(_REMEMBER, values | {"item_ids": ended})

    async def mark(self, tx: Tx, account_id: UUID | None, item_ids: Sequence[UUID], *, watched: bool) -> None:
        """Say of films, episodes or songs that they were watched, or were not."""
        await self._write(tx, account_id, item_ids, _MARK if watched else _UNMARK)

    async def hide(self, tx: Tx, account_id: UUID | None, item_id: UUID) -> None:
        """Take something out of what there is to go on with."""
        sharing = await _column(tx, _SHARING, {"item_id": item_id})
        await self._write(tx, account_id, [item_id, *sharing], _HIDE)

    async def favor(self, tx: Tx, account_id: UUID | None, item_id: UUID, *, favorite: bool) -> None:
        values = self._values(account_id, [item_id]) | {"favorite": favorite}
        await _lock(tx, values)
        await tx.connection.execute(_FAVOR, values)

    async def _write(self, tx: Tx, account_id: UUID | None, item_ids: Sequence[UUID], query: sql.SQL) -> None:
        values = self._values(account_id, item_ids)
        await _lock(tx, values)
        await tx.connection.execute(query, values)

    def _values(self, account_id: UUID | None, item_ids: Sequence[UUID]) -> dict[str, Any]:
        now: datetime = self._clock.now()
        ids = list(dict.fromkeys(UUID(str(item_id)) for item_id in item_ids))
        return {"account_id": account_id, "viewer_id": viewer_id(account_id), "item_ids": ids, "now": now}


def viewer_id(account_id: UUID | None) -> UUID:
    """Return what stands for somebody in keys."""
    return LOCAL if account_id is None else account_id


async def merge(tx: Tx, gone: UUID, kept: UUID) -> None:
    """Give one item what everybody has seen of another, before that goes."""
    values = {"gone": gone, "kept": kept}
    for query in (_MERGE, _FORGET_GONE, _MOVE_HISTORY):
        await tx.connection.execute(query, values)


async def give_locals(tx: Tx, account_id: UUID) -> None:
    """Give an account that has seen nothing yet what the local administrator has seen."""
    for query in (_GIVE, _GIVE_HISTORY):
        await tx.connection.execute(query, {"account_id": account_id, "viewer_id": LOCAL})


async def _lock(tx: Tx, values: dict[str, Any]) -> dict[UUID, bool]:
    await tx.connection.execute(_MAKE, values)
    cursor = await tx.connection.execute(_LOCK, values)
    return {UUID(str(row[0])): bool(row[1]) for row in await cursor.fetchall()}


async def _column(tx: Tx, query: sql.SQL, values: dict[str, Any]) -> list[UUID]:
    cursor = await tx.connection.execute(query, values)
    return [UUID(str(row[0])) for row in await cursor.fetchall() if row[0] is not None]


async def _scalar(tx: Tx, query: sql.SQL, values: dict[str, Any]) -> int | None:
    row = await (await tx.connection.execute(query, values)).fetchone()
    return int(str(row[0])) if row is not None and row[0] is not None else None
