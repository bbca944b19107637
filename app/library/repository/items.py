"""Items, and which files they are made of. Many rows a statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db.tx import Tx
from app.ids import in_order
from app.library.kinds import FactSource, ItemKind, ItemState
from app.library.repository import ages
from app.library.repository.facts import Facts
from app.library.repository.rows import column, copy, rows, run


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an item stands among others. Never shown by itself as a title is, so nobody but us says it."""

    parent_id: UUID | None = None
    name_key: str | None = None
    number: int | None = None
    absolute_number: int | None = None
    disc_number: int | None = None
    disc_title: str | None = None
    country: str | None = None
    release_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewItem:
    id: UUID
    kind: ItemKind
    place: Place
    facts: Facts
    source: FactSource
    is_present: bool


ITEM_COLUMNS = {
    "id": "uuid", "library_id": "uuid", "kind": "text", "parent_id": "uuid", "title": "text", "sort_title": "text",
    "year": "int4", "released_on": "date", "name_key": "text", "number": "int4", "absolute_number": "int4",
    "disc_number": "int4", "disc_title": "text", "country": "text", "release_types": "text[]", "title_source": "text",
    "state": "text",
}  # fmt: skip
COPY_ITEMS = f"COPY item ({', '.join(ITEM_COLUMNS)}) FROM STDIN (FORMAT binary)"

SINCE_NOW = "UPDATE item SET missing_since = now() WHERE id = ANY(%s)"

PLACE_ITEMS = """
    UPDATE item
    SET library_id = %s, parent_id = new.parent_id, name_key = new.name_key, number = new.number,
        absolute_number = new.absolute_number, disc_number = new.disc_number, disc_title = new.disc_title,
        country = new.country, updated_at = now()
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::int[], %s::int[], %s::text[], %s::text[])
        AS new (id, parent_id, name_key, number, absolute_number, disc_number, disc_title, country)
    WHERE item.id = new.id
"""

LINK_COLUMNS = {
    "item_id": "uuid", "file_id": "uuid", "role": "text", "extra_kind": "text", "version": "text", "edition": "text",
    "part": "int4", "position": "int4",
}  # fmt: skip
COPY_LINKS = f"COPY item_file ({', '.join(LINK_COLUMNS)}) FROM STDIN (FORMAT binary)"

PUT_LINKS = """
    INSERT INTO item_file (item_id, file_id, role, extra_kind, version, edition, part, position)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::int[])
    ON CONFLICT (item_id, file_id) DO UPDATE
    SET role = excluded.role, extra_kind = excluded.extra_kind, version = excluded.version,
        edition = excluded.edition, part = excluded.part, position = excluded.position
"""

UNLINK = """
    DELETE FROM item_file USING unnest(%s::uuid[], %s::uuid[]) AS gone (item_id, file_id)
    WHERE item_file.item_id = gone.item_id AND item_file.file_id = gone.file_id
"""

PUT_EXTERNAL_IDS = """
    INSERT INTO external_id (item_id, provider, value, source)
    SELECT new.* FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) AS new
    ON CONFLICT (item_id, provider) DO UPDATE SET value = excluded.value, source = excluded.source
    WHERE external_id.source <> 'user' AND external_id.value <> excluded.value
    RETURNING item_id
"""

ADOPT = """
    UPDATE item SET library_id = %s, updated_at = now()
    WHERE id = ANY(%s) AND library_id <> %s AND NOT EXISTS (
        SELECT FROM item_file
        JOIN file ON file.id = item_file.file_id
        JOIN library_root ON library_root.id = file.root_id
        WHERE item_file.item_id = item.id AND item_file.role <> 'extra' AND file.state = 'present'
          AND library_root.library_id = item.library_id
    )
    RETURNING id
"""

REFRESH_STATES = """
    WITH found AS (
        SELECT item.id, EXISTS (
            SELECT FROM item_file JOIN file ON file.id = item_file.file_id
            WHERE item_file.item_id = item.id AND item_file.role <> 'extra' AND file.state = 'present'
        ) OR EXISTS (
            SELECT FROM item child WHERE child.parent_id = item.id AND child.state = 'present'
        ) OR item.kind = 'artist' AND EXISTS (
            SELECT FROM item_artist credit JOIN item credited ON credited.id = credit.item_id
            WHERE credit.artist_id = item.id AND credited.state = 'present'
        ) AS is_present
        FROM item WHERE item.id = ANY(%s)
    )
    UPDATE item
    SET state = CASE WHEN found.is_present THEN 'present' ELSE 'missing' END,
        missing_since = CASE WHEN found.is_present THEN NULL ELSE now() END,
        updated_at = now()
    FROM found
    WHERE item.id = found.id AND found.is_present <> (item.state = 'present')
    RETURNING item.id, item.parent_id
"""

