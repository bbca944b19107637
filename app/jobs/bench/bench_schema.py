"""A schema with the queue's tables in it that nobody else uses, for as long as a bench takes."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import sql

from app.jobs.driver.migrations.river_migrator import Direction, RiverMigrator

PREFIX = "revenge_bench_"
MARK = "Made by `revenge jobs bench`, which drops it when it ends, or else the next one does."
"""The schema's comment. What only looks like ours by its name is left alone."""

PRESENCE = sql.SQL(
    "CREATE TABLE {} (id text PRIMARY KEY, started_at timestamptz NOT NULL DEFAULT now(),"
    " seen_at timestamptz NOT NULL DEFAULT now(), queues text[] NOT NULL DEFAULT '{{}}', hostname text, pid integer)"
)
"""The one table of ours beside River's, so that a bench writes what a node writes."""

Connection = psycopg.AsyncConnection[Any]


@asynccontextmanager
async def bench_schema(conninfo: str) -> AsyncIterator[str]:
    """Make the tables, yield their schema's name, drop it. No table that was there before is read or written.

    A bench that is killed cannot drop its schema; the next one does. It tells the dead from the living by an advisory
    lock, which goes with the connection that holds it.
    """
    name = PREFIX + secrets.token_hex(4)
    connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
    try:
        await _try_lock(connection, name)
        for left in await _left_behind(connection):
            await _drop(connection, left)
        try:
            await _make(connection, name)
            yield name
        finally:
            # A connection of its own: the first one may have been lost during a long bench.
            async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as another:
                await _drop(another, name)
    finally:
        await connection.close()


async def _make(connection: Connection, name: str) -> None:
    async with connection.transaction():  # never there without its mark
        await connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        await connection.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(name), MARK))
    await RiverMigrator(name).migrate(connection, Direction.UP)
    await connection.execute(PRESENCE.format(sql.Identifier(name, "revenge_client")))


async def _left_behind(connection: Connection) -> list[str]:
    """Return the schemas of benches that live no more."""
    answer = await connection.execute(
        "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s) AND obj_description(oid, 'pg_namespace') = %s",
        [PREFIX, MARK],
    )
    return [name for (name,) in await answer.fetchall() if await _try_lock(connection, name)]


async def _try_lock(connection: Connection, name: str) -> bool:
    answer = await connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
    return await answer.fetchone() == (True,)


async def _drop(connection: Connection, name: str) -> None:
    await connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
