"""What every contestant must be able to do; each does it the way its own documentation says is fastest."""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

LATENCY_WARM_UP = 20
"""Inserts made before the first one counts: connections, caches and prepared statements are there by then."""

UNSEEN_START = 0.5
"""Seconds given to a worker that does not tell when it has begun to listen."""


@dataclass(slots=True)
class Measured:
    """One timed section: the wall's time and this process's CPU time, in seconds."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def __enter__(self) -> Self:
        self._began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        wall, cpu = self._began
        self.seconds = time.perf_counter() - wall
        self.cpu_seconds = time.process_time() - cpu

    _began: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True, frozen=True)
class Inserted:
    """One job put in by itself: when the call was made and when it returned, in ns of the machine's monotonic clock."""

    job_id: int
    called: int
    returned: int


class Peer(Protocol):
    """A queue under test, bound to one database that nobody else uses. Job ids are 1 … count in a fresh database."""

    name: str

    def settings(self) -> str:
        """How it was set up, for the report."""
        ...

    async def install(self) -> None:
        """Make its tables in the empty database."""
        ...

    async def insert_many(self, count: int) -> Measured:
        """Insert no-op jobs in bulk, on a warm connection; until all are committed and their ids are here."""
        ...

    async def insert_many_fast(self, count: int) -> Measured:
        """The same in the fastest way there is, nothing returned."""
        ...

    async def insert_singly(self, count: int, gaps: Callable[[], float] | None) -> list[Inserted]:
        """Insert one by one, sleeping `gaps()` seconds before each: LATENCY_WARM_UP, then `count` that are told of."""
        ...

    async def burn_down(self, count: int) -> Measured:
        """Work jobs 1 … count, from the start of the worker until it has stopped and every completion is committed.

        Raises:
            NotExactlyOnce: a job did not run, or ran more than once.
        """
        ...

    async def pick_up(self, count: int, on_ready: Callable[[], None]) -> dict[int, int]:
        """Work until `count` jobs have started; return when each did, by job id."""
        ...

    async def verify_inserted(self, count: int) -> None: ...
    async def verify_completed(self, count: int) -> None: ...


class NotExactlyOnce(Exception):
    """What a run left behind is not `count` jobs, each done once: its time means nothing."""


def check(peer: str, what: str, found: object, expected: object) -> None:
    if found != expected:
        raise NotExactlyOnce(f"{peer}: {what}: found {found}, expected {expected}")


def load(name: str, url: str) -> Peer:
    """Import a peer's own modules only in the process that measures it."""
    peer: Peer = importlib.import_module(f"bench.peers.{name}").PEER(url)
    return peer
