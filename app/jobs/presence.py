"""Says that this client lives, so that its jobs can be taken over within seconds when it does not (design 3)."""

import asyncio
from collections.abc import Callable, Sequence

import psycopg
import structlog

from app.jobs.driver.driver import Driver
from app.jobs.signals import TestSignal
from app.lifecycle import Service

log = structlog.get_logger("jobs.presence")

INTERVAL = 5.0
"""Seconds between signs of life."""

GONE_AFTER = 15.0
"""Seconds without a sign after which a client counts as gone: two signs may be lost."""

GAP = 2 * INTERVAL
WRITE_TIMEOUT = 4.0


class Presence(Service):
    """Knows nothing of the others: whoever leads compares the rows, and trusts them only while its own is steady.

    After an outage of the database everybody's sign is old at once; a leader that had none of its own for a while
    therefore waits as long as the others may take to come back. Tables that River's own migrator made have no place for
    signs: there nobody signs, nobody trusts, and the jobs of the dead wait for the clock.
    """

    def __init__(self, driver: Driver, client_id: str, queues: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self._driver = driver
        self._client_id = client_id
        self._queues = queues
        self._steady_since: float | None = None
        self._last_sign = float("-inf")
        self._has_place = True
        self.keep = False
        """Leave the row behind: jobs of ours are still running, and its fading is what gets them rescued."""
        self.signed = TestSignal[None]()

    @property
    def steady_for(self) -> float:
        """Seconds for which our own signs have been written without a gap."""
        now = asyncio.get_running_loop().time()
        if self._steady_since is None or now - self._last_sign > GAP:
            return 0
        return now - self._steady_since

    async def prepare(self) -> None:
        self.keep = False
        self._steady_since = None
        try:
            await self.sign()
            self._has_place = True
        except psycopg.errors.UndefinedTable:
            self._has_place = False
            log.warning("no table for signs of life: should a client die, its jobs wait until they count as stuck")

    async def run(self) -> None:
        while self._has_place:
            await asyncio.sleep(INTERVAL)
            try:
                async with asyncio.timeout(WRITE_TIMEOUT):
                    await self.sign()
            except Exception as err:  # noqa: BLE001  the next sign may get through; the gap is noted
                self._steady_since = None
                log.warning("could not say that we live", error=str(err) or type(err).__name__)

    async def sign(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._driver.client_upsert(client_id=self._client_id, queues=self._queues())
        if self._steady_since is None or began - self._last_sign > GAP:
            self._steady_since = began
        self._last_sign = began
        self.signed.signal(None)

    async def finish(self) -> None:
        if self.keep or not self._has_place:
            return
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                await self._driver.client_delete(self._client_id)
        except Exception as err:  # noqa: BLE001  the row fades by itself
            log.warning("could not take back our presence", error=str(err) or type(err).__name__)
