"""Files that are copies of each other."""

from typing import Any, NamedTuple
from uuid import UUID

from app.db.tx import Tx
from app.library.repository.rows import rows


class Copy(NamedTuple):
    file_id: UUID
    library_id: UUID
    root: str
    path: str
    item_ids: list[UUID]
    is_same_file: bool
    """Another name of the same bytes (a hard link): deleting it frees nothing."""


class Copies(NamedTuple):
    size: int
    partial_hash: bytes
    files: list[Copy]


DUPLICATES = """
    WITH alike AS (
        SELECT size, partial_hash FROM file
        WHERE state = 'present' AND partial_hash IS NOT NULL AND size > 0
          AND (%s::bigint IS NULL OR (size, partial_hash) < (%s, %s))
        GROUP BY size, partial_hash HAVING count(*) > 1
        ORDER BY size DESC, partial_hash DESC LIMIT %s
    )
    SELECT alike.size, alike.partial_hash, file.id, root.library_id, root.display_path, file.display_path,
        ARRAY(SELECT item_id FROM item_file WHERE file_id = file.id ORDER BY item_id),
        count(*) OVER (PARTITION BY alike.size, alike.partial_hash, file.device, file.inode) > 1
    FROM alike
    JOIN file ON file.size = alike.size AND file.partial_hash = alike.partial_hash AND file.state = 'present'
    JOIN library_root root ON root.id = file.root_id
    ORDER BY alike.size DESC, alike.partial_hash DESC, file.added_at, file.id
"""


async def find(tx: Tx, after: tuple[int, bytes] | None, limit: int) -> list[Copies]:
    """Return groups of present files with one size and one partial hash, the largest first."""
    size, partial_hash = after or (None, None)
    groups: dict[tuple[int, bytes], list[Copy]] = {}
    found: list[tuple[Any, ...]] = await rows(tx, DUPLICATES, size, size, partial_hash, limit)
    for row in found:
        groups.setdefault((row[0], row[1]), []).append(Copy(*row[2:]))
    return [Copies(*key, files) for key, files in groups.items()]
