"""Side files as scans record them, and what looks into them said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db.tx import Tx
from app.ids import uuid7
from app.library.repository.rows import column, rows, run

# -- as scans record them


@dataclass(frozen=True, slots=True)
class SeenSideFile:
    """A side file as the walk met it."""

    folder_id: UUID
    name: bytes
    kind: str
    size: int
    mtime_ns: int


KNOWN = "SELECT folder_id, name, id, size, mtime_ns FROM side_file WHERE folder_id = ANY(%s)"

ADD = """
    INSERT INTO side_file (id, folder_id, name, kind, size, mtime_ns)
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::text[], %s::bigint[], %s::bigint[])
    ON CONFLICT (folder_id, name) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns
    WHERE (side_file.size, side_file.mtime_ns) <> (excluded.size, excluded.mtime_ns)
"""

LOSE = "DELETE FROM side_file WHERE id = ANY(%s) OR folder_id = ANY(%s) RETURNING folder_id"

HAS_SIDE_FILES = "(SELECT true FROM side_file WHERE side_file.folder_id = {}.id LIMIT 1)"
ABOVE = """
        UNION
        SELECT parent.id, parent.parent_id FROM above
        CROSS JOIN LATERAL (
            SELECT folder.id, folder.parent_id FROM folder WHERE folder.id = above.parent_id OFFSET 0
        ) AS parent
"""
"""Step by step by index, as `FOLDERS_BELOW`."""

INSIDE = """
        SELECT child.id FROM {0}
        CROSS JOIN LATERAL (SELECT folder.id FROM folder WHERE folder.parent_id = {0}.id OFFSET 0) AS child
        WHERE (SELECT true FROM file WHERE file.folder_id = child.id LIMIT 1) IS NULL
"""
"""Folders in these that hold no media: `Subs`, `extrafanart`."""

FOLDERS_OF_ITEMS = f"""
    WITH RECURSIVE own AS (
        SELECT DISTINCT folder.id, folder.parent_id FROM item_file
        JOIN file ON file.id = item_file.file_id JOIN folder ON folder.id = file.folder_id
        WHERE item_file.item_id = ANY(%s)
    ), above AS (
        SELECT id, parent_id FROM own
        {ABOVE}
    ), inner_one AS (
        {INSIDE.format("own")}
    ), inner_two AS (
        {INSIDE.format("inner_one")}
    ), near AS (
        SELECT id FROM above UNION SELECT id FROM inner_one UNION SELECT id FROM inner_two
    )
    SELECT near.id FROM near WHERE {HAS_SIDE_FILES.format("near")}
"""  # noqa: S608  parts of ours
"""Where side files of these items may lie: in their files' folders, in those above, or in `Subs` and the like below."""

FOLDERS_OF_SONGS = f"""
    WITH RECURSIVE above AS (
        SELECT DISTINCT folder.id, folder.parent_id FROM file JOIN folder ON folder.id = file.folder_id
        WHERE file.id = ANY(%s) AND file.kind = 'audio'
        {ABOVE}
    )
    SELECT above.id FROM above WHERE {HAS_SIDE_FILES.format("above")}
"""  # noqa: S608  parts of ours

ASK = """
    INSERT INTO side_reading (folder_id) SELECT unnest(%s::uuid[])
    ON CONFLICT (folder_id) DO UPDATE SET asked_at = clock_timestamp()
"""

WITH_ANY = "SELECT DISTINCT folder_id FROM side_file WHERE folder_id = ANY(%s)"

OWN_QUEUES = """
    SELECT folder.id, 'root_' || root.id FROM folder JOIN library_root root ON root.id = folder.root_id
    WHERE folder.id = ANY(%s) AND root.has_own_queue
"""


async def known_in(tx: Tx, folder_ids: Sequence[UUID]) -> dict[tuple[UUID, bytes], tuple[UUID, int, int]]:
    """Return id, size and mtime of the side files recorded in these folders, by folder and name."""
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in await rows(tx, KNOWN, list(folder_ids))}


async def put(tx: Tx, seen: Sequence[SeenSideFile]) -> None:
    """Record these side files as they are now."""
    await run(
        tx,
        ADD,
        [uuid7() for _ in seen],
        [file.folder_id for file in seen],
        [file.name for file in seen],
        [file.kind for file in seen],
        [file.size for file in seen],
        [file.mtime_ns for file in seen],
    )


async def lose(tx: Tx, side_file_ids: Sequence[UUID], folder_ids: Sequence[UUID]) -> list[UUID]:
    """Forget these side files, and all in these folders. Returns the folders that had any of them."""
    return sorted(set(await column(tx, LOSE, list(side_file_ids), list(folder_ids))))


async def folders_of_items(tx: Tx, item_ids: Sequence[UUID]) -> list[UUID]:
    return await column(tx, FOLDERS_OF_ITEMS, list(item_ids))


async def folders_of_songs(tx: Tx, file_ids: Sequence[UUID]) -> list[UUID]:
    return await column(tx, FOLDERS_OF_SONGS, list(file_ids))


