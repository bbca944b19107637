"""The one client that works jobs, from `start` to `stop`."""

import asyncio

from app.jobs.client import Client
from tests.conformance.barriers import Barriers
from tests.conformance.client_options import config_of, periodic_jobs_of, workers_of
from tests.conformance.database import HoldingDriver
from tests.conformance.observations import RECORDED, Observations
from tests.conformance.params import StartParams

STOP_TIMEOUT = 30.0


class WorkingClient:
    def __init__(self, driver: HoldingDriver, params: StartParams, barriers: Barriers) -> None:
        self.observations = Observations()
        self._barriers = barriers
        self._barrier = params.claim_barrier
        driver.barriers, driver.barrier = barriers, params.claim_barrier
        self._client = Client(
            driver,
            config_of(params, self.observations),
            workers_of(params, barriers, self.observations),
            periodic_jobs_of(params, self.observations),
        )
        self._recording: asyncio.Task[None] | None = None

    async def start(self) -> None:
        events = self._client.subscribe(*RECORDED)
        self._recording = asyncio.create_task(self.observations.record(events))
        try:
            await self._client.start()
        except BaseException:
            events.close()
            await self._recording
            raise

    async def stop(self, *, cancel: bool) -> None:
        if self._barrier:  # a held claim would keep the client from stopping
            self._barriers.release(self._barrier)
        async with asyncio.timeout(STOP_TIMEOUT):
            await (self._client.stop_and_cancel() if cancel else self._client.stop())
        if self._recording is not None:
            await self._recording
