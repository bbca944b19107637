"""Phase 1: walk a root and record what is there: folders, files, the items they are, and a probe for each new one.

A batch is one transaction and stands for itself: a folder's signature is written with everything its files caused,
so a scan that is killed and run again skips what is done and repeats what is not. What is gone is only noted here;
whether to believe it can be said when the whole root has been seen (phase 3). What is new is first held against what is
recorded elsewhere: a file that was moved stays what it was (phase 2, which needs no look of its own).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from app.config import Settings
from app.db.tx import Transactions, Tx
from app.ids import in_order, uuid7
from app.jobs.errors import JobCancel
from app.jobs.insert_opts import InsertOpts
from app.jobs.inserter import Inserter
from app.library.errors import LibraryNotFound
from app.library.formats import extensions_for
from app.library.jobs import AnalyzeFileArgs
from app.library.naming import anchor_of
from app.library.paths import parent_of
from app.library.repository import files, folders, libraries, requests
from app.library.repository.files import KnownFile
from app.library.repository.folders import KnownFolder, NewFolder
from app.library.scan.build import build_items
from app.library.scan.compare import Diff, compare
from app.library.scan.phase_2_moves import MovesPhase
from app.library.scan.signature import is_outdated
from app.library.scan.state import Counts, RootScan
from app.library.scan.walk import Batch, FoundFolder, Walk
from app.library.service import LibraryService
from app.library.sidecars.recorder import Beside, Recorded, SideFileRecorder
from app.library.threads import in_thread


class FilesPhase:
    def __init__(
        self,
        *,
        transactions: Transactions,
        inserter: Inserter,
        service: LibraryService,
        moves_phase: MovesPhase,
        side_files: SideFileRecorder,
        settings: Settings,
    ) -> None:
        self._transactions = transactions
        self._inserter = inserter
        self._service = service
        self._moves = moves_phase
        self._side_files = side_files
        self.settling: timedelta = settings.library.settle_after

    def walk(self, scan: RootScan) -> Iterator[Batch]:
        extensions = extensions_for(scan.library.kind)
        return Walk(scan.root.path, scan.unseen, extensions, full=scan.full, targets=scan.targets).batches()

    async def pull(self, batches: Iterator[Batch]) -> Batch | None:
        """Return the next batch; None after the last."""
        return await in_thread(lambda: next(batches, None))

    async def record(self, scan: RootScan, batch: Batch, counts: Counts) -> None:
        """Record one batch and commit it."""
        scan.unreadable.extend(batch.unreadable)
        scan.hollow.extend(batch.hollow)
        seen = batch.files
        scan.files_seen += seen
        counts.folders += len(batch.passed) + len(batch.folders)
        counts.folders_unchanged += len(batch.passed)
        counts.files += seen
        counts.links_skipped += batch.links
        counts.unreadable += len(batch.unreadable)
        if not batch.folders:
            return
        async with self._transactions.begin() as tx:
            if not await libraries.lock_library(tx, scan.library.id):
                raise JobCancel(LibraryNotFound(scan.library.id))
            diff, moved, items_added, requested = await self._record(tx, scan, batch.folders)
        scan.moved.update(moved)
        scan.vanished.extend(diff.vanished)
        scan.added += len(diff.added) + len(diff.returned) + len(moved)
        counts.added += len(diff.added)
        counts.moved += len(moved)
        counts.returned += len(diff.returned)
        counts.changed += len(diff.updated) - len(diff.returned)
        counts.pending += diff.pending_files
        counts.items_added += items_added
        counts.analyses_requested += requested

    async def _record(self, tx: Tx, scan: RootScan, found: Sequence[FoundFolder]) -> tuple[Diff, list[UUID], int, int]:
        added = await self._find_folders(tx, scan, [folder.path for folder in found])
        new = {row.id for row in added}
        old = [row.id for folder in found if (row := scan.folders[folder.path]).id not in new]
        known: Mapping[UUID, dict[bytes, KnownFile]] = await files.files_in(tx, old) if old else {}
        diff = compare(scan, found, scan.folders, known)
        if added:
            # With their signatures at once: to write them last would be to write every new folder twice.
            await folders.add(tx, [row._replace(signature=diff.signatures.pop(row.id, None)) for row in added])
        moved = await self._moves.run(tx, scan, diff)
        if diff.added:
            await files.add_files(tx, diff.added)
        if diff.updated:
            await files.update_files(tx, diff.updated)
        beside = await self._record_beside(tx, scan, found, new)
        diff.lose_beside(beside.gone)
        built = await self._build(tx, scan, diff, moved, beside)
        requested = await self._request_analyses(tx, scan, diff)
        if diff.signatures:
            await folders.sign(tx, diff.signatures)
        if diff.pending:
            await folders.bring_back(tx, list(diff.pending))
            again = [(scan.root.id, path, False) for path in diff.pending.values()]
            await requests.ask(tx, again, self.settling)
        return diff, moved, built, requested

    async def _record_beside(
        self, tx: Tx, scan: RootScan, found: Sequence[FoundFolder], new: Collection[UUID]
    ) -> Recorded:
        rows = [scan.folders[folder.path] for folder in found]
        beside = [
            Beside(row.id, row.id in new, is_outdated(row.signature), folder.files, folder.others)
            for row, folder in zip(rows, found, strict=True)
        ]
        return await self._side_files.record(tx, scan.library.kind, beside)

    async def _build(self, tx: Tx, scan: RootScan, diff: Diff, moved: Sequence[UUID], beside: Recorded) -> int:
        if not diff.units:
            await self._side_files.ask(tx, beside, [])
            return 0
        library = scan.library
        built = await build_items(tx, library.id, library.kind, in_order(diff.units), [*diff.returned, *moved])
        await self._side_files.ask(tx, beside, built.changed)
        await self._service.announce_changed(tx, built.changed)
        return built.new

    async def _request_analyses(self, tx: Tx, scan: RootScan, diff: Diff) -> int:
        opts = InsertOpts(queue=scan.root.queue) if scan.root.queue else None
        added = {row.id for row in diff.added}
        # Nobody can have asked for a file that has its id from us, so those need no look for duplicates.
        fresh = [(AnalyzeFileArgs(file_id=file_id), opts) for file_id in diff.to_probe if file_id in added]
        known = [(AnalyzeFileArgs(file_id=file_id), opts) for file_id in diff.to_probe if file_id not in added]
        requested = await self._inserter.insert_many_fast_tx(tx.connection, fresh) if fresh else 0
        results = await self._inserter.insert_many_tx(tx.connection, known) if known else []
        return requested + sum(not result.unique_skipped_as_duplicate for result in results)

    async def _find_folders(self, tx: Tx, scan: RootScan, paths: Sequence[bytes]) -> list[NewFolder]:
        """Find every folder's row; returns those that never had one, with their keys, to be written."""
        anchors = {path: anchor_of(path, scan.library.kind) for path in paths}
        wanted = {*paths, *map(parent_of, paths), *anchors.values()} - scan.folders.keys()
        if wanted:
            scan.folders.update(await folders.find(tx, scan.root.id, wanted))
        new: list[NewFolder] = []
        for path in paths:
            if path not in scan.folders:
                # Parents come before their children, so an anchor other than the folder itself has its row.
                folder_id, anchor = uuid7(), anchors[path]
                above = scan.folders.get(anchor) if anchor != path else None
                parent = scan.folders[parent_of(path)].id if path else None
                row = NewFolder(folder_id, scan.root.id, above.id if above else folder_id, parent, path)
                scan.folders[path] = KnownFolder(folder_id, row.anchor_id, None)
                new.append(row)
        return new
