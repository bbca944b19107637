"""Phase 3: believe or doubt what was not found, and mark it missing. Never more than missing.

A loss is believed when the root is still what it was, and when it is no more than people delete at once; a greater
one waits for somebody to confirm it. Below a folder that could not be read nothing is lost: it is unknown.
Committed in batches: marking a part of a loss leaves a smaller one, which is believed all the more.
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from app.config import Settings
from app.db.tx import Transactions, Tx
from app.jobs.errors import JobCancel
from app.library.errors import LibraryNotFound
from app.library.paths import absolute, parent_of
from app.library.repository import files, folders, items, libraries
from app.library.scan.presence import why_away_now
from app.library.scan.state import Counts, Outcome, RootScan, Vanished
from app.library.scan.walk import signed
from app.library.service import LibraryService
from app.library.sidecars.recorder import SideFileRecorder
from app.library.threads import in_thread

BATCH_FOLDERS = 500
"""Folders whose losses are written together; their files are what counts, some ten to a folder."""


class SweepPhase:
    def __init__(
        self, transactions: Transactions, service: LibraryService, side_files: SideFileRecorder, settings: Settings
    ) -> None:
        self._transactions = transactions
        self._service = service
        self._side_files = side_files
        self._limits = settings.library.vanish

    async def run(self, scan: RootScan, counts: Counts) -> None:
        """Mark what is gone, or say in `scan.outcome` why nothing was."""
        if scan.unreadable and await self._is_away(scan):
            return
        await self._doubt_hollow(scan, counts)
        gone = unknown_left_out(scan.unseen, {path for path, _ in scan.unreadable})
        folder_ids = await self._ids(scan, sorted(gone)) if gone else []
        scan.outcome = Outcome.INCOMPLETE if scan.unreadable else Outcome.COMPLETED
        left = [vanished.folder_id for vanished in scan.vanished if vanished.lost_media]
        scan.vanished = [_without_moved(vanished, scan.moved) for vanished in scan.vanished]
        if (folder_ids or scan.vanished) and not await self._is_believed(scan, folder_ids):
            return
        for start in range(0, len(scan.vanished), BATCH_FOLDERS):
            await self._lose(scan, counts, scan.vanished[start : start + BATCH_FOLDERS], [])
        for start in range(0, len(folder_ids), BATCH_FOLDERS):
            await self._lose(scan, counts, [], folder_ids[start : start + BATCH_FOLDERS])
        for start in range(0, len(left), BATCH_FOLDERS):
            async with self._transactions.begin() as tx:
                await self._side_files.media_left(tx, left[start : start + BATCH_FOLDERS])
        if scan.loss_confirmed and scan.is_whole:
            async with self._transactions.begin() as tx:
                await libraries.clear_loss_confirmation(tx, scan.root.id)

    async def _doubt_hollow(self, scan: RootScan, counts: Counts) -> None:
        """Take a folder for unknown that is empty now and whose files were on another file system: a disk was mounted
        there. That it was cleared and its disk has another number since is believed when somebody confirms it."""
        async with self._transactions.begin() as tx:
            if not scan.hollow or await libraries.loss_confirmed(tx, scan.root.id):
                return
            found = await folders.find(tx, scan.root.id, scan.hollow)
            for path, folder in found.items():
                inside = await folders.below(tx, [folder.id])
                devices = await files.devices_in(tx, inside)
                if devices and await in_thread(partial(device_of, absolute(scan.root.path, path))) not in devices:
                    scan.unreadable.append((path, "it is empty, and another disk was mounted here"))
                    scan.vanished = [one for one in scan.vanished if one.folder_id not in inside]
                    counts.unreadable += 1

    async def _ids(self, scan: RootScan, paths: Sequence[bytes]) -> list[UUID]:
        async with self._transactions.begin() as tx:
            found = await folders.find(tx, scan.root.id, paths)
            ids = sorted(folder.id for folder in found.values())
            # A scan of some folders has not loaded what lies below those that are gone.
            return ids if scan.is_whole else sorted(await folders.below(tx, ids))

    async def _is_believed(self, scan: RootScan, folder_ids: Sequence[UUID]) -> bool:
        async with self._transactions.begin() as tx:
            lost = sum(len(vanished.file_ids) for vanished in scan.vanished)
            lost += await files.count_present_in(tx, folder_ids)
            known = await files.count_present(tx, scan.root.id) - scan.added
            scan.loss_confirmed = await libraries.loss_confirmed(tx, scan.root.id)
        if not lost:
            return True
        if await self._is_away(scan):
            return False
        if lost > self._limits.max_files and lost > self._limits.max_share * known and not scan.loss_confirmed:
            scan.outcome, scan.unconfirmed = Outcome.NEEDS_CONFIRMATION, lost
            return False
        return True

    async def _is_away(self, scan: RootScan) -> bool:
        """Whether the root has gone since the scan began."""
        scan.offline = await why_away_now(scan)
        if scan.offline is not None:
            scan.outcome = Outcome.OFFLINE
        return scan.offline is not None

    async def _lose(
        self, scan: RootScan, counts: Counts, vanished: Sequence[Vanished], folder_ids: Sequence[UUID]
    ) -> None:
        async with self._transactions.begin() as tx:
            if not await libraries.lock_library(tx, scan.library.id):
                raise JobCancel(LibraryNotFound(scan.library.id))
            lost = await files.lose_files(tx, [file_id for one in vanished for file_id in one.file_ids], folder_ids)
            await folders.sign(tx, {one.folder_id: one.signature for one in vanished if one.signature is not None})
            await folders.lose(tx, folder_ids)
            await self._side_files.lose(tx, [side_id for one in vanished for side_id in one.side_file_ids], folder_ids)
            await self._announce(tx, lost)
        counts.missing += len(lost)

    async def _announce(self, tx: Tx, lost: Sequence[UUID]) -> None:
        """The items that lost a file have changed, whether or not another one keeps them present."""
        if lost:
            await items.refresh_states(tx, lost)
            await self._service.announce_changed(tx, await items.items_of(tx, lost))


def device_of(path: bytes) -> int | None:
    """Return the file system that a folder is on, as files are recorded with it; None if it is gone."""
    try:
        return signed(os.lstat(path).st_dev)
    except OSError:
        return None


def _without_moved(vanished: Vanished, moved: Collection[UUID]) -> Vanished:
    left = tuple(file_id for file_id in vanished.file_ids if file_id not in moved)
    return replace(vanished, file_ids=left)


def unknown_left_out(unseen: Collection[bytes], unreadable: Collection[bytes]) -> set[bytes]:
    """Return the folders that are gone: not seen, and not below one that could not be read."""
    if not unreadable:
        return set(unseen)
    return {path for path in unseen if not any(above in unreadable for above in _with_parents(path))}


def _with_parents(path: bytes) -> list[bytes]:
    line = [path]
    while line[-1]:
        line.append(parent_of(line[-1]))
    return line
