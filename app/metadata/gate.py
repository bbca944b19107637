"""Whose turn it is. One row for each source, in the database, so that all nodes together keep to its rate.

States of a source: open; blocked until a time, because it asked us to wait; down, after failures in a row: blocked
likewise, each time for longer. When that time has come one request is let through to see (and the row blocked again at
once, for the others); an answer opens it, a failure closes it for twice as long. The database's clock decides.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import sql

from app.db.tx import Transactions, Tx
from app.library.repository.rows import rows, run
from app.metadata.errors import SourceWaits
from app.metadata.terms import Terms
from app.observability import METRICS, Metrics

FAILURES = 3
"""In a row, and a source is down. Fewer than a job has attempts, so that no job is lost to it."""

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
PROBE = timedelta(seconds=30)
"""How long the one request that looks whether a source is back has the field to itself."""

PATIENCE = timedelta(seconds=3)
"""A turn that is further off is not waited for: the job gives its worker back."""

LEASE = timedelta(seconds=30)
"""For how long a strict source is one request's alone, unless that ends sooner: longer than a request may take."""

KEY_REFUSED = timedelta(minutes=15)

RESERVE = """
    INSERT INTO metadata_source AS known (name, next_at) VALUES (%(name)s, clock_timestamp() + %(interval)s)
    ON CONFLICT (name) DO UPDATE SET
        next_at = greatest(known.next_at, known.blocked_until, clock_timestamp()) + %(interval)s,
        blocked_until = CASE
            WHEN known.failures >= %(failures)s
            THEN greatest(known.next_at, known.blocked_until, clock_timestamp()) + %(probe)s
            ELSE known.blocked_until
        END
    WHERE greatest(known.next_at, known.blocked_until) <= clock_timestamp() + %(patience)s
    RETURNING next_at - %(interval)s - clock_timestamp(), next_at - %(interval)s, failures, next_at
"""

WAIT = """
    SELECT greatest(next_at, blocked_until) - clock_timestamp(), coalesce(blocked_until > clock_timestamp(), false),
        problem, failures
    FROM metadata_source WHERE name = %s
"""

BLOCK = """
    UPDATE metadata_source
    SET blocked_until = greatest(blocked_until, clock_timestamp() + %s), problem = %s, problem_at = now()
    WHERE name = %s
"""

FAIL = """
    UPDATE metadata_source
    SET failures = failures + 1, problem = %(problem)s, problem_at = now(),
        blocked_until = CASE
            WHEN failures + 1 >= %(failures)s
            THEN clock_timestamp() + least(%(first)s * power(2, least(failures + 1 - %(failures)s, 20)), %(longest)s)
            ELSE blocked_until
        END
    WHERE name = %(name)s
    RETURNING CASE WHEN failures >= %(failures)s THEN blocked_until - clock_timestamp() END
"""

OPEN = """
    UPDATE metadata_source
    SET failures = 0, problem = NULL, problem_at = NULL,
        blocked_until = CASE WHEN failures >= %s THEN NULL ELSE blocked_until END
    WHERE name = %s AND failures > 0
"""

RELEASE = "UPDATE metadata_source SET next_at = clock_timestamp() + %s WHERE name = %s AND next_at = %s"

Sleep = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Turn:
    has_failed: bool
    """The source failed before, so success is news."""
    lease: datetime | None = None
    """Until when a strict source is ours, unless it is given back."""


class Gate:
    """Transactions here are short and alone: whoever is asked for a turn waits for nobody else's work."""

    def __init__(self, transactions: Transactions, sleep: Sleep, metrics: Metrics = METRICS) -> None:
        self._transactions = transactions
        self._sleep = sleep
        self._metrics = metrics

    async def take_turn(self, terms: Terms, patience: timedelta = PATIENCE) -> Turn:
        """Wait for the next turn at a source. `end_turn` is to follow, whatever comes of it.

        Raises:
            SourceWaits: the turn is too far off, or the source is down.
        """
        take = self._take_lease if terms.is_strict else self._take_slot
        try:
            turn, waited, failures = await take(terms, max(patience, terms.interval))
        except SourceWaits as err:
            self._metrics.source_put_off.labels(terms.name, err.cause).inc()
            raise
        self._metrics.source_wait.labels(terms.name).observe(waited.total_seconds())
        self._metrics.source_down.labels(terms.name).set(failures >= FAILURES)
        return turn

    async def _take_slot(self, terms: Terms, patience: timedelta) -> tuple[Turn, timedelta, int]:
        wait, _, failures, _ = await self._reserve(terms, terms.interval, patience)
        if wait > timedelta(0):
            await self._sleep(wait.total_seconds())
        return Turn(bool(failures)), max(wait, timedelta(0)), failures

    async def _take_lease(self, terms: Terms, patience: timedelta) -> tuple[Turn, timedelta, int]:
        step = terms.interval / 4
        for steps in range(max(int(patience / step), 1)):
            try:
                _, _, failures, lease = await self._reserve(terms, LEASE, timedelta(0))
            except SourceWaits as err:
                if not err.is_queue:
                    raise
                await self._sleep(step.total_seconds())
            else:
                return Turn(bool(failures), lease), steps * step, failures
        raise SourceWaits(terms.name, patience, "others are first", is_queue=True)

    async def end_turn(self, terms: Terms, turn: Turn) -> None:
        """The request is over: the next one may leave an interval from now."""
        if turn.lease is not None:
            async with self._transactions.begin() as tx:
                await run(tx, RELEASE, terms.interval, terms.name, turn.lease)

    async def _reserve(
        self, terms: Terms, interval: timedelta, patience: timedelta
    ) -> tuple[timedelta, datetime, int, datetime]:
        values = {
            "name": terms.name,
            "interval": interval,
            "failures": FAILURES,
            "probe": PROBE,
            "patience": patience,
        }
        async with self._transactions.begin() as tx:
            found = await _rows(tx, RESERVE, values)
            waits = [] if found else await rows(tx, WAIT, terms.name)
        if waits:
            wait, is_blocked, problem, failures = waits[0]
            reason = problem or "it asked us to wait" if is_blocked else "others are first"
            is_down = bool(is_blocked and failures >= FAILURES)
            self._metrics.source_down.labels(terms.name).set(is_down)
            raise SourceWaits(terms.name, max(wait, timedelta(0)), reason, is_queue=not is_blocked, is_down=is_down)
        wait, slot, failures, next_at = found[0]
        return wait, slot, failures, next_at

    async def wait_asked(self, terms: Terms, wait: timedelta, reason: str) -> None:
        """The source asked everybody to wait."""
        async with self._transactions.begin() as tx:
            await run(tx, BLOCK, wait, reason, terms.name)

    async def failed(self, terms: Terms, problem: str) -> timedelta | None:
        """Count a failure. Returns for how long the source is down now, if it is."""
        values = {
            "name": terms.name,
            "problem": problem,
            "failures": FAILURES,
            "first": FIRST_PAUSE,
            "longest": LONGEST_PAUSE,
        }
        async with self._transactions.begin() as tx:
            found = await _rows(tx, FAIL, values)
        pause = found[0][0] if found else None
        self._metrics.source_down.labels(terms.name).set(pause is not None)
        return pause if isinstance(pause, timedelta) else None

    async def answered(self, terms: Terms) -> None:
        """It is there: whatever failed before is forgotten."""
        async with self._transactions.begin() as tx:
            await run(tx, OPEN, FAILURES, terms.name)
        self._metrics.source_down.labels(terms.name).set(0)


async def _rows(tx: Tx, query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    cursor = await tx.connection.execute(sql.SQL(query), values)
    return await cursor.fetchall()
