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
        except asyncio.CancelledError:  # by a stop, or because trust in the lease ran out: neither can wait here
            self.leave()
            raise
        except Exception:
            await self.stop()
            raise

    async def stop(self) -> None:
        await stop_all(self.services)

    def leave(self) -> None:
        """Let them begin nothing any more, and wait for nothing; the next start or stop waits for what is left."""
        for service in self.services:
            service.leave()


async def stop_all(services: Sequence[Service]) -> None:
    """Stop them all at once; one that fails keeps nobody from waiting for the others.

    Raises:
        ExceptionGroup: what went wrong, after all have stopped.
    """
    outcomes = await asyncio.gather(*(service.stop() for service in services), return_exceptions=True)
    if errors := [outcome for outcome in outcomes if isinstance(outcome, Exception)]:
        raise ExceptionGroup("some services did not stop cleanly", errors)
