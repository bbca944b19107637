"""River UI in a test: the released program on this test's database, and its API as its pages use it."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from tests.fixtures.node import free_port
from tests.fixtures.waiting import eventually


class RiverUI:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    @classmethod
    @contextlib.asynccontextmanager
    async def started(cls, program: Path, database_url: str) -> AsyncIterator["RiverUI"]:
        port = free_port()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PG")},
            "DATABASE_URL": database_url,
            "RIVER_SCHEMA": "river",
            "RIVER_HOST": "127.0.0.1",
            "RIVER_LOG_LEVEL": "warn",
            "PORT": str(port),
        }
        process = await asyncio.create_subprocess_exec(program, env=environment)
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
                ui = cls(http)
                await eventually(lambda: ui._answers(process))
                yield ui
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()

    async def _answers(self, process: asyncio.subprocess.Process) -> bool:
        assert process.returncode is None, "River UI ended at its start"
        with contextlib.suppress(httpx.TransportError):
            return (await self.http.get("/api/health-checks/minimal")).status_code == 200
        return False

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def jobs(self, **params: Any) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await self.get("/api/jobs", **params))["data"]
        return listed

    async def act(self, verb: str, *job_ids: int) -> int:
        """Press cancel, retry or delete for these jobs; return the status."""
        body = {"ids": [str(job_id) for job_id in job_ids]}
        return (await self.http.post(f"/api/jobs/{verb}", json=body)).status_code

    async def press(self, verb: str, queue: str) -> int:
        """Press pause or resume of a queue; return the status."""
        return (await self.http.put(f"/api/queues/{queue}/{verb}")).status_code
