"""Folders and files, as scans record them. Many rows a statement; the arrays of one call line up by position."""

from uuid import UUID

from sqlalchemy import select

from app.db.tx import Tx
from app.library.models import File, FileState, Folder, LibraryRoot
from app.library.paths import join
from app.library.records import FileLocation
from app.library.repository.rows import column


async def locate(tx: Tx, file_id: UUID) -> FileLocation | None:
    query = (
        select(File, Folder.path, LibraryRoot.path, LibraryRoot.library_id)
        .join(Folder, Folder.id == File.folder_id)
        .join(LibraryRoot, LibraryRoot.id == File.root_id)
        .where(File.id == file_id, File.state != FileState.PURGED)
        .execution_options(populate_existing=True)
    )
    row = (await tx.session.execute(query)).tuples().first()
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


MARK_ROOT_MISSING = """
    UPDATE file SET state = 'missing', missing_since = now()
    WHERE root_id = %s AND state = 'present'
    RETURNING id
"""


async def mark_root_missing(tx: Tx, root_id: UUID) -> list[UUID]:
    """Mark all files of a root missing. Returns those that were present."""
    return await column(tx, MARK_ROOT_MISSING, root_id)
