"""What clients and nodes left behind: playbacks without a word, transcodes without a viewer, folders without a row."""

from datetime import timedelta

from app.db.tx import Transactions
from app.library.threads import in_thread
from app.playback.ahead.files import FilesAhead
from app.playback.ahead.sweeping import sweep
from app.playback.chapters.service import ChapterStore
from app.playback.streaming import transcodes
from app.playback.streaming.service import PlaybackService
from app.playback.transcoding.store import SegmentStore
from app.playback.trickplay.service import SheetStore
from app.playback.writing import PART

UNUSED = timedelta(hours=24)
"""How long segments are kept that nobody watches: somebody who pauses for the night goes on in the morning."""


class PlaybackSweeper:
    def __init__(
        self,
        transactions: Transactions,
        service: PlaybackService,
        store: SegmentStore,
        *,
        files: FilesAhead,
        sheets: SheetStore,
        chapters: ChapterStore,
    ) -> None:
        self._files = files
        self._pictures = {"trickplay_folders": sheets, "chapter_folders": chapters}
        self._transactions = transactions
        self._service = service
        self._store = store

    async def sweep(self) -> dict[str, int]:
        """Return how much of each kind is gone."""
        async with self._transactions.begin() as tx:
            playbacks = await self._service.end_silent(tx)
        async with self._transactions.begin() as tx:
            unused = await transcodes.unused_transcodes(tx, UNUSED)
        for transcode_id in unused:
            await in_thread(lambda gone=transcode_id: self._store.remove(gone))  # type: ignore[misc]  # bound at once
        return {
            "playbacks": playbacks,
            "transcodes": len(unused),
            "segment_folders": await self._orphans(),
            **{name: await sweep(store, self._files) for name, store in self._pictures.items()},
        }

    async def _orphans(self) -> int:
        """Remove folders whose transcode is gone, and count anew what the others take."""
        known = await in_thread(self._store.known)
        async with self._transactions.begin() as tx:
            existing = await transcodes.existing(tx, known)
        orphans = [one for one in known if one not in existing]
        for orphan in orphans:
            await in_thread(lambda gone=orphan: self._store.remove(gone))  # type: ignore[misc]  # as above
        for transcode_id in existing:
            sizes = await in_thread(lambda one=transcode_id: self._store.sizes(one))  # type: ignore[misc]  # as above
            async with self._transactions.begin() as tx:
                row = await transcodes.lock_transcode(tx, transcode_id)
                if row is None or row.is_run:
                    continue
                parts = [name for name in sizes if name.endswith(PART)]
                await in_thread(lambda one=transcode_id, gone=parts: self._store.remove_segments(one, gone))  # type: ignore[misc]
                left = sum(size for name, size in sizes.items() if not name.endswith(PART))
                await transcodes.set_bytes(tx, transcode_id, left)
        return len(orphans)
