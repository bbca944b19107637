"""One transaction, seen by both of its users.

A domain change, the jobs it causes and the completion of the job that caused it commit together or not at all.
The domains speak SQLAlchemy (`tx.session`), the queue speaks psycopg (`tx.connection`); both are one connection.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


@dataclass(frozen=True, slots=True)
class Tx:
    """An open transaction. Whoever holds one neither commits nor rolls back: `Transactions.begin` does."""

    session: AsyncSession
    connection: psycopg.AsyncConnection[tuple[object, ...]]


class Transactions:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """Open a transaction; commit when the block ends, roll back when it raises."""
        async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
            connection = await (await session.connection()).get_raw_connection()
            driver_connection = connection.driver_connection
            if not isinstance(driver_connection, psycopg.AsyncConnection):
                raise TypeError("the engine was not made over psycopg")
            yield Tx(session, driver_connection)
