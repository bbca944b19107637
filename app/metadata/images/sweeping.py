"""The store and its rows, made to agree: files that no row names are deleted, what is lost is fetched anew, pictures
that nobody has looked at are looked at, and of renditions what is too much is given up.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from app.db.tx import Transactions
from app.library.artwork.renditions import Renditions
from app.library.artwork.store import ImageStore
from app.library.repository import images
from app.library.threads import in_thread
from app.metadata.images.requests import ImageRequests

BATCH = 500
NO_ID = UUID(int=0)


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    files_deleted: int = 0
    """Pictures that no item names any more."""
    pictures_lost: int = 0
    """Named, and not in the store: to be fetched anew."""
    items_asked_for: int = 0
    renditions_given_up: int = 0


class StoreSweeper:
    def __init__(
        self, transactions: Transactions, store: ImageStore, requests: ImageRequests, renditions: Renditions
    ) -> None:
        self._transactions = transactions
        self._store = store
        self._requests = requests
        self._renditions = renditions

    async def sweep(self) -> Swept:
        """Do all of it. Killed anywhere and run again it does the same."""
        is_there = await in_thread(self._store.is_there)
        return Swept(
            files_deleted=await self._delete_orphans() if is_there else 0,
            pictures_lost=await self._forget_lost() if is_there else 0,
            items_asked_for=await self._ask(),
            renditions_given_up=await self._renditions.clear(),
        )

    async def _delete_orphans(self) -> int:
        old = await in_thread(lambda: list(self._store.old()))
        deleted = 0
        for start in range(0, len(old), BATCH):
            some = old[start : start + BATCH]
            async with self._transactions.begin() as tx:
                held = await images.held(tx, some)
            deleted += await self._delete([digest for digest in some if digest not in held])
        return deleted

    async def _delete(self, digests: Sequence[bytes]) -> int:
        return await in_thread(lambda: sum(self._store.forget(digest) for digest in digests))

    async def _forget_lost(self) -> int:
        after, lost = (b"", NO_ID), 0
        while True:
            async with self._transactions.begin() as tx:
                some = await images.stored(tx, after, BATCH)
            if not some:
                return lost
            after = (some[-1][1], some[-1][0])
            gone = await self._gone(some)
            if gone:
                async with self._transactions.begin() as tx:
                    await images.forget_fetched(tx, gone)
                    await self._requests.insert(tx, await images.items_of_portraits(tx, gone))
                lost += len(gone)

    async def _gone(self, some: Sequence[tuple[UUID, bytes]]) -> list[UUID]:
        return await in_thread(lambda: [image_id for image_id, digest in some if not self._store.has(digest)])

    async def _ask(self) -> int:
        after, asked = NO_ID, 0
        while True:
            async with self._transactions.begin() as tx:
                items = await images.items_unseen(tx, after, BATCH)
                waiting = await images.waiting(tx, items)
                await self._requests.insert(tx, waiting)
            if not items:
                return asked
            after = items[-1]
            asked += len(waiting)
