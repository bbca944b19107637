"""How long one job takes: to be inserted, and to be picked up by a client that has nothing to do.

Inserter and worker are two processes that share the machine's monotonic clock. A worker may start before the insert
has returned to its caller, so "from return" can be less than nothing; "from call" has both in it.
"""

import statistics
from collections.abc import Sequence
from typing import Any

from bench.benchmark import Benchmark
from bench.peers.peer import LATENCY_WARM_UP
from bench.report import Answer, Column
from bench.runner import answer_of, is_ready, run_step, started, step_limit
from bench.server import Server


def percentile(values: Sequence[float], hundredth: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[hundredth - 1]


def times(title: str, key: str) -> tuple[Column, ...]:
    def column(hundredth: int) -> Column:
        def value(answer: Answer) -> float:
            return percentile(answer[key], hundredth)

        return Column(f"{title} p{hundredth}, ms", value, digits=2, more_is_better=False)

    return column(50), column(95), column(99)


def single_inserts(count: int) -> Benchmark:
    async def measure(server: Server, peer: str, url: str) -> dict[str, Any]:
        await server.checkpoint()
        inserted = (await run_step(peer, "insert_singly", count, url))["inserted"]
        await run_step(peer, "verify_inserted", count + LATENCY_WARM_UP, url)
        return {"insert": [(one["returned"] - one["called"]) / 1e6 for one in inserted]}

    rate = Column("inserts/s", lambda answer: 1e3 / statistics.fmean(answer["insert"]), more_is_better=True)
    return Benchmark(f"{count:,} single inserts in a row", (*times("insert", "insert"), rate), measure)


def pick_up(count: int) -> Benchmark:
    total = count + LATENCY_WARM_UP

    async def measure(server: Server, peer: str, url: str) -> dict[str, Any]:
        await server.checkpoint()
        async with step_limit(), started(peer, "pick_up", total, url) as worker:
            await is_ready(worker)
            inserted = (await run_step(peer, "insert_slowly", count, url))["inserted"]
            begun = (await answer_of(worker, f"{peer}: pick_up"))["started"]
        await run_step(peer, "verify_completed", total, url)
        starts = [(one, begun[str(one["job_id"])]) for one in inserted]
        return {
            "from_return": [(start - one["returned"]) / 1e6 for one, start in starts],
            "from_call": [(start - one["called"]) / 1e6 for one, start in starts],
        }

    columns = (*times("from return", "from_return"), *times("from call", "from_call"))
    return Benchmark(f"Pick-up of {count:,} jobs by an idle client", columns, measure)
