"""Subtitles as text: taken out of a film, or read from beside it in whatever they were written in."""

import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal
from uuid import UUID

import structlog

from app.db.tx import Transactions
from app.library.errors import NotAFile, OutsideRoot
from app.library.opening import opened
from app.library.records import FileLocation
from app.library.sidecars.texts import decode
from app.library.sidecars.vobsub import MAX_INDEX, read_index, text_of
from app.library.threads import in_thread
from app.playback.errors import CacheUnavailable, TranscodeFailed
from app.playback.ffmpeg import commands
from app.playback.ffmpeg.binary import FfmpegBinary
from app.playback.ffmpeg.launcher import Program
from app.playback.ffmpeg.process import output_of
from app.playback.fonts.service import fonts_of
from app.playback.streaming import playable
from app.playback.streaming.records import WordsBeside
from app.playback.transcoding.recipes import Burn, SubtitleRecipe

log = structlog.get_logger("playback.words")

SECONDS = 600.0
"""For one film: subtitles lie all over it, so all of it is read once."""

MOST = 64 * 2**20
"""Bytes. Pictures of words for a long film have half of it."""

MOST_BESIDE = 16 * 2**20

COUNTED = re.compile(r"\s*\{\d*\}\{\d*\}")
"""How subtitles begin that count pictures instead of seconds (MicroDVD)."""

COUNTED_RATE = 24_000 / 1001
"""Of most films; some such subtitles tell another themselves."""


class Words:
    def __init__(self, transactions: Transactions, binary: FfmpegBinary) -> None:
        self._transactions = transactions
        self._binary = binary

    async def text(self, recipe: SubtitleRecipe, file_id: UUID, descriptor: int, zero_ms: int) -> bytes:
        """Return subtitles in the form that was asked for, counted from what is watched first.

        Raises:
            TranscodeFailed: they are gone, or no subtitles.
        """
        shift = -zero_ms if recipe.stream is not None else 0
        # Only what is styled already is asked for as such: it goes as its author has written it.
        unconverted = recipe.format == "ass"
        return await self._made(recipe, recipe.format, file_id, descriptor, shift, unconverted=unconverted)

    async def opened(
        self, held: AsyncExitStack, burn: Burn, file_id: UUID, descriptor: int, zero_ms: int
    ) -> tuple[int, bool]:
        """Return a descriptor of subtitles to be drawn, which is closed with `held`; texts count as the film does. And
        whether their fonts are with them: those that lie in the film, as its author meant it.
        """
        kind: Literal["ass", "mks"] = "ass" if burn.is_text else "mks"
        shift = zero_ms if burn.stream is None else 0
        content = None if burn.stream is None else await self._with_fonts(burn.stream, file_id, descriptor)
        has_fonts = content is not None
        if content is None:
            content = await self._made(burn, kind, file_id, descriptor, shift)
        return await in_thread(lambda: _held(held, content)), has_fonts

    async def _with_fonts(self, stream: int, file_id: UUID, descriptor: int) -> bytes | None:
        """Return a film of the subtitles and their fonts; None where it has none, or they cannot be taken out."""
        async with self._transactions.begin() as tx:
            fonts = [font.index for font in await fonts_of(tx, file_id)]
        if not fonts:
            return None
        program = (await self._binary.capabilities()).program
        arguments = commands.styled_with_fonts(stream, fonts, descriptor)
        try:
            return await output_of(program, arguments, keep_open=[descriptor], seconds=SECONDS, most=MOST)
        except TranscodeFailed as err:
            log.warning("subtitles are drawn without the film's fonts", file=str(file_id), reason=str(err))
            return None

    async def _made(
        self,
        of: Burn | SubtitleRecipe,
        kind: str,
        file_id: UUID,
        descriptor: int,
        shift_ms: int,
        *,
        unconverted: bool = False,
    ) -> bytes:
        program = (await self._binary.capabilities()).program
        if of.beside is None:
            arguments = commands.subtitle(of.stream, descriptor, kind, shift_ms, unconverted=unconverted)
            return await output_of(program, arguments, keep_open=[descriptor], seconds=SECONDS, most=MOST)
        async with self._transactions.begin() as tx:
            words = await playable.beside(tx, file_id, of.beside, of.words)
        if words is None:
            raise TranscodeFailed("the subtitles beside the file are gone")
        if kind == "sup":
            return await _content(words.location, MOST)
        if kind == "mks":
            return await self._film(program, words)
        text = decode(await _content(words.location, MOST_BESIDE))
        rate = (words.frame_rate or COUNTED_RATE) if COUNTED.match(text) else None
        async with AsyncExitStack() as held:
            written = await in_thread(lambda: _held(held, text.encode()))
            arguments = commands.subtitle(None, written, kind, shift_ms, rate, unconverted=unconverted)
            return await output_of(program, arguments, keep_open=[written], seconds=SECONDS, most=MOST)

    async def _film(self, program: Program, words: WordsBeside) -> bytes:
        """Return pictures of words as a film of nothing else. FFmpeg sees no name, and of an index one track."""
        async with AsyncExitStack() as held:
            if words.track is None or words.pictures is None:
                inputs = [await held.enter_async_context(_opened(words.location))]
            else:
                index = read_index(decode(await _content(words.location, MAX_INDEX)))
                if words.track >= len(index.tracks):
                    raise TranscodeFailed("the subtitles beside the file have changed since they were scanned")
                text = text_of(index, words.track).encode()
                inputs = [await in_thread(lambda: _held(held, text))]
                inputs.append(await held.enter_async_context(_opened(words.pictures)))
            arguments = commands.pictures_of_words(*inputs)
            return await output_of(program, arguments, keep_open=inputs, seconds=SECONDS, most=MOST)


@asynccontextmanager
async def _opened(location: FileLocation) -> AsyncIterator[int]:
    async with AsyncExitStack() as held:
        try:
            descriptor = await held.enter_async_context(opened(location))
        except (OSError, OutsideRoot, NotAFile) as err:
            raise TranscodeFailed("the subtitles beside the file cannot be opened") from err
        yield descriptor


async def _content(location: FileLocation, most: int) -> bytes:
    async with _opened(location) as found:
        try:
            content = await in_thread(lambda: os.pread(found, most + 1, 0))
        except OSError as err:
            raise TranscodeFailed("the subtitles beside the file cannot be read") from err
    if len(content) > most:
        raise TranscodeFailed("the subtitles beside the file are larger than any are")
    return content


def _held(held: AsyncExitStack, content: bytes) -> int:
    """Return a descriptor of a file without a name that holds this. Raises: CacheUnavailable."""
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115  closed with `held`
        held.callback(file.close)
        file.write(content)
        file.flush()
        file.seek(0)
    except OSError as err:
        reason = err.strerror or type(err).__name__
        raise CacheUnavailable(f"subtitles cannot be written where temporary files lie: {reason}") from err
    return file.fileno()
