"""Files that may be the same as one that was recorded elsewhere."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from app.db.tx import Tx
from app.library.repository.files import FileRow
from app.library.repository.rows import binary_rows, run


class Candidate(NamedTuple):
    """A recorded file of a size that a new file has as well."""

    id: UUID
    root_id: UUID
    library_id: UUID
    root: bytes
    root_is_retired: bool
    folder: bytes
    name: bytes
    size: int
    mtime_ns: int
    device: int
    inode: int
    state: str
    partial_hash: bytes | None
    kind: str
    probed_size: int | None
    probed_mtime_ns: int | None
    prober_version: int | None


MOST_OF_A_SIZE = 20
"""Recorded files of one size that are asked about beside those of one size and inode: where more are that much alike,
few of them are media."""

CANDIDATES = """
    WITH wanted AS (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS wanted (size, inode)
    ), alike AS (
        SELECT file.id FROM wanted JOIN file ON file.size = wanted.size AND file.inode = wanted.inode
        UNION
        SELECT found.id FROM (SELECT DISTINCT size FROM wanted) AS sizes CROSS JOIN LATERAL (
            SELECT id FROM file WHERE file.size = sizes.size ORDER BY state, id LIMIT %s
        ) AS found
    )
    SELECT file.id, file.root_id, root.library_id, root.path, root.retired_at IS NOT NULL, folder.path, file.name,
        file.size, file.mtime_ns, file.device, file.inode, file.state, file.partial_hash, file.kind,
        file.probed_size, file.probed_mtime_ns, file.prober_version
    FROM alike JOIN file USING (id) JOIN folder ON folder.id = file.folder_id
        JOIN library_root root ON root.id = file.root_id
    ORDER BY file.state, file.id
"""

MOVE = """
    UPDATE file
    SET root_id = new.root_id, folder_id = new.folder_id, name = new.name, display_path = new.display_path,
        kind = new.kind, mtime_ns = new.mtime_ns, device = new.device, inode = new.inode, state = 'present',
        missing_since = NULL,
        probed_mtime_ns = CASE WHEN file.probed_mtime_ns = file.mtime_ns THEN new.mtime_ns
                               ELSE file.probed_mtime_ns END
    FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bytea[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],
                %s::bigint[]) AS new (id, root_id, folder_id, name, display_path, kind, mtime_ns, device, inode)
    WHERE file.id = new.id
"""


async def candidates(tx: Tx, files: Sequence[FileRow]) -> list[Candidate]:
    """Return recorded files that are as large as one of these, in whatever library; missing ones first."""
    sizes, inodes = [file.size for file in files], [file.inode for file in files]
    return [Candidate(*row) for row in await binary_rows(tx, CANDIDATES, sizes, inodes, MOST_OF_A_SIZE)]


async def move(tx: Tx, files: Sequence[FileRow]) -> None:
    """Record that files lie elsewhere now, and are called otherwise. What was probed is still what is in them."""
    await run(
        tx,
        MOVE,
        [file.id for file in files],
        [file.root_id for file in files],
        [file.folder_id for file in files],
        [file.name for file in files],
        [file.display_path for file in files],
        [file.kind for file in files],
        [file.mtime_ns for file in files],
        [file.device for file in files],
        [file.inode for file in files],
    )
