"""A million jobs in one go: whether a long burn-down is as fast as a short one, and whether memory stays flat."""

import asyncio
import os
import statistics
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

from bench.benchmark import Benchmark
from bench.report import Column
from bench.runner import answer_of, run_step, started, step_limit
from bench.server import Server
from bench.throughput import COLUMNS

EVERY = 0.25
"""Seconds between two looks at the process's memory."""


def burn_down(count: int, too_slow: tuple[str, ...]) -> Benchmark:
    async def measure(server: Server, peer: str, url: str) -> dict[str, Any]:
        await run_step(peer, "insert_many_fast", count, url)
        await server.checkpoint()
        before = server.cpu_seconds()
        async with step_limit(), started(peer, "burn_down", count, url) as process:
            sampling = asyncio.create_task(samples_of(process))
            answer = await answer_of(process, f"{peer}: burn_down")
            answer["memory"] = await sampling
        after = server.cpu_seconds()
        await run_step(peer, "verify_completed", count, url)
        answer["count"] = count
        answer["client_us"] = answer["cpu_seconds"] / count * 1e6
        answer["postgres_us"] = None if before is None or after is None else (after - before) / count * 1e6
        return answer

    return Benchmark(
        f"Work {count:,} no-op jobs, one process, memory watched",
        (*COLUMNS, memory("first", 0, 4), memory("second", 1, 4), memory("third", 2, 4), memory("last", 3, 4)),
        measure,
        too_slow,
    )


def memory(name: str, part: int, parts: int) -> Column:
    """The memory held during a quarter of the run, in the middle of what was seen."""

    def value(answer: Any) -> float | None:
        seen = answer["memory"]
        quarter = seen[len(seen) * part // parts : len(seen) * (part + 1) // parts]
        return statistics.median(quarter) if quarter else None

    return Column(f"MiB in the {name} quarter", value)


async def samples_of(process: Process) -> list[float]:
    """Look at a process's resident memory until it ends."""
    seen: list[float] = []
    while process.returncode is None:
        if held := resident_mib(process.pid):
            seen.append(held)
        await asyncio.sleep(EVERY)
    return seen


def resident_mib(pid: int) -> float:
    """Return what a process holds; nothing once it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
