"""Accounts: made, changed, disabled, deleted. There is always an administrator who can log in, once there was one."""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType
from psycopg import sql
from sqlalchemy import delete, exists, func, select, text, update

from app.accounts.audit import Actor, record
from app.accounts.errors import (
    AccountNotFound,
    AlreadySetUp,
    ChangedMeanwhile,
    InvalidToken,
    LastAdministrator,
    NameTaken,
)
from app.accounts.models import Account, AccountLibrary, Login, OneTimeCode
from app.accounts.passwords import Hashed
from app.accounts.ports import AccountListener
from app.accounts.records import AccountRecord
from app.accounts.roles import Role
from app.accounts.tokens import TokenKind, digest, make_token
from app.accounts.viewer import LOCAL_ADMINISTRATOR
from app.clock import Clock
from app.db.prepared import Prepared
from app.db.tx import Connected, Tx
from app.errors import InvalidInput
from app.ids import uuid7

CHANGE_LOCK = 0x6163_636F_756E_7401
"""Advisory lock (an arbitrary number) for changes of accounts: no constraint of a row keeps the last administrator."""

FIRST = "first_administrator"
CODE_LASTS = timedelta(hours=24)
LONGEST_NAME = 64
OLDEST = 21
"""No board of films asks for more years."""

_ANY_EXIST = Prepared.of(sql.SQL("SELECT EXISTS (SELECT FROM account)").format())


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What is None, or UNSET, stays as it is."""

    name: str | None = None
    role: Role | None = None
    all_libraries: bool | None = None
    libraries: Collection[UUID] | None = None
    disabled: bool | None = None
    max_age: int | UnsetType | None = UNSET
    """None: no limit any more."""
    allow_unrated: bool | None = None


class AccountService:
    def __init__(self, clock: Clock, listeners: Sequence[AccountListener]) -> None:
        self._clock = clock
        self._listeners = listeners

    async def lock(self, tx: Tx) -> None:
        """Let nobody else make, change or delete accounts until this transaction ends."""
        await tx.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHANGE_LOCK})

    # -- the first one

    async def any_exist(self, asked: Connected) -> bool:
        return bool(await _ANY_EXIST.value(asked.connection, {}))

    async def first_code(self, tx: Tx) -> str | None:
        """Return a code that makes the first administrator, once; None when there are accounts already."""
        await self.lock(tx)
        if await self.any_exist(tx):
            return None
        await tx.session.execute(delete(OneTimeCode).where(OneTimeCode.purpose == FIRST))
        code = make_token(TokenKind.CODE)
        expires_at = self._clock.now() + CODE_LASTS
        tx.session.add(OneTimeCode(digest=digest(code), purpose=FIRST, expires_at=expires_at))
        await tx.session.flush()
        return code

    async def create_first(self, tx: Tx, code: str, *, name: str, password: Hashed, address: str) -> AccountRecord:
        """Make the first administrator with the code that the server printed.

        Raises:
            AlreadySetUp: there are accounts.
            InvalidToken: another code, or too late.
        """
        await self.lock(tx)
        if await self.any_exist(tx):
            raise AlreadySetUp
        used = await tx.session.scalar(
            delete(OneTimeCode)
            .where(
                OneTimeCode.digest == digest(code),
                OneTimeCode.purpose == FIRST,
                OneTimeCode.expires_at > self._clock.now(),
            )
            .returning(OneTimeCode.purpose)
        )
        if used is None:
            raise InvalidToken
        actor = Actor(viewer=LOCAL_ADMINISTRATOR, address=address)
        return await self.create(tx, actor, name=name, password=password, role=Role.ADMINISTRATOR)

    # -- all of them

    async def create(
        self,
        tx: Tx,
        actor: Actor,
        *,
        name: str,
        password: Hashed | None,
        role: Role = Role.MEMBER,
        libraries: Collection[UUID] | None = None,
        max_age: int | None = None,
        allow_unrated: bool = False,
    ) -> AccountRecord:
        """Make an account. `libraries` None: all of them; `max_age` None: whatever is in them.

        Raises:
            InvalidInput: a field makes no sense. NameTaken.
        """
        await self.lock(tx)
        is_first = not await self.any_exist(tx)
        if is_first and role is not Role.ADMINISTRATOR:
            raise InvalidInput("role", "the first account has to be an administrator's")
        account = Account(
            id=uuid7(),
            name=await self._free_name(tx, name),
            role=role,
            password_hash=password,
            all_libraries=libraries is None,
            max_age=_checked_age(max_age),
            allow_unrated=allow_unrated,
        )
        tx.session.add(account)
        await tx.session.flush()
        await _set_libraries(tx, account.id, libraries or ())
        made = await self.get(tx, account.id)
        await record(tx, actor, "account.created", made.name, **_told(made))
        if is_first:
            for listener in self._listeners:
                await listener.first_account_made(tx, made.id)
        return made

    async def get(self, tx: Tx, account_id: UUID) -> AccountRecord:
        """Raises: AccountNotFound."""
        found = await self._records(tx, account_id)
        if not found:
            raise AccountNotFound(account_id)
        return found[0]

    async def find(self, tx: Tx, name: str) -> AccountRecord:
        """Raises: AccountNotFound."""
        account_id = await tx.session.scalar(select(Account.id).where(func.lower(Account.name) == func.lower(name)))
        if account_id is None:
            raise AccountNotFound(f"called {name!r}")
        return await self.get(tx, account_id)

    async def list_all(self, tx: Tx) -> list[AccountRecord]:
        return await self._records(tx, None)

    async def change(
        self, tx: Tx, actor: Actor, account_id: UUID, change: AccountChange, *, version: int | None = None
    ) -> AccountRecord:
        """Change an account. Taking something away takes effect at the next request: nothing of it is remembered.

        Raises:
            AccountNotFound, InvalidInput, NameTaken, LastAdministrator.
            ChangedMeanwhile: it is not the version that was read.
        """
        await self.lock(tx)
        before = await self.get(tx, account_id)
        if version is not None and version != before.version:
            raise ChangedMeanwhile
        values = await self._values(tx, before, change)
        await tx.session.execute(
            update(Account)
            .where(Account.id == account_id)
            .values(version=Account.version + 1, updated_at=func.now(), **values)
        )
        if change.libraries is not None:
            await _set_libraries(tx, account_id, change.libraries)
        await self._keep_an_administrator(tx)
        after = await self.get(tx, account_id)
        await record(tx, actor, "account.changed", before.name, **_differences(before, after))
        return after

    async def _values(self, tx: Tx, before: AccountRecord, change: AccountChange) -> dict[str, object]:
        values: dict[str, object] = {}
        if change.name is not None:
            values["name"] = await self._free_name(tx, change.name, besides=before.id)
        if change.role is not None:
            values["role"] = change.role
        if change.libraries is not None or change.all_libraries is not None:
            values["all_libraries"] = bool(change.all_libraries) and change.libraries is None
        if change.disabled is not None:
            values["disabled_at"] = (before.disabled_at or self._clock.now()) if change.disabled else None
        if change.max_age is not UNSET:
            values["max_age"] = _checked_age(change.max_age)
        if change.allow_unrated is not None:
            values["allow_unrated"] = change.allow_unrated
        return values

    async def set_password(self, tx: Tx, actor: Actor, account_id: UUID, password: Hashed) -> None:
        """Set a password and end every login of the account but the one that asks: others may know the old one.

        Raises:
            AccountNotFound.
        """
        account = await self.get(tx, account_id)
        await tx.session.execute(
            update(Account)
            .where(Account.id == account_id)
            .values(password_hash=password, version=Account.version + 1, updated_at=func.now())
        )
        logins = update(Login).where(Login.account_id == account_id, Login.revoked_at.is_(None))
        if actor.viewer.login_id is not None:
            logins = logins.where(Login.id != actor.viewer.login_id)
        await tx.session.execute(logins.values(revoked_at=self._clock.now()))
        await record(tx, actor, "account.password_set", account.name)

    async def stored_password(self, tx: Tx, account_id: UUID) -> str | None:
        return await tx.session.scalar(select(Account.password_hash).where(Account.id == account_id))

    async def delete(self, tx: Tx, actor: Actor, account_id: UUID, *, version: int | None = None) -> None:
        """Delete an account with all that is its own; what it did stays in the book.

        Raises:
            AccountNotFound, LastAdministrator.
            ChangedMeanwhile: it is not the version that was read.
        """
        await self.lock(tx)
        account = await self.get(tx, account_id)
        if version is not None and version != account.version:
            raise ChangedMeanwhile
        await tx.session.execute(delete(Account).where(Account.id == account_id))
        await self._keep_an_administrator(tx)
        await record(tx, actor, "account.deleted", account.name)

    async def forget_codes(self, tx: Tx) -> int:
        """Delete one-time codes that have run out; return how many."""
        gone = await tx.session.scalars(
            delete(OneTimeCode).where(OneTimeCode.expires_at < self._clock.now()).returning(OneTimeCode.digest)
        )
        return len(gone.all())

    # -- what must hold

    async def _free_name(self, tx: Tx, name: str, besides: UUID | None = None) -> str:
        name = unicodedata.normalize("NFC", name).strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise InvalidInput("name", f"must have 1 to {LONGEST_NAME} printable characters")
        found = await tx.session.scalar(select(Account.id).where(func.lower(Account.name) == func.lower(name)))
        if found is not None and found != besides:
            raise NameTaken(name)
        return name

    async def _keep_an_administrator(self, tx: Tx) -> None:
        able = exists(
            select(Account.id).where(
                Account.role == Role.ADMINISTRATOR, Account.disabled_at.is_(None), Account.password_hash.is_not(None)
            )
        )
        if not await tx.session.scalar(select(able)):
            raise LastAdministrator

    async def _records(self, tx: Tx, account_id: UUID | None) -> list[AccountRecord]:
        libraries = select(func.array_agg(AccountLibrary.library_id)).where(AccountLibrary.account_id == Account.id)
        query = select(Account, libraries.scalar_subquery()).order_by(func.lower(Account.name))
        if account_id is not None:
            query = query.where(Account.id == account_id)
        rows = await tx.session.execute(query, execution_options={"populate_existing": True})
        return [_record(account, frozenset(found or ())) for account, found in rows]


async def _set_libraries(tx: Tx, account_id: UUID, libraries: Collection[UUID]) -> None:
    await tx.session.execute(delete(AccountLibrary).where(AccountLibrary.account_id == account_id))
    if not libraries:
        return
    known = text(
        "INSERT INTO account_library (account_id, library_id)"
        " SELECT :account_id, library.id FROM library WHERE library.id = ANY(:libraries) RETURNING library_id"
    )
    found = await tx.session.scalars(known, {"account_id": account_id, "libraries": list(libraries)})
    if unknown := set(libraries) - set(found):
        raise InvalidInput("libraries", f"no library {min(unknown, key=str)}")


def _checked_age(age: int | None) -> int | None:
    if age is not None and not 0 <= age <= OLDEST:
        raise InvalidInput("max_age", f"must be 0 to {OLDEST}, or none for no limit")
    return age


def _differences(before: AccountRecord, after: AccountRecord) -> dict[str, Any]:
    """Return what has changed, as it is now."""
    old, new = _told(before), _told(after)
    return {name: value for name, value in new.items() if value != old[name]}


def _told(account: AccountRecord) -> dict[str, Any]:
    return {
        "name": account.name,
        "role": str(account.role),
        "libraries": "all" if account.all_libraries else sorted(map(str, account.libraries)),
        "max_age": account.max_age,
        "allow_unrated": account.allow_unrated,
        "disabled": account.disabled_at is not None,
    }


def _record(account: Account, libraries: frozenset[UUID]) -> AccountRecord:
    return AccountRecord(
        id=account.id,
        name=account.name,
        role=Role(account.role),
        has_password=account.password_hash is not None,
        all_libraries=account.all_libraries,
        libraries=libraries,
        max_age=account.max_age,
        allow_unrated=account.allow_unrated,
        disabled_at=account.disabled_at,
        version=account.version,
        created_at=account.created_at,
        updated_at=account.updated_at,
    )
