"""A few confined processes of one kind. They start with the first file, and are replaced when they die.

States of a process: starting → idle ⇄ at work → ended. It ends when it crashes, takes too long, has served enough
(decoders leak), is interrupted in the middle of a file, or when the pool stops.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.library.confined.process import MAX_ANSWER, ConfinedProcess, NotBegun

T = TypeVar("T")

SERVES = 1_000
"""Files before a process is replaced; the start costs about 0.2 s, so nothing."""


class _Place:
    """Where one process serves, and another after it."""

    def __init__(self) -> None:
        self.process: ConfinedProcess | None = None
        self.load = 0
        """Files that it has to answer for, or will have once it has started."""
        self.changing = asyncio.Lock()

    async def clear(self) -> None:
        if self.process is not None:
            await self.process.end()
            self.process = None


class ConfinedPool:
    """Services start and stop it; before the first file and after a stop there are no processes.

    With `ahead`, a process that is busy is given so many files more: it goes on with the next before we have heard of
    the last. What waits so behind a file that takes long waits as long, and what its process died of costs it nothing.
    """

    def __init__(
        self,
        what: str,
        module: str,
        *,
        processes: int,
        memory: int,
        seconds: float,
        max_answer: int = MAX_ANSWER,
        serves: int = SERVES,
        ahead: int = 0,
    ) -> None:
        self._what = what
        self._module = module
        self._memory = memory
        self._seconds = seconds
        self._max_answer = max_answer
        self._serves = serves
        self._places = [_Place() for _ in range(processes)]
        self._room = processes * (1 + ahead)
        self._turns = asyncio.Semaphore(self._room)
        self._stopped = False

    @property
    def all(self) -> set[ConfinedProcess]:
        return {place.process for place in self._places if place.process is not None}

    async def start(self) -> None:
        self._stopped = False

    async def stop(self) -> None:
        """End all processes. A file in the middle of its turn fails; that turn ends the process it used."""
        self._stopped = True
        for process in self.all:
            process.kill()
        async with contextlib.AsyncExitStack() as turns:
            for _ in range(self._room):
                await turns.enter_async_context(self._turns)
            for place in self._places:
                async with place.changing:
                    await place.clear()

    async def ask(self, file: int, request: bytes, understand: Callable[[bytes], T], seconds: float | None = None) -> T:
        """Have one process answer for this descriptor, which the caller keeps and closes; return what is understood.

        Raises:
            NoAnswer: the process died of it, or took longer than so many seconds.
            Exception: what `understand` raises. The process that is not understood does not serve again.
        """
        limit = self._seconds if seconds is None else seconds
        async with self._turns:
            while True:
                # The least busy; of those, one that runs already.
                place = min(self._places, key=lambda place: (place.load, place.process is None))
                with contextlib.suppress(NotBegun):
                    return await self._ask(place, lambda process: process.ask(file, request, limit), understand)

    async def _ask(
        self, place: _Place, ask: Callable[[ConfinedProcess], Awaitable[bytes]], understand: Callable[[bytes], T]
    ) -> T:
        process: ConfinedProcess | None = None
        place.load += 1
        try:
            process = await self._serving(place)
            answer = await ask(process)
            try:
                return understand(answer)
            except BaseException:
                process.dismiss()
                raise
        finally:
            place.load -= 1
            if process is not None and (not process.is_alive or (not place.load and process.served >= self._serves)):
                await asyncio.shield(self._end(place, process))

    async def _serving(self, place: _Place) -> ConfinedProcess:
        """Return the process of a place, a new one if need be."""
        async with place.changing:
            self._require_started()
            if (there := place.process) is not None:
                if there.is_alive and there.served < self._serves:
                    return there
                await there.drained()
                await place.clear()
            place.process = await ConfinedProcess.spawn(
                self._what, self._module, self._memory, self._seconds, self._max_answer
            )
            if self._stopped:
                await place.clear()
            self._require_started()
            return place.process

    def _require_started(self) -> None:
        if self._stopped:
            raise RuntimeError(f"the {self._what} was stopped")

    async def _end(self, place: _Place, process: ConfinedProcess) -> None:
        async with place.changing:
            if place.process is process:
                await place.clear()
