"""Starts a step in a child process and waits for its answer, never longer than a bounded time."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bench.programs import ROOT, command_of, environment
from bench.server import Server

STEP_TIMEOUT = 300.0
"""Seconds after which a step has failed: a worker that waits for a job that is not there would wait for ever."""

READY = b"ready\n"

LONGEST_LINE = 16 << 20


class StepFailed(Exception):
    pass


def step_limit() -> asyncio.Timeout:
    return asyncio.timeout(STEP_TIMEOUT)


@asynccontextmanager
async def started(peer: str, step: str, count: int, url: str) -> AsyncIterator[Process]:
    """A step in a process of its own, killed if it is left before it has ended."""
    process = await asyncio.create_subprocess_exec(
        *command_of(peer), step, str(count), stdin=PIPE, stdout=PIPE, env=environment(url), cwd=ROOT, limit=LONGEST_LINE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def is_ready(process: Process) -> None:
    """Wait until a step says that it is in the state in which others may begin."""
    if process.stdout is None or await process.stdout.readline() != READY:
        raise StepFailed("a worker ended before it was ready")


async def answer_of(process: Process, what: str) -> dict[str, Any]:
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise StepFailed(f"{what} ended with status {process.returncode}")
    answer: dict[str, Any] = json.loads(output)
    return answer


async def run_step(peer: str, step: str, count: int, url: str) -> dict[str, Any]:
    async with step_limit(), started(peer, step, count, url) as process:
        return await answer_of(process, f"{peer}: {step}")


async def run_measured_step(server: Server, peer: str, step: str, count: int, url: str) -> dict[str, Any]:
    """Run a step and add what it cost: CPU microseconds a job of the client and of all PostgreSQL processes."""
    await server.checkpoint()
    before = server.cpu_seconds()
    answer = await run_step(peer, step, count, url)
    after = server.cpu_seconds()
    answer["count"] = count
    answer["client_us"] = answer["cpu_seconds"] / count * 1e6
    answer["postgres_us"] = None if before is None or after is None else (after - before) / count * 1e6
    return answer
