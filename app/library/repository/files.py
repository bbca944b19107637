"""Files, as scans record them. Many rows a statement; the arrays of one call line up by position."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from app.db.tx import Tx
from app.library.kinds import FileState
from app.library.models import File, Folder, LibraryRoot
from app.library.paths import join
from app.library.records import FileLocation
from app.library.repository.rows import binary_rows, column, copy, rows, run


async def locate(tx: Tx, file_id: UUID) -> FileLocation | None:
    query = (
        select(File, Folder.path, LibraryRoot.path, LibraryRoot.library_id)
        .join(Folder, Folder.id == File.folder_id)
        .join(LibraryRoot, LibraryRoot.id == File.root_id)
        .where(File.id == file_id)
        .execution_options(populate_existing=True)
    )
    row = (await tx.session.execute(query)).first()
    if row is None:
        return None
    file, folder, root, library_id = row
    return FileLocation(
        file_id=file.id,
        library_id=library_id,
        root=root,
        path=join(folder, file.name),
        display_path=file.display_path,
        state=FileState(file.state),
        size=file.size,
        mtime_ns=file.mtime_ns,
        container=file.container,
    )


class KnownFile(NamedTuple):
    folder_id: UUID
    name: bytes
    id: UUID
    size: int
    mtime_ns: int
    device: int
    inode: int
    state: str
    probed_size: int | None
    probed_mtime_ns: int | None
    prober_version: int | None


class FileRow(NamedTuple):
    """A file as it is to be recorded, in the order of COPY's columns below."""

    id: UUID
    root_id: UUID
    folder_id: UUID
    name: bytes
    display_path: str
    kind: str
    size: int
    mtime_ns: int
    device: int
    inode: int


FILES_IN = """
    SELECT folder_id, name, id, size, mtime_ns, device, inode, state, probed_size, probed_mtime_ns, prober_version
    FROM file WHERE folder_id = ANY(%s)
"""

ADD_FILES = """
    COPY file (id, root_id, folder_id, name, display_path, kind, size, mtime_ns, device, inode)
    FROM STDIN (FORMAT BINARY)
"""
ADD_TYPES = ("uuid", "uuid", "uuid", "bytea", "text", "text", "int8", "int8", "int8", "int8")

UPDATE_FILES = """
    UPDATE file
    SET partial_hash = CASE WHEN (file.size, file.mtime_ns) = (new.size, new.mtime_ns) THEN file.partial_hash END,
        size = new.size, mtime_ns = new.mtime_ns, device = new.device, inode = new.inode,
        state = 'present', missing_since = NULL
    FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
        AS new (id, size, mtime_ns, device, inode)
    WHERE file.id = new.id
"""

COUNT_PRESENT = "SELECT count(*) FROM file WHERE root_id = %s AND state = 'present'"
COUNT_PRESENT_IN = "SELECT count(*) FROM file WHERE folder_id = ANY(%s) AND state = 'present'"

COUNT_BY_STATE = "SELECT root_id, state, count(*) FROM file WHERE root_id = ANY(%s) GROUP BY root_id, state"

DEVICES_IN = "SELECT DISTINCT device FROM file WHERE folder_id = ANY(%s) AND state = 'present'"

LOSE_FILES = """
    UPDATE file SET state = 'missing', missing_since = now()
    WHERE (id = ANY(%s) OR folder_id = ANY(%s)) AND state = 'present'
    RETURNING id
"""

LOSE_ROOT = """
    UPDATE file SET state = 'missing', missing_since = now()
    WHERE root_id = %s AND state = 'present'
    RETURNING id
"""


async def files_in(tx: Tx, folder_ids: Sequence[UUID]) -> dict[UUID, dict[bytes, KnownFile]]:
    """Return all files ever recorded in these folders, by folder and name."""
    found: dict[UUID, dict[bytes, KnownFile]] = {}
    for row in await binary_rows(tx, FILES_IN, list(folder_ids)):
        found.setdefault(row[0], {})[row[1]] = KnownFile(*row)
    return found


async def add_files(tx: Tx, files: Sequence[FileRow]) -> None:
    await copy(tx, ADD_FILES, ADD_TYPES, files)


async def update_files(tx: Tx, files: Sequence[FileRow]) -> None:
    """Record what these files are now; all of them are there."""
    await run(
        tx,
        UPDATE_FILES,
        [file.id for file in files],
        [file.size for file in files],
        [file.mtime_ns for file in files],
        [file.device for file in files],
        [file.inode for file in files],
    )


async def count_present(tx: Tx, root_id: UUID) -> int:
    return int((await column(tx, COUNT_PRESENT, root_id))[0])


async def count_present_in(tx: Tx, folder_ids: Sequence[UUID]) -> int:
    return int((await column(tx, COUNT_PRESENT_IN, list(folder_ids)))[0])


async def devices_in(tx: Tx, folder_ids: Sequence[UUID]) -> set[int]:
    """Return the file systems that the present files of these folders were seen on."""
    return set(await column(tx, DEVICES_IN, list(folder_ids)))


async def count_by_state(tx: Tx, root_ids: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
    return {(row[0], row[1]): row[2] for row in await rows(tx, COUNT_BY_STATE, list(root_ids))}


async def lose_files(tx: Tx, file_ids: Sequence[UUID], folder_ids: Sequence[UUID]) -> list[UUID]:
    """Mark these files, and all in these folders, missing. Returns those that were present."""
    return await column(tx, LOSE_FILES, list(file_ids), list(folder_ids))


async def lose_root(tx: Tx, root_id: UUID) -> list[UUID]:
    """Mark all files of a root missing."""
    return await column(tx, LOSE_ROOT, root_id)
