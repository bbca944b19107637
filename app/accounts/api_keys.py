"""API keys: for programs, which cannot log in anew every hour. A key is worth what its account is worth, or less."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import sql
from sqlalchemy import delete, select

from app.accounts.audit import Actor, record
from app.accounts.errors import ApiKeyNotFound, InvalidToken
from app.accounts.models import Account, ApiKey
from app.accounts.records import ApiKeyRecord
from app.accounts.roles import Scope
from app.accounts.seeing import ACCOUNT, viewer_of
from app.accounts.tokens import TokenKind, digest, make_token
from app.accounts.viewer import Viewer
from app.clock import Clock
from app.db.prepared import Prepared
from app.db.tx import Connected, Tx
from app.errors import InvalidInput
from app.ids import uuid7

LONGEST_NAME = 64
HINT = 8
USED_EVERY = timedelta(minutes=1)

_OF_KEY = Prepared.of(
    sql.SQL("""
    SELECT {account}, api_key.id AS key_id, api_key.scopes, api_key.used_at
    FROM api_key JOIN account ON account.id = api_key.account_id
    WHERE api_key.digest = %(digest)s AND (api_key.expires_at IS NULL OR api_key.expires_at > %(now)s)
        AND account.disabled_at IS NULL
""").format(account=ACCOUNT)
)
_USED = Prepared.of(sql.SQL("UPDATE api_key SET used_at = %(now)s WHERE id = %(key_id)s RETURNING id").format())


class ApiKeyService:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def create(
        self,
        tx: Tx,
        actor: Actor,
        account_id: UUID,
        *,
        name: str,
        scopes: Collection[Scope],
        expires_at: datetime | None = None,
    ) -> tuple[ApiKeyRecord, str]:
        """Make a key; return it with its text, which is shown this once.

        Raises:
            InvalidInput: no name, no scope, or a day that has passed.
        """
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise InvalidInput("name", f"must have 1 to {LONGEST_NAME} printable characters")
        if not scopes:
            raise InvalidInput("scopes", f"must name at least one of {', '.join(Scope)}")
        if expires_at is not None and expires_at <= self._clock.now():
            raise InvalidInput("expires_at", "must lie in the future")
        token = make_token(TokenKind.API_KEY)
        key = ApiKey(
            id=uuid7(),
            account_id=account_id,
            name=name,
            digest=digest(token),
            hint=token[:HINT],
            scopes=sorted(set(scopes)),
            created_at=self._clock.now(),
            expires_at=expires_at,
        )
        tx.session.add(key)
        await tx.session.flush()
        until = None if expires_at is None else expires_at.isoformat()
        await record(
            tx, actor, "api_key.created", await _owner(tx, account_id), key=name, scopes=key.scopes, expires_at=until
        )
        return _record(key), token

    async def list_of(self, tx: Tx, account_id: UUID) -> list[ApiKeyRecord]:
        query = select(ApiKey).where(ApiKey.account_id == account_id).order_by(ApiKey.id)
        return [_record(key) for key in await tx.session.scalars(query)]

    async def delete(self, tx: Tx, actor: Actor, account_id: UUID, key_id: UUID) -> None:
        """End a key at once.

        Raises:
            ApiKeyNotFound: there is none such of this account.
        """
        name = await tx.session.scalar(
            delete(ApiKey).where(ApiKey.id == key_id, ApiKey.account_id == account_id).returning(ApiKey.name)
        )
        if name is None:
            raise ApiKeyNotFound(key_id)
        await record(tx, actor, "api_key.deleted", await _owner(tx, account_id), key=name)

    async def viewer(self, asked: Connected, token: str) -> Viewer:
        """Return who this key speaks for, and how far.

        Raises:
            InvalidToken: unknown, expired, or of somebody disabled.
        """
        now = self._clock.now()
        found = await _OF_KEY.fetch(asked.connection, {"digest": digest(token), "now": now})
        if not found:
            raise InvalidToken
        (row,) = found
        if row["used_at"] is None or now - row["used_at"] >= USED_EVERY:
            await _USED.fetch(asked.connection, {"key_id": row["key_id"], "now": now})
        return viewer_of(row, api_key_id=row["key_id"], scopes=frozenset(map(Scope, row["scopes"])))


async def _owner(tx: Tx, account_id: UUID) -> str | None:
    return await tx.session.scalar(select(Account.name).where(Account.id == account_id))


def _record(key: ApiKey) -> ApiKeyRecord:
    return ApiKeyRecord(
        id=key.id,
        name=key.name,
        hint=key.hint,
        scopes=tuple(map(Scope, key.scopes)),
        created_at=key.created_at,
        used_at=key.used_at,
        expires_at=key.expires_at,
    )
