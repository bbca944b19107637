"""Gates with names. One exists from its first use, whoever uses it first, and once open stays open."""

import asyncio
from collections import defaultdict


class Barriers:
    def __init__(self) -> None:
        self._gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def release(self, name: str) -> None:
        self._gates[name].set()

    async def wait(self, name: str) -> None:
        await self._gates[name].wait()