async def with_any(tx: Tx, folder_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of these folders that have side files."""
    return await column(tx, WITH_ANY, list(folder_ids))


async def own_queues(tx: Tx, folder_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the queues of those of these folders whose root has one of its own."""
    return {row[0]: row[1] for row in await rows(tx, OWN_QUEUES, list(folder_ids))}


async def ask(tx: Tx, folder_ids: Sequence[UUID]) -> None:
    """Note that these folders' side files are to be looked into."""
    await run(tx, ASK, sorted(folder_ids))


# -- as a job looks into them


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
    has_picture: bool


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
        read_for, media_type IS NOT NULL
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


async def place_of(tx: Tx, folder_id: UUID) -> FolderPlace | None:
    """Return where a folder that waits is; None when nothing waits there, or nobody looks there any more."""
    found = await rows(tx, PLACE, folder_id)
    return FolderPlace(*found[0]) if found else None


async def side_rows(tx: Tx, folder_id: UUID) -> list[SideRow]:
    found = await rows(tx, SIDE_ROWS, folder_id)
    return [
        SideRow(side_id, name, kind, size, mtime_ns, is_read, tuple(read_for), has_picture)
        for side_id, name, kind, size, mtime_ns, is_read, read_for, has_picture in found
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


# -- what a look said

KEEP_READ = """
    UPDATE side_file
    SET read_size = new.size, read_mtime_ns = new.mtime_ns, media_type = new.media_type, width = new.width,
        height = new.height, problem = new.problem
    FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::int[], %s::text[])
        AS new (id, size, mtime_ns, media_type, width, height, problem)
    WHERE side_file.id = new.id
"""

KEEP_READ_FOR = """
    UPDATE side_file SET read_for = (
        SELECT coalesce(array_agg(pair.item_id), '{}')
        FROM unnest(%s::uuid[], %s::uuid[]) AS pair (id, item_id) WHERE pair.id = side_file.id
    ) WHERE id = ANY(%s)
"""

KEEP_WORDS = """
    UPDATE side_file
    SET file_id = new.file_id, language = new.language, title = new.title,
        flags = coalesce(string_to_array(nullif(new.flags, ''), ','), '{}')
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[]) AS new (id, file_id, language, title, flags)
    WHERE side_file.id = new.id
      AND (side_file.file_id, side_file.language, side_file.title, array_to_string(side_file.flags, ','))
        IS DISTINCT FROM (new.file_id, new.language, new.title, new.flags)
    RETURNING side_file.id
"""

DROP_IMAGES = """
    DELETE FROM image USING side_file
    WHERE side_file.id = image.side_file_id AND side_file.folder_id = %s
      AND (image.item_id, image.role, image.side_file_id) NOT IN (
        SELECT * FROM unnest(%s::uuid[], %s::text[], %s::uuid[])
      )
    RETURNING image.item_id
"""

PUT_IMAGES = """
    INSERT INTO image (source, id, item_id, role, side_file_id, position, width, height)
    SELECT 'local', new.id, item.id, new.role, side_file.id, new.position, side_file.width, side_file.height
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::int[])
        AS new (id, item_id, role, side_file_id, position)
    JOIN item ON item.id = new.item_id JOIN side_file ON side_file.id = new.side_file_id
    WHERE side_file.media_type IS NOT NULL
    ON CONFLICT (item_id, role, side_file_id) DO UPDATE
    SET position = excluded.position, width = excluded.width, height = excluded.height
    WHERE (image.position, image.width, image.height) IS DISTINCT FROM
        (excluded.position, excluded.width, excluded.height)
    RETURNING item_id
"""

LOCK_READING = "SELECT asked_at FROM side_reading WHERE folder_id = %s FOR UPDATE"
END_READING = "DELETE FROM side_reading WHERE folder_id = %s"

STILL_READ_FOR = """
    SELECT DISTINCT of.item_id FROM unnest(%s::uuid[]) AS of (item_id)
    JOIN side_file ON side_file.read_for @> ARRAY[of.item_id]
"""


async def keep_read(tx: Tx, looked: Sequence[tuple[Any, ...]]) -> None:
    """Record (id, size, mtime, media type, width, height, problem) of side files that were looked into."""
    if looked:
        await run(tx, KEEP_READ, *map(list, zip(*looked, strict=True)))


async def keep_read_for(tx: Tx, given: Mapping[UUID, Sequence[UUID]]) -> None:
    """Record to which items each NFO's word was given."""
    pairs = [(side_id, item_id) for side_id, item_ids in given.items() for item_id in item_ids]
    await run(tx, KEEP_READ_FOR, [one[0] for one in pairs], [one[1] for one in pairs], list(given))


async def keep_words(tx: Tx, told: Sequence[tuple[UUID, UUID | None, str | None, str | None, str]]) -> None:
    """Record (id, media file, language, title, flags apart by commas) of subtitles and lyrics."""
    if told:
        await run(tx, KEEP_WORDS, *map(list, zip(*told, strict=True)))


async def put_images(tx: Tx, folder_id: UUID, wanted: Sequence[tuple[UUID, str, UUID, int]]) -> list[UUID]:
    """Make (item, role, side file, position) the pictures that lie in this folder. Returns the items that changed."""
    items, roles, sides, places = ([row[place] for row in wanted] for place in range(4))
    changed = await column(tx, DROP_IMAGES, folder_id, items, roles, sides)
    changed += await column(tx, PUT_IMAGES, [uuid7() for _ in wanted], items, roles, sides, places)
    return sorted(set(changed))


async def lock_reading(tx: Tx, folder_id: UUID) -> datetime | None:
    """Return when the folder was last asked for, keeping that so until this transaction ends."""
    found: list[datetime] = await column(tx, LOCK_READING, folder_id)
    return found[0] if found else None


async def end_reading(tx: Tx, folder_id: UUID) -> None:
    await run(tx, END_READING, folder_id)


async def still_read_for(tx: Tx, item_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of these items that some NFO speaks of."""
    return set(await column(tx, STILL_READ_FOR, list(item_ids)))
