"""River's side of a test: a process that does as it is told and tells what happens to it."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from tests.fixtures.waiting import eventually

LONGEST_LINE = 64 << 20
MINUTE = 60.0

SELDOM = MINUTE * 10
"""Seconds between polls with which only a notification can bring a job in time."""

Job = dict[str, Any]


class PeerError(Exception):
    """What River answered instead of doing it."""


class GoPeer:
    """`call` asks and waits for the answer; `events` is what has been told so far, in order."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[tuple[str, Job | None]] = []
        self._answers: dict[int, asyncio.Future[Any]] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def started(cls, program: Path, database_url: str) -> AsyncIterator[Self]:
        process = await asyncio.create_subprocess_exec(
            program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "DATABASE_URL": database_url, "TZ": "UTC"},
            limit=LONGEST_LINE,
        )
        peer = cls(process)
        reading = asyncio.create_task(peer._read())
        try:
            yield peer
            await peer.end()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await reading
            await process.wait()

    async def end(self) -> None:
        """Let it stop and go. It must go in peace, unless it has been killed."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        assert await asyncio.wait_for(self.process.wait(), MINUTE) in {0, -9}

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def call(self, method: str, **params: Any) -> Any:
        """Ask and return the answer.

        Raises:
            PeerError: River refused.
        """
        assert self.process.stdin is not None
        number = len(self._answers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        self.process.stdin.write(json.dumps({"id": number, "method": method, "params": params}).encode() + b"\n")
        return await asyncio.wait_for(self._answers[number], MINUTE)

    async def insert(self, *jobs: Job, how: str = "many") -> list[Job]:
        """Insert and return the rows."""
        return [result["job"] for result in await self.call("insert", jobs=jobs, how=how)]

    async def work(self, *queues: str, workers: int = 5, **options: Any) -> str:
        """Work these queues, polling every second as River does by default, unless told otherwise; return who it is."""
        name: str = await self.call("start", queues=dict.fromkeys(queues or ("default",), workers), **options)
        return name

    async def told(self, event: str, job_id: int | None = None) -> Job:
        """Return the job of this event as soon as it has been told."""

        def find() -> Job | bool | None:
            for kind, job in self.events:
                if kind == event and (job_id is None or (job is not None and job["id"] == job_id)):
                    return job or True
            return None

        job: Job = await eventually(find)
        return job

    async def until_state(self, job_id: int, *states: str) -> Job:
        """Return the row, as River reads it, as soon as it is in one of these states."""

        async def reached() -> Job | None:
            job: Job = await self.call("get", id=job_id)
            return job if job["state"] in states else None

        found: Job = await eventually(reached)
        return found

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            said = json.loads(line)
            if "event" in said:
                self.events.append((said["event"], said["job"]))
            elif "error" in said:
                self._answers[said["id"]].set_exception(PeerError(said["error"]))
            else:
                self._answers[said["id"]].set_result(said["result"])
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(PeerError("it is gone"))


def job(
    behavior: str = "", text: str = "", seconds: float = 0, kind: str = "interop.work", args: Any = None, **opts: Any
) -> Job:
    """Write down a job for River to insert."""
    asked = args if args is not None else {"behavior": behavior, "text": text, "seconds": seconds}
    return {"kind": kind, "args": asked, "opts": opts}