CREDITED_ARTISTS = "SELECT DISTINCT artist_id FROM item_artist WHERE item_id = ANY(%s)"

EXISTING = "SELECT id FROM item WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"

ITEMS_OF_FILES = "SELECT DISTINCT item_id FROM item_file WHERE file_id = ANY(%s)"


async def add_items(tx: Tx, library_id: UUID, new: Sequence[NewItem]) -> None:
    await copy(tx, COPY_ITEMS, list(ITEM_COLUMNS.values()), (_item_row(library_id, item) for item in new))
    if missing := [item.id for item in new if not item.is_present]:
        await run(tx, SINCE_NOW, missing)
    parents = {item.id: item.place.parent_id for item in new if item.place.parent_id is not None}
    await ages.inherit(tx, {child: parent for child, parent in parents.items() if parent is not None})


def _item_row(library_id: UUID, item: NewItem) -> tuple[Any, ...]:
    place, facts = item.place, item.facts
    return (
        item.id, library_id, item.kind.value, place.parent_id, facts.title, facts.sort_title, facts.year,
        facts.released_on, place.name_key, place.number, place.absolute_number, place.disc_number, place.disc_title,
        place.country, list(place.release_types), item.source.value,
        ItemState.PRESENT.value if item.is_present else ItemState.MISSING.value,
    )  # fmt: skip


async def place_items(tx: Tx, library_id: UUID, places: Sequence[tuple[UUID, Place]]) -> None:
    """Put existing items elsewhere among others."""
    await run(
        tx,
        PLACE_ITEMS,
        library_id,
        [item_id for item_id, _ in places],
        [place.parent_id for _, place in places],
        [place.name_key for _, place in places],
        [place.number for _, place in places],
        [place.absolute_number for _, place in places],
        [place.disc_number for _, place in places],
        [place.disc_title for _, place in places],
        [place.country for _, place in places],
    )
    await ages.refresh(tx, [item_id for item_id, _ in places])


async def add_links(tx: Tx, links: Sequence[Link]) -> None:
    """Record links of new items, of which none can be there."""
    await copy(tx, COPY_LINKS, list(LINK_COLUMNS.values()), map(_link_row, links))


async def put_links(tx: Tx, links: Sequence[Link]) -> None:
    await run(tx, PUT_LINKS, *map(list, zip(*map(_link_row, links), strict=True)))


def _link_row(link: Link) -> tuple[Any, ...]:
    return (
        link.item_id, link.file_id, str(link.role), link.extra_kind, link.version, link.edition, link.part,
        link.position,
    )  # fmt: skip


async def unlink(tx: Tx, gone: Sequence[tuple[UUID, UUID]]) -> None:
    """Part (item, file). The item stays, with what hangs on it."""
    await run(tx, UNLINK, [item_id for item_id, _ in gone], [file_id for _, file_id in gone])


async def put_external_ids(tx: Tx, ids: Sequence[tuple[UUID, str, str, FactSource]]) -> list[UUID]:
    """Record (item, provider, value, who says it); what a person said stays. Returns the items that changed."""
    return await column(tx, PUT_EXTERNAL_IDS, *map(list, zip(*ids, strict=True)))


async def adopt(tx: Tx, library_id: UUID, item_ids: Sequence[UUID]) -> list[UUID]:
    """Take over items whose files have moved here from another library. Returns those it was true of."""
    return await column(tx, ADOPT, library_id, list(item_ids), library_id)


async def refresh_states(tx: Tx, file_ids: Sequence[UUID], item_ids: Sequence[UUID] = ()) -> list[UUID]:
    """Make items missing or present by what their files and children are now, up to the topmost. Returns those that
    changed."""
    changed: list[UUID] = []
    level = {*item_ids, *(await items_of(tx, file_ids) if file_ids else ())}
    while level:
        turned = await rows(tx, REFRESH_STATES, in_order(level))
        ids = [row[0] for row in turned]
        changed += ids
        level = {row[1] for row in turned if row[1] is not None}
        if level:
            level.update(await column(tx, CREDITED_ARTISTS, ids))
    return changed


async def existing(tx: Tx, item_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of these items that there are, and hold them."""
    return await column(tx, EXISTING, list(item_ids))


async def items_of(tx: Tx, file_ids: Sequence[UUID]) -> list[UUID]:
    return await column(tx, ITEMS_OF_FILES, list(file_ids))
