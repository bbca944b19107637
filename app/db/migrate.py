"""Bringing a database to the revision this program was written for, from the repository or from the wheel.

Any number of nodes may start at once: one migrates, the others wait and find it done.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import structlog
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from psycopg import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from app.errors import Conflict, Unavailable

log = structlog.get_logger("migrate")

GUARD_KEY = 0x7265_7665_6E67_65
"""The advisory lock of whoever migrates this database: `revenge` in ASCII."""
GUARD_POLL = 0.1
GUARD_PATIENCE = 600.0
"""Seconds to wait for another node's migration; a large table may take it minutes."""
LOCK_TIMEOUT = "5s"
"""A statement that waits for a table's lock makes every later reader wait behind it, so it soon gives up."""
ATTEMPTS = 6


class MigrationBlocked(Unavailable):
    code = "migration_blocked"


class UnknownRevision(Conflict):
    code = "unknown_revision"


async def upgrade(conninfo: str, schema: str = "river", revision: str = "head") -> None:
    """Migrate up to a revision. Safe to call from any number of nodes at once, and at every start.

    Raises:
        MigrationBlocked: other sessions hold locks on the tables, or another node migrates, for too long.
        UnknownRevision: the database was migrated by a newer Revenge.
    """
    await _run(conninfo, schema, command.upgrade, revision)


async def downgrade(conninfo: str, schema: str = "river", revision: str = "base") -> None:
    """Migrate down to a revision. What the newer tables held is lost."""
    await _run(conninfo, schema, command.downgrade, revision)


async def current(conninfo: str) -> str | None:
    """Return the revision a database is at, None when it was never migrated."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415  # only the few who ask pay for it

    async with _connection(conninfo) as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def script_location() -> Path:
    """Return where the revisions are: in the wheel inside this package, in a checkout beside it."""
    package = Path(__file__).resolve().parents[1]
    packed = package / "_alembic"
    return packed if (packed / "env.py").is_file() else package.parent / "alembic"


@asynccontextmanager
async def guarded(conninfo: str) -> AsyncIterator[AsyncConnection]:
    """Yield a connection to migrate on, while no other node does.

    The lock is polled, and on a connection that is in no transaction: one that blocked would hold a snapshot, for
    which a concurrent index build waits, which waits for the lock — a deadlock PostgreSQL does not see.
    """
    guard = await psycopg.AsyncConnection.connect(conninfo, autocommit=True, application_name="revenge migrate guard")
    async with guard, _connection(conninfo) as connection:
        await _take(guard)
        await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        await connection.commit()
        yield connection


@asynccontextmanager
async def _connection(conninfo: str) -> AsyncIterator[AsyncConnection]:
    async def connect() -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(conninfo, application_name="revenge migrate")

    engine = create_async_engine("postgresql+psycopg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def _take(guard: psycopg.AsyncConnection[Any]) -> None:
    """Wait for the advisory lock; it goes with the connection."""
    deadline = time.monotonic() + GUARD_PATIENCE
    while True:
        answer = await guard.execute("SELECT pg_try_advisory_lock(%s)", [GUARD_KEY])
        if await answer.fetchone() == (True,):
            return
        if time.monotonic() > deadline:
            raise MigrationBlocked(f"another node has been migrating this database for {GUARD_PATIENCE:.0f} s")
        await asyncio.sleep(GUARD_POLL)


async def _run(conninfo: str, schema: str, what: Any, revision: str) -> None:
    async with guarded(conninfo) as connection:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await connection.run_sync(_command, schema, what, revision)
            except DBAPIError as err:
                await connection.rollback()
                if not isinstance(err.orig, errors.LockNotAvailable):
                    raise
                log.warning("tables are locked by others", attempt=attempt, of=ATTEMPTS)
            else:
                return
    raise MigrationBlocked(
        f"other sessions have held locks on the tables in each of {ATTEMPTS} attempts; what had been migrated stays so."
        " Stop what uses the database, or find them in pg_stat_activity, and start again"
    )


def _command(connection: Connection, schema: str, what: Any, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(script_location()).replace("%", "%%"))
    config.attributes |= {"connection": connection, "jobs_schema": schema}
    try:
        what(config, revision)
    except CommandError as err:
        raise UnknownRevision(
            f"{err}. If a newer Revenge has migrated this database, run that one, or downgrade with it first"
        ) from err
