"""How many jobs a second: inserted in bulk, and worked off by one process.

Not said by these figures: what a job's own work costs, and how several processes share one queue.
"""

from collections.abc import Collection
from typing import Any

from bench.benchmark import Benchmark
from bench.report import Column
from bench.runner import run_measured_step, run_step
from bench.server import Server

COLUMNS = (
    Column("jobs/s", lambda answer: answer["count"] / answer["seconds"], more_is_better=True),
    Column("client µs/job", lambda answer: answer["client_us"], digits=1),
    Column("PostgreSQL µs/job", lambda answer: answer["postgres_us"], digits=1),
    Column("client's peak MiB", lambda answer: answer["peak_mib"]),
)


def insert(count: int, step: str = "insert_many", what: str = "in bulk, ids returned") -> Benchmark:
    async def measure(server: Server, peer: str, url: str) -> dict[str, Any]:
        answer = await run_measured_step(server, peer, step, count, url)
        await run_step(peer, "verify_inserted", count, url)
        return answer

    return Benchmark(f"Insert {count:,} no-op jobs {what}", COLUMNS, measure)


def insert_fast(count: int) -> Benchmark:
    return insert(count, "insert_many_fast", "in bulk, nothing returned")


def burn_down(count: int, too_slow: Collection[str] = ()) -> Benchmark:
    async def measure(server: Server, peer: str, url: str) -> dict[str, Any]:
        await run_step(peer, "insert_many", count, url)
        answer = await run_measured_step(server, peer, "burn_down", count, url)
        await run_step(peer, "verify_completed", count, url)
        return answer

    return Benchmark(f"Work {count:,} no-op jobs, one process", COLUMNS, measure, too_slow)
