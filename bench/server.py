"""The one PostgreSQL that all contestants share, and a fresh database in it for every run."""

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from app.db.embedded import EmbeddedPostgres

DATABASE = "revenge_bench"
"""Dropped and made anew before every run; no other database of the server is touched."""

SHOWN_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "autovacuum")


@dataclass(frozen=True, slots=True)
class Server:
    url: str
    pid: int | None
    """Of the postmaster, when it runs on this machine as our child: its CPU time can be told then."""

    async def fresh_database(self) -> str:
        """Drop the last run's database, make an empty one, and return its URL."""
        async with await self._connect() as connection:
            name = sql.Identifier(DATABASE)
            await connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            await connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        return urlsplit(self.url)._replace(path=f"/{DATABASE}").geturl()

    async def drop_database(self) -> None:
        async with await self._connect() as connection:
            await connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE))
            )

    async def checkpoint(self) -> None:
        """Write out what the preparation dirtied, so that the run does not pay for it."""
        async with await self._connect() as connection:
            await connection.execute("CHECKPOINT")

    async def describe(self) -> list[str]:
        async with await self._connect() as connection:
            answer = await connection.execute(
                "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY (%s) ORDER BY name",
                [list(SHOWN_SETTINGS)],
            )
            settings = ", ".join([f"{name} {value}" for name, value in await answer.fetchall()])
            version = connection.info.server_version
        where = "our own, over a local socket" if self.pid is not None else "given by DATABASE_URL"
        return [f"PostgreSQL {version // 10000}.{version % 10000} ({where})", settings]

    def cpu_seconds(self) -> float | None:
        """CPU time of the postmaster and all its processes so far, ended ones included. None: it cannot be told."""
        if self.pid is None or not Path(f"/proc/{self.pid}/stat").exists():
            return None
        while True:  # a process that ends meanwhile is in neither sum: look again
            children = self._children()
            ticks = sum(_stat(self.pid, 4)) + sum(sum(_stat(child, 2)) for child in children)
            if children == self._children():
                return ticks / os.sysconf("SC_CLK_TCK")

    def _children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        return await psycopg.AsyncConnection.connect(self.url, autocommit=True)


def _stat(pid: int, count: int) -> list[int]:
    """Return the first `count` of utime, stime, cutime, cstime; nothing when the process has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(field) for field in fields[11 : 11 + count]]


@contextlib.asynccontextmanager
async def running_server() -> AsyncIterator[Server]:
    """The server at DATABASE_URL, or one of our own with PostgreSQL's default settings, gone afterwards."""
    if given := os.environ.get("DATABASE_URL"):
        server = Server(given, None)
        try:
            yield server
        finally:
            await server.drop_database()
        return
    with tempfile.TemporaryDirectory(prefix="revenge-bench-") as directory:
        own = EmbeddedPostgres(Path(directory) / "postgres")
        await own.start()
        try:
            yield Server(own.conninfo, own.pid)
        finally:
            await own.stop()
