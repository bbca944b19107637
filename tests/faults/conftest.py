"""A fleet on this test's database, and one on a PostgreSQL of its own, which may be killed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.db import migrate
from app.db.embedded import EmbeddedPostgres
from tests.faults.fleet import JOURNAL, SOAK, Fleet

SUMMARIES: list[tuple[str, str]] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A long run takes as long as it was given, and some time to end."""
    if SOAK:
        for item in items:
            if item.path.parent == Path(__file__).parent:
                item.add_marker(pytest.mark.timeout(SOAK + 600))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what a long run came to: whether memory stayed flat is for people to see as well."""
    if SOAK:
        terminalreporter.section("what the fleets went through")
        for name, summary in SUMMARIES:
            if summary:
                terminalreporter.write_line(f"{name}: {summary}")


@pytest.fixture
async def fleet(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Fleet]:
    fleet = Fleet(lambda: database_url, tmp_path)
    await fleet.query(JOURNAL)
    yield fleet
    fleet.close()
    SUMMARIES.append((request.node.name, fleet.summary))


@pytest.fixture
async def own_postgres(session_directory: Path, postgres_binaries: Path | None) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(session_directory / "faults" / "postgres", binaries=postgres_binaries)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def fleet_apart(
    own_postgres: EmbeddedPostgres, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Fleet]:
    """A fleet whose PostgreSQL serves nobody else."""
    await migrate.upgrade(own_postgres.conninfo)
    fleet = Fleet(lambda: own_postgres.conninfo, tmp_path)
    await fleet.query(JOURNAL)
    yield fleet
    fleet.close()
    SUMMARIES.append((request.node.name, fleet.summary))
