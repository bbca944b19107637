"""News between those who wait for segments and those who make them, within one process.

A courtesy: what it tells is on disk and in the database, where other nodes find it a moment later.
"""

import asyncio
from collections import defaultdict
from typing import Self
from uuid import UUID


class Arrivals:
    """Both directions are alike: somebody waits for a transcode's next news for a bounded time."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, UUID], set[asyncio.Event]] = defaultdict(set)

    def announce_segment(self, transcode_id: UUID) -> None:
        self._tell("segment", transcode_id)

    def announce_want(self, transcode_id: UUID) -> None:
        self._tell("want", transcode_id)

    def segments(self, transcode_id: UUID) -> "Watch":
        return Watch(self._waiting, ("segment", transcode_id))

    def wants(self, transcode_id: UUID) -> "Watch":
        return Watch(self._waiting, ("want", transcode_id))

    def _tell(self, kind: str, transcode_id: UUID) -> None:
        for event in self._waiting.get((kind, transcode_id), ()):
            event.set()


class Watch:
    """Hears of everything from when it was entered: look, then wait, and nothing is missed in between."""

    def __init__(self, waiting: dict[tuple[str, UUID], set[asyncio.Event]], key: tuple[str, UUID]) -> None:
        self._waiting = waiting
        self._key = key
        self._event = asyncio.Event()

    def __enter__(self) -> Self:
        self._waiting[self._key].add(self._event)
        return self

    def __exit__(self, *_: object) -> None:
        events = self._waiting[self._key]
        events.discard(self._event)
        if not events:
            del self._waiting[self._key]

    async def wait(self, seconds: float) -> None:
        """Wait for news, or for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return
        self._event.clear()

    async def news(self) -> None:
        """Wait for news for as long as it takes."""
        await self._event.wait()
        self._event.clear()
