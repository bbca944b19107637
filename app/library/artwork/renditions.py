"""Pictures in the size and format that somebody wants: out of the cache, else made once for all who wait for it.

A rendition that is kept is given without a look at the media: the disk with the films may sleep while somebody
browses. It belongs to a picture's tag, which changes with the picture's file.
"""

import asyncio
import contextlib
import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import NamedTuple

import structlog

from app.config import Settings
from app.errors import Unavailable
from app.library.artwork.cache import RenditionCache
from app.library.artwork.rendering.answers import Made
from app.library.artwork.rendering.renderer import Renderer, in_memory
from app.library.artwork.rendering.wish import Wish
from app.library.errors import PictureUnreadable, ProbeFailed
from app.library.probing.prober import Prober
from app.library.records import PictureSource
from app.library.threads import in_thread
from app.observability import Metrics

log = structlog.get_logger("library.renditions")

VERSION = 1
"""Counts changes of what a rendition looks like: those of an older one are not found any more."""

MOST_WAITING = 500
"""Renditions wanted at once. A page of posters is a hundred; the rest would wait for longer than anybody does."""

BAD_FOR = 600.0
"""Seconds for which a picture that could not be decoded is not tried again: it may have cost its process."""
MOST_BAD = 1_000

OpenPicture = Callable[[], AbstractAsyncContextManager[int]]
"""Gives the descriptor of the file that a picture is, or is in."""


class TooBusy(Unavailable):
    code = "too_many_pictures"

    def __init__(self) -> None:
        super().__init__("more pictures are wanted at once than can be made; ask again in a moment")


class Rendition(NamedTuple):
    made: Made
    is_recorded: bool
    """Whether its file is still what was recorded of it: else it belongs to no tag, and is not kept."""


class Renditions:
    def __init__(self, settings: Settings, renderer: Renderer, prober: Prober, metrics: Metrics) -> None:
        self._cache = RenditionCache(settings.store / "renditions", int(settings.library.images.cache_size))
        self._renderer = renderer
        self._prober = prober
        self._metrics = metrics
        self._flights: dict[str, asyncio.Task[Rendition]] = {}
        self._clearing: asyncio.Task[int] | None = None
        self._bad: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def stop(self) -> None:
        """End what is being made for somebody; they have gone."""
        tasks = [*self._flights.values(), *([self._clearing] if self._clearing is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def clear(self) -> int:
        """Give up what is too much. Return how many renditions went."""
        return await in_thread(self._cache.clear)

    async def get(self, source: PictureSource, wish: Wish, open_picture: OpenPicture) -> Rendition:
        """Return a rendition.

        Raises:
            PictureUnreadable: nothing can be made of the picture.
            TooBusy: too many are being made.
            Exception: what `open_picture` raises.
        """
        key = hashlib.sha256(f"{VERSION} {source.tag} {wish.key}".encode()).hexdigest()
        flight = self._flights.get(key)
        if flight is None:
            if len(self._flights) >= MOST_WAITING:
                raise TooBusy
            flight = asyncio.create_task(self._find(key, source, wish, open_picture), name="rendition")
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        # Whoever leaves must not take it from the others, nor from the cache.
        return await asyncio.shield(flight)

    def _landed(self, key: str, flight: asyncio.Task[Rendition]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # nobody may be left to hear it

    async def _find(self, key: str, source: PictureSource, wish: Wish, open_picture: OpenPicture) -> Rendition:
        kept = await in_thread(lambda: self._cache.read(key))
        self._metrics.rendition_cache.labels("hit" if kept is not None else "miss").inc()
        if kept is not None:
            return Rendition(kept, is_recorded=True)
        self._refuse_bad(source)
        async with open_picture() as file:
            is_recorded = _is_recorded(file, source)
            made = await self._made(file, source, wish)
        if made.problem is not None:
            if is_recorded:
                self._remember_bad(source, made.problem)
            log.warning("a picture cannot be shown", picture=source.shown, problem=made.problem)
            raise PictureUnreadable(source.shown, made.problem)
        if is_recorded and await in_thread(lambda: self._cache.write(key, made)):
            self._clear_away()
        return Rendition(made, is_recorded)

    async def _made(self, file: int, source: PictureSource, wish: Wish) -> Made:
        if source.stream_index is None:
            return await self._renderer.render(file, wish)
        try:
            content = await self._prober.picture(file, source.stream_index)
        except ProbeFailed as err:
            return Made(problem=err.detail)
        with in_memory(content) as picture:
            return await self._renderer.render(picture, wish)

    def _clear_away(self) -> None:
        if self._clearing is None or self._clearing.done():
            self._clearing = asyncio.create_task(self.clear(), name="renditions.clear")

    def _refuse_bad(self, source: PictureSource) -> None:
        found = self._bad.get(source.tag)
        if found is not None:
            until, problem = found
            if monotonic() < until:
                raise PictureUnreadable(source.shown, problem)
            del self._bad[source.tag]

    def _remember_bad(self, source: PictureSource, problem: str) -> None:
        self._bad[source.tag] = (monotonic() + BAD_FOR, problem)
        while len(self._bad) > MOST_BAD:
            self._bad.popitem(last=False)


def _is_recorded(file: int, source: PictureSource) -> bool:
    with contextlib.suppress(OSError):
        status = os.fstat(file)
        recorded = source.location
        return status.st_size == recorded.size and (source.is_stored or status.st_mtime_ns == recorded.mtime_ns)
    return False
