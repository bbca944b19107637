"""What is measured: a step of each peer in turn, round after round, put into one table."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bench.report import Column, Table
from bench.runner import run_step
from bench.server import Server

Measure = Callable[[Server, str, str], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """`measure(server, peer, url)` gets a database of its own with the peer's tables in it, and nothing else."""

    title: str
    columns: Sequence[Column]
    measure: Measure
    too_slow: Collection[str] = ()
    """Peers that would take minutes over it."""

    async def run(self, server: Server, peers: Sequence[str], rounds: int) -> Table:
        """Each round gives every peer its turn in the same order: whatever drifts, drifts for all of them."""
        peers = [peer for peer in peers if peer not in self.too_slow]
        answers: dict[str, list[dict[str, Any]]] = {peer: [] for peer in peers}
        for number in range(1, rounds + 1):
            for peer in peers:
                answer = await self.measure(server, peer, await installed(server, peer))
                answers[peer].append(answer)
                print(f"  {self.title}, round {number}: {peer:13} {self._told(answer)}", flush=True)
        return Table(self.title, self.columns, answers)

    def _told(self, answer: dict[str, Any]) -> str:
        return ", ".join([f"{column.title} {column.cell([answer])}" for column in self.columns])


async def installed(server: Server, peer: str) -> str:
    """A fresh database with this peer's tables."""
    url = await server.fresh_database()
    await run_step(peer, "install", 0, url)
    return url


async def settings_of(server: Server, peer: str) -> str:
    return str((await run_step(peer, "settings", 0, server.url))["settings"])
