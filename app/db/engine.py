"""One pool of connections, used by the domains through SQLAlchemy and by whoever wants psycopg itself."""

import asyncio
import select
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.db.pulse import ANSWER, LONGEST, PATIENCE, Pulse, Silent, WatchedConnection, ask
from app.errors import Unavailable

log = structlog.get_logger("database")

Connection = psycopg.AsyncConnection[Any]
Pool = AsyncConnectionPool[Connection]

START_PATIENCE = 30.0
RECONNECT_PATIENCE = 2.0
"""Seconds after which the pool gives a broken connection up. Its own pauses double without bound: trying for as long
as an outage of a minute lasts would make everybody wait for another one. `_recover` asks anew instead."""

BOUNDS = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""In seconds, where the address does not say otherwise. A wire that swallows everything refuses no connection, and the
system's own way to notice that the other end is gone takes two hours."""


class Database:
    """The pool and the engine over it.

    States: closed → open → closed. While PostgreSQL is away, a statement in flight fails, and whoever asks for a
    connection waits up to `timeout` seconds (`PoolTimeout`); the pool is back within seconds of the server. Of those
    who act within `somebody_waits` none waits as long for a database that does not answer (`Silent`).
    """

    def __init__(
        self,
        conninfo: Callable[[], str],
        *,
        min_size: int = 2,
        max_size: int = 20,
        timeout: float = 30,
        patience: float = PATIENCE,
        longest: float = LONGEST,
    ) -> None:
        self._conninfo = conninfo
        self._min_size = min_size
        self._max_size = max_size
        self._timeout = timeout
        self._pool: Pool | None = None
        self._recovery: asyncio.Task[None] | None = None
        self.pulse = Pulse(self.ask, self._renew, patience=patience, longest=longest)
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+psycopg://",
            async_creator=self._connection,
            poolclass=NullPool,
            hide_parameters=True,  # an error that is logged quotes its statement, and values may be anybody's secrets
        )

    @property
    def pool(self) -> Pool:
        if self._pool is None:
            raise RuntimeError("the database has not been started")
        return self._pool

    async def start(self) -> None:
        """Fill the pool, which proves that the database answers.

        Raises:
            Unavailable: it took no connection.
        """
        if self._pool is not None:
            return
        self._pool = self._make_pool()
        try:
            await self._pool.open(wait=True, timeout=START_PATIENCE)
        except BaseException as err:
            await self.stop()
            if isinstance(err, PoolTimeout):
                raise Unavailable(f"the database took no connection within {START_PATIENCE:g} s") from err
            raise

    async def ask(self) -> None:
        """Ask the database for a sign of life, on a connection of its own. Raises: as `app.db.pulse.ask`."""
        await ask(_bounded(self._conninfo()), ANSWER)

    async def stop(self) -> None:
        """Close the pool. Connections still in use are closed when they are given back."""
        await self.pulse.stop()
        if self._recovery is not None:
            self._recovery.cancel()
            await asyncio.wait({self._recovery})
            self._recovery = None
        pool, self._pool = self._pool, None
        if pool is not None:
            await self.engine.dispose()
            await pool.close()

    def _make_pool(self) -> Pool:
        return AsyncConnectionPool(
            lambda: _bounded(self._conninfo()),
            connection_class=WatchedConnection,
            min_size=self._min_size,
            max_size=self._max_size,
            timeout=self._timeout,
            kwargs={"application_name": "revenge"},
            name="database",
            open=False,
            configure=self._watch,
            check=check_alive,  # a connection that died unnoticed is replaced, not handed out
            close_returns=True,  # SQLAlchemy only knows how to close one
            reconnect_timeout=RECONNECT_PATIENCE,
            reconnect_failed=self._reconnect_failed,
        )

    async def _watch(self, connection: Connection) -> None:
        if isinstance(connection, WatchedConnection):
            connection.pulse = self.pulse

    async def _renew(self) -> None:
        """What was connected before may hang for ever, and would not say so."""
        if self._pool is not None:
            await self._pool.drain()

    async def _connection(self) -> Connection:
        """Take a connection. Raises: PoolTimeout, Silent."""
        if not self.pulse.is_waited_for:
            return await self._from_pool()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as limit:
                with self.pulse.waiting(lambda: limit.reschedule(loop.time())):
                    return await self._from_pool()
        except TimeoutError as err:
            raise Silent("no connection to the database, which does not answer") from err

    async def _from_pool(self) -> Connection:
        task = asyncio.current_task()
        cancelled_before = task.cancelling() if task else 0
        connection = await self.pool.getconn()
        if task and task.cancelling() > cancelled_before:
            # The pool waits by asyncio.wait_for, which in Python 3.11 forgets a cancellation that comes together with
            # what it has waited for: a job that is to end would go on.
            await self.pool.putconn(connection)
            raise asyncio.CancelledError
        return connection

    @asynccontextmanager
    async def autocommit(self) -> AsyncIterator[Connection]:
        """Lend a connection on which each statement is a transaction of its own."""
        pool, connection = self.pool, await self._connection()
        try:
            await connection.set_autocommit(True)
            yield connection
        finally:
            await _give_back(pool, connection)

    def _reconnect_failed(self, pool: Pool) -> None:
        """The pool has given up a connection; it tries again only when asked for one, so somebody has to ask."""
        if self._recovery is None or self._recovery.done():
            self._recovery = asyncio.create_task(recover(pool), name="database.recover")


def _bounded(conninfo: str) -> str:
    """Return where to connect, and for how long to try; for how long the other end may be gone without a word."""
    given = conninfo_to_dict(conninfo)
    return make_conninfo(conninfo, **{name: value for name, value in BOUNDS.items() if name not in given})


async def _give_back(pool: Pool, connection: Connection) -> None:
    """One that was left in the middle of something, by a cancellation or an outage, is closed and replaced."""
    try:
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            await connection.set_autocommit(False)  # may give way to others, and be cancelled there
        else:
            connection.pgconn.finish()
    finally:
        await pool.putconn(connection)


async def check_alive(connection: Connection) -> None:
    """Make sure that the server has not hung up while the connection lay in the pool.

    An idle connection is silent, and silence is proof enough that it lives; one that has anything to read (a farewell,
    the end, a changed setting) is asked. Asking always would double the exchanges of a look-up.

    Raises:
        psycopg.OperationalError: it has hung up.
    """
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    if poller.poll(0):
        await AsyncConnectionPool.check_connection(connection)


async def recover(pool: Pool) -> None:
    """Ask for a connection until there is one. Whoever waited before is served first."""
    log.warning("database lost, connecting again")
    while True:
        try:
            async with pool.connection(timeout=RECONNECT_PATIENCE):
                break
        except PoolTimeout:
            continue
    log.info("database back")
