"""Rotation: a new key, and everything sealed anew with it.

    1. a new key is put in front of those in the file             (crash here: the next rotation goes on with it)
    2. the database makes it the current one                      (from here on nothing is sealed with another)
    3. batch by batch, what other keys sealed is sealed anew      (crash here: the next rotation does what is left)

What is left is seen from the secrets themselves, so nothing remembers how far it was, and two nodes may do it at once:
a batch's rows are locked, and whoever comes second finds them done. The old keys stay in the file, for old copies of
the database.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, MetaData, Table, delete, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.db.tx import Transactions, Tx
from app.vault.errors import KeyIsConfigured, KeyMissing, SecretUnreadable
from app.vault.keyring import FORMAT, Key, prefix
from app.vault.models import SecretsKey
from app.vault.place import Place, sealed_columns
from app.vault.vault import Vault

BATCH = 100
"""Rows whose locks are held at once; somebody may be waiting to use one of these secrets."""


@dataclass(frozen=True, slots=True)
class Rotated:
    key_id: str
    resumed: bool
    """There was a rotation to be finished, so no new key was made."""
    resealed: int
    unreadable: tuple[Place, ...]
    """Left as they were: no key of this node opens them."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    id: str
    is_current: bool
    is_here: bool
    """Whether this node has it."""
    secrets: int
    """How many it sealed."""
    created_at: datetime | None
    """When something was first sealed with it."""


class Rotation:
    def __init__(self, vault: Vault, transactions: Transactions, metadata: MetaData) -> None:
        self._vault = vault
        self._transactions = transactions
        self._columns = list(sealed_columns(metadata))

    async def rotate(self) -> Rotated:
        """Go over to a new key, or finish the rotation that was not.

        Raises:
            WrongSecretsKey: this node does not have the key in use.
            KeyIsConfigured: there is no new key in the configuration.
        """
        self._vault.read_keys()
        async with self._transactions.begin() as tx:
            current = await self._check_current(tx)
        if current is not None and (left := await self._reseal_all(current, resumed=True)).resealed:
            return left
        key = await asyncio.to_thread(self._next, current)
        key_id = await self._make_current(key, instead_of=current)
        return await self._reseal_all(key_id, resumed=False)

    def prepare(self) -> str:
        """Add a key to the file that seals nothing yet, and return its id: to be copied to the other nodes first.

        Raises:
            KeyIsConfigured: there is no file.
        """
        if self._vault.is_configured:
            raise KeyIsConfigured
        self._vault.read_keys()
        self._vault.use(self._vault.file.add(after=self._vault.keyring.first.id))
        return self._vault.keyring.first.id

    async def keys(self) -> list[KnownKey]:
        """Return the keys of this node and of the database, the current one first."""
        self._vault.read_keys()
        here = {key.id for key in self._vault.keyring}
        async with self._transactions.begin() as tx:
            rows = (await tx.session.scalars(select(SecretsKey))).all()
            counts = await self._counts(tx)
        known = {row.id: row for row in rows}
        current = {row.id for row in rows if row.is_current}
        found = [
            KnownKey(
                key_id, key_id in current, key_id in here, counts.get(key_id, 0),
                known[key_id].created_at if key_id in known else None,
            )
            for key_id in [*(key.id for key in self._vault.keyring), *sorted((known.keys() | counts.keys()) - here)]
        ]  # fmt: skip
        return sorted(found, key=lambda key: not key.is_current)

    async def reset(self, tx: Tx) -> int:
        """Forget every sealed secret, and which key sealed them. Return how many there were."""
        forgotten = 0
        await tx.session.execute(text("LOCK TABLE secrets_key IN ACCESS EXCLUSIVE MODE"))
        for table, column in self._columns:
            drop = update(table).values({column: None}) if column.nullable else delete(table)
            drop = drop.where(column.is_not(None)).returning(*table.primary_key.columns)
            forgotten += len((await tx.session.execute(drop)).all())
        await tx.session.execute(delete(SecretsKey))
        return forgotten

    async def _check_current(self, tx: Tx) -> str | None:
        current = await tx.session.scalar(select(SecretsKey).where(SecretsKey.is_current))
        if current is None:
            return None
        self._vault.check(current)
        return current.id

    def _next(self, current: str | None) -> Key:
        """Return the key to go over to: one that waits in front of the current one, else a new one."""
        first, *others = self._vault.keyring
        is_waiting = bool(others) if current is None else first.id != current
        if not is_waiting:
            if self._vault.is_configured:
                raise KeyIsConfigured
            self._vault.use(self._vault.file.add(after=first.id))
        return self._vault.keyring.first

    async def _make_current(self, key: Key, *, instead_of: str | None) -> str:
        """Go over to a key, unless another rotation has gone over to one meanwhile. Return the current one's id."""
        async with self._transactions.begin() as tx:
            await tx.session.execute(text("LOCK TABLE secrets_key IN SHARE ROW EXCLUSIVE MODE"))
            current = await self._check_current(tx)
            if current not in (instead_of, key.id) and current is not None:
                return current
            if current != key.id:
                await tx.session.execute(update(SecretsKey).where(SecretsKey.is_current).values(is_current=False))
                entry = self._vault.entry(key)
                await tx.session.execute(
                    insert(SecretsKey).values(**entry).on_conflict_do_update(index_elements=["id"], set_=entry)
                )
        return key.id

    async def _reseal_all(self, current: str, *, resumed: bool) -> Rotated:
        resealed, unreadable = 0, list[Place]()
        for table, column in self._columns:
            count, left = await self._reseal(table, column, current)
            resealed += count
            unreadable += left
        return Rotated(current, resumed, resealed, tuple(unreadable))

    async def _reseal(self, table: Table, column: Column[Any], current: str) -> tuple[int, list[Place]]:
        count, unreadable, last = 0, list[Place](), None
        while True:
            async with self._transactions.begin() as tx:
                batch = await self._batch(tx, table, column, current, after=last)
                if not batch:
                    return count, unreadable
                for *row, sealed in batch:
                    place = Place.at(column, tuple(row))
                    try:
                        plain = self._vault.open_bytes(sealed, place=place)
                    except (KeyMissing, SecretUnreadable):
                        unreadable.append(place)
                        continue
                    anew = self._vault.keyring.seal(plain, place, current)
                    here = tuple_(*table.primary_key.columns) == tuple_(*row)
                    await tx.session.execute(update(table).where(here).values({column: anew}))
                    count += 1
            last = batch[-1][:-1]

    async def _batch(
        self, tx: Tx, table: Table, column: Column[Any], current: str, *, after: Sequence[Any] | None
    ) -> Sequence[Any]:
        key = table.primary_key.columns
        rows = select(*key, column).where(_sealed_otherwise(column, current)).order_by(*key).limit(BATCH)
        if after is not None:
            rows = rows.where(tuple_(*key) > tuple_(*after))
        return (await tx.session.execute(rows.with_for_update())).all()

    async def _counts(self, tx: Tx) -> dict[str, int]:
        counts: dict[str, int] = {}
        for table, column in self._columns:
            key_id = func.split_part(column, ".", 2)
            sealed = column.startswith(f"{FORMAT}.", autoescape=True)
            found = await tx.session.execute(
                select(key_id, func.count()).select_from(table).where(sealed).group_by(key_id)
            )
            for name, count in found:
                counts[name] = counts.get(name, 0) + count
        return counts


def _sealed_otherwise(column: Column[Any], current: str) -> Any:
    return column.is_not(None) & ~column.startswith(prefix(current), autoescape=True)
