"""What a caller may ask of the library. Every method works inside the caller's transaction."""

from collections.abc import Sequence
from uuid import UUID

from app.db.tx import Tx
from app.errors import InvalidInput
from app.jobs.inserter import Inserter
from app.jobs.types import JobInsertResult
from app.library.errors import FileNotFound, LibraryNotFound, NameTaken
from app.library.jobs import ScanLibraryArgs
from app.library.kinds import LibraryKind
from app.library.ports import LibraryListener
from app.library.records import FileLocation, LibraryRecord
from app.library.repository import files, items, libraries
from app.library.roots import NamedRoot, check_roots, require_apart

MAX_NAME = 200
ANNOUNCED_AT_ONCE = 1_000
"""Items in one call of a listener; a library may hold a million."""


class LibraryService:
    def __init__(self, inserter: Inserter, listeners: Sequence[LibraryListener]) -> None:
        self._inserter = inserter
        self._listeners = listeners

    async def create_library(self, tx: Tx, *, name: str, kind: str, paths: Sequence[str]) -> LibraryRecord:
        """Make a library that looks into these folders. It is empty until it is scanned.

        Raises:
            InvalidInput: `name`, `kind` or `paths.N` makes no sense, or the path is not a folder we can list.
            NameTaken, RootsOverlap: it contradicts a library that is there.
        """
        name, chosen, roots = _checked_name(name), _checked_kind(kind), await check_roots(paths)
        await self._claim(tx, None, name, roots)
        library_id = await libraries.add_library(tx, name, chosen)
        await libraries.set_roots(tx, library_id, roots)
        return await self.get_library(tx, library_id)

    async def get_library(self, tx: Tx, library_id: UUID) -> LibraryRecord:
        """Raises: LibraryNotFound."""
        library = await libraries.get_library(tx, library_id)
        if library is None:
            raise LibraryNotFound(library_id)
        return library

    async def list_libraries(self, tx: Tx) -> list[LibraryRecord]:
        """Return all libraries by name."""
        return await libraries.list_libraries(tx)

    async def update_library(
        self, tx: Tx, library_id: UUID, *, name: str | None = None, paths: Sequence[str] | None = None
    ) -> LibraryRecord:
        """Change what is given. A path that is left out takes nothing away: its files are missing until it is back.

        Raises:
            LibraryNotFound: there is none of this id.
            InvalidInput, NameTaken, RootsOverlap: as for `create_library`; paths that stay need not be online.
        """
        before = await self.get_library(tx, library_id)
        new_name = None if name is None else _checked_name(name)
        roots = None if paths is None else await check_roots(paths, unchecked=before.roots)
        await self._claim(tx, library_id, new_name, roots or ())
        if new_name is not None:
            await libraries.rename_library(tx, library_id, new_name)
        if roots is not None:
            await self._set_roots(tx, library_id, roots)
        return await self.get_library(tx, library_id)

    async def _claim(self, tx: Tx, library_id: UUID | None, name: str | None, roots: Sequence[NamedRoot]) -> None:
        await libraries.lock_changes(tx)
        if library_id is not None and not await libraries.lock_library(tx, library_id):
            raise LibraryNotFound(library_id)
        if name is not None and await libraries.name_taken(tx, name, besides=library_id):
            raise NameTaken(name)
        if roots:
            for other, other_name in await libraries.active_roots(tx):
                if other.library_id != library_id:
                    for root in roots:
                        require_apart(root, other.path, other.real_path, library=other_name)

    async def _set_roots(self, tx: Tx, library_id: UUID, roots: Sequence[NamedRoot]) -> None:
        retired = await libraries.set_roots(tx, library_id, roots)
        for root_id in retired:
            missing = await files.lose_root(tx, root_id)
            changed = await items.refresh_states(tx, missing)
            await self.announce_changed(tx, changed)

    async def delete_library(self, tx: Tx, library_id: UUID) -> None:
        """Delete a library and all we know of it. The media stay where they are.

        Raises:
            LibraryNotFound: there is none of this id.
        """
        if not await libraries.lock_library(tx, library_id):
            raise LibraryNotFound(library_id)
        after: UUID | None = None
        while batch := await libraries.item_ids(tx, library_id, after, ANNOUNCED_AT_ONCE):
            for listener in self._listeners:
                await listener.items_purged(tx, batch)
            after = batch[-1]
        await libraries.delete_library(tx, library_id)

    async def request_scan(self, tx: Tx, library_id: UUID, full_scan: bool = False) -> JobInsertResult:
        """Ask for a scan. One that waits or runs already is returned instead.

        A full request that meets another scan is kept: that scan, or one right after it, will be full.

        Raises:
            LibraryNotFound: there is none of this id.
        """
        # The lock comes first: a scan that is ending holds it while it looks for requests such as this one.
        if not await libraries.lock_library(tx, library_id):
            raise LibraryNotFound(library_id)
        result = await self._inserter.insert_tx(
            tx.connection, ScanLibraryArgs(library_id=library_id, full_scan=full_scan)
        )
        if full_scan and result.unique_skipped_as_duplicate:
            await libraries.mark_full_scan(tx, library_id)
        return result

    async def confirm_loss(self, tx: Tx, library_id: UUID) -> JobInsertResult:
        """Say that the large loss a scan reported is real, and ask for the scan that will believe it.

        Nothing is deleted by it: the files become missing. An offline root stays untouched all the same.

        Raises:
            LibraryNotFound: there is none of this id.
        """
        if not await libraries.lock_library(tx, library_id):
            raise LibraryNotFound(library_id)
        await libraries.confirm_loss(tx, library_id)
        result = await self.request_scan(tx, library_id)
        if result.unique_skipped_as_duplicate:
            # The scan that runs may have doubted already; another will follow it.
            await libraries.mark_full_scan(tx, library_id)
        return result

    async def locate(self, tx: Tx, file_id: UUID) -> FileLocation:
        """Return where a file is. It may be missing: whoever opens it is told so by the disk.

        Raises:
            FileNotFound: no such file, or a purged one.
        """
        location = await files.locate(tx, file_id)
        if location is None:
            raise FileNotFound(file_id)
        return location

    async def announce_changed(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Tell the listeners that items were made or changed."""
        for start in range(0, len(item_ids), ANNOUNCED_AT_ONCE):
            for listener in self._listeners:
                await listener.items_changed(tx, item_ids[start : start + ANNOUNCED_AT_ONCE])


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidInput("name", f"must be 1 to {MAX_NAME} printable characters")
    return name


def _checked_kind(kind: str) -> LibraryKind:
    try:
        return LibraryKind(kind)
    except ValueError:
        raise InvalidInput("kind", f"must be one of {', '.join(LibraryKind)}") from None
