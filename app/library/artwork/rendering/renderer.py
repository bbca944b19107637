"""The processes that decode pictures, as the rest of us sees them."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from app.config import Settings
from app.library.artwork.rendering.answers import Made, Seen
from app.library.artwork.rendering.process import RENDER, SEE
from app.library.artwork.rendering.wish import Wish
from app.library.confined.pool import ConfinedPool
from app.library.confined.process import NoAnswer
from app.library.media import Problem
from app.observability import Metrics

MODULE = "app.library.artwork.rendering.process"

T = TypeVar("T", Made, Seen)


class Renderer:
    """Services start and stop it; before the first picture and after a stop there are no processes."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        images = settings.library.images
        self._metrics = metrics
        self._pool = ConfinedPool(
            "renderer",
            MODULE,
            processes=images.processes,
            memory=int(images.memory),
            seconds=images.timeout.total_seconds(),
        )

    async def start(self) -> None:
        await self._pool.start()

    async def stop(self) -> None:
        await self._pool.stop()

    async def render(self, file: int, wish: Wish) -> Made:
        """Make a rendition of the picture behind this descriptor, which the caller keeps and closes.

        A picture that cannot be decoded is an answer, with its problem; also one that its process died of.
        """
        made = await self._ask(file, RENDER + msgspec.msgpack.encode(wish), Made)
        self._metrics.renditions.labels("ok" if made.problem is None else "problem").inc()
        return made

    async def see(self, file: int) -> Seen:
        """Say how large a picture is and what it looks like from afar."""
        return await self._ask(file, SEE, Seen)

    async def _ask(self, file: int, request: bytes, kind: type[T]) -> T:
        def understood(answer: bytes) -> T:
            try:
                return msgspec.msgpack.decode(answer, type=kind)
            except msgspec.MsgspecError as err:
                raise NoAnswer(Problem.CRASHED, "its renderer answered nonsense") from err

        try:
            return await self._pool.ask(file, request, understood)
        except NoAnswer as err:
            return kind(problem=err.detail)


@contextmanager
def in_memory(content: bytes) -> Iterator[int]:
    """Give bytes a descriptor, which is how renderers take them."""
    if sys.platform == "linux":
        file = os.memfd_create("picture", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as temporary:
            file = os.dup(temporary.fileno())
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(file, view) :]
        yield file
    finally:
        os.close(file)
