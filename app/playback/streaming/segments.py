"""Segments, for whoever sends them: there already, or waited for while they are made.

A file that is there is whole, so looking is all it takes to know; news of this process only makes the look come
sooner. A client that waits longer than `PATIENCE` is told to ask again, which players do.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

import structlog

from app.accounts.viewer import Viewer
from app.db.tx import Transactions
from app.library.records import FileLocation
from app.library.threads import in_thread
from app.playback.errors import NoSuchSegment, PlaybackNotFound, SegmentDelayed
from app.playback.streaming.records import TranscodeRow
from app.playback.streaming.remembered import Remembered
from app.playback.streaming.service import PlaybackService, Started
from app.playback.streaming.wanting import Wanting
from app.playback.transcoding.arrivals import Arrivals
from app.playback.transcoding.recipes import SubtitleRecipe, extension_of, has_init
from app.playback.transcoding.runs import INIT
from app.playback.transcoding.store import INIT_NAME, SegmentStore

PATIENCE = 20.0
"""Seconds. Players give a segment ten to twenty before they ask again."""

LOOK_EVERY = 0.15
"""Seconds between two looks for what another node makes."""

WISH_EVERY = 2.0
"""Seconds after which somebody who waits says so again: the runner may have died, or gone elsewhere."""

JUST_NOW = 1.0
"""Seconds for which a wish need not be recorded again."""

_NAME = re.compile(r"(\d{5})\.(m4s|ts|vtt|ass|srt|sup|mks)")


log = structlog.get_logger("playback.segments")


@dataclass(frozen=True, slots=True)
class Found:
    place: Path
    note: Callable[[], Awaitable[None]] | None = None
    """To be awaited once it is sent: where this viewer is."""


class Segments:
    def __init__(
        self,
        *,
        transactions: Transactions,
        service: PlaybackService,
        wanting: Wanting,
        store: SegmentStore,
        arrivals: Arrivals,
    ) -> None:
        self._transactions = transactions
        self._service = service
        self._wanting = wanting
        self._store = store
        self._arrivals = arrivals
        self._rows: Remembered[TranscodeRow] = Remembered()
        self._locations: Remembered[FileLocation] = Remembered()

    async def begin(self, started: Started) -> None:
        """Ask for what the player of a new playback asks for first, before it can.

        For all of it at once: of jobs that are inserted one after another the second waits a tenth of a second, until
        the queue announces again.
        """
        present = {transcode_id: await self._present(transcode_id) for transcode_id in started.at_once}
        async with self._transactions.begin() as tx:
            for transcode_id, there in present.items():
                row = await self._wanting.known(tx, transcode_id)
                if row is not None:
                    number = row.cuts.at(started.playback.position_ms)
                    await self._wanting.want(tx, transcode_id, number, there, playback_id=started.playback.id)
        for transcode_id in present:
            self._arrivals.announce_want(transcode_id)

    def stopped(self, transcode_ids: Collection[UUID]) -> None:
        """Tell runners of this node at once that nobody watches any more."""
        for transcode_id in transcode_ids:
            self._arrivals.announce_want(transcode_id)

    async def location(self, viewer: Viewer, playback_id: UUID) -> FileLocation:
        """Return where the file lies that is played as it is. Raises: as `PlaybackService.location`."""

        async def ask() -> FileLocation:
            async with self._transactions.begin() as tx:
                return await self._service.location(tx, viewer, playback_id)

        return await self._locations.ask((viewer.account_id, playback_id), ask)

    async def file(self, viewer: Viewer, playback_id: UUID, rendition: str, name: str) -> "Found":
        """Return where a segment lies, when it does. What was made is found without a database, too.

        Raises:
            PlaybackNotFound, NotFound: there is no such playback or rendition for this viewer.
            NoSuchSegment: the rendition has none of this name.
            SegmentDelayed: not within `PATIENCE`.
            TranscodeFailed, CacheFull, CacheUnavailable, FfmpegMissing: it cannot be made, or not now.
        """

        async def ask() -> TranscodeRow:
            async with self._transactions.autocommit() as asked:
                return await self._service.transcode(asked, viewer, playback_id, rendition)

        row = await self._rows.ask((viewer.account_id, playback_id, rendition), ask)
        number, place = _number(row, name), self._store.path(row.id, name)
        if await in_thread(place.is_file):
            is_known = number == INIT or (number == row.wanted and (row.silence or JUST_NOW) < JUST_NOW)
            return Found(place, None if is_known else partial(self._note, row.id, number, playback_id))
        loop = asyncio.get_running_loop()
        give_up, wish_at = loop.time() + PATIENCE, 0.0
        with self._arrivals.segments(row.id) as arrivals:
            while True:
                if loop.time() >= wish_at:
                    wish_at = loop.time() + WISH_EVERY
                    await self._wish(row.id, number, playback_id)
                if await in_thread(place.is_file):
                    return Found(place)
                if loop.time() >= give_up:
                    raise SegmentDelayed("the segment is still being made; ask again")
                await arrivals.wait(LOOK_EVERY)

    async def _note(self, transcode_id: UUID, number: int, playback_id: UUID) -> None:
        """Record a wish that was fulfilled; whoever had it does not wait for that."""
        try:
            await self._wish(transcode_id, number, playback_id)
        except Exception as err:  # noqa: BLE001  it is there, and the next one says where the viewer is
            log.debug("a wish was not recorded", transcode=str(transcode_id), error=str(err) or type(err).__name__)

    async def _wish(self, transcode_id: UUID, number: int, playback_id: UUID) -> None:
        present = await self._present(transcode_id)
        async with self._transactions.begin() as tx:
            if await self._wanting.want(tx, transcode_id, number, present, playback_id=playback_id) is None:
                raise PlaybackNotFound(playback_id)
        self._arrivals.announce_want(transcode_id)

    async def _present(self, transcode_id: UUID) -> set[int]:
        def look() -> set[int]:
            there = {INIT} if self._store.has(transcode_id, INIT_NAME) else set()
            return there | self._store.numbers(transcode_id)

        return await in_thread(look)


def _number(row: TranscodeRow, name: str) -> int:
    """Return the number of a segment by its name: one of ours, or there is none."""
    if name == INIT_NAME and has_init(row.recipe):
        return INIT
    found = _NAME.fullmatch(name)
    last = 0 if isinstance(row.recipe, SubtitleRecipe) else len(row.cuts) - 1
    if found is None or found[2] != extension_of(row.recipe) or int(found[1]) > last:
        raise NoSuchSegment(name)
    return int(found[1])
