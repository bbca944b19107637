"""What is known of the files around some folders and of the items they may be, as building items needs it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db.tx import Tx
from app.ids import in_order
from app.library.kinds import ItemKind
from app.library.repository.items import Link
from app.library.repository.rows import binary_rows, rows


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A file around an anchor, with one of its links if it has any."""

    anchor_id: UUID
    file_id: UUID
    folder: bytes
    name: bytes
    is_present: bool
    link: Link | None
    kind: str | None
    """Of the item that is linked."""
    library_id: UUID | None
    """Of the item too: files may have come from another library."""


@dataclass(slots=True)
class Parent:
    """A series, artist or album, and how the next file of it finds it."""

    id: UUID
    kind: str
    parent_id: UUID | None
    name_key: str | None
    ids: dict[str, str]
    title_source: str = "name"
    library_id: UUID | None = None
    is_new: bool = False


@dataclass(slots=True)
class Child:
    """A season or an episode."""

    id: UUID
    parent_id: UUID
    kind: str
    number: int | None
    absolute_number: int | None
    aired: Any
    name_key: str | None
    locked: Sequence[str]


UNIT_ROWS = """
    SELECT folder.anchor_id, file.id, folder.path, file.name, file.state = 'present',
        link.item_id, link.role, link.extra_kind, link.version, link.edition, link.part, link.position,
        item.kind, item.library_id
    FROM folder JOIN file ON file.folder_id = folder.id
    LEFT JOIN item_file link ON link.file_id = file.id
    LEFT JOIN item ON item.id = link.item_id
    WHERE folder.anchor_id = ANY(%s)
    ORDER BY link.item_id
"""

PARENTS = """
    SELECT item.id, item.kind, item.parent_id, item.name_key,
        coalesce((
            SELECT jsonb_object_agg(external_id.provider, external_id.value)
            FROM external_id WHERE external_id.item_id = item.id
        ), '{}'),
        item.title_source, item.library_id
    FROM item
    WHERE item.kind = %(kind)s AND item.id IN (
        SELECT called.id FROM item called
        WHERE called.library_id = %(library_id)s AND called.kind = %(kind)s AND called.name_key = ANY(%(keys)s)
          AND (%(below)s::uuid[] IS NULL OR called.parent_id IS NULL OR called.parent_id = ANY(%(below)s))
        UNION
        SELECT external_id.item_id FROM unnest(%(providers)s::text[], %(values)s::text[]) AS wanted (provider, value)
        JOIN external_id ON external_id.provider = wanted.provider AND external_id.value = wanted.value
        JOIN item named ON named.id = external_id.item_id AND named.library_id = %(library_id)s
        UNION
        SELECT unnest(%(ids)s::uuid[])
    )
    ORDER BY item.id
"""

ANCESTORS = """
    WITH RECURSIVE line AS (
        SELECT id, parent_id FROM item WHERE id = ANY(%s)
        UNION
        SELECT item.id, item.parent_id FROM line JOIN item ON item.id = line.parent_id
    )
    SELECT id, parent_id FROM line
"""

CHILDREN = """
    SELECT id, parent_id, kind, number, absolute_number, released_on, name_key, locked
    FROM item WHERE parent_id = ANY(%s) ORDER BY id
"""

LINKS_OF = """
    SELECT item_id, file_id, role, extra_kind, version, edition, part, position
    FROM item_file WHERE item_id = ANY(%s) ORDER BY item_id, position, file_id
"""


async def unit_rows(tx: Tx, anchor_ids: Sequence[UUID]) -> list[UnitRow]:
    """Return all files around these anchors; one that belongs to two items comes twice."""
    return [_unit_row(*row) for row in await binary_rows(tx, UNIT_ROWS, list(anchor_ids))]


def _unit_row(*row: Any) -> UnitRow:
    link = None if row[5] is None else Link(row[5], row[1], *row[6:12])
    return UnitRow(row[0], row[1], row[2], row[3], row[4], link, row[12], row[13])


@dataclass(frozen=True, slots=True)
class Called:
    """How parents are asked for: by what names call them, by their ids elsewhere, or as themselves."""

    keys: frozenset[str] = frozenset()
    ids: frozenset[tuple[str, str]] = frozenset()
    items: frozenset[UUID] = frozenset()
    below: frozenset[UUID] | None = None
    """Who is called so must be below one of these, or below nothing: half the world has an album Greatest Hits."""


async def parents(tx: Tx, library_id: UUID, kind: ItemKind, called: Called) -> list[Parent]:
    """Return those of this library; what is asked for as itself may be of another."""
    pairs = sorted(called.ids)
    parameters = {
        "library_id": library_id,
        "kind": kind.value,
        "keys": sorted(called.keys),
        "providers": [provider for provider, _ in pairs],
        "values": [value for _, value in pairs],
        "ids": in_order(called.items),
        "below": None if called.below is None else in_order(called.below),
    }
    cursor = await tx.connection.execute(PARENTS.encode(), parameters)
    return [Parent(*row) for row in await cursor.fetchall()]  # type: ignore[arg-type]


async def ancestors(tx: Tx, item_ids: Iterable[UUID]) -> dict[UUID, UUID | None]:
    """Return items and all above them, each with its parent."""
    wanted = in_order(set(item_ids))
    return {row[0]: row[1] for row in await rows(tx, ANCESTORS, wanted)} if wanted else {}


async def children(tx: Tx, parent_ids: Iterable[UUID]) -> list[Child]:
    wanted = in_order(set(parent_ids))
    return [Child(*row) for row in await rows(tx, CHILDREN, wanted)] if wanted else []


async def links_of(tx: Tx, item_ids: Iterable[UUID]) -> list[Link]:
    wanted = in_order(set(item_ids))
    return [Link(*row) for row in await rows(tx, LINKS_OF, wanted)] if wanted else []
