"""A few confined processes of one kind. They start with the first file, and are replaced when they die.

States of a process: starting → idle ⇄ at work → ended. It ends when it crashes, takes too long, has served enough
(decoders leak), is interrupted in the middle of a file, or when the pool stops.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from app.library.confined.process import MAX_ANSWER, ConfinedProcess

T = TypeVar("T")

SERVES = 1_000
"""Files before a process is replaced; the start costs about 0.2 s, so nothing."""


class ConfinedPool:
    """Services start and stop it; before the first file and after a stop there are no processes."""

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
    ) -> None:
        self._what = what
        self._module = module
        self._processes = processes
        self._memory = memory
        self._seconds = seconds
        self._max_answer = max_answer
        self._serves = serves
        self.idle: list[ConfinedProcess] = []
        self.all: set[ConfinedProcess] = set()
        self._turns = asyncio.Semaphore(processes)
        self._stopped = False

    async def start(self) -> None:
        self._stopped = False

    async def stop(self) -> None:
        """End all processes. A file in the middle of its turn fails; that turn ends the process it used."""
        self._stopped = True
        idle, self.idle = self.idle, []
        for process in self.all:
            process.kill()
        for process in idle:
            await self._end(process)
        async with contextlib.AsyncExitStack() as turns:
            for _ in range(self._processes):
                await turns.enter_async_context(self._turns)

    async def ask(self, file: int, request: bytes, understand: Callable[[bytes], T], seconds: float | None = None) -> T:
        """Have one process answer for this descriptor, which the caller keeps and closes; return what is understood.

        Raises:
            NoAnswer: the process died of it, or took longer than so many seconds.
            Exception: what `understand` raises. The process that is not understood does not serve again.
        """
        async with self._lent() as process:
            return understand(await process.ask(file, request, self._seconds if seconds is None else seconds))

    @contextlib.asynccontextmanager
    async def _lent(self) -> AsyncIterator[ConfinedProcess]:
        """Lend a process for one file. It comes back only when it has answered."""
        async with self._turns:
            process = await self._take()
            try:
                yield process
            except BaseException:
                # Also when interrupted: what it would answer next belongs to this file.
                await asyncio.shield(self._end(process))
                raise
            await self._give_back(process)

    async def _take(self) -> ConfinedProcess:
        if self._stopped:
            raise RuntimeError(f"the {self._what} was stopped")
        while self.idle:
            process = self.idle.pop()
            if process.is_alive:
                return process
            await self._end(process)
        process = await ConfinedProcess.spawn(self._what, self._module, self._memory, self._seconds, self._max_answer)
        self.all.add(process)
        if self._stopped:
            await self._end(process)
            raise RuntimeError(f"the {self._what} was stopped")
        return process

    async def _give_back(self, process: ConfinedProcess) -> None:
        if self._stopped or process.served >= self._serves:
            await self._end(process)
        else:
            self.idle.append(process)

    async def _end(self, process: ConfinedProcess) -> None:
        self.all.discard(process)
        await process.end()
