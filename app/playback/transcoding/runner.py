"""The work of one `media.transcode`: run FFmpeg where segments are wanted, until nobody needs more.

States: looking → running → looking … → left. A look takes a second at most: it says that we live, tells what is wanted,
and finds out when another has taken the row or the last viewer has gone. The segment that is waited for decides: what
the run is soon to come to is waited for, for anything else it is ended and begun anew there.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from app.config import Settings
from app.db.tx import Transactions, Tx
from app.library.errors import NotAFile, OutsideRoot
from app.library.opening import opened
from app.library.records import FileLocation
from app.library.threads import in_thread
from app.observability.metrics import Metrics
from app.playback.errors import NOT_MADE, CacheFull, TranscodeFailed
from app.playback.ffmpeg import commands
from app.playback.ffmpeg.binary import FfmpegBinary
from app.playback.ffmpeg.process import NICE, Ffmpeg, running
from app.playback.hls.cuts import TARGET_MS
from app.playback.streaming.records import Look, TranscodeRow
from app.playback.streaming.wanting import SOON
from app.playback.transcoding import runs
from app.playback.transcoding.arrivals import Arrivals
from app.playback.transcoding.hold import Hold, LeaseLost, take
from app.playback.transcoding.recipes import (
    AudioRecipe,
    Burn,
    MuxedRecipe,
    SubtitleRecipe,
    VideoRecipe,
    extension_of,
    has_init,
)
from app.playback.transcoding.room import Room
from app.playback.transcoding.runs import KEYFRAMES_NAMED, Made, Work
from app.playback.transcoding.store import INIT_NAME, SegmentStore, segment_name
from app.playback.transcoding.words import Words

log = structlog.get_logger("playback.transcode")

TICK = 1.0
"""Seconds between two looks at the row."""

SOUGHT_BY_TIME = frozenset({"mpegts", "mpeg", "wtv"})
"""Containers without an index, which FFmpeg halves until it is near a time."""

Complete = Callable[[Tx], Awaitable[object]]
Report = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class _State:
    """One job's hold on a row."""

    hold: Hold
    work: Work
    extension: str
    total: int = 0
    runs: int = 0
    aim: int = 0
    is_aim_made: bool = False

    @property
    def row(self) -> TranscodeRow:
        return self.hold.row

    @property
    def last(self) -> int:
        return len(self.work.cuts) - 1


