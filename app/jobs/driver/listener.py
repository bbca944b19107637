"""LISTEN on a connection of its own. Nothing that was sent while it was away is replayed: polling is the backstop."""

from collections.abc import AsyncIterator, Callable

import psycopg

from app.jobs.driver.driver import Notification
from app.jobs.driver.statements import quote_identifier
from app.jobs.types import Topic

CONNECT_TIMEOUT = 10
"""Seconds, as River's listener has it."""


class PsycopgListener:
    """States: closed → connected → closed; a lost connection is closed by its owner, who connects again."""

    def __init__(self, conninfo: Callable[[], str], schema: str) -> None:
        self._conninfo = conninfo
        self._prefix = f"{schema}."
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None

    async def connect(self) -> None:
        await self.close()
        self._connection = await psycopg.AsyncConnection.connect(
            self._conninfo(), autocommit=True, connect_timeout=CONNECT_TIMEOUT
        )

    async def listen(self, topic: Topic) -> None:
        channel = quote_identifier(self._prefix + topic)
        await self._connected().execute(f"LISTEN {channel}".encode())

    async def ping(self) -> None:
        await self._connected().execute("SELECT 1")

    async def notifications(self, timeout: float) -> AsyncIterator[Notification]:  # noqa: ASYNC109  psycopg's own word
        async for notify in self._connected().notifies(timeout=timeout):
            yield Notification(Topic(notify.channel.removeprefix(self._prefix)), notify.payload)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _connected(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        if self._connection is None:
            raise psycopg.OperationalError("the listener is not connected")
        return self._connection
