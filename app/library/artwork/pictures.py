"""A look at a picture, wherever it is: how large, and what it looks like from afar. A bad one costs a note, no more."""

import hashlib
import os

from app.ids import uuid7
from app.library.artwork.rendering.answers import Seen
from app.library.artwork.rendering.renderer import Renderer, in_memory
from app.library.errors import NotAFile, OutsideRoot, ProbeFailed
from app.library.kinds import FileState
from app.library.opening import opened
from app.library.paths import display_path, join
from app.library.probing.prober import Prober
from app.library.records import FileLocation
from app.library.repository.images import LookRow, UnseenRow
from app.library.threads import in_thread


class RootAway(Exception):
    """The picture's disk is not there."""


class PictureReader:
    def __init__(self, renderer: Renderer, prober: Prober) -> None:
        self._renderer = renderer
        self._prober = prober

    async def look(self, row: UnseenRow, known: dict[bytes, Seen]) -> LookRow | None:
        """Say what a picture beside or inside media is; None when it is not there, or not what was recorded.

        Args:
            row: the picture.
            known: what was seen of other pictures, by content: the songs of an album often hold the same one.

        Raises:
            RootAway: its disk is not there.
        """
        path = join(row.folder, row.name)
        location = FileLocation(
            file_id=uuid7(),
            library_id=uuid7(),
            root=row.root,
            path=path,
            display_path=display_path(path),
            state=FileState.PRESENT,
            size=row.size,
            mtime_ns=row.mtime_ns,
            container=None,
        )
        try:
            async with opened(location) as file:
                status = os.fstat(file)
                if (status.st_size, status.st_mtime_ns) != (row.size, row.mtime_ns):
                    return None  # the next scan will have it looked at
                return _row(row, await self._seen(file, row.stream_index, known))
        except (OutsideRoot, NotAFile) as err:
            return _row(row, Seen(problem=str(err)))
        except OSError as err:
            if await in_thread(lambda: _is_away(row.root)):
                raise RootAway from err
            return None

    async def see(self, content: bytes) -> Seen:
        """Say what bytes are, as a picture."""
        with in_memory(content) as file:
            return await self._renderer.see(file)

    async def _seen(self, file: int, stream_index: int | None, known: dict[bytes, Seen]) -> Seen:
        if stream_index is None:
            return await self._renderer.see(file)
        try:
            content = await self._prober.picture(file, stream_index)
        except ProbeFailed as err:
            return Seen(problem=err.detail)
        digest = hashlib.sha256(content).digest()
        if digest not in known:
            known[digest] = await self.see(content)
        return known[digest]


def _row(image: UnseenRow, seen: Seen) -> LookRow:
    return LookRow(
        id=image.id,
        width=seen.width or None,
        height=seen.height or None,
        placeholder=seen.placeholder or None,
        color=seen.color or None,
        problem=seen.problem,
        size=image.size,
        mtime_ns=image.mtime_ns,
    )


def _is_away(root: bytes) -> bool:
    """An empty folder is where a disk used to be mounted."""
    try:
        with os.scandir(root) as found:
            return not any(True for _ in found)
    except OSError:
        return True
