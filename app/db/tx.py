"""One transaction, seen by both of its users.

A domain change, the jobs it causes and the completion of the job that caused it commit together or not at all.
The domains speak SQLAlchemy (`tx.session`), the queue speaks psycopg (`tx.connection`); both are one connection.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import psycopg
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database


@dataclass(frozen=True, slots=True)
class Tx:
    """An open transaction. Whoever holds one neither commits nor rolls back: `Transactions.begin` does."""

    session: AsyncSession
    connection: psycopg.AsyncConnection[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Autocommit:
    """A connection on which each statement is a transaction of its own."""

    connection: psycopg.AsyncConnection[tuple[object, ...]]


class Connected(Protocol):
    """What a statement can be put to that does not mind which of the two it is."""

    @property
    def connection(self) -> psycopg.AsyncConnection[tuple[object, ...]]: ...


class Transactions:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """Open a transaction; commit when the block ends, roll back when it raises."""
        async with AsyncSession(self._database.engine, expire_on_commit=False) as session, session.begin():
            connection = await (await session.connection()).get_raw_connection()
            driver_connection = connection.driver_connection
            if not isinstance(driver_connection, psycopg.AsyncConnection):
                raise TypeError("the engine was not made over psycopg")
            yield Tx(session, driver_connection)

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[Autocommit]:
        """Lend a connection for questions: a transaction around them would cost two exchanges with the server more, and
        at PostgreSQL's usual isolation makes them no more consistent. `SET LOCAL` does nothing here.
        """
        async with self._database.autocommit() as connection:
            yield Autocommit(connection)
