"""What is known of matches and records: each statement for all the items of one call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from app.db.tx import Tx
from app.library.kinds import ItemKind
from app.library.repository.rows import column, rows, run
from app.metadata.kinds import Decider, MatchState
from app.metadata.records import Kept, Scored

PUT_MATCH = """
    INSERT INTO metadata_match
        (item_id, state, decided_by, source, external_id, score, reason, candidates, asked_for, asked_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, now())
    ON CONFLICT (item_id) DO UPDATE SET state = excluded.state, decided_by = excluded.decided_by,
        source = excluded.source, external_id = excluded.external_id, score = excluded.score,
        reason = excluded.reason, candidates = excluded.candidates, asked_for = excluded.asked_for,
        asked_at = excluded.asked_at
"""

LOCK = "SELECT FROM item WHERE id = %s FOR NO KEY UPDATE"

BELOW = """
    SELECT item.id, item.kind, item.number, item.absolute_number, item.disc_number,
        CASE WHEN said.voices IS NULL THEN item.released_on ELSE coalesce(
            said.voices #>> '{user,released_on}', said.voices #>> '{nfo,released_on}',
            said.voices #>> '{tags,released_on}', said.voices #>> '{name,released_on}'
        )::date END,
        parent.number, parent.kind
    FROM item JOIN item parent ON parent.id = item.parent_id
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(source, facts) AS voices FROM item_facts WHERE item_id = item.id
    ) AS said
    WHERE item.kind IN ('season', 'episode', 'track') AND (
        item.parent_id = %(id)s OR item.id = %(id)s AND item.kind = 'season'
        OR item.parent_id IN (SELECT id FROM item WHERE parent_id = %(id)s AND kind = 'season')
    )
    ORDER BY item.id
"""

PUT_RECORDS = """
    INSERT INTO metadata_record (item_id, source, external_id, record, fetched_at, refresh_at)
    SELECT new.item_id, %s, new.external_id, new.record, now(), now() + new.wait
    FROM unnest(%s::uuid[], %s::text[], %s::jsonb[], %s::interval[]) AS new (item_id, external_id, record, wait)
    ON CONFLICT (item_id, source) DO UPDATE SET external_id = excluded.external_id, record = excluded.record,
        fetched_at = excluded.fetched_at, refresh_at = excluded.refresh_at
"""

RECORDS = """
    SELECT item_id, record FROM metadata_record
    WHERE item_id = ANY(%s) AND source = ANY(%s) AND record IS NOT NULL
    ORDER BY item_id, array_position(%s::text[], source)
"""

RECORD_ID = "SELECT external_id FROM metadata_record WHERE item_id = %s AND source = %s"

IS_COUNTED = """
    SELECT FROM metadata_record WHERE item_id = %s AND source = %s AND (record ->> 'is_counted')::boolean
"""

FORGET = """
    DELETE FROM metadata_record WHERE item_id = ANY(%s) RETURNING item_id
"""

MAKE_RECORDS_DUE = """
    UPDATE metadata_record SET refresh_at = now() FROM item
    WHERE item.id = metadata_record.item_id AND item.library_id = %s AND refresh_at > now()
"""

MAKE_MATCHES_OLD = """
    UPDATE metadata_match SET asked_at = now() - interval '1 year' FROM item
    WHERE item.id = metadata_match.item_id AND item.library_id = %s AND metadata_match.state <> 'matched'
"""

PUT_REASON = "UPDATE metadata_match SET reason = %s WHERE item_id = %s"

UNTOLD = """
    SELECT item.id FROM item
    WHERE item.id = ANY(%s) AND item.kind IN ('season', 'episode', 'track')
        AND NOT EXISTS (SELECT FROM metadata_record WHERE item_id = item.id)
"""

MERGES = [
    f"""
    UPDATE {table} SET item_id = moved.kept
    FROM (
        SELECT DISTINCT ON (moved.kept) moved.gone, moved.kept
        FROM unnest(%s::uuid[], %s::uuid[]) AS moved (gone, kept) JOIN {table} known ON known.item_id = moved.gone
        ORDER BY moved.kept, moved.gone
    ) AS moved
    WHERE {table}.item_id = moved.gone AND NOT EXISTS (SELECT FROM {table} other WHERE other.item_id = moved.kept)
