"""An item's pictures, each looked at, those from elsewhere fetched as far as they are wanted.

Every picture's outcome is committed by itself, so a job that is killed goes on where it was, and ends in the same rows.
The last transaction completes the job. What cannot be had now holds up none of the others.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import structlog

from app.db.tx import Transactions, Tx
from app.jobs.errors import JobSnooze
from app.library.artwork.pictures import PictureReader, RootAway
from app.library.artwork.rendering.answers import Seen
from app.library.repository import images
from app.library.service import LibraryService
from app.metadata.images.fetching import ImageFetcher, StoreUnavailable, Wait
from app.metadata.images.requests import ImageRequests
from app.metadata.outbound import OutboundFailed

log = structlog.get_logger("metadata.images")

BATCH = 50
"""Pictures looked at before what they said is committed."""

OFFLINE = timedelta(minutes=5)
STORE_FULL = timedelta(minutes=10)


class Downloaded(msgspec.Struct):
    """How it went."""

    looked_at: int = 0
    fetched: int = 0
    problems: int = 0
    given_up: int = 0
    """Did not come, in as many attempts as a job has. The next change of the item asks again."""


Complete = Callable[[Tx, Downloaded], Awaitable[object]]


class ImageDownloader:
    def __init__(
        self,
        transactions: Transactions,
        *,
        fetcher: ImageFetcher,
        reader: PictureReader,
        requests: ImageRequests,
        service: LibraryService,
    ) -> None:
        self._transactions = transactions
        self._fetcher = fetcher
        self._reader = reader
        self._requests = requests
        self._service = service

    async def download(self, item_id: UUID, complete: Complete, *, is_last_try: bool) -> Downloaded:
        """Do all that is to be done for an item; `complete` ends the job.

        Raises:
            JobSnooze: a disk is away, the store is full, or a server asks to wait. All else was done.
            OutboundFailed: something did not come, and may yet. All else was done.
        """
        done = Downloaded()
        tried: set[UUID] = set()
        later = await self._look(item_id, tried, done)
        failure, wait = await self._fetch(item_id, tried, done)
        if later or wait is not None:
            raise JobSnooze(wait or OFFLINE)
        if failure is not None and not is_last_try:
            raise failure
        async with self._transactions.begin() as tx:
            # The job first: while it runs, another for this item is the same one and would not be inserted.
            await complete(tx, done)
            if await images.to_look_at(tx, item_id, tried, 1) or await images.to_fetch(tx, item_id, tried):
                await self._requests.insert(tx, [item_id])
            if done.fetched:
                await self._service.announce_changed(tx, [item_id])
        return done

    async def _look(self, item_id: UUID, tried: set[UUID], done: Downloaded) -> bool:
        """Look at what is beside and inside the media. Returns whether a disk is away."""
        known: dict[bytes, Seen] = {}
        is_away = False
        while True:
            async with self._transactions.begin() as tx:
                unseen = await images.to_look_at(tx, item_id, tried, BATCH)
            if not unseen:
                return is_away
            looks = []
            for row in unseen:
                tried.add(row.id)
                try:
                    look = await self._reader.look(row, known)
                except RootAway:
                    is_away = True
                    continue
                if look is not None:
                    looks.append(look)
            done.looked_at += len(looks)
            done.problems += sum(1 for look in looks if look.problem is not None)
            async with self._transactions.begin() as tx:
                await images.keep_looks(tx, looks)

    async def _fetch(
        self, item_id: UUID, tried: set[UUID], done: Downloaded
    ) -> tuple[OutboundFailed | None, timedelta | None]:
        """Fetch what is wanted. Returns what failed, and for how long to wait."""
        failure: OutboundFailed | None = None
        wait: timedelta | None = None
        resting: set[str | None] = set()
        while True:
            async with self._transactions.begin() as tx:
                wanted = await images.to_fetch(tx, item_id, tried)
            if wanted is None:
                return failure, wait
            image_id, role, url = wanted
            tried.add(image_id)
            host = urlsplit(url).hostname
            if host in resting:
                continue
            try:
                look = await self._fetcher.fetch(image_id, url)
            except Wait as err:
                wait = max(wait or err.wait, err.wait)
                resting.add(host)
                continue
            except OutboundFailed as err:
                failure = err
                done.given_up += 1
                continue
            except StoreUnavailable as err:
                log.warning("a fetched picture cannot be kept", reason=str(err))
                return failure, STORE_FULL
            if look.problem is not None:
                done.problems += 1
                log.info("a picture cannot be had", item=str(item_id), role=role, problem=look.problem)
            else:
                done.fetched += 1
            async with self._transactions.begin() as tx:
                await images.keep_looks(tx, [look])
