"""The queue's few connections: a pool, and before it the one that was used last."""

import asyncio
import select
import time
from collections.abc import Callable

import psycopg
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from app.jobs.driver.driver import Connection
from app.jobs.driver.rows import read_jsonb_as_bytes

POOL_TIMEOUT = 10.0
"""Seconds a statement waits for a connection. The actors give a fetch as long, and try again anyway."""

RECONNECT_TIMEOUT = POOL_TIMEOUT
"""Seconds after which the pool gives up connecting; the next caller begins anew, after one second, then two, then four.
psycopg_pool would double its pauses up to five minutes, and sleep on long after the database is back."""

LONGEST_STAY = 60.0
"""Seconds after which the one at hand goes through the pool once, which knows how old a connection may become."""


class Connections:
    """States: closed → open → closed.

    The pool gives its connections out in turn, so that each statement meets a server process that has long slept and,
    at first, has not prepared it; and it takes 0.1 ms to give one out and take it back, which is a tenth of the time in
    which an idle client picks a job up. So the one used last stays at hand, and is taken first, unless somebody waits.
    """

    def __init__(self, conninfo: Callable[[], str], size: int) -> None:
        self._conninfo = conninfo
        self._size = size
        self._pool: AsyncConnectionPool[Connection] | None = None
        self._at_hand: dict[bool, Connection] = {}
        """The one used last by statements that are prompt, and by all others: a batch of results that is being written
        would otherwise drive a claim to a server process that has never planned one."""
        self._lent = 0
        self._at_hand_since = 0.0
        self._waiting = 0

    async def open(self) -> None:
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            self._conninfo,
            min_size=1,
            max_size=self._size,
            open=False,
            kwargs={"autocommit": True},
            configure=_set_up,
            check=check_alive,
            timeout=POOL_TIMEOUT,
            reconnect_timeout=RECONNECT_TIMEOUT,
            name="river",
        )
        await pool.open()
        self._pool = pool
        self._at_hand_since = time.monotonic()

    async def close(self) -> None:
        """Close what is not in use, now; what is, when it is given back."""
        pool, self._pool = self._pool, None
        at_hand, self._at_hand = self._at_hand, {}
        if pool is not None:
            for connection in at_hand.values():
                await pool.putconn(connection)
            await pool.close()

    async def take(self, *, prompt: bool = False) -> Connection:
        """Take one, in no transaction. It must be given back by `keep` or, if that refuses it, by `give_back`.

        What prompt statements have at hand is left to them as long as the pool has others to give.

        Raises:
            psycopg.OperationalError: there is none, or not in time.
        """
        connection = self._at_hand.pop(prompt, None)
        if connection is None and self._lent + len(self._at_hand) >= self._size:
            connection = self._at_hand.pop(not prompt, None)
        self._lent += 1
        try:
            if connection is not None:
                if not has_something_to_say(connection):
                    return connection
                await self._put_back(connection)
            return await self._take_from_pool()
        except BaseException:
            self._lent -= 1
            raise

    async def _take_from_pool(self) -> Connection:
        if self._pool is None:
            raise psycopg.OperationalError("the queue's driver is not open")
        task = asyncio.current_task()
        cancelled_before = task.cancelling() if task else 0
        self._waiting += 1
        try:
            connection = await self._pool.getconn()
        finally:
            self._waiting -= 1
        if task and task.cancelling() > cancelled_before:
            # The pool waits by asyncio.wait_for, which in Python 3.11 forgets a cancellation that comes together with
            # what it has waited for: a service that is to end would go on for ever.
            await self._put_back(connection)
            raise asyncio.CancelledError
        return connection

    def keep(self, connection: Connection, *, prompt: bool = False) -> bool:
        """Keep one at hand, if there is none yet, nobody waits for it and it is fit for the next statement."""
        if prompt in self._at_hand or self._waiting or self._pool is None:
            return False
        if connection.pgconn.transaction_status != TransactionStatus.IDLE:
            return False
        now = time.monotonic()
        if now - self._at_hand_since > LONGEST_STAY:
            self._at_hand_since = now
            return False
        self._at_hand[prompt] = connection
        self._lent -= 1
        return True

    async def give_back(self, connection: Connection) -> None:
        self._lent -= 1
        await self._put_back(connection)

    async def _put_back(self, connection: Connection) -> None:
        if self._pool is None:  # closed meanwhile
            await connection.close()
        elif connection.pgconn.transaction_status == TransactionStatus.IDLE:
            await self._pool.putconn(connection)
        else:  # it has to be rolled back or replaced: if we are cancelled at that, the pool would be one short for ever
            await asyncio.shield(self._pool.putconn(connection))


async def _set_up(connection: Connection) -> None:
    """Get times in UTC at once: otherwise each of every row would have to be moved there. JSON is in UTF-8 anywhere."""
    read_jsonb_as_bytes(connection)
    await connection.execute("SET TimeZone TO 'UTC'; SET client_encoding TO 'UTF8'")


async def check_alive(connection: Connection) -> None:
    """Make sure that the server has not hung up while the connection lay idle.

    Asking always would cost every single insert a tenth of its time.

    Raises:
        psycopg.OperationalError: it has hung up.
    """
    if has_something_to_say(connection):
        await AsyncConnectionPool.check_connection(connection)


def has_something_to_say(connection: Connection) -> bool:
    """Tell whether there is anything to read: a farewell, the end, a changed setting. An idle connection is silent,
    and silence is proof enough that it lives."""
    poller = select.poll()  # one system call; a selector of the standard library makes four
    poller.register(connection.fileno(), select.POLLIN)
    return bool(poller.poll(0))
