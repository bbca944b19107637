"""Phase 1: walk a root and record what is there: folders, files, the films they are, and a probe for each new one.

A batch is one transaction and stands for itself: a folder's signature is written with everything its files caused,
so a scan that is killed and run again skips what is done and repeats what is not. What is gone is only noted here;
whether to believe it can be said when the whole root has been seen (phase 3).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.db.tx import Transactions, Tx
from app.jobs.errors import JobCancel
from app.jobs.inserter import Inserter
from app.library.errors import LibraryNotFound
from app.library.formats import KINDS, extensions_for
from app.library.ids import uuid7
from app.library.jobs import AnalyzeFileArgs
from app.library.kinds import FileState, LibraryKind
from app.library.media import PROBER_VERSION
from app.library.naming import anchor_of
from app.library.paths import display_path, join
from app.library.repository import files, libraries
from app.library.repository.files import FileRow, KnownFile, KnownFolder
from app.library.scan.build import build_films
from app.library.scan.state import Counts, RootScan, Vanished
from app.library.scan.walk import Batch, FoundFile, FoundFolder, walk
from app.library.service import LibraryService
from app.library.threads import in_thread


@dataclass(slots=True)
class _Diff:
    """One batch against what is recorded."""

    added: list[FileRow] = field(default_factory=list)
    updated: list[FileRow] = field(default_factory=list)
    returned: list[UUID] = field(default_factory=list)
    to_probe: list[UUID] = field(default_factory=list)
    vanished: list[Vanished] = field(default_factory=list)
    signatures: dict[UUID, bytes] = field(default_factory=dict)
    units: set[UUID] = field(default_factory=set)
    """Anchors around which items may have changed."""


class FilesPhase:
    def __init__(self, transactions: Transactions, inserter: Inserter, service: LibraryService) -> None:
        self._transactions = transactions
        self._inserter = inserter
        self._service = service

    def walk(self, scan: RootScan) -> Iterator[Batch]:
        signatures = {path: folder.signature for path, folder in scan.folders.items()}
        return walk(scan.root.path, signatures, extensions_for(scan.library.kind), full=scan.full)

    async def pull(self, batches: Iterator[Batch]) -> Batch | None:
        """Return the next batch; None after the last."""
        return await in_thread(lambda: next(batches, None))

    async def record(self, scan: RootScan, batch: Batch, counts: Counts) -> None:
        """Record one batch and commit it."""
        scan.unreadable.extend(batch.unreadable)
        scan.unseen.difference_update(batch.seen)
        scan.unseen.difference_update(folder.path for folder in batch.folders)
        counts.folders += len(batch.seen) + len(batch.folders)
        counts.folders_unchanged += len(batch.seen)
        counts.files += batch.files
        scan.files_seen += batch.files
        counts.links_skipped += batch.links
        counts.unreadable += len(batch.unreadable)
        if not batch.folders:
            return
        async with self._transactions.begin() as tx:
            if not await libraries.lock_library(tx, scan.library.id):
                raise JobCancel(LibraryNotFound(scan.library.id))
            diff, items_added, requested = await self._record(tx, scan, batch.folders)
        scan.vanished.extend(diff.vanished)
        scan.added += len(diff.added) + len(diff.returned)
        counts.added += len(diff.added)
        counts.returned += len(diff.returned)
        counts.changed += len(diff.updated) - len(diff.returned)
        counts.items_added += items_added
        counts.analyses_requested += requested

    async def _record(self, tx: Tx, scan: RootScan, found: Sequence[FoundFolder]) -> tuple[_Diff, int, int]:
        new_folders = await self._add_folders(tx, scan, [folder.path for folder in found])
        ids = [scan.folders[folder.path].id for folder in found]
        known = await files.files_in(tx, ids) if len(new_folders) < len(ids) else {}
        diff = _compare(scan, found, known)
        if diff.added:
            await files.add_files(tx, scan.root.id, diff.added)
        if diff.updated:
            await files.update_files(tx, diff.updated)
        built = await self._build(tx, scan, diff)
        requested = await self._request_analyses(tx, diff.to_probe)
        await files.sign_folders(tx, diff.signatures)
        return diff, built, requested

    async def _build(self, tx: Tx, scan: RootScan, diff: _Diff) -> int:
        if not diff.units or scan.library.kind is not LibraryKind.MOVIES:
            return 0
        built = await build_films(tx, scan.library.id, sorted(diff.units), diff.returned)
        await self._service.announce_changed(tx, built.changed)
        return built.new

    async def _request_analyses(self, tx: Tx, file_ids: Sequence[UUID]) -> int:
        if not file_ids:
            return 0
        jobs = [AnalyzeFileArgs(file_id=file_id) for file_id in file_ids]
        results = await self._inserter.insert_many_tx(tx.connection, jobs)
        return sum(not result.unique_skipped_as_duplicate for result in results)

    async def _add_folders(self, tx: Tx, scan: RootScan, paths: Sequence[bytes]) -> set[bytes]:
        """Give every folder its row; returns those that never had one."""
        unknown = [path for path in paths if path not in scan.folders]
        if not unknown:
            return set()
        scan.folders.update(await files.find_folders(tx, scan.root.id, unknown))
        new: dict[bytes, KnownFolder] = {}
        for path in unknown:
            if path not in scan.folders:
                folder_id, anchor = uuid7(), anchor_of(path)
                # Parents come before their children, so an anchor other than the folder itself has its row.
                above = scan.folders.get(anchor) if anchor != path else None
                new[path] = scan.folders[path] = KnownFolder(folder_id, above.id if above else folder_id, None)
        if new:
            await files.add_folders(tx, scan.root.id, new)
        return set(new)


def _compare(scan: RootScan, found: Sequence[FoundFolder], known: dict[tuple[UUID, bytes], KnownFile]) -> _Diff:
    diff = _Diff()
    names_known: dict[UUID, dict[bytes, KnownFile]] = {}
    for (folder_id, name), file in known.items():
        names_known.setdefault(folder_id, {})[name] = file
    kind = KINDS[scan.library.kind]
    for folder in found:
        row = scan.folders[folder.path]
        there = names_known.get(row.id, {})
        changes, written = False, len(diff.updated)
        for entry in folder.files:
            before = there.pop(entry.name, None)
            changes |= _compare_file(diff, entry, before, _file_row(row.id, folder.path, entry, before, kind))
        if folder.files and (changes or scan.full):
            diff.units.add(row.anchor_id)
        gone = tuple(lost.id for lost in there.values() if lost.state == FileState.PRESENT)
        if gone or (row.signature not in (None, folder.signature) and len(diff.updated) == written and not changes):
            # Without a file to write, something beside or below went or came: that is believed with the losses.
            diff.vanished.append(Vanished(row.id, folder.signature, gone))
        else:
            diff.signatures[row.id] = folder.signature
    return diff


def _file_row(folder_id: UUID, folder: bytes, entry: FoundFile, file: KnownFile | None, kind: str) -> FileRow:
    return FileRow(
        id=uuid7() if file is None else file.id,
        folder_id=folder_id,
        name=entry.name,
        display_path=display_path(join(folder, entry.name)) if file is None else "",
        kind=kind,
        size=entry.size,
        mtime_ns=entry.mtime_ns,
        device=entry.device,
        inode=entry.inode,
    )


def _compare_file(diff: _Diff, entry: FoundFile, file: KnownFile | None, row: FileRow) -> bool:
    """Note what is to be written for one file. Returns whether items may change by it."""
    if file is None:
        diff.added.append(row)
    else:
        if file.state != FileState.PRESENT:
            diff.returned.append(file.id)
        seen = (entry.size, entry.mtime_ns, entry.device, entry.inode)
        if file.state != FileState.PRESENT or seen != (file.size, file.mtime_ns, file.device, file.inode):
            diff.updated.append(row)
    if file is None or file.probed != (entry.size, entry.mtime_ns, PROBER_VERSION):
        diff.to_probe.append(row.id)
    return file is None or file.state != FileState.PRESENT
