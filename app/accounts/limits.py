"""How often one may guess. Counted in the database, so that restarts forget nothing and all nodes count together.

An attempt is counted before it is checked, in a transaction of its own: a thousand guesses sent at once are a thousand
failures, whichever of them are answered first. One that turns out right takes its own count back.
"""

import ipaddress
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from app.accounts.errors import TooManyAttempts
from app.accounts.models import AttemptLimit
from app.clock import Clock
from app.db.tx import Transactions

FORGOTTEN_AFTER = timedelta(hours=1)
"""Since the last failure."""
FIRST_BLOCK = 2.0
LONGEST_BLOCK = 900.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures are free; each one more doubles the wait."""

    key: str
    free: int

    def block(self, failures: int) -> float | None:
        over = failures - self.free
        return None if over <= 0 else min(FIRST_BLOCK * 2.0 ** min(over - 1, 20), LONGEST_BLOCK)


def limits_of(name: str, address: str) -> list[Limit]:
    """Name what one attempt counts against.

    An address at an account is blocked early: that is guessing. The account alone is blocked late, for otherwise
    anybody could lock its owner out; the address alone in between: many people may share one.
    """
    who, where = name.casefold()[:256], network_of(address)
    return [Limit(f"pair {who} {where}", 5), Limit(f"address {where}", 30), Limit(f"account {who}", 100)]


def network_of(address: str) -> str:
    """Return whom an address stands for: an IPv6 customer has 2^64 of them."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)  # noqa: PLR2004


class AttemptLimiter:
    def __init__(self, transactions: Transactions, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    async def count(self, limits: list[Limit]) -> None:
        """Count an attempt as a failure, before it is checked.

        Raises:
            TooManyAttempts: it is not to be checked at all. What is refused is not counted: waiting helps.
        """
        now = self._clock.now()
        async with self._transactions.begin() as tx:
            keys = sorted(limit.key for limit in limits)
            rows = await tx.session.scalars(
                select(AttemptLimit).where(AttemptLimit.key.in_(keys)).order_by(AttemptLimit.key).with_for_update()
            )
            _require_open([row.blocked_until for row in rows], now)
            for limit in sorted(limits, key=lambda limit: limit.key):  # always in one order: two nodes never deadlock
                failures, blocked_until = (await tx.session.execute(_counted(limit.key, now))).one()
                # Where there was no row yet, nothing was locked above, and others may have counted theirs meanwhile.
                _require_open([blocked_until], now)
                if (block := limit.block(failures)) is not None:
                    await tx.session.execute(
                        update(AttemptLimit)
                        .where(AttemptLimit.key == limit.key)
                        .values(blocked_until=now + timedelta(seconds=block))
                    )

    async def forgive(self, limits: list[Limit]) -> None:
        """The attempt was right: the pair's failures are forgotten, and the others lose this one."""
        pair, *others = limits
        async with self._transactions.begin() as tx:
            await tx.session.execute(
                update(AttemptLimit)
                .where(AttemptLimit.key.in_(sorted(limit.key for limit in others)), AttemptLimit.failures > 0)
                .values(failures=AttemptLimit.failures - 1, blocked_until=None)
            )
            await tx.session.execute(delete(AttemptLimit).where(AttemptLimit.key == pair.key))

    async def forget(self) -> int:
        """Delete what has run out; return how many."""
        async with self._transactions.begin() as tx:
            gone = await tx.session.scalars(
                delete(AttemptLimit).where(AttemptLimit.expires_at < self._clock.now()).returning(AttemptLimit.key)
            )
            return len(gone.all())


def _require_open(blocks: Iterable[datetime | None], now: datetime) -> None:
    """Raises: TooManyAttempts."""
    blocked = [block for block in blocks if block is not None and block > now]
    if blocked:
        raise TooManyAttempts(math.ceil((max(blocked) - now).total_seconds()))


def _counted(key: str, now: datetime) -> ReturningInsert[int, datetime | None]:
    """Count one more; return how many that makes, and until when they are blocked."""
    statement = insert(AttemptLimit).values(key=key, failures=1, expires_at=now + FORGOTTEN_AFTER)
    return statement.on_conflict_do_update(
        index_elements=[AttemptLimit.key],
        set_={
            "failures": case((AttemptLimit.expires_at < now, 1), else_=AttemptLimit.failures + 1),
            "expires_at": func.greatest(AttemptLimit.expires_at, now + FORGOTTEN_AFTER),
        },
    ).returning(AttemptLimit.failures, AttemptLimit.blocked_until)
