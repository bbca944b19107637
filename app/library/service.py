"""What a caller may ask of the library. Every method works inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from app.db.tx import Tx
from app.errors import InvalidInput
from app.jobs.insert_opts import InsertOpts
from app.jobs.inserter import Inserter
from app.jobs.types import JobInsertResult
from app.library.descriptions import Description
from app.library.errors import FileNotFound, LibraryNotFound, NameTaken, RootNotFound
from app.library.jobs import AwaitSettledArgs, ScanLibraryArgs
from app.library.kinds import FactSource, FileState, LibraryKind
from app.library.ports import LibraryListener
from app.library.records import FileLocation, LibraryRecord, Purged, RootStatus, RootWatched
from app.library.repository import (
    descriptions,
    duplicates,
    facts,
    files,
    folders,
    items,
    libraries,
    problems,
    purging,
    requests,
    watches,
)
from app.library.repository.duplicates import Copies
from app.library.repository.facts import Facts
from app.library.repository.problems import Trouble
from app.library.roots import NamedRoot, check_moved_root, check_roots, locate_path, require_apart

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
            await folders.forget_signatures(tx, root_id)
            missing = await files.lose_root(tx, root_id)
            changed = await items.refresh_states(tx, missing)
            await self.announce_changed(tx, changed)

    async def lock_changes(self, tx: Tx) -> None:
        """Let nobody else change names and roots until this transaction ends: what is read now is what is changed."""
        await libraries.lock_changes(tx)

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

    async def request_scan(
        self, tx: Tx, library_id: UUID, full_scan: bool = False, paths: Sequence[str] = ()
    ) -> JobInsertResult:
        """Ask for a scan: of everything, or of some folders with all below them. One that waits or runs already is
        returned instead, and what it would not do by itself is kept for it, or for the one right after it.

        Roots with a queue of their own have scans of their own; the first of them is returned.

        Raises:
            LibraryNotFound: there is none of this id.
            InvalidInput: a path lies in none of the library's roots.
        """
        library = await self._locked(tx, library_id)
        if paths:
            wanted = [locate_path(f"paths.{number}", path, library.roots) for number, path in enumerate(paths)]
            return await self._request_folders(tx, library, [(root.id, path, True) for root, path in wanted])
        groups = dict.fromkeys(root.id if root.has_own_queue else None for root in library.roots) or {None: None}
        results = [await self._insert_scan(tx, library, root_id, full=full_scan) for root_id in groups]
        return results[0]

    async def request_folders(
        self,
        tx: Tx,
        library_id: UUID,
        wanted: Sequence[tuple[UUID, bytes, bool]],
        *,
        wait: timedelta = timedelta(0),
    ) -> JobInsertResult:
        """Ask for a scan of (root, folder below it, whether with all below that), now or after `wait`.

        Asked for again while it waits, it waits anew: what goes on changing is looked at when that is over.

        Raises:
            LibraryNotFound: there is none of this id.
        """
        library = await self._locked(tx, library_id)
        if not wait:
            return await self._request_folders(tx, library, wanted)
        await requests.ask(tx, wanted, wait)
        opts = InsertOpts(scheduled_at=datetime.now(UTC) + wait)
        return await self._inserter.insert_tx(tx.connection, AwaitSettledArgs(library_id=library_id), opts)

    async def request_settled(self, tx: Tx, library_id: UUID) -> datetime | None:
        """Ask for scans of the folders whose time has come. Returns when the next one's comes.

        Raises:
            LibraryNotFound: there is none of this id.
        """
        library = await self._locked(tx, library_id)
        due = {request.root_id for request in await requests.due(tx, [root.id for root in library.roots])}
        for root_id in dict.fromkeys(root.id if root.has_own_queue else None for root in library.roots):
            if any(root.id in due for root in library.roots_of_scan(root_id)):
                await self._insert_scan(tx, library, root_id, requested_only=True)
        if due:
            return None  # whoever scans them sees to the rest
        return (await requests.next_due(tx, [root.id for root in library.roots]))[0]

    async def _locked(self, tx: Tx, library_id: UUID) -> LibraryRecord:
        # The lock comes first: a scan that is ending holds it while it looks for requests such as these.
        if not await libraries.lock_library(tx, library_id):
            raise LibraryNotFound(library_id)
        return await self.get_library(tx, library_id)

    async def _request_folders(
        self, tx: Tx, library: LibraryRecord, wanted: Sequence[tuple[UUID, bytes, bool]]
    ) -> JobInsertResult:
        await requests.ask(tx, wanted)
        roots = {root.id: root for root in library.roots}
        asked = [roots[root_id] for root_id, _, _ in wanted if root_id in roots]
        groups = dict.fromkeys(root.id if root.has_own_queue else None for root in asked)
        results = [await self._insert_scan(tx, library, root_id, requested_only=True) for root_id in groups or {None}]
        return results[0]

    async def _insert_scan(
        self,
        tx: Tx,
        library: LibraryRecord,
        root_id: UUID | None,
        *,
        full: bool = False,
        requested_only: bool = False,
    ) -> JobInsertResult:
        roots = library.roots_of_scan(root_id)
        args = ScanLibraryArgs(library_id=library.id, root_id=root_id, full_scan=full, requested_only=requested_only)
        opts = InsertOpts(queue=roots[0].queue) if root_id is not None and roots else None
        result = await self._inserter.insert_tx(tx.connection, args, opts)
        if result.unique_skipped_as_duplicate and not requested_only:
            there = msgspec.json.decode(result.job.encoded_args, type=ScanLibraryArgs)
            if there.requested_only or (full and not there.full_scan):
                await requests.mark(tx, [root.id for root in roots], full=full)
        return result

    async def confirm_loss(self, tx: Tx, library_id: UUID) -> JobInsertResult:
        """Say that the large loss a scan reported is real, and ask for the scan that will believe it.

        Nothing is deleted by it: the files become missing. An offline root stays untouched all the same.

        Raises:
            LibraryNotFound: there is none of this id.
        """
        library = await self._locked(tx, library_id)
        await libraries.confirm_loss(tx, library_id)
        result = await self.request_scan(tx, library_id)
        if result.unique_skipped_as_duplicate:
            # The scan that runs may have doubted already; another will follow it.
            await requests.mark(tx, [root.id for root in library.roots], full=False)
        return result

    async def change_root(
        self, tx: Tx, library_id: UUID, root_id: UUID, *, path: str | None = None, has_own_queue: bool | None = None
    ) -> LibraryRecord:
        """Say that a root lies elsewhere now, or that only some nodes see it. Files and items stay what they are.

        Raises:
            LibraryNotFound, RootNotFound: there is none of this id.
            InvalidInput: the path is no folder we can list, or not what the root was.
            RootsOverlap: it belongs to another root.
        """
        library = await self._locked(tx, library_id)
        root = next((root for root in library.roots if root.id == root_id), None)
        if root is None:
            raise RootNotFound(root_id)
        if path is not None:
            known = await folders.top_names(tx, root_id)
            named = await check_moved_root(path, root, known)
            others = [other for other in library.roots if other.id != root_id]
            for other in others:
                require_apart(named, other.path, other.real_path, library=None)
            await self._claim(tx, library_id, None, [named])
            await libraries.move_root(tx, root_id, named)
        if has_own_queue is not None:
            await libraries.set_own_queue(tx, root_id, has_own_queue)
        return await self.get_library(tx, library_id)

    async def roots(self, tx: Tx, library_id: UUID) -> list[RootStatus]:
        """Return a library's roots, and how they are.

        Raises:
            LibraryNotFound: there is none of this id.
        """
        library = await self.get_library(tx, library_id)
        ids = [root.id for root in library.roots]
        counts = await files.count_by_state(tx, ids)
        waiting = await requests.count(tx, ids)
        heard: dict[UUID, list[RootWatched]] = {}
        for one in await watches.watches(tx, ids):
            heard.setdefault(one.root_id, []).append(RootWatched(one.node, one.mode, one.reason, one.since))
        return [
            RootStatus(
                root,
                counts.get((root.id, FileState.PRESENT), 0),
                counts.get((root.id, FileState.MISSING), 0),
                waiting.get(root.id, 0),
                tuple(heard.get(root.id, ())),
            )
            for root in library.roots
        ]

    async def purge(self, tx: Tx, library_id: UUID, missing_for: timedelta = timedelta(0)) -> Purged:
        """Forget what has been missing for so long, with the items that have nothing else. Only a person asks for it.

        Raises:
            LibraryNotFound: there is none of this id.
        """
        await self._locked(tx, library_id)
        total = Purged(0, 0)
        while (purged := await self.purge_some(tx, library_id, missing_for)).files:
            total = Purged(total.files + purged.files, total.items + purged.items)
        return total

    async def purge_some(
        self, tx: Tx, library_id: UUID, missing_for: timedelta, *, root_id: UUID | None = None
    ) -> Purged:
        """Purge at most a thousand files. Whoever calls holds the library's row."""
        file_ids = await purging.missing_files(tx, library_id, missing_for, root_id, ANNOUNCED_AT_ONCE)
        if not file_ids:
            return Purged(0, 0)
        item_ids = await purging.items_of_only(tx, file_ids)
        for listener in self._listeners:
            await listener.items_purged(tx, item_ids)
        changed = set(await items.items_of(tx, file_ids)) - set(item_ids)
        await purging.delete(tx, library_id, file_ids, item_ids)
        await self.announce_changed(tx, sorted(changed))
        return Purged(len(file_ids), len(item_ids))

    async def duplicates(self, tx: Tx, after: tuple[int, bytes] | None, limit: int) -> list[Copies]:
        """Return groups of files that are copies of each other, as far as they were analysed, the largest first."""
        return await duplicates.find(tx, after, limit)

    async def problems(self, tx: Tx, library_id: UUID | None, before: UUID | None, limit: int) -> list[Trouble]:
        """Return the files that could not be read, or not all of them, and side files likewise, the latest first.

        Raises:
            LibraryNotFound: there is none of this id.
        """
        if library_id is not None:
            await self.get_library(tx, library_id)
        return await problems.find(tx, library_id, before, limit)

    async def locate(self, tx: Tx, file_id: UUID) -> FileLocation:
        """Return where a file is. It may be missing: whoever opens it is told so by the disk.

        Raises:
            FileNotFound: no such file.
        """
        location = await files.locate(tx, file_id)
        if location is None:
            raise FileNotFound(file_id)
        return location

    async def tell(
        self, tx: Tx, source: FactSource, said: Mapping[UUID, tuple[Facts, Description] | None]
    ) -> list[UUID]:
        """Let a source say this of items, in place of all it said before; None: nothing any more. Announced.

        Items that are gone are passed by. Returns those that are shown under another title or date now.
        """
        there = set(await items.existing(tx, list(said)))
        told = {item_id: what for item_id, what in said.items() if item_id in there}
        if not told:
            return []
        facts_said = {item_id: None if what is None else what[0] for item_id, what in told.items()}
        changed = await facts.apply_many(tx, source, facts_said)
        await descriptions.describe(
            tx, source, {item_id: None if what is None else what[1] for item_id, what in told.items()}
        )
        await self.announce_changed(tx, sorted(told))
        return changed

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