class Transcoder:
    def __init__(
        self,
        *,
        transactions: Transactions,
        store: SegmentStore,
        arrivals: Arrivals,
        binary: FfmpegBinary,
        room: Room,
        words: Words,
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self._transactions = transactions
        self._store = store
        self._arrivals = arrivals
        self._binary = binary
        self._room = room
        self._words = words
        self._metrics = metrics
        self._preset = settings.playback.preset
        self._ahead = max(int(settings.playback.ahead.total_seconds() * 1000) // TARGET_MS, 2)
        self._idle_after = settings.playback.idle_after.total_seconds()

    async def work(self, media_id: UUID, name: str, runner: str, complete: Complete, report: Report) -> None:
        """Make what is wanted of a rendition; `complete` ends the job in the transaction that gives the row back.

        Raises:
            TranscodeFailed: FFmpeg cannot make it.
            CacheFull, CacheUnavailable: there is no room for it.
            FfmpegMissing: there is none that works.
        """
        async with self._transactions.begin() as tx:
            taken = await take(tx, media_id, name, runner)
            if taken is None:
                await complete(tx)
                return
        row, location, look = taken
        hold = Hold(self._transactions, self._room, row, runner, look)
        work = Work(row.cuts, row.zero_ms, row.origin_ms, row.frame_rate, _is_sought_by_time(location))
        state = _State(hold, work, extension_of(row.recipe))
        try:
            await self._serve(state, location, complete, report)
        except LeaseLost:
            log.info("transcode went into other hands", transcode=str(row.id), runner=runner)
            async with self._transactions.begin() as tx:
                await complete(tx)
        except NOT_MADE as err:
            await hold.record_failure(err)
            self._arrivals.announce_segment(row.id)
            raise
        except BaseException:
            await asyncio.shield(asyncio.ensure_future(hold.leave()))
            raise

    async def _serve(self, state: _State, location: FileLocation, complete: Complete, report: Report) -> None:
        async with AsyncExitStack() as held:
            descriptor = await self._open(held, location)
            while True:
                aim = await self._next_aim(state)
                if aim is None:
                    if await self._finish(state, complete):
                        return
                    continue
                state.aim, state.is_aim_made, state.hold.position = aim, False, aim
                self._metrics.transcode_aims.labels("again" if state.runs else "first").inc()
                state.runs += 1
                began = time.monotonic()
                await self._run(state, descriptor)
                self._note_speed(state, time.monotonic() - began)
                await report({"segments": state.total, "of": len(state.work.cuts), "at": state.hold.position})

    def _note_speed(self, state: _State, seconds: float) -> None:
        """Tell how fast a run was. Subtitles are made in one piece, however long the film is."""
        made = min(state.hold.position, len(state.work.cuts)) - state.aim
        if made > 0 and seconds > 0 and not isinstance(state.row.recipe, SubtitleRecipe):
            length = state.work.cuts.stop(state.aim + made - 1) - state.work.cuts.start(state.aim)
            kind = "copy" if _is_copy(state.row) else "transcode"
            self._metrics.transcode_speed.labels(kind).observe(length / 1000 / seconds)

    async def _open(self, held: AsyncExitStack, location: FileLocation) -> int:
        try:
            descriptor = await held.enter_async_context(opened(location))
        except (OSError, OutsideRoot, NotAFile) as err:
            reason = err.strerror if isinstance(err, OSError) else str(err)
            raise TranscodeFailed(f"the file cannot be opened: {reason}") from err
        found = os.fstat(descriptor)
        if (found.st_size, found.st_mtime_ns) != (location.size, location.mtime_ns):
            raise TranscodeFailed("the file has changed since it was scanned; a scan will take note of it")
        return descriptor

    # -- what is wanted

    async def _next_aim(self, state: _State) -> int | None:
        """Return the segment to begin at; None when there is nothing more to be made for now."""
        look = await state.hold.first_look()
        present = await in_thread(lambda: self._store.numbers(state.row.id))
        waiting = [aim for aim in look.aims if aim not in present and 0 <= aim <= state.last]
        state.hold.made += [aim for aim in look.aims if aim not in waiting]
        if waiting:
            return waiting[0]
        if self._is_idle(look):
            return None
        if isinstance(state.row.recipe, SubtitleRecipe):
            return 0 if 0 not in present else None
        following = range(look.wanted, min(look.wanted + self._ahead, state.last) + 1)
        return next((number for number in following if number not in present), None)

    def _is_idle(self, look: Look) -> bool:
        return look.silence is None or look.silence > self._idle_after

    async def _finish(self, state: _State, complete: Complete) -> bool:
        """Give the row back and complete the job; no when somebody has asked for more meanwhile."""
        await state.hold.look_again()
        async with self._transactions.begin() as tx:
            if not await state.hold.is_given_back(tx):
                return False
            await complete(tx)
        return True

    async def _go_on(self, state: _State) -> bool:
        """Whether the run is still where it is needed."""
        look = await state.hold.look_again()
        if self._is_idle(look):
            return False
        waiting = [aim for aim in look.aims if aim not in state.hold.made]
        if not waiting:
            return True
        if not state.is_aim_made and state.aim in waiting:
            return True  # somebody waits for what this run was begun for
        if any(state.hold.position <= aim < state.hold.position + SOON for aim in waiting[:1]):
            return True
        present = await in_thread(lambda: self._store.numbers(state.row.id))
        return all(aim in present for aim in waiting)

    # -- making it

    async def _run(self, state: _State, descriptor: int, *, early: bool = False) -> None:
        ffmpeg = await self._binary.capabilities()
        recipe = state.row.recipe
        if isinstance(recipe, SubtitleRecipe):
            text = await self._words.text(recipe, state.row.file_id, descriptor, state.row.zero_ms)
            await self._write(state, Made(0, text))
            return
        async with AsyncExitStack() as held:
            words, has_fonts = await self._burnt_words(held, state, descriptor)
            tools = commands.Tools(ffmpeg, self._preset, words, has_fonts, state.row.zero_ms)
            arguments = self._arguments(state, tools, descriptor, early=early)
            keep_open = [descriptor] if words is None else [descriptor, words]
            nice = 0 if _is_copy(state.row) else NICE  # a copy takes next to nothing, and somebody waits for it
            process = await held.enter_async_context(running(ffmpeg.program, arguments, keep_open=keep_open, nice=nice))
            is_late = await self._watched(state, process, early=early)
        if is_late:
            await self._run(state, descriptor, early=True)

    async def _watched(self, state: _State, process: Ffmpeg, *, early: bool) -> bool:
        """Take what a run makes until it ends or is not needed any more; whether it began too late."""
        producing = asyncio.create_task(self._produce(state, process, early=early), name="transcode.produce")
        with self._arrivals.wants(state.row.id) as wants:
            listening = asyncio.create_task(wants.news(), name="transcode.wants")
            try:
                while not producing.done():
                    await asyncio.wait({producing, listening}, timeout=TICK, return_when=asyncio.FIRST_COMPLETED)
                    if listening.done():
                        listening = asyncio.create_task(wants.news(), name="transcode.wants")
                    if not producing.done() and not await self._go_on(state):
                        return False
                return producing.result()
            finally:
                for task in (producing, listening):
                    task.cancel()
                await asyncio.wait({producing, listening})

    async def _produce(self, state: _State, process: Ffmpeg, *, early: bool) -> bool:
        async for made in self._made(state, process):
            if made.kind == "init":
                await self._write_init(state, made.content)
                continue
            if made.number > state.hold.position and not state.is_aim_made:
                if not early and not state.work.is_sought_by_time and _is_copied_picture(state.row):
                    return True
                await self._fill(state, made.number)
            elif made.number > state.hold.position:
                await self._fill(state, made.number)
            if made.kind == "last":
                await process.require_success()
            await self._write(state, made)
            if await self._is_enough(state):
                return False
        await process.require_success()
        # The end of the film: of what its stream does not reach there is nothing, and a player must hear so.
        await self._fill(state, len(state.work.cuts))
        return False

    def _made(self, state: _State, process: Ffmpeg) -> AsyncIterator[Made]:
        recipe, work, first = state.row.recipe, state.work, state.aim
        match recipe:
            case VideoRecipe():
                return runs.pictures(process.stdout, work, first)
            case AudioRecipe():
                return runs.sound(process.stdout, recipe, work, first)
            case MuxedRecipe():
                return runs.transport(process.stdout, work, first, has_picture=recipe.video is not None)
        raise TypeError(f"{recipe} is not made by running")

    async def _is_enough(self, state: _State) -> bool:
        """Whether to stop here: what follows is there already, or the viewer is far enough behind."""
        if state.hold.position > state.last:
            return False  # the end of the stream is near, and how it ends is to be seen
        wanted = state.hold.look.wanted
        viewer = wanted if state.aim <= wanted <= state.hold.position else state.aim
        if state.hold.position > viewer + self._ahead or state.hold.position >= state.aim + KEYFRAMES_NAMED:
            return True
        name = segment_name(state.hold.position, state.extension)
        return await in_thread(lambda: self._store.has(state.row.id, name))

    async def _fill(self, state: _State, until: int) -> None:
        for number in range(state.hold.position, until):
            empty = runs.nothing(state.work, number) if has_init(state.row.recipe) else b""
            await self._write(state, Made(number, empty))

    async def _write(self, state: _State, made: Made) -> None:
        await self._store_file(state, segment_name(made.number, state.extension), made.content)
        state.is_aim_made = state.is_aim_made or made.number >= state.aim
        state.hold.note(made.number)
        state.total += 1

    async def _write_init(self, state: _State, content: bytes) -> None:
        before = await in_thread(lambda: self._store.read(state.row.id, INIT_NAME))
        if before == content:
            return
        if before is not None:
            # Made by another encoder, whose segments do not go with ours.
            names = await in_thread(lambda: list(self._store.sizes(state.row.id)))
            await in_thread(lambda: self._store.remove_segments(state.row.id, names))
        await self._store_file(state, INIT_NAME, content)

    async def _store_file(self, state: _State, name: str, content: bytes) -> None:
        def write() -> None:
            self._store.write(state.row.id, name, content)

        try:
            await in_thread(write)
        except CacheFull:
            if not await self._room.make(at_least=max(len(content) * 4, 2**20)):
                raise
            await in_thread(write)
        state.hold.note_bytes(len(content))
        self._arrivals.announce_segment(state.row.id)

    # -- arguments

    def _arguments(self, state: _State, tools: commands.Tools, descriptor: int, *, early: bool) -> list[str]:
        recipe, work, first = state.row.recipe, state.work, state.aim
        match recipe:
            case VideoRecipe():
                span = runs.picture_span(recipe, work, first, early=early)
                return commands.video(recipe, span, descriptor, tools)
            case AudioRecipe():
                return commands.audio(recipe, runs.sound_span(recipe, work, first), descriptor)
            case MuxedRecipe():
                span = runs.muxed_span(recipe, work, first, early=early)
                return commands.muxed(recipe, span, descriptor, tools)
        raise TypeError(f"{recipe} is not made by running")

    async def _burnt_words(self, held: AsyncExitStack, state: _State, descriptor: int) -> tuple[int | None, bool]:
        """Return the descriptor of subtitles that are drawn into the picture, None where there are none to be read; and
        whether their fonts are with them."""
        burn = _burn_of(state.row)
        if burn is None or (burn.stream is not None and not burn.is_text):
            return None, False
        return await self._words.opened(held, burn, state.row.file_id, descriptor, state.row.zero_ms)


def _is_sought_by_time(location: FileLocation) -> bool:
    return (location.container or "").split(",")[0] in SOUGHT_BY_TIME


def _burn_of(row: TranscodeRow) -> Burn | None:
    recipe = row.recipe.video if isinstance(row.recipe, MuxedRecipe) else row.recipe
    return recipe.burn if isinstance(recipe, VideoRecipe) else None


def _is_copy(row: TranscodeRow) -> bool:
    recipe = row.recipe
    parts = (recipe.video, recipe.audio) if isinstance(recipe, MuxedRecipe) else (recipe,)
    return all(isinstance(part, SubtitleRecipe) or part is None or part.action == "copy" for part in parts)


def _is_copied_picture(row: TranscodeRow) -> bool:
    recipe = row.recipe.video if isinstance(row.recipe, MuxedRecipe) else row.recipe
    return isinstance(recipe, VideoRecipe) and recipe.action == "copy"
