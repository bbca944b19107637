"""A scan from beginning to end: its roots one after the other, phase by phase.

States of a root: asked → offline (nothing changed), or → walked and recorded (phase 1) → swept (phase 3) → completed,
incomplete or needing confirmation. Phase 2, which pairs files that went missing with files that are new, will stand
between the two. Run again at any point, it goes on where the last commit left off.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

import structlog

from app.db.tx import Transactions, Tx
from app.jobs.errors import JobCancel
from app.jobs.insert_opts import InsertOpts
from app.jobs.inserter import Inserter
from app.library.errors import LibraryNotFound
from app.library.jobs import AWAIT_ROOT_INTERVAL, AwaitRootArgs, ScanLibraryArgs
from app.library.records import LibraryRecord, RootRecord
from app.library.repository import files, libraries
from app.library.scan.phase_1_files import FilesPhase
from app.library.scan.phase_3_sweep import SweepPhase
from app.library.scan.state import Outcome, RootScan, ScanState
from app.library.scan.trust import leave_marker, top_names, why_offline
from app.library.threads import in_thread
from app.observability import Metrics

log = structlog.get_logger("library.scan")

Report = Callable[[dict[str, Any]], Awaitable[None]]


class LibraryScanner:
    def __init__(
        self,
        transactions: Transactions,
        inserter: Inserter,
        files_phase: FilesPhase,
        sweep_phase: SweepPhase,
        metrics: Metrics,
    ) -> None:
        self._transactions = transactions
        self._inserter = inserter
        self._files = files_phase
        self._sweep = sweep_phase
        self._metrics = metrics

    async def scan(self, args: ScanLibraryArgs, report: Report) -> ScanState:
        """Scan every root of a library, telling `report` how far it is.

        Raises:
            JobCancel: the library was deleted.
        """
        async with self._transactions.begin() as tx:
            library = await libraries.get_library(tx, args.library_id)
        if library is None:
            raise JobCancel(LibraryNotFound(args.library_id))
        state = ScanState(library, full=args.full_scan or library.full_scan_requested_at is not None)
        for root in library.roots:
            await self._scan_root(state, root, report)
        self._count(state)
        log.info("scanned", library=library.name, **state.result())
        return state

    async def finish(self, tx: Tx, state: ScanState, complete: Callable[[], Awaitable[object]]) -> None:
        """End the scan in its last transaction: `complete` its job, then ask for what is left to do.

        The job first: while it runs, another scan of the library is the same job and would not be inserted.
        """
        if not await libraries.lock_library(tx, state.library.id):
            raise JobCancel(LibraryNotFound(state.library.id))
        await complete()
        requested = await libraries.full_scan_requested_at(tx, state.library.id)
        if requested is not None:
            await libraries.clear_full_scan(tx, state.library.id)
            if requested != state.library.full_scan_requested_at:
                # Asked for after this scan had begun: what it had passed by then was not looked into.
                await self._inserter.insert_tx(
                    tx.connection, ScanLibraryArgs(library_id=state.library.id, full_scan=True)
                )
        await self._await_roots(tx, state.offline)

    async def _await_roots(self, tx: Tx, root_ids: list[UUID]) -> None:
        if root_ids:
            opts = InsertOpts(scheduled_at=datetime.now(UTC) + AWAIT_ROOT_INTERVAL)
            jobs = [(AwaitRootArgs(root_id=root_id), opts) for root_id in root_ids]
            await self._inserter.insert_many_tx(tx.connection, jobs)

    async def _scan_root(self, state: ScanState, root: RootRecord, report: Report) -> None:
        scan = await self._open(state.library, root, full=state.full)
        scan.offline = await in_thread(lambda: why_offline(root.path, root.id, scan.top_names))
        if scan.offline is None:
            await self._timed("files", state, self._walk(scan, state, report))
        if scan.offline is None:
            await self._timed("sweep", state, self._sweep.run(scan, state.counts))
        if scan.offline is not None:
            scan.outcome = Outcome.OFFLINE
        elif scan.files_seen:
            await in_thread(lambda: leave_marker(root.path, root.id))
        state.finish_root(scan)

    async def _open(self, library: LibraryRecord, root: RootRecord, *, full: bool) -> RootScan:
        async with self._transactions.begin() as tx:
            folders = await files.known_folders(tx, root.id)
            names = await files.names_in_root_folder(tx, root.id)
        return RootScan(library, root, full, folders, set(folders), top_names(folders, names))

    async def _walk(self, scan: RootScan, state: ScanState, report: Report) -> None:
        """Record batch after batch; the next is being walked while one is written."""
        batches = self._files.walk(scan)
        pulling = asyncio.create_task(self._files.pull(batches))
        try:
            while (batch := await pulling) is not None:
                pulling = asyncio.create_task(self._files.pull(batches))
                if any(path == b"" for path, _ in batch.unreadable):
                    scan.offline = batch.unreadable[0][1]
                    return
                await self._files.record(scan, batch, state.counts)
                await report(state.progress())
        finally:
            pulling.cancel()

    async def _timed(self, phase: str, state: ScanState, work: Awaitable[None]) -> None:
        state.phase = phase
        began = perf_counter()
        try:
            await work
        finally:
            self._metrics.scan_phase.labels(phase).observe(perf_counter() - began)

    def _count(self, state: ScanState) -> None:
        for outcome in ("added", "changed", "returned", "missing"):
            self._metrics.scan_files.labels(outcome).inc(getattr(state.counts, outcome))
