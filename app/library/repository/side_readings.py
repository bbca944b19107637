"""A look into the side files of one folder: what it is about, what lies there, and whose it may be."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db.tx import Tx
from app.library.repository.rows import column, rows, run


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A folder whose side files are to be read."""

    library_kind: str
    root: bytes
    path: bytes
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class SideRow:
    id: UUID
    name: bytes
    kind: str
    size: int
    mtime_ns: int
    is_read: bool
    """What it is now has been looked into."""
    read_for: tuple[UUID, ...]
    problem: str | None = None
    pictures_id: UUID | None = None
    """Of a VobSub's index: the file that holds its pictures."""


@dataclass(frozen=True, slots=True)
class MediaRow:
    """A media file, with one of its items. `item_id` and all after it are None for a file without one."""

    folder: bytes
    name: bytes
    file_id: UUID
    item_id: UUID | None
    item_kind: str | None
    number: int | None
    is_extra: bool | None
    parent_id: UUID | None
    parent_kind: str | None
    parent_number: int | None
    top_id: UUID | None
    top_kind: str | None


PLACE = """
    SELECT library.kind, root.path, folder.path, reading.asked_at
    FROM side_reading reading JOIN folder ON folder.id = reading.folder_id
    JOIN library_root root ON root.id = folder.root_id JOIN library ON library.id = root.library_id
    WHERE reading.folder_id = %s AND root.retired_at IS NULL
"""

SIDE_ROWS = """
    SELECT id, name, kind, size, mtime_ns, (read_size, read_mtime_ns) IS NOT DISTINCT FROM (size, mtime_ns),
        read_for, problem, pictures_id
    FROM side_file WHERE folder_id = %s ORDER BY name
"""

MEDIA_COLUMNS = """
    folder.path, file.name, file.id, item.id, item.kind, item.number, link.role = 'extra',
    parent.id, parent.kind, parent.number, top.id, top.kind
"""

MEDIA_JOINS = """
    JOIN file ON file.folder_id = folder.id AND file.state = 'present'
    LEFT JOIN item_file link ON link.file_id = file.id
    LEFT JOIN item ON item.id = link.item_id
    LEFT JOIN item parent ON parent.id = item.parent_id
    LEFT JOIN item top ON top.id = parent.parent_id
"""

MEDIA_IN = f"""
    SELECT {MEDIA_COLUMNS}
    FROM folder own
    JOIN folder ON folder.root_id = own.root_id AND sha256(folder.path) = sha256(%s)
    {MEDIA_JOINS}
    WHERE own.id = %s
    ORDER BY file.name, item.number, item.id
"""  # noqa: S608  parts of ours

FOLDERS_BELOW = """
    WITH RECURSIVE below AS (
        SELECT child.id FROM folder own
        JOIN folder child ON child.root_id = own.root_id AND sha256(child.path) = sha256(%s) WHERE own.id = %s
        UNION ALL
        SELECT child.id FROM below
        CROSS JOIN LATERAL (SELECT folder.id FROM folder WHERE folder.parent_id = below.id OFFSET 0) AS child
    )
    SELECT id FROM below LIMIT %s
"""
"""Step by step by index. PostgreSQL takes what is below anything for a large part of all there is, and would rather
read whole tables: hence the lateral step, and the media in a statement of their own."""

MEDIA_OF_FOLDERS = f"""
    SELECT {MEDIA_COLUMNS} FROM folder {MEDIA_JOINS} WHERE folder.id = ANY(%s) LIMIT %s
"""  # noqa: S608  parts of ours

SEASONS = "SELECT number, id FROM item WHERE parent_id = %s AND kind = 'season' AND number IS NOT NULL"

LOCK_READING = "SELECT asked_at FROM side_reading WHERE folder_id = %s FOR UPDATE"
END_READING = "DELETE FROM side_reading WHERE folder_id = %s"


async def place_of(tx: Tx, folder_id: UUID) -> FolderPlace | None:
    """Return where a folder that waits is; None when nothing waits there, or nobody looks there any more."""
    found = await rows(tx, PLACE, folder_id)
    return FolderPlace(*found[0]) if found else None


async def side_rows(tx: Tx, folder_id: UUID) -> list[SideRow]:
    found = await rows(tx, SIDE_ROWS, folder_id)
    return [
        SideRow(side_id, name, kind, size, mtime_ns, is_read, tuple(read_for), problem, pictures_id)
        for side_id, name, kind, size, mtime_ns, is_read, read_for, problem, pictures_id in found
    ]


async def media_in(tx: Tx, folder_id: UUID, path: bytes) -> list[MediaRow]:
    """Return the present media files directly in a folder of the same root, once for each of their items."""
    return [MediaRow(*row) for row in await rows(tx, MEDIA_IN, path, folder_id)]


async def media_below(tx: Tx, folder_id: UUID, path: bytes, limit: int) -> list[MediaRow]:
    """Return those in it and below, `limit` at most."""
    folder_ids = await column(tx, FOLDERS_BELOW, path, folder_id, limit)
    return [MediaRow(*row) for row in await rows(tx, MEDIA_OF_FOLDERS, folder_ids, limit)]


async def seasons_of(tx: Tx, series_id: UUID) -> dict[int, UUID]:
    return {row[0]: row[1] for row in await rows(tx, SEASONS, series_id)}


async def lock_reading(tx: Tx, folder_id: UUID) -> datetime | None:
    """Return when the folder was last asked for, keeping that so until this transaction ends."""
    found: list[datetime] = await column(tx, LOCK_READING, folder_id)
    return found[0] if found else None


async def end_reading(tx: Tx, folder_id: UUID) -> None:
    await run(tx, END_READING, folder_id)
