"""Servers of a test's own, in a directory with a short name that is gone afterwards."""

import fcntl
import itertools
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from app.db.embedded import EmbeddedPostgres
from tests.fixtures.node_of_postgres import PostgresNode

numbers = itertools.count(1)


@pytest.fixture
def data(session_directory: Path) -> Path:
    """Where a server's data may be made; nothing is there yet."""
    return session_directory / f"own{next(numbers)}" / "postgres"


@pytest.fixture(scope="session")
async def prepared(anyio_backend: str, session_directory: Path, postgres_binaries: Path | None) -> Path:
    """A data directory to copy: most tests are not about how one is made, which takes the longest."""
    postgres = EmbeddedPostgres(session_directory / "prepared" / "postgres", binaries=postgres_binaries)
    await postgres.start()
    await postgres.stop()
    return session_directory / "prepared" / "postgres"


@pytest.fixture
def made(data: Path, prepared: Path) -> None:
    """Let there be data already."""
    data.parent.mkdir(mode=0o700)
    shutil.copytree(prepared, data)


@pytest.fixture
async def server(data: Path, postgres_binaries: Path | None) -> AsyncIterator[Callable[..., EmbeddedPostgres]]:
    """Make supervisors of `data`; each is stopped in the end."""
    made = []

    def make(**options: Any) -> EmbeddedPostgres:
        settings = {"fsync": "off"} | options.pop("settings", {})
        options = {"binaries": postgres_binaries} | options
        made.append(EmbeddedPostgres(options.pop("data", data), settings=settings, **options))
        return made[-1]

    yield make
    for each in reversed(made):
        await each.stop()


@pytest.fixture
def node(data: Path, postgres_binaries: Path | None) -> Iterator[Callable[..., PostgresNode]]:
    """Start processes that run a supervisor of `data`; each is stopped in the end."""
    chosen = [f"binaries={postgres_binaries}"] if postgres_binaries else []
    with ExitStack() as stack:

        def start(*arguments: str, **options: Any) -> PostgresNode:
            return stack.enter_context(PostgresNode(options.pop("data", data), *chosen, *arguments, **options))

        yield start


@pytest.fixture
def nothing_runs(data: Path) -> Callable[[], bool]:
    """Tell whether every process of the server is gone: they all hold its lock."""

    def free() -> bool:
        with data.with_name(f"{data.name}.lock").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    return free