"""  # noqa: S608  names of ours
    for table in ("metadata_match", "metadata_order")
]
"""Of several that become one item, the first that has such a row."""


@dataclass(frozen=True, slots=True)
class Below:
    """A season, an episode or a track of ours."""

    id: UUID
    kind: ItemKind
    season: int | None
    """Of a track: its disc."""
    number: int | None
    absolute: int | None
    aired: date | None
    """As files or people say. A day that a source said of what it was taken for before proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    item_id: UUID
    external_id: str
    record: Kept | None
    refresh_after: timedelta | None


async def lock_item(tx: Tx, item_id: UUID) -> bool:
    """Hold an item, so that two who decide about it take turns. Returns whether it is there."""
    return bool(await rows(tx, LOCK, item_id))


async def put_match(
    tx: Tx,
    item_id: UUID,
    state: MatchState,
    decided_by: Decider,
    *,
    source: str | None = None,
    external_id: str | None = None,
    score: float | None = None,
    reason: str | None = None,
    candidates: Sequence[Scored] = (),
    asked_for: str,
) -> None:
    shown = Jsonb(msgspec.to_builtins(list(candidates)))
    await run(
        tx, PUT_MATCH, item_id, state.value, decided_by.value, source, external_id, score, reason, shown, asked_for
    )


async def below(tx: Tx, item_id: UUID) -> list[Below]:
    """Return what is below a series, a season or an album, and comes with it; a season too, for nobody asks about it
    alone. Albums are matched by themselves."""
    cursor = await tx.connection.execute(BELOW, {"id": item_id})
    return [_below(row) for row in await cursor.fetchall()]


def _below(row: Sequence[Any]) -> Below:
    item_id, kind, number, absolute, disc, aired, parent_number, parent_kind = row
    season = {ItemKind.SEASON: number, ItemKind.TRACK: disc}.get(kind)
    if kind == ItemKind.EPISODE and parent_kind == ItemKind.SEASON:
        season = parent_number
    return Below(item_id, ItemKind(kind), season, number, absolute, aired)


async def put_records(tx: Tx, source: str, new: Sequence[NewRecord]) -> None:
    if new:
        await run(
            tx,
            PUT_RECORDS,
            source,
            [one.item_id for one in new],
            [one.external_id for one in new],
            [None if one.record is None else Jsonb(msgspec.to_builtins(one.record)) for one in new],
            [one.refresh_after for one in new],
        )


async def records_of(tx: Tx, item_ids: Sequence[UUID], order: Sequence[str]) -> dict[UUID, list[Kept]]:
    """Return what these sources say of items, in this order."""
    found: dict[UUID, list[Kept]] = {}
    for item_id, record in await rows(tx, RECORDS, list(item_ids), list(order), list(order)):
        found.setdefault(item_id, []).append(msgspec.convert(record, Kept))
    return found


async def record_id(tx: Tx, item_id: UUID, source: str) -> str | None:
    """Return what a source called an item when it was fetched."""
    found = await column(tx, RECORD_ID, item_id, source)
    return found[0] if found else None


async def is_counted(tx: Tx, item_id: UUID, source: str) -> bool:
    """Return whether a source has told of a series in the order that was chosen for it."""
    return bool(await rows(tx, IS_COUNTED, item_id, source))


async def forget_records(tx: Tx, item_ids: Sequence[UUID]) -> list[UUID]:
    """Forget what sources say of items. Returns those of which something was said."""
    return sorted(set(await column(tx, FORGET, list(item_ids))))


async def make_due(tx: Tx, library_id: UUID) -> None:
    """Let the next refresh ask anew about all of a library, and look again for what nobody knew."""
    await run(tx, MAKE_RECORDS_DUE, library_id)
    await run(tx, MAKE_MATCHES_OLD, library_id)


async def put_reason(tx: Tx, item_id: UUID, reason: str) -> None:
    """Say what is wrong with a match that stays as it is."""
    await run(tx, PUT_REASON, reason, item_id)


async def untold(tx: Tx, item_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of these items that no source was asked about yet, of those that come with what is above them."""
    return await column(tx, UNTOLD, list(item_ids))


async def merge_matches(tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
    """Let an item that others became keep what one of them was matched with, if it is not matched itself; so also how
    its episodes are counted."""
    for statement in MERGES:
        await run(tx, statement, [gone for gone, _ in merges], [kept for _, kept in merges])
