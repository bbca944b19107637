"""Connections, all under the given name and in the given search path: one pool, and one of its own per transaction."""

from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from app.jobs.client import Client, ClientConfig
from app.jobs.driver.driver import Connection
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.types import JobRow
from tests.conformance.barriers import Barriers
from tests.conformance.protocol import INVALID_PARAMS, NOT_FOUND, REJECTED, Failure

POOL_SIZE = 6


class HoldingDriver(PsycopgDriver):
    """Keeps the first jobs it claims, committed and running, until a barrier is released."""

    barriers: Barriers
    barrier: str = ""

    async def job_get_available(self, **options: Any) -> list[JobRow]:
        rows = await super().job_get_available(**options)
        if rows and self.barrier:
            barrier, self.barrier = self.barrier, ""
            await self.barriers.wait(barrier)
        return rows


class Database:
    """Nothing is connected before it is needed: the handshake comes before there are any tables."""

    def __init__(self, url: str, application_name: str) -> None:
        self._conninfo = make_conninfo(url, application_name=application_name)
        self._driver = HoldingDriver(lambda: self._conninfo, None, POOL_SIZE)
        self._is_open = False
        self._clients: dict[str, Client] = {}
        self._transactions: dict[str, Connection] = {}

    async def connect(self) -> Connection:
        return await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)

    async def driver(self, schema: str) -> HoldingDriver:
        """Return a driver of its own for the schema, on the common pool."""
        if not self._is_open:
            await self._driver.open()
            self._is_open = True
        return self._driver.in_schema(schema or self._driver.schema)

    async def client(self, schema: str) -> Client:
        """Return the client that inserts and controls there, and works nothing."""
        if (client := self._clients.get(schema)) is None:
            client = Client(await self.driver(schema), ClientConfig())
            self._clients[schema] = client
        return client

    async def begin(self, name: str) -> None:
        if not name:
            raise Failure(INVALID_PARAMS, "a transaction needs a name")
        if name in self._transactions:
            raise Failure(REJECTED, f"transaction {name} is open already")
        connection = await self.connect()
        self._transactions[name] = connection
        await connection.execute("BEGIN")

    def transaction(self, name: str) -> Connection:
        if (connection := self._transactions.get(name)) is None:
            raise Failure(NOT_FOUND, f"no transaction {name}")
        return connection

    async def end(self, name: str, *, commit: bool) -> None:
        """End it; the name is free again whatever comes of it."""
        connection = self.transaction(name)
        del self._transactions[name]
        async with connection:
            has_failed = connection.info.transaction_status is TransactionStatus.INERROR
            await connection.execute("COMMIT" if commit else "ROLLBACK")
            if commit and has_failed:
                raise Failure(REJECTED, "the transaction had failed, so it was rolled back")

    async def close(self) -> None:
        for connection in self._transactions.values():
            await connection.close()
        self._transactions.clear()
        await self._driver.close()
