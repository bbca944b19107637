"""An item as the files tell of it: what is looked for, and whether that was asked for before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from app.db.tx import Tx
from app.library.kinds import FactSource, ItemKind, LibraryKind
from app.library.repository.facts import Facts
from app.library.repository.rows import column, rows
from app.metadata.kinds import MATCHED_KINDS, Decider, MatchState
from app.metadata.records import Wanted

READ = """
    SELECT item.id, item.library_id, library.kind, item.kind, item.title, item.original_title, item.year, item.country,
        parent.title, said.voices, called.ids, called.own,
        EXISTS (SELECT FROM item_detail WHERE item_id = item.id AND is_locked AND source <> 'metadata'),
        CASE WHEN item.kind = 'movie' THEN (
            SELECT max(length) FROM (
                SELECT sum(file.duration_ms) / 60000.0 AS length
                FROM item_file link JOIN file ON file.id = link.file_id
                WHERE link.item_id = item.id AND link.role = 'main' AND file.state = 'present'
                GROUP BY link.version
            ) AS versions
        ) END,
        known.state, known.decided_by, known.source, known.external_id, known.asked_for,
        known.asked_at < now() - interval '14 days'
    FROM item
    JOIN library ON library.id = item.library_id
    LEFT JOIN item parent ON parent.id = item.parent_id
    LEFT JOIN metadata_match known ON known.item_id = item.id
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(source, facts) AS voices FROM item_facts WHERE item_id = item.id
    ) AS said
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_object_agg(provider, value), '{}') AS ids,
            coalesce(jsonb_object_agg(provider, value) FILTER (WHERE source <> 'metadata'), '{}') AS own
        FROM external_id WHERE item_id = item.id
    ) AS called
    WHERE item.id = ANY(%s)
    ORDER BY item.id
"""

OWNERS = """
    SELECT DISTINCT CASE
        WHEN item.kind = ANY(%s) THEN item.id
        WHEN parent.kind = ANY(%s) THEN parent.id
        WHEN above.kind = ANY(%s) THEN above.id
    END
    FROM item LEFT JOIN item parent ON parent.id = item.parent_id LEFT JOIN item above ON above.id = parent.parent_id
    WHERE item.id = ANY(%s)
"""


ASKED_AGAIN_AFTER = timedelta(days=14)
"""What nobody knew, or was sure of, may be known by now. (In `READ` too.)"""


@dataclass(frozen=True, slots=True)
class Known:
    """What was decided before."""

    state: MatchState
    decided_by: Decider
    source: str | None
    external_id: str | None
    asked_for: str
    is_old: bool


@dataclass(frozen=True, slots=True)
class Context:
    item_id: UUID
    library_id: UUID
    library_kind: LibraryKind
    kind: ItemKind
    wanted: Wanted
    ids: Mapping[str, str]
    """All that is known of it, whoever says so."""
    own_ids: Mapping[str, str]
    """Of names, tags, NFO and people: orders."""
    is_closed: bool
    """An NFO asks that nobody else is believed (`lockdata`)."""
    known: Known | None

    @property
    def asked_for(self) -> str:
        """Return what the item is called, as one line: called otherwise, it is another question."""
        ids = ",".join(f"{name}={value}" for name, value in sorted(self.own_ids.items()))
        wanted = self.wanted
        return "|".join([wanted.title, str(wanted.year or ""), wanted.country or "", ids])

    @property
    def is_open(self) -> bool:
        """Whether it is to be looked for: it never was, or it is called otherwise since. Nobody overrules a person."""
        if self.is_closed or (self.known is not None and self.known.decided_by is Decider.USER):
            return False
        known = self.known
        if known is None or known.asked_for != self.asked_for:
            return True
        return known.state is not MatchState.MATCHED and known.is_old


async def contexts(tx: Tx, item_ids: Sequence[UUID]) -> list[Context]:
    """Return those of these items that there are."""
    return [_context(row) for row in await rows(tx, READ, list(item_ids))] if item_ids else []


async def context(tx: Tx, item_id: UUID) -> Context | None:
    return next(iter(await contexts(tx, [item_id])), None)


async def owners_of(tx: Tx, item_ids: Sequence[UUID]) -> list[UUID]:
    """Return what is matched by itself: these items, or what they belong to."""
    kinds = [kind.value for kind in MATCHED_KINDS]
    found = await column(tx, OWNERS, kinds, kinds, kinds, list(item_ids))
    return sorted(one for one in found if one is not None)


def _context(row: Sequence[Any]) -> Context:
    item_id, library_id, library_kind, kind, title, original, year, country, parent, voices, ids, own, *rest = row
    is_closed, runtime, state, decided_by, source, external_id, asked_for, is_old = rest
    facts = _without_metadata(voices) or Facts(title=title, original_title=original, year=year)
    item_kind = ItemKind(str(kind))
    wanted = Wanted(
        kind=item_kind,
        title=_without_country(facts.title or str(title), country),
        original_title=facts.original_title,
        year=facts.year,
        runtime_minutes=None if runtime is None else float(runtime),
        country=country,
        artist=str(parent) if item_kind is ItemKind.ALBUM and parent is not None else None,
    )
    known = (
        None
        if state is None
        else Known(MatchState(state), Decider(decided_by), source, external_id, str(asked_for), bool(is_old))
    )
    return Context(
        item_id,
        library_id,
        LibraryKind(library_kind),
        item_kind,
        wanted,
        ids,
        own,
        bool(is_closed),
        known,
    )


def _without_country(title: str, country: str | None) -> str:
    """A series may be called The Office (US); nobody lists it so."""
    return title if country is None else title.removesuffix(f"({country})").rstrip() or title


def _without_metadata(voices: Any) -> Facts | None:
    """Return what is said by all but sources from outside, the one who is believed first. None: all is in the item."""
    if not isinstance(voices, dict):
        return None
    said = [
        msgspec.convert(voices[one], Facts) for one in FactSource if one in voices and one is not FactSource.METADATA
    ]
    names = ("title", "original_title", "year")
    return Facts(**{name: next((v for one in said if (v := getattr(one, name)) is not None), None) for name in names})
