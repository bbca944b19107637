"""Listing the fonts in a film, and taking one out: by FFmpeg, through a pipe, a bounded number of bytes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.db.tx import Transactions, Tx
from app.errors import NotFound
from app.library.errors import FileNotFound, NotAFile, OutsideRoot
from app.library.opening import opened
from app.library.repository.rows import rows
from app.playback.decision.plans import Decision
from app.playback.errors import TranscodeFailed
from app.playback.ffmpeg.binary import FfmpegBinary
from app.playback.ffmpeg.commands import attachment
from app.playback.ffmpeg.process import output_of
from app.playback.fonts.kinds import claimed_type, shown_name, type_of
from app.playback.source import STYLED
from app.playback.streaming import playable

MOST = 200
"""Fonts of one film. Some have sixty."""

MOST_BYTES = 32 * 2**20
"""Of one font: those with all of Chinese have twenty."""

SECONDS = 60.0

AT_ONCE = 2
"""Fonts that are taken out at the same time by one node: a player asks for all of them in one moment."""

ATTACHMENTS = """
    SELECT index, codec, tags ->> 'filename', tags ->> 'mimetype' FROM stream
    WHERE file_id = %s AND kind = 'attachment' ORDER BY index
"""


@dataclass(frozen=True, slots=True)
class Font:
    index: int
    """The container's own number of the attachment."""
    name: str
    media_type: str
    """As the attachment says."""


@dataclass(frozen=True, slots=True)
class FontFile:
    content: bytes
    media_type: str
    """As its content is."""


class NotAFont(NotFound):
    """It is in the film, and no font, or larger than any is."""

    def __init__(self, index: int) -> None:
        super().__init__("font", index)


class FontService:
    def __init__(self, transactions: Transactions, binary: FfmpegBinary) -> None:
        self._transactions = transactions
        self._binary = binary
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def needed(self, decision: Decision, file_id: UUID) -> Sequence[Font]:
        """Return the fonts of a film whose client draws styled subtitles that it is handed; else none."""
        if not any(plan.delivery == "as_is" and plan.format in STYLED for plan in decision.subtitles):
            return ()
        async with self._transactions.begin() as tx:
            return await fonts_of(tx, file_id)

    async def content(self, file_id: UUID, index: int) -> FontFile:
        """Return one of the fonts of a film. Whether that may be seen was asked before.

        Raises:
            FileNotFound: the film is not there.
            NotAFont: there is none of this number, or what there is is none.
        """
        async with self._transactions.begin() as tx:
            known = await playable.known_file(tx, file_id)
            fonts = await fonts_of(tx, file_id)
        if known is None:
            raise FileNotFound(file_id)
        shown = known.source.video or next(iter(known.source.audio), None)
        if shown is None or all(font.index != index for font in fonts):
            raise NotAFont(index)
        program = (await self._binary.capabilities()).program
        try:
            async with self._turns, opened(known.location) as descriptor:
                told = attachment(index, shown.index, descriptor)
                content = await output_of(program, told, keep_open=[descriptor], seconds=SECONDS, most=MOST_BYTES)
        except (OutsideRoot, NotAFile, OSError) as err:
            raise FileNotFound(file_id) from err
        except TranscodeFailed as err:
            raise NotAFont(index) from err
        media_type = type_of(content)
        if media_type is None:
            raise NotAFont(index)
        return FontFile(content, media_type)


async def fonts_of(tx: Tx, file_id: UUID) -> list[Font]:
    """Return what calls itself a font among a film's attachments."""
    found: list[Font] = []
    for index, codec, filename, said in await rows(tx, ATTACHMENTS, file_id):
        media_type = claimed_type(codec, filename, said)
        if media_type is not None and len(found) < MOST:
            found.append(Font(index, shown_name(filename, index), media_type))
    return found
