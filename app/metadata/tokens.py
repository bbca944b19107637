"""Tokens that sources give for a key: kept sealed, the same for all nodes, renewed before they run out.

Whoever renews one holds its row: two nodes that need it at once log in once. A token that was given for another key is
none any more.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.clock import Clock
from app.db.tx import Transactions, Tx
from app.metadata.errors import SourceFailed, SourceWaits
from app.metadata.models import SourceToken
from app.vault.place import Place
from app.vault.vault import Vault

log = structlog.get_logger("metadata.tokens")

RENEWED_BEFORE = timedelta(days=3)
"""TheTVDB's last for a month; three days of an outage cost nothing."""


@dataclass(frozen=True, slots=True)
class Granted:
    token: str
    expires_at: datetime


LogIn = Callable[[], Awaitable[Granted]]


class KeyHolder(ABC):
    """A source that has to log in."""

    @property
    @abstractmethod
    def name(self) -> str: ...

    @property
    @abstractmethod
    def key(self) -> str | None:
        """Return what it logs in with; None: no key is set."""

    @abstractmethod
    async def log_in(self) -> Granted: ...


class Tokens:
    def __init__(self, transactions: Transactions, vault: Vault, clock: Clock) -> None:
        self._transactions = transactions
        self._vault = vault
        self._clock = clock

    async def token(self, name: str, key: str, log_in: LogIn) -> str:
        """Return a source's token, and log in for one where there is none that lasts.

        Raises: what `log_in` raises.
        """
        async with self._transactions.begin() as tx:
            row = await tx.session.get(SourceToken, name)
            if (token := self._usable(row, key, self._clock.now())) is not None:
                return token
        return await self._renew(name, key, log_in, self._clock.now())

    async def refused(self, name: str) -> None:
        """The source does not take its token any more: the next who needs one logs in."""
        async with self._transactions.begin() as tx:
            row = await tx.session.get(SourceToken, name, with_for_update=True)
            if row is not None:
                row.expires_at = self._clock.now()

    async def refresh(self, holders: Iterable[KeyHolder]) -> dict[str, str]:
        """Renew what runs out soon. Returns what became of each source's."""
        done = {}
        soon = self._clock.now() + RENEWED_BEFORE
        for holder in holders:
            if (key := holder.key) is None:
                continue
            async with self._transactions.begin() as tx:
                row = await tx.session.get(SourceToken, holder.name)
                is_good = self._usable(row, key, soon) is not None
            if row is None or is_good:  # nobody has needed one yet, or it lasts
                done[holder.name] = "kept" if is_good else "not needed"
                continue
            try:
                await self._renew(holder.name, key, holder.log_in, soon)
            except (
                SourceWaits,
                SourceFailed,
            ) as err:  # the others' turn comes all the same, and this one's in 15 minutes
                log.warning("a token could not be renewed", source=holder.name, reason=err.reason)
                done[holder.name] = "failed"
            else:
                done[holder.name] = "renewed"
        return done

    async def _renew(self, name: str, key: str, log_in: LogIn, until: datetime) -> str:
        async with self._transactions.begin() as tx:
            await _hold(tx, name)
            row = await tx.session.get(SourceToken, name)
            if (token := self._usable(row, key, until)) is not None:
                return token  # another node was first
            granted = await log_in()
            sealed = await self._vault.seal(tx, granted.token, place=Place.of(SourceToken.sealed, name))
            values = {"sealed": sealed, "key_digest": _digest(key), "expires_at": granted.expires_at}
            statement = insert(SourceToken).values(source=name, **values)
            await tx.session.execute(
                statement.on_conflict_do_update(
                    index_elements=[SourceToken.source], set_={**values, "refreshed_at": func.now()}
                )
            )
        return granted.token

    def _usable(self, row: SourceToken | None, key: str, at: datetime) -> str | None:
        if row is None or row.expires_at <= at or row.key_digest != _digest(key):
            return None
        return self._vault.open(row.sealed, place=Place.of(SourceToken.sealed, row.source))


async def _hold(tx: Tx, name: str) -> None:
    """Take turns, also where there is no row yet."""
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"metadata_token {name}", 0))))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
