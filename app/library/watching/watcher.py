"""Watches the roots this node sees, and asks for scans of the folders that change. Never of everything for one event.

States of a root here: away (not a folder now; looked at again) → watched by events → polled, where the system does not
tell or has refused to; a root that turns out to be another folder than the one that is watched is watched anew.
"""

import asyncio
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from app.config import Settings
from app.db.tx import Transactions
from app.jobs.signals import TestSignal
from app.library.errors import LibraryNotFound
from app.library.kinds import WatchMode
from app.library.records import LibraryRecord, RootRecord
from app.library.repository import folders, libraries, watches
from app.library.service import LibraryService
from app.library.threads import in_thread
from app.library.watching.changes import folders_concerned
from app.library.watching.filesystems import file_system_of, is_heard
from app.library.watching.root_watch import Changes, RootWatch
from app.lifecycle import Service

log = structlog.get_logger("library.watch")

REFRESH = timedelta(seconds=30)
"""How soon a new library, a root that came back, or another disk in its place is noticed."""
GOOD_BYE = timedelta(seconds=2)


@dataclass(slots=True)
class _Root:
    library_id: UUID
    record: RootRecord
    mode: WatchMode
    reason: str | None = None
    watch: RootWatch | None = None
    polled_at: float = 0


class LibraryWatcher(Service):
    def __init__(self, settings: Settings, transactions: Transactions, service: LibraryService) -> None:
        super().__init__()
        self._settings = settings.library.watch
        self._settle_after = settings.library.settle_after
        self._own_roots = frozenset(settings.library.roots)
        self._transactions = transactions
        self._service = service
        self._node = f"{socket.gethostname()}:{os.getpid()}"
        self._roots: dict[UUID, _Root] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self.refreshed = TestSignal[None]()

    async def run(self) -> None:
        while self._settings.enabled:
            try:
                await self.refresh()
            except Exception as err:  # noqa: BLE001  the database may be away; the next look may find it
                log.warning("could not look which roots to watch", error=str(err) or type(err).__name__)
            await asyncio.sleep(REFRESH.total_seconds())

    async def finish(self) -> None:
        roots, self._roots = self._roots, {}
        await asyncio.gather(*(root.watch.stop() for root in roots.values() if root.watch is not None))
        await asyncio.gather(*self._asking, return_exceptions=True)
        if roots:
            await self._say_good_bye()

    async def _say_good_bye(self) -> None:
        """Take back what this node said it watches. Left unsaid, it is forgotten after five minutes."""
        try:
            async with asyncio.timeout(GOOD_BYE.total_seconds()), self._transactions.begin() as tx:
                await watches.tell(tx, self._node, [])
        except Exception as err:  # noqa: BLE001  the database may be away, and a stop does not wait for it
            log.info("could not say that nothing is watched here any more", error=str(err) or type(err).__name__)

    async def refresh(self) -> None:
        """Watch what is there to be watched now, poll what is due, and say so."""
        async with self._transactions.begin() as tx:
            found = await libraries.list_libraries(tx)
        wanted = {root.id: (library, root) for library in found for root in self._seen_here(library)}
        for root_id in [root_id for root_id in self._roots if root_id not in wanted]:
            await self._drop(root_id)
        for library, record in wanted.values():
            await self._look_after(library, record)
        async with self._transactions.begin() as tx:
            told = [(root.record.id, root.mode, root.reason) for root in self._roots.values()]
            await watches.tell(tx, self._node, told)
        self.refreshed.signal(None)

    def _seen_here(self, library: LibraryRecord) -> Sequence[RootRecord]:
        return [root for root in library.roots if not root.has_own_queue or str(root.id) in self._own_roots]

    async def _drop(self, root_id: UUID) -> None:
        root = self._roots.pop(root_id)
        if root.watch is not None:
            await root.watch.stop()

    async def _look_after(self, library: LibraryRecord, record: RootRecord) -> None:
        root = self._roots.get(record.id)
        if root is not None and await self._is_outdated(root, record):
            await self._drop(record.id)
            root = None
        if root is None:
            root = await self._begin(library, record)
        if root is not None and root.mode is WatchMode.POLLING:
            await self._poll(root)

    async def _is_outdated(self, root: _Root, record: RootRecord) -> bool:
        if root.record.path != record.path:
            return True
        watch = root.watch
        return watch is not None and not await in_thread(lambda: watch.is_of_this)

    async def _begin(self, library: LibraryRecord, record: RootRecord) -> _Root | None:
        """Watch a root from now on, and have it scanned, for nobody told of what happened before."""
        if not await in_thread(partial(os.path.isdir, record.path)):
            return None
        kind = await in_thread(partial(file_system_of, record.real_path))
        root = self._roots[record.id] = _Root(library.id, record, WatchMode.EVENTS)
        if is_heard(kind):
            root.watch = RootWatch(record.path, self._settings.debounce, partial(self._heard, root))
            root.watch.ended.add_done_callback(partial(self._ended, root))
        else:
            self._fall_back(root, f"the system does not tell what others change on {kind}")
        await self._scan_known(root)
        return root

    async def _scan_known(self, root: _Root) -> None:
        """Ask for a scan of a root that was scanned before; the first is for somebody to ask for."""
        root.polled_at = asyncio.get_running_loop().time()
        async with self._transactions.begin() as tx:
            if await folders.find(tx, root.record.id, [b""]):
                await self._service.request_scan(tx, root.library_id)

    async def _poll(self, root: _Root) -> None:
        interval = self._settings.poll_interval
        if interval is not None and asyncio.get_running_loop().time() - root.polled_at >= interval.total_seconds():
            await self._scan_known(root)

    def _ended(self, root: _Root, ended: asyncio.Future[str | None]) -> None:
        root.watch = None
        if (reason := ended.result()) is not None:
            self._fall_back(root, reason)

    def _fall_back(self, root: _Root, reason: str) -> None:
        root.mode, root.reason = WatchMode.POLLING, reason
        interval = self._settings.poll_interval
        log.warning(
            "changes are not heard of here",
            root=root.record.display_path,
            reason=reason,
            scanned_every=str(interval) if interval is not None else "never by itself",
        )

    def _heard(self, root: _Root, changes: Changes) -> None:
        asking = asyncio.create_task(self._ask(root, changes), name="library.watch.ask")
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)

    async def _ask(self, root: _Root, changes: Changes) -> None:
        concerned = folders_concerned(root.record.path, changes)
        root_id = root.record.id
        now = [(root_id, path, False) for path in sorted(concerned.now)]
        now += [(root_id, path, True) for path in sorted(concerned.ruled)]
        later = [(root_id, path, False) for path in sorted(concerned.later)]
        try:
            async with self._transactions.begin() as tx:
                if later:
                    await self._service.request_folders(tx, root.library_id, later, wait=self._settle_after)
                if now:
                    await self._service.request_folders(tx, root.library_id, now)
        except LibraryNotFound:
            return
        except Exception as err:  # noqa: BLE001  told, and found by the next scan of the whole
            log.warning(
                "changes could not be recorded; the next scan of the library finds them",
                root=root.record.display_path,
                error=str(err) or type(err).__name__,
            )
