"""A scan from beginning to end: its roots one after the other, phase by phase.

States of a root: asked → offline (nothing changed), or → walked and recorded (phases 1 and 2) → swept (phase 3) →
completed, incomplete or needing confirmation. Run again at any point, it goes on where the last commit left off.

A scan is whole, or of the folders that were asked for. What is asked for while it runs stands in the tables and is read
when it ends: the next scan is inserted by the transaction that completes this one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import structlog

from app.db.tx import Transactions, Tx
from app.jobs.errors import JobCancel
from app.jobs.insert_opts import InsertOpts
from app.jobs.inserter import Inserter
from app.library.errors import LibraryNotFound
from app.library.jobs import AWAIT_ROOT_INTERVAL, AwaitRootArgs, AwaitSettledArgs, ScanLibraryArgs
from app.library.records import LibraryRecord, RootRecord
from app.library.repository import folders, libraries, requests
from app.library.repository.requests import Request
from app.library.scan.phase_1_files import FilesPhase
from app.library.scan.phase_3_sweep import SweepPhase
from app.library.scan.phase_4_purge import PurgePhase
from app.library.scan.presence import why_away
from app.library.scan.state import Outcome, RootScan, ScanState
from app.library.scan.targets import known_targets
from app.library.scan.walk import WHOLE, Target, settle
from app.library.threads import in_thread
from app.library.trust import leave_marker
from app.observability import Metrics

log = structlog.get_logger("library.scan")

Report = Callable[[dict[str, Any]], Awaitable[None]]


class LibraryScanner:
    def __init__(
        self,
        *,
        transactions: Transactions,
        inserter: Inserter,
        files_phase: FilesPhase,
        sweep_phase: SweepPhase,
        purge_phase: PurgePhase,
        metrics: Metrics,
    ) -> None:
        self._transactions = transactions
        self._inserter = inserter
        self._files = files_phase
        self._sweep = sweep_phase
        self._purge = purge_phase
        self._metrics = metrics

    async def scan(self, args: ScanLibraryArgs, report: Report) -> ScanState:
        """Scan the roots that are the job's, telling `report` how far it is.

        Raises:
            JobCancel: the library was deleted.
        """
        async with self._transactions.begin() as tx:
            library = await libraries.get_library(tx, args.library_id)
            if library is None:
                raise JobCancel(LibraryNotFound(args.library_id))
            roots = library.roots_of_scan(args.root_id)
            wanted = await requests.due(tx, [root.id for root in roots])
        is_full = args.full_scan or any(root.full_scan_requested_at is not None for root in roots)
        state = ScanState(library, roots, is_full, args.root_id, [request.id for request in wanted])
        for root in roots:
            if not args.requested_only or is_full or root.scan_requested_at is not None:
                await self._scan_root(state, root, None, report)
            elif asked := [request for request in wanted if request.root_id == root.id]:
                await self._scan_root(state, root, asked, report)
        self._count(state)
        log.info("scanned", library=library.name, **state.result())
        return state

    async def finish(self, tx: Tx, state: ScanState, complete: Callable[[], Awaitable[object]]) -> None:
        """End the scan in its last transaction: `complete` its job, then ask for what is left to do.

        The job first: while it runs, another scan of the library is the same job and would not be inserted.
        """
        library = state.library
        if not await libraries.lock_library(tx, library.id):
            raise JobCancel(LibraryNotFound(library.id))
        await complete()
        if state.request_ids:
            await requests.drop(tx, state.request_ids)
        await self._follow_up(tx, state)
        if state.offline:
            at = datetime.now(UTC) + AWAIT_ROOT_INTERVAL
            jobs = [
                (AwaitRootArgs(root_id=root.id), InsertOpts(scheduled_at=at, queue=root.queue))
                for root in state.offline
            ]
            await self._inserter.insert_many_tx(tx.connection, jobs)

    async def _follow_up(self, tx: Tx, state: ScanState) -> None:
        """Ask for the next scan if one was asked for after this one had begun."""
        ids = [root.id for root in state.roots]
        marks = await requests.marks(tx, ids)
        before = {root.id: root for root in state.roots}
        again = [
            mark
            for root_id, mark in marks.items()
            if mark != (before[root_id].scan_requested_at, before[root_id].full_scan_requested_at)
        ]
        if any(mark != (None, None) for mark in marks.values()):
            await requests.clear_marks(tx, ids)
        due, is_due = await requests.next_due(tx, ids)
        if again or is_due:
            full = any(mark.full is not None for mark in again)
            opts = InsertOpts(queue=state.queue) if state.queue else None
            args = ScanLibraryArgs(
                library_id=state.library.id, root_id=state.root_id, full_scan=full, requested_only=not again
            )
            await self._inserter.insert_tx(tx.connection, args, opts)
        elif due is not None:
            waiting = AwaitSettledArgs(library_id=state.library.id)
            await self._inserter.insert_tx(tx.connection, waiting, InsertOpts(scheduled_at=due))

    async def _scan_root(
        self, state: ScanState, root: RootRecord, asked: Sequence[Request] | None, report: Report
    ) -> None:
        scan = await self._open(state.library, root, asked, full=state.full)
        scan.offline = await why_away(self._transactions, scan)
        if scan.offline is None:
            await self._timed("files", state, self._walk(scan, state, report))
        if scan.offline is None:
            await self._timed("sweep", state, self._sweep.run(scan, state.counts))
        if scan.offline is not None:
            scan.outcome = Outcome.OFFLINE
        elif scan.files_seen:
            await in_thread(lambda: leave_marker(root.path, root.id))
        if scan.is_whole and scan.outcome is Outcome.COMPLETED:
            await self._purge.run(scan, state.counts)
        state.finish_root(scan)

    async def _open(
        self, library: LibraryRecord, root: RootRecord, asked: Sequence[Request] | None, *, full: bool
    ) -> RootScan:
        wanted = [Target(one.path, one.is_deep) for one in asked or ()]
        if wanted:
            wanted = await in_thread(lambda: settle(root.path, wanted))
        async with self._transactions.begin() as tx:
            known = await folders.find(tx, root.id, [b""])
            targets: Sequence[Target] = WHOLE
            if asked is not None and known:
                targets, unseen = await known_targets(tx, root.id, wanted)
            else:
                unseen = await folders.signatures(tx, root.id)
        scan = RootScan(library, root, full, unseen, targets)
        scan.settling_ns = int(self._files.settling.total_seconds() * 1e9)
        scan.folders.update(known)
        return scan

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
        for outcome in ("added", "changed", "moved", "returned", "missing"):
            self._metrics.scan_files.labels(outcome).inc(getattr(state.counts, outcome))
