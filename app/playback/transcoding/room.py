"""Room for segments: what was used longest ago goes first, what somebody watches goes last, and only behind them."""

from uuid import UUID

import structlog

from app.config import Settings
from app.db.tx import Transactions
from app.library.threads import in_thread
from app.observability.metrics import Metrics
from app.playback.hls.cuts import TARGET_MS
from app.playback.streaming import transcodes
from app.playback.transcoding.store import SegmentStore

log = structlog.get_logger("playback.room")

DOWN_TO = 0.9
"""Of the cap: making room for one segment at a time would never end."""

KEPT_BEHIND = 3
"""Segments behind a viewer that stay: a player goes back a little when it changes renditions."""


class Room:
    def __init__(self, transactions: Transactions, store: SegmentStore, settings: Settings, metrics: Metrics) -> None:
        self._transactions = transactions
        self._store = store
        self._metrics = metrics
        self._cap = int(settings.playback.cache_size)
        self._ahead = int(settings.playback.ahead.total_seconds() * 1000) // TARGET_MS + 1

    async def make(self, *, at_least: int = 0) -> int:
        """Keep within the cap, and free so many bytes in any case; return how many were freed."""
        async with self._transactions.begin() as tx:
            total = await transcodes.total_bytes(tx)
            self._metrics.segment_cache.set(total)
            if total <= self._cap and not at_least:
                return 0
            used = await transcodes.least_used(tx)
        too_many = max(total - int(self._cap * DOWN_TO), at_least)
        freed = 0
        for transcode_id, _, wanted, is_watched in used:
            if freed >= too_many:
                break
            freed += await self._shrink(transcode_id, wanted if is_watched else None, too_many - freed)
        self._metrics.segment_cache.set(total - freed)
        log.info("made room for segments", freed=freed, total=total)
        return freed

    async def _shrink(self, transcode_id: UUID, wanted: int | None, most: int) -> int:
        def shrink() -> tuple[int, int]:
            sizes = self._store.sizes(transcode_id)
            gone: list[str] = []
            freed = 0
            for name in sorted(sizes):
                number = int(name[:5]) if name[:5].isdecimal() else None
                if freed >= most or number is None:
                    continue
                if wanted is None or not wanted - KEPT_BEHIND <= number <= wanted + self._ahead:
                    gone.append(name)
                    freed += sizes[name]
            self._store.remove_segments(transcode_id, gone)
            return freed, sum(sizes.values()) - freed

        freed, left = await in_thread(shrink)
        async with self._transactions.begin() as tx:
            await transcodes.set_bytes(tx, transcode_id, left)
        return freed
