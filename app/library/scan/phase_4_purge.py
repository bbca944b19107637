"""Phase 4, off unless configured: forget what has been missing for long while its root is healthy."""

from app.config import Settings
from app.db.tx import Transactions
from app.jobs.errors import JobCancel
from app.library.errors import LibraryNotFound
from app.library.repository import libraries
from app.library.scan.state import Counts, RootScan
from app.library.service import LibraryService


class PurgePhase:
    def __init__(self, transactions: Transactions, service: LibraryService, settings: Settings) -> None:
        self._transactions = transactions
        self._service = service
        self._after = settings.library.purge_missing_after

    async def run(self, scan: RootScan, counts: Counts) -> None:
        """Purge by batches, each a transaction. Only for a root that a whole scan has just found complete."""
        if self._after is None:
            return
        while True:
            async with self._transactions.begin() as tx:
                if not await libraries.lock_library(tx, scan.library.id):
                    raise JobCancel(LibraryNotFound(scan.library.id))
                purged = await self._service.purge_some(tx, scan.library.id, self._after, root_id=scan.root.id)
            counts.purged += purged.files
            if not purged.files:
                return
