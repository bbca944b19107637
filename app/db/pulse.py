"""Whether the database answers at all: asked when somebody has waited too long, told at once to all who come then.

A server that is stopped, or a wire that swallows everything, gives no error: whoever has asked waits for ever. People
are told within seconds instead, and those who come after them at once, until it answers again. Only what is done
within `somebody_waits` is cut off: a job waits on, for what it has done is worth keeping.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Any

import psycopg
import structlog
from psycopg.abc import PQGen
from psycopg.waiting import wait_async

log = structlog.get_logger("database")

PATIENCE = 3.0
"""Seconds that somebody waits before the database is doubted. What they ask for takes milliseconds."""

ANSWER = 2.0
"""Seconds that a new connection and a question have. Twice not enough is silence: once may be our own busy loop."""

LONGEST = 15.0
"""Seconds after which somebody who only reads is not made to wait any longer, though the database answers others: its
process that works for them may be stopped."""

ASK_EVERY, ASK_SELDOM = 1.0, 5.0
"""Seconds between questions to a silent database, at first and later: each leaves a connection in its backlog."""

_waits: ContextVar[bool | None] = ContextVar("somebody_waits", default=None)
"""None: nobody does. Otherwise whether they only read."""


class Silent(psycopg.OperationalError):
    """The database does not answer, and it was not waited for any longer. Retried as any lost connection is."""


@contextlib.contextmanager
def somebody_waits(*, only_reads: bool) -> Iterator[None]:
    """Within the block the database is waited for as long as a person waits, and no longer."""
    token = _waits.set(only_reads)
    try:
        yield
    finally:
        _waits.reset(token)


class Pulse:
    """States: answering → doubted → answering | silent → answering.

    Doubted by whoever has waited for `patience` seconds; `ask` decides. Silence ends everybody's waiting, and lasts
    until `ask` succeeds or any statement of ours is answered. `renew` replaces connections that may hang by others.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[None]],
        renew: Callable[[], Awaitable[None]],
        *,
        patience: float = PATIENCE,
        longest: float = LONGEST,
    ) -> None:
        self._ask = ask
        self._renew = renew
        self._patience = patience
        self._longest = longest
        self._waiting: set[Callable[[], None]] = set()
        self._asking: asyncio.Task[None] | None = None
        self._answered_at = float("-inf")
        self._is_to_renew = False
        self.is_silent = False

    @property
    def is_waited_for(self) -> bool:
        return _waits.get() is not None

    @contextlib.contextmanager
    def waiting(self, give_up: Callable[[], None]) -> Iterator[None]:
        """Somebody waits within the block; `give_up` is called when there is no use in it.

        Raises:
            Silent: there is none already.
        """
        if self.is_silent:
            raise Silent("the database does not answer")
        loop = asyncio.get_running_loop()
        doubting: asyncio.TimerHandle

        def doubt_later() -> None:
            nonlocal doubting
            doubting = loop.call_later(self._patience, doubt)

        def doubt() -> None:
            self._doubt()
            doubt_later()

        doubt_later()
        ending = loop.call_later(self._longest, self._end, give_up) if _waits.get() else None
        self._waiting.add(give_up)
        try:
            yield
        finally:
            self._waiting.discard(give_up)
            doubting.cancel()
            if ending is not None:
                ending.cancel()

    def answered(self) -> None:
        """Note that the database has answered one of us."""
        self._answered_at = asyncio.get_running_loop().time()

    async def stop(self) -> None:
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            await asyncio.wait({asking})
        self.is_silent = False

    def _doubt(self) -> None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._find_out(), name="database.pulse")

    def _end(self, give_up: Callable[[], None]) -> None:
        if give_up in self._waiting:
            log.warning("a statement is given up; the database answers others", seconds=self._longest)
            self._waiting.discard(give_up)
            give_up()
            self._is_to_renew = True
            self._doubt()

    async def _find_out(self) -> None:
        loop = asyncio.get_running_loop()
        began, unanswered, pause = loop.time(), 0, ASK_EVERY
        while True:
            reason = await self._reason_for_silence()
            if reason is None or self._answered_at > began:
                break
            unanswered += 1
            if not self.is_silent and (reason or unanswered > 1):
                self._fall_silent(reason)
            if self.is_silent:
                await asyncio.sleep(pause)
                pause = min(pause * 2, ASK_SELDOM)
        if self.is_silent or self._is_to_renew:
            self._is_to_renew = False
            await self._renew()
        if self.is_silent:
            self.is_silent = False
            log.info("database answers again")

    async def _reason_for_silence(self) -> str | None:
        """Ask once; None for an answer, nothing said for none in time."""
        try:
            await self._ask()
        except TimeoutError:
            return ""
        except (psycopg.Error, OSError) as err:
            return str(err) or type(err).__name__
        return None

    def _fall_silent(self, reason: str) -> None:
        self.is_silent = True
        waiting, self._waiting = self._waiting, set()
        log.warning("database does not answer", reason=reason or "no word", given_up=len(waiting))
        for give_up in waiting:
            give_up()


class PromptConnection(psycopg.AsyncConnection[Any]):
    """Is left at once by whoever is cancelled: psycopg would first ask the server to cancel, and wait for its yes."""

    async def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ASYNC109
        try:
            return await wait_async(gen, self.pgconn.socket, interval=interval, timeout=timeout)
        except asyncio.CancelledError:
            self.pgconn.finish()
            raise


class WatchedConnection(PromptConnection):
    """Where somebody waits, it is prompt, and hangs up when there is no use in waiting; else it is psycopg's own."""

    pulse: Pulse | None = None

    async def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ASYNC109
        if self.pulse is None or not self.pulse.is_waited_for:
            answer = await psycopg.AsyncConnection.wait(self, gen, interval, timeout)
        else:
            answer = await self._wait_bounded(self.pulse, gen, interval, timeout)
        if self.pulse is not None:
            self.pulse.answered()
        return answer

    async def _wait_bounded(self, pulse: Pulse, gen: PQGen[Any], interval: float, timeout: float | None) -> Any:  # noqa: ASYNC109
        is_given_up = False

        def give_up() -> None:
            nonlocal is_given_up
            is_given_up = True
            hang_up(self)

        try:
            with pulse.waiting(give_up):
                return await super().wait(gen, interval, timeout)
        except psycopg.OperationalError as err:
            if is_given_up:
                raise Silent("the database has not answered") from err
            raise


def hang_up(connection: psycopg.AsyncConnection[Any]) -> None:
    """Close the wire below a connection: whatever waits on it fails at once, and needs no answer for that."""
    with contextlib.suppress(OSError, psycopg.OperationalError):
        wire = socket.socket(fileno=connection.pgconn.socket)
        try:
            wire.shutdown(socket.SHUT_RDWR)
        finally:
            wire.detach()


async def ask(conninfo: str, seconds: float) -> None:
    """Connect and put a question.

    Raises:
        TimeoutError: no answer in time.
        psycopg.OperationalError: a bad one.
    """
    async with asyncio.timeout(seconds):
        connection = await PromptConnection.connect(conninfo, autocommit=True, application_name="revenge")
        try:
            await connection.execute("SELECT 1")
        finally:
            connection.pgconn.finish()
