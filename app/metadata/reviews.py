"""What somebody has to look at, and how the sources are: read for people. Administrators only; the routes see to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import sql

from app.db.tx import Tx
from app.library.repository.rows import rows
from app.metadata.kinds import MatchState
from app.metadata.records import Scored
from app.metadata.registry import Registry

_MATCHES = """
    SELECT item.id, item.library_id, item.kind, item.title, item.year, item.locked, known.state, known.decided_by,
        known.source, known.external_id, known.score, known.reason, known.candidates, known.asked_at
    FROM item LEFT JOIN metadata_match known ON known.item_id = item.id
"""

ONE = _MATCHES + "WHERE item.id = %s"

REVIEWS = (
    _MATCHES
    + """
    WHERE known.state = ANY(%(states)s) AND known.state <> 'matched' AND known.decided_by <> 'user'
        AND (%(library_id)s::uuid IS NULL OR item.library_id = %(library_id)s::uuid)
        AND (%(after)s::uuid IS NULL OR known.item_id > %(after)s::uuid)
    ORDER BY known.item_id
    LIMIT %(limit)s
"""
)

STATES = """
    SELECT name, CASE WHEN blocked_until > now() THEN blocked_until END, problem, problem_at FROM metadata_source
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    item_id: UUID
    library_id: UUID
    kind: str
    title: str
    year: int | None
    locked: tuple[str, ...]
    state: MatchState | None
    """None: it was not looked for yet."""
    decided_by: str | None
    source: str | None
    external_id: str | None
    score: float | None
    reason: str | None
    candidates: tuple[Scored, ...]
    asked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    name: str
    kinds: tuple[str, ...]
    is_keyed: bool
    is_ready: bool
    attribution: str
    waits_until: datetime | None = None
    problem: str | None = None
    problem_at: datetime | None = None


async def match_of(tx: Tx, item_id: UUID) -> MatchRow | None:
    """Return what an item was taken for; None: there is no such item."""
    found = await rows(tx, ONE, item_id)
    return _match(found[0]) if found else None


async def reviews(
    tx: Tx, *, states: Sequence[MatchState], library_id: UUID | None, after: UUID | None, limit: int
) -> list[MatchRow]:
    """Return what waits for a person, in the order in which it came into the libraries."""
    values = {"states": [one.value for one in states], "library_id": library_id, "after": after, "limit": limit}
    cursor = await tx.connection.execute(sql.SQL(REVIEWS), values)
    return [_match(row) for row in await cursor.fetchall()]


async def sources(tx: Tx, registry: Registry) -> list[SourceRow]:
    """Return every source there is, and how it is."""
    known = {row[0]: row[1:] for row in await rows(tx, STATES)}
    found = []
    for source in registry.all:
        waits_until, problem, problem_at = known.get(source.name, (None, None, None))
        found.append(
            SourceRow(
                name=source.name,
                kinds=tuple(sorted(kind.value for kind in source.kinds)),
                is_keyed=source.is_keyed,
                is_ready=source.is_ready,
                attribution=source.terms.attribution,
                waits_until=waits_until,
                problem=problem,
                problem_at=problem_at,
            )
        )
    return found


ASKED = "SELECT name FROM metadata_source"


async def attributions(tx: Tx, registry: Registry) -> list[tuple[str, str]]:
    """Return who has told of something here, by name, and the sentence they want to be told with it."""
    asked = {row[0] for row in await rows(tx, ASKED)}
    return [(source.name, source.terms.attribution) for source in registry.all if source.name in asked]


def _match(row: Sequence[Any]) -> MatchRow:
    item_id, library_id, kind, title, year, locked, state, decided_by, source, external_id, *rest = row
    score, reason, candidates, asked_at = rest
    return MatchRow(
        item_id=item_id,
        library_id=library_id,
        kind=kind,
        title=title,
        year=year,
        locked=tuple(locked),
        state=None if state is None else MatchState(state),
        decided_by=decided_by,
        source=source,
        external_id=external_id,
        score=score,
        reason=reason,
        candidates=tuple(msgspec.convert(candidates or [], list[Scored])),
        asked_at=asked_at,
    )
