"""What items are called and when they came out, by who says it. The first of `FactSource` who says it is believed.

An item that only names or tags have spoken of has its titles in its own columns and nothing else. When somebody else
speaks, everyone's words are kept beside it (`item_facts`), so that a source that changes its mind or falls silent gives
way to the next. What a person has locked stays as it is, whoever says what.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from app.db.tx import Tx
from app.library.kinds import FactSource
from app.library.naming import sort_key
from app.library.repository.rows import rows, run


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is None is not said."""

    title: str | None = None
    sort_title: str | None = None
    """As it is compared (`app.library.naming.sort_key`). None: made of the title."""
    original_title: str | None = None
    year: int | None = None
    released_on: date | None = None


BASE = (FactSource.TAGS, FactSource.NAME)
"""What is read of the files themselves: one of the two, and always something."""

COLUMNS = ("title", "sort_title", "original_title", "year", "released_on")

READ = """
    SELECT item.id, item.title, item.sort_title, item.original_title, item.year, item.released_on, item.title_source,
        item.locked,
        (SELECT jsonb_object_agg(said.source, said.facts) FROM item_facts said WHERE said.item_id = item.id)
    FROM item WHERE item.id = ANY(%s) ORDER BY item.id
"""

READ_TO_WRITE = READ + " FOR NO KEY UPDATE OF item"

WRITE = """
    UPDATE item
    SET title = new.title, sort_title = new.sort_title, original_title = new.original_title, year = new.year,
        released_on = new.released_on, title_source = new.title_source, updated_at = now()
    FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::int[], %s::date[], %s::text[])
        AS new (id, title, sort_title, original_title, year, released_on, title_source)
    WHERE item.id = new.id
"""

KEEP = """
    INSERT INTO item_facts (item_id, source, facts)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::jsonb[])
    ON CONFLICT (item_id, source) DO UPDATE SET facts = excluded.facts
"""

FORGET = """
    DELETE FROM item_facts USING unnest(%s::uuid[], %s::text[]) AS gone (item_id, source)
    WHERE item_facts.item_id = gone.item_id AND item_facts.source = gone.source
"""


async def apply_facts(tx: Tx, item_id: UUID, source: FactSource, facts: Facts | None) -> bool:
    """Let a source say this of an item, in place of all it said before; None: nothing any more.

    Returns whether the item is shown differently now: the caller announces it.
    """
    return bool(await apply_many(tx, source, {item_id: facts}))


async def apply_many(tx: Tx, source: FactSource, facts: Mapping[UUID, Facts | None]) -> list[UUID]:
    """Do so for many items at once. Returns those that are shown differently now; unknown ones are passed by."""
    return await _say(tx, {item_id: (source, said) for item_id, said in facts.items()})


async def put_base(tx: Tx, said: Mapping[UUID, tuple[FactSource, Facts]]) -> list[UUID]:
    """Record what names or tags say of items. Returns those that are shown differently now."""
    return await _say(tx, said)


@dataclass(slots=True)
class _Writes:
    items: list[tuple[Any, ...]] = field(default_factory=list)
    kept: list[tuple[UUID, str, Jsonb]] = field(default_factory=list)
    forgotten: list[tuple[UUID, str]] = field(default_factory=list)

    @property
    def touched(self) -> set[UUID]:
        return {row[0] for row in (*self.items, *self.kept, *self.forgotten)}


async def _say(tx: Tx, said: Mapping[UUID, tuple[FactSource, Facts | None]]) -> list[UUID]:
    # Locking a row writes to it, and most of what is said is what was said before: first look, then lock and look.
    changed = (await _compare(tx, READ, said)).touched
    if not changed:
        return []
    writes = await _compare(tx, READ_TO_WRITE, {item_id: said[item_id] for item_id in changed})
    if writes.items:
        await run(tx, WRITE, *map(list, zip(*writes.items, strict=True)))
    if writes.forgotten:
        await run(tx, FORGET, *map(list, zip(*writes.forgotten, strict=True)))
    if writes.kept:
        await run(tx, KEEP, *map(list, zip(*writes.kept, strict=True)))
    return [item[0] for item in writes.items]


async def _compare(tx: Tx, query: str, said: Mapping[UUID, tuple[FactSource, Facts | None]]) -> _Writes:
    writes = _Writes()
    for row in await rows(tx, query, list(said)) if said else ():
        _hear(writes, row, *said[row[0]])
    return writes


def _hear(writes: _Writes, row: Sequence[Any], source: FactSource, facts: Facts | None) -> None:
    item_id, title_source, locked, recorded = row[0], row[6], row[7], row[8] or {}
    shown = dict(zip(COLUMNS, row[1:6], strict=True))
    before = {FactSource(name): msgspec.convert(value, Facts) for name, value in recorded.items()}
    # Without a row, what is shown is what the title's source says.
    voices = before or {FactSource(title_source): Facts(**shown)}
    after = {name: value for name, value in voices.items() if name is not source and not _replaces(source, name)}
    if facts is not None and facts != Facts():
        after[source] = facts
    wanted, wanted_source = settle(after, shown, title_source, locked)
    if wanted != shown or wanted_source != title_source:
        writes.items.append((item_id, *wanted.values(), wanted_source))
    kept = {} if len(after) == 1 and next(iter(after)) in BASE else after
    writes.forgotten += [(item_id, name) for name in before if name not in kept]
    writes.kept += [
        (item_id, name, Jsonb(msgspec.to_builtins(value))) for name, value in kept.items() if before.get(name) != value
    ]


def _replaces(source: FactSource, other: FactSource) -> bool:
    return source in BASE and other in BASE


def settle(
    voices: Mapping[FactSource, Facts], shown: Mapping[str, Any], title_source: str, locked: Sequence[str]
) -> tuple[dict[str, Any], str]:
    """Return what is to be shown, and who said its title. A title keeps its order to itself: no sort title of another
    source outlives it."""
    ranked = [(source, voices[source]) for source in FactSource if source in voices]
    wanted = {name: next((v for _, f in ranked if (v := getattr(f, name)) is not None), None) for name in COLUMNS}
    by, title = next(((source, facts.title) for source, facts in ranked if facts.title is not None), (None, None))
    if by is None or title is None:
        wanted["title"], by_name = shown["title"], title_source
        wanted["sort_title"] = wanted["sort_title"] or shown["sort_title"]
    else:
        by_name = by.value
        own = [f.sort_title for source, f in ranked[: 1 + [s for s, _ in ranked].index(by)] if f.sort_title is not None]
        wanted["sort_title"] = own[0] if own else sort_key(title)
    for name in locked:
        if name in COLUMNS:
            wanted[name] = shown[name]
    if "title" in locked:
        wanted["sort_title"], by_name = shown["sort_title"], title_source
    return wanted, by_name
