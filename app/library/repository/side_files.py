"""Side files as scans record them, and which folders a look into them is asked for in."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.db.tx import Tx
from app.ids import uuid7
from app.library.repository.rows import column, rows, run


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
