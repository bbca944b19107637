"""Forgetting what is missing: files, the items that have nothing else, and the folders that held nothing else."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.db.tx import Tx
from app.library.repository.rows import column, run

MISSING_FILES = """
    SELECT file.id FROM file JOIN library_root root ON root.id = file.root_id
    WHERE root.library_id = %s AND (%s::uuid IS NULL OR root.id = %s) AND file.state = 'missing'
      AND file.missing_since <= now() - %s::interval
    ORDER BY file.id LIMIT %s
    FOR NO KEY UPDATE OF file
"""

ITEMS_OF_ONLY = """
    SELECT DISTINCT item_id FROM item_file WHERE file_id = ANY(%s) AND NOT EXISTS (
        SELECT FROM item_file other WHERE other.item_id = item_file.item_id AND other.file_id <> ALL(%s)
    )
"""

PARENTS_OF_ONLY = """
    SELECT parent.id FROM item parent
    WHERE parent.id IN (
        SELECT parent_id FROM item WHERE id = ANY(%s)
        UNION SELECT artist_id FROM item_artist WHERE item_id = ANY(%s)
    )
      AND parent.id <> ALL(%s) AND parent.state = 'missing'
      AND NOT EXISTS (SELECT FROM item child WHERE child.parent_id = parent.id AND child.id <> ALL(%s))
      AND NOT EXISTS (SELECT FROM item_file WHERE item_file.item_id = parent.id AND item_file.file_id <> ALL(%s))
      AND NOT EXISTS (SELECT FROM item_artist WHERE artist_id = parent.id AND item_id <> ALL(%s))
"""

DELETE_ITEMS = "DELETE FROM item WHERE id = ANY(%s)"
DELETE_FILES = "DELETE FROM file WHERE id = ANY(%s)"

DELETE_FOLDERS = """
    DELETE FROM folder USING library_root root
    WHERE root.id = folder.root_id AND root.library_id = %s AND folder.missing_since IS NOT NULL
      AND NOT EXISTS (SELECT FROM file WHERE file.folder_id = folder.id)
      AND NOT EXISTS (SELECT FROM folder child WHERE child.parent_id = folder.id)
      AND NOT EXISTS (SELECT FROM folder other WHERE other.anchor_id = folder.id AND other.id <> folder.id)
"""


async def missing_files(
    tx: Tx, library_id: UUID, missing_for: timedelta, root_id: UUID | None, limit: int
) -> list[UUID]:
    """Return files that have been missing for so long, locked, in one root or in all the library ever had."""
    return await column(tx, MISSING_FILES, library_id, root_id, root_id, missing_for, limit)


async def items_of_only(tx: Tx, file_ids: Sequence[UUID]) -> list[UUID]:
    """Return items that are made of these files and no others, and the seasons, series, albums and artists of those
    alone."""
    files = list(file_ids)
    found: list[UUID] = await column(tx, ITEMS_OF_ONLY, files, files)
    level = found
    while level:
        level = await column(tx, PARENTS_OF_ONLY, level, level, found, found, files, found)
        found = [*found, *level]
    return found


async def delete(tx: Tx, library_id: UUID, file_ids: Sequence[UUID], item_ids: Sequence[UUID]) -> None:
    """Delete files and items, and missing folders with nothing left in them."""
    await run(tx, DELETE_ITEMS, list(item_ids))
    await run(tx, DELETE_FILES, list(file_ids))
    while await run(tx, DELETE_FOLDERS, library_id):
        pass
