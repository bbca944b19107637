"""Collected by `make interop` alone: it builds the programs and says in REVENGE_TEST_INTEROP where they are."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.interop.go_peer import GoPeer

PLACE = os.environ.get("REVENGE_TEST_INTEROP")

collect_ignore_glob = [] if PLACE else ["test_*.py"]


@pytest.fixture(scope="session")
def programs() -> Path:
    """The directory of `peer`, `river` and `riverui`."""
    return Path(PLACE or "").resolve()


class StartPeer(Protocol):
    async def __call__(self) -> GoPeer: ...


@pytest.fixture
async def start_peer(programs: Path, database_url: str) -> AsyncIterator[StartPeer]:
    """Start further processes of River on this test's database; all are gone before it is dropped."""
    async with AsyncExitStack() as stack:

        async def start() -> GoPeer:
            return await stack.enter_async_context(GoPeer.started(programs / "peer", database_url))

        yield start


@pytest.fixture
async def peer(start_peer: StartPeer) -> GoPeer:
    """A process of River on this test's database, which works nothing until it is told to."""
    return await start_peer()
