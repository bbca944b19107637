"""Folders and files, as scans record them. Many rows a statement; the arrays of one call line up by position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.db.tx import Tx
from app.library.kinds import FileState
from app.library.models import File, Folder, LibraryRoot
from app.library.paths import join
from app.library.records import FileLocation
from app.library.repository.rows import column, rows, run


async def locate(tx: Tx, file_id: UUID) -> FileLocation | None:
    query = (
        select(File, Folder.path, LibraryRoot.path, LibraryRoot.library_id)
        .join(Folder, Folder.id == File.folder_id)
        .join(LibraryRoot, LibraryRoot.id == File.root_id)
        .where(File.id == file_id, File.state != FileState.PURGED)
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


# -- folders


@dataclass(frozen=True, slots=True)
class KnownFolder:
    id: UUID
    anchor_id: UUID
    signature: bytes | None


KNOWN_FOLDERS = "SELECT path, id, anchor_id, signature FROM folder WHERE root_id = %s AND missing_since IS NULL"

FIND_FOLDERS = """
    SELECT folder.path, folder.id, folder.anchor_id, folder.signature
    FROM unnest(%s::bytea[]) AS wanted (path)
    JOIN folder ON folder.root_id = %s AND sha256(folder.path) = sha256(wanted.path)
"""

ADD_FOLDERS = """
    INSERT INTO folder (id, anchor_id, path, root_id)
    SELECT new.id, new.anchor_id, new.path, %s
    FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) AS new (id, anchor_id, path)
"""

SIGN_FOLDERS = """
    UPDATE folder SET signature = new.signature, missing_since = NULL
    FROM unnest(%s::uuid[], %s::bytea[]) AS new (id, signature)
    WHERE folder.id = new.id
      AND (folder.signature IS DISTINCT FROM new.signature OR folder.missing_since IS NOT NULL)
"""

LOSE_FOLDERS = """
    UPDATE folder SET missing_since = now(), signature = NULL
    WHERE id = ANY(%s) AND missing_since IS NULL
"""


async def known_folders(tx: Tx, root_id: UUID) -> dict[bytes, KnownFolder]:
    """Return all folders of a root that were there last time: some 300 bytes each."""
    return {row[0]: KnownFolder(*row[1:]) for row in await rows(tx, KNOWN_FOLDERS, root_id)}


async def find_folders(tx: Tx, root_id: UUID, paths: Sequence[bytes]) -> dict[bytes, KnownFolder]:
    """Return those of these folders that were ever recorded."""
    return {row[0]: KnownFolder(*row[1:]) for row in await rows(tx, FIND_FOLDERS, list(paths), root_id)}


async def add_folders(tx: Tx, root_id: UUID, folders: Mapping[bytes, KnownFolder]) -> None:
    """Record folders, without a signature yet."""
    ids = [folder.id for folder in folders.values()]
    anchors = [folder.anchor_id for folder in folders.values()]
    await run(tx, ADD_FOLDERS, root_id, ids, anchors, list(folders))


async def sign_folders(tx: Tx, signatures: Mapping[UUID, bytes]) -> None:
    """Say that everything in these folders is recorded as of these signatures."""
    await run(tx, SIGN_FOLDERS, list(signatures), list(signatures.values()))


async def lose_folders(tx: Tx, folder_ids: Sequence[UUID]) -> None:
    await run(tx, LOSE_FOLDERS, list(folder_ids))


# -- files


@dataclass(frozen=True, slots=True)
class KnownFile:
    id: UUID
    size: int
    mtime_ns: int
    device: int
    inode: int
    state: str
    probed: tuple[int | None, int | None, int | None]
    """Size, mtime and prober version of the last probe."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as it is to be recorded."""

    id: UUID
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
    INSERT INTO file (root_id, id, folder_id, name, display_path, kind, size, mtime_ns, device, inode)
    SELECT %s, new.*
    FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
                %s::bigint[]) AS new
"""

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
NAMES_IN_ROOT_FOLDER = """
    SELECT file.name FROM folder JOIN file ON file.folder_id = folder.id
    WHERE folder.root_id = %s AND folder.path = ''::bytea AND file.state = 'present'
"""

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

FORGET_SIGNATURES = "UPDATE folder SET signature = NULL WHERE root_id = %s AND signature IS NOT NULL"


async def files_in(tx: Tx, folder_ids: Sequence[UUID]) -> dict[tuple[UUID, bytes], KnownFile]:
    """Return all files ever recorded in these folders, by folder and name."""
    return {
        (row[0], row[1]): KnownFile(row[2], row[3], row[4], row[5], row[6], row[7], (row[8], row[9], row[10]))
        for row in await rows(tx, FILES_IN, list(folder_ids))
    }


async def add_files(tx: Tx, root_id: UUID, files: Sequence[FileRow]) -> None:
    await run(
        tx,
        ADD_FILES,
        root_id,
        [file.id for file in files],
        [file.folder_id for file in files],
        [file.name for file in files],
        [file.display_path for file in files],
        [file.kind for file in files],
        [file.size for file in files],
        [file.mtime_ns for file in files],
        [file.device for file in files],
        [file.inode for file in files],
    )


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


async def names_in_root_folder(tx: Tx, root_id: UUID) -> list[bytes]:
    """Return the names of the files that lie in the root itself."""
    return await column(tx, NAMES_IN_ROOT_FOLDER, root_id)


async def lose_files(tx: Tx, file_ids: Sequence[UUID], folder_ids: Sequence[UUID]) -> list[UUID]:
    """Mark these files, and all in these folders, missing. Returns those that were present."""
    return await column(tx, LOSE_FILES, list(file_ids), list(folder_ids))


async def lose_root(tx: Tx, root_id: UUID) -> list[UUID]:
    """Mark all files of a root missing, and have its folders looked into anew when it is back."""
    await run(tx, FORGET_SIGNATURES, root_id)
    return await column(tx, LOSE_ROOT, root_id)
