"""Items, and which files they are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.db.tx import Tx
from app.library.kinds import ItemKind
from app.library.repository.rows import column, rows, run


@dataclass(frozen=True, slots=True)
class Link:
    """How a file belongs to an item."""

    item_id: UUID
    file_id: UUID
    role: str
    extra_kind: str | None
    version: str
    edition: str | None
    part: int | None
    position: int


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A file around an anchor, with one of its links if it has any."""

    anchor_id: UUID
    file_id: UUID
    folder: bytes
    name: bytes
    link: Link | None


@dataclass(frozen=True, slots=True)
class Titles:
    """What a name says of an item."""

    title: str
    sort_title: str
    year: int | None


UNIT_ROWS = """
    SELECT folder.anchor_id, file.id, folder.path, file.name,
        link.item_id, link.file_id, link.role, link.extra_kind, link.version, link.edition, link.part, link.position
    FROM folder JOIN file ON file.folder_id = folder.id LEFT JOIN item_file link ON link.file_id = file.id
    WHERE folder.anchor_id = ANY(%s) AND file.state <> 'purged'
    ORDER BY link.item_id
"""

TITLES = "SELECT id, title, sort_title, year, locked FROM item WHERE id = ANY(%s) AND title_source = 'name'"

ADD_ITEMS = """
    INSERT INTO item (library_id, kind, id, title, sort_title, year)
    SELECT %s, %s, new.* FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::int[]) AS new
"""

RETITLE = """
    UPDATE item SET title = new.title, sort_title = new.sort_title, year = new.year, updated_at = now()
    FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::int[]) AS new (id, title, sort_title, year)
    WHERE item.id = new.id
"""

PUT_LINKS = """
    INSERT INTO item_file (item_id, file_id, role, extra_kind, version, edition, part, position)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::int[])
    ON CONFLICT (item_id, file_id) DO UPDATE
    SET role = excluded.role, extra_kind = excluded.extra_kind, version = excluded.version,
        edition = excluded.edition, part = excluded.part, position = excluded.position
"""

PUT_EXTERNAL_IDS = """
    INSERT INTO external_id (item_id, provider, value, source)
    SELECT new.*, 'name' FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS new
    ON CONFLICT (item_id, provider) DO UPDATE SET value = excluded.value, source = excluded.source
    WHERE external_id.source <> 'user' AND external_id.value <> excluded.value
"""

REFRESH_STATES = """
    WITH touched AS (
        SELECT DISTINCT item_id FROM item_file WHERE file_id = ANY(%s)
    ), found AS (
        SELECT touched.item_id, EXISTS (
            SELECT FROM item_file JOIN file ON file.id = item_file.file_id
            WHERE item_file.item_id = touched.item_id AND item_file.role <> 'extra' AND file.state = 'present'
        ) AS is_present
        FROM touched
    )
    UPDATE item
    SET state = CASE WHEN found.is_present THEN 'present' ELSE 'missing' END,
        missing_since = CASE WHEN found.is_present THEN NULL ELSE now() END,
        updated_at = now()
    FROM found
    WHERE item.id = found.item_id AND found.is_present <> (item.state = 'present')
    RETURNING item.id
"""

ITEMS_OF_FILES = "SELECT DISTINCT item_id FROM item_file WHERE file_id = ANY(%s)"


async def unit_rows(tx: Tx, anchor_ids: Sequence[UUID]) -> list[UnitRow]:
    """Return all files around these anchors; one that belongs to two items comes twice."""
    return [
        UnitRow(row[0], row[1], row[2], row[3], None if row[4] is None else Link(*row[4:]))
        for row in await rows(tx, UNIT_ROWS, list(anchor_ids))
    ]


async def stale_titles(tx: Tx, read: Mapping[UUID, Titles]) -> dict[UUID, Titles]:
    """Return what those of these items should be called that a name has named, and that are called otherwise now.

    What a person has locked stays as it is.
    """
    stale: dict[UUID, Titles] = {}
    for item_id, title, sort_title, year, locked in await rows(tx, TITLES, list(read)):
        wanted = read[item_id]
        if "title" in locked:
            wanted = replace(wanted, title=title, sort_title=sort_title)
        if "sort_title" in locked:
            wanted = replace(wanted, sort_title=sort_title)
        if "year" in locked:
            wanted = replace(wanted, year=year)
        if wanted != Titles(title, sort_title, year):
            stale[item_id] = wanted
    return stale


async def add_items(tx: Tx, library_id: UUID, kind: ItemKind, new: Mapping[UUID, Titles]) -> None:
    await run(tx, ADD_ITEMS, library_id, kind.value, *_title_arrays(new))


async def retitle(tx: Tx, new: Mapping[UUID, Titles]) -> None:
    await run(tx, RETITLE, *_title_arrays(new))


def _title_arrays(new: Mapping[UUID, Titles]) -> tuple[list[Any], ...]:
    values = new.values()
    return list(new), [t.title for t in values], [t.sort_title for t in values], [t.year for t in values]


async def put_links(tx: Tx, links: Sequence[Link]) -> None:
    await run(
        tx,
        PUT_LINKS,
        [link.item_id for link in links],
        [link.file_id for link in links],
        [link.role for link in links],
        [link.extra_kind for link in links],
        [link.version for link in links],
        [link.edition for link in links],
        [link.part for link in links],
        [link.position for link in links],
    )


async def put_external_ids(tx: Tx, ids: Sequence[tuple[UUID, str, str]]) -> None:
    """Record (item, provider, value) as a name says them; what a person said stays."""
    await run(
        tx, PUT_EXTERNAL_IDS, [entry[0] for entry in ids], [entry[1] for entry in ids], [entry[2] for entry in ids]
    )


async def refresh_states(tx: Tx, file_ids: Sequence[UUID]) -> list[UUID]:
    """Make items missing or present by what their files are now. Returns those that changed."""
    return await column(tx, REFRESH_STATES, list(file_ids))


async def items_of(tx: Tx, file_ids: Sequence[UUID]) -> list[UUID]:
    return await column(tx, ITEMS_OF_FILES, list(file_ids))
