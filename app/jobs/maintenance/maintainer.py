"""Starts the leader's services when a term begins and stops them when it ends."""

import asyncio
from collections.abc import Sequence

from app.lifecycle import Service


class Maintainer:
    """All run or none: a service that does not start stops those that did, and the term is given up."""

    def __init__(self, services: Sequence[Service]) -> None:
        self.services = services

    async def start(self) -> None:
        try:
            for service in self.services:
                await service.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        await asyncio.gather(*(service.stop() for service in self.services))
