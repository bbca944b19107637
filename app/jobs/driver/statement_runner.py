"""How a statement reaches PostgreSQL: over the queue's own small pool, or on a connection that a caller lends."""

import copy
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self, TypeVar

import psycopg
from psycopg.pq import ExecStatus
from psycopg.rows import tuple_row

from app.errors import InvalidInput
from app.jobs.driver.connections import Connections
from app.jobs.driver.driver import Connection
from app.jobs.driver.prepared import Value
from app.jobs.driver.rows import Row, fetch_rows, read_jsonb_as_bytes
from app.jobs.driver.server import POSTGRESQL, server_of
from app.jobs.driver.statements import Statements
from app.jobs.errors import UniqueConflict
from app.jobs.names import check_schema_name
from app.jobs.types import Topic

T = TypeVar("T")

UNIQUE_INDEX = "river_job_unique_idx"


class StatementRunner:
    """States: closed → open → closed. `using` and `in_schema` give copies, which need no opening of their own."""

    def __init__(self, conninfo: Callable[[], str], schema: str | None, pool_size: int = 4) -> None:
        self.schema = schema or ""
        """Empty until `open` has asked for it, where none was configured."""
        self._conninfo = conninfo
        self._connections = Connections(conninfo, pool_size)
        self._server = POSTGRESQL
        self._statements = Statements(self.schema)
        self._bound: Connection | None = None

    async def open(self) -> None:
        """Connect once, so that a wrong address is found here, and a schema that only the connection knows.

        Raises:
            psycopg.OperationalError: the database cannot be reached.
            InvalidInput: the schema's name is too long, or none was configured and the search path leads to none.
        """
        async with await psycopg.AsyncConnection.connect(self._conninfo(), autocommit=True) as connection:
            self._server = await server_of(connection)
            self._move_to(self.schema or await current_schema(connection))
        await self._connections.open()

    async def close(self) -> None:
        await self._connections.close()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Self]:
        """Open a transaction on the pool. On a bound driver the caller's transaction is used as it is: no savepoint,
        so after an error only a roll-back can follow, as in River."""
        if self._bound is not None:
            yield self
            return
        async with self._connection() as connection, connection.transaction():
            yield self.using(connection)

    def using(self, connection: Connection) -> Self:
        bound = copy.copy(self)
        bound._bound = connection  # noqa: SLF001  it is a copy of ourselves
        return bound

    def in_schema(self, schema: str) -> Self:
        """Return the same statements on the tables of another schema, over the same pool while that is open.

        Raises:
            InvalidInput: the schema's name is too long.
        """
        moved = copy.copy(self)
        moved._move_to(schema)  # noqa: SLF001  it is a copy of ourselves
        return moved

    def _move_to(self, schema: str) -> None:
        self.schema = check_schema_name(schema)
        self._statements = Statements(schema, self._server)

    @property
    def announces(self) -> bool:
        """Whether the server has LISTEN and NOTIFY; asked when the driver was opened."""
        return self._server.announces

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        if self._bound is not None:
            yield self._bound
            return
        connection = await self._connections.take()
        try:
            yield connection
        finally:
            if not self._connections.keep(connection):
                await self._connections.give_back(connection)

    async def _fetch(
        self, name: str, parameters: Mapping[str, Any] | None = None, *, prepare: bool | None = None
    ) -> list[Row]:
        return await self._run(self._statements[name], parameters, prepare=prepare)

    async def _fetch_at_once(self, name: str, parameters: Mapping[str, Value]) -> list[Row]:
        """The same where somebody waits for a single job. A caller's connection may be in any state: there it is sent
        like any other statement."""
        if self._bound is not None:
            return await self._fetch(name, parameters)
        connection = await self._connections.take(prompt=True)
        try:
            return await self._statements.prepared(name).run(connection, parameters)
        finally:
            if not self._connections.keep(connection, prompt=True):
                await self._connections.give_back(connection)

    async def _fetch_and_read(self, name: str, parameters: Mapping[str, Value], read: Callable[[Row], T]) -> list[T]:
        """The same, read while the server commits."""
        if self._bound is not None:
            return [read(row) for row in await self._fetch(name, parameters)]
        connection = await self._connections.take(prompt=True)
        try:
            return await self._statements.prepared(name).run_and_read(connection, parameters, read)
        finally:
            if not self._connections.keep(connection, prompt=True):
                await self._connections.give_back(connection)

    async def _fetch_one(self, name: str, parameters: Mapping[str, Any] | None = None) -> Row | None:
        rows = await self._fetch(name, parameters)
        return rows[0] if rows else None

    async def _run(
        self, query: bytes, parameters: Mapping[str, Any] | None, *, prepare: bool | None = None
    ) -> list[Row]:
        """Run one statement and return its rows.

        Raises:
            UniqueConflict: the statement would have given two jobs one unique key.
        """
        async with self._connection() as connection:
            cursor = psycopg.AsyncCursor(connection, row_factory=tuple_row)
            if self._bound is not None:
                read_jsonb_as_bytes(cursor)
            async with cursor:
                with _unique_conflicts():
                    # Never None: psycopg reads %% in a schema's name as % only where there may be parameters.
                    await cursor.execute(query, parameters or {}, prepare=prepare, binary=True)
                return await fetch_rows(cursor) if _has_rows(cursor) else []

    async def _copy(self, name: str, blocks: Iterable[bytes]) -> int:
        """Run a COPY, feed it, and return how many rows it has written.

        Raises:
            psycopg.NotSupportedError: the caller's connection does not speak UTF-8.
            UniqueConflict: two jobs would have one unique key.
        """
        query = self._statements[name].replace(b"%%", b"%")  # a statement without parameters is sent as it is
        async with self._connection() as connection:
            if connection.info.encoding != "utf-8":
                raise psycopg.NotSupportedError(f"rows are copied in UTF-8, not {connection.info.encoding}")
            with _unique_conflicts():
                async with psycopg.AsyncCursor(connection) as cursor:
                    async with cursor.copy(query) as rows:
                        for block in blocks:
                            await rows.write(block)
                    return cursor.rowcount

    def _channel(self, topic: Topic) -> str:
        return f"{self.schema}.{topic}"

    async def ping(self) -> None:
        await self._fetch("ping")


@contextmanager
def _unique_conflicts() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.UniqueViolation as err:
        if err.diag.constraint_name != UNIQUE_INDEX:
            raise
        raise UniqueConflict from err
    except psycopg.errors.CardinalityViolation as err:
        raise UniqueConflict from err


async def current_schema(connection: Connection) -> str:
    """Return where this connection finds tables that nobody qualifies; River's default (contract 1.8).

    Raises:
        InvalidInput: nowhere.
    """
    row = await (await connection.execute("SELECT current_schema()")).fetchone()
    if row is None or row[0] is None:
        raise InvalidInput("schema", "no schema on the search path exists; make one, or name one")
    return str(row[0])


def _has_rows(cursor: psycopg.AsyncCursor[Row]) -> bool:
    """Ask the result: `cursor.description` would describe each of its columns, 25 µs for a job's."""
    return cursor.pgresult is not None and cursor.pgresult.status == ExecStatus.TUPLES_OK
