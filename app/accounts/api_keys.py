"""API keys: for programs, which cannot log in anew every hour. A key is worth what its account is worth, or less."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from app.accounts.audit import Actor, record
from app.accounts.errors import ApiKeyNotFound, InvalidToken
from app.accounts.models import Account, ApiKey
from app.accounts.records import ApiKeyRecord
from app.accounts.roles import Scope
from app.accounts.seeing import libraries_seen, viewer_of
from app.accounts.tokens import TokenKind, digest, make_token
from app.accounts.viewer import Viewer
from app.clock import Clock
from app.db.tx import Tx
from app.errors import InvalidInput
from app.ids import uuid7

LONGEST_NAME = 64
HINT = 8
USED_EVERY = timedelta(minutes=1)


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
        await record(tx, actor, "api_key.created", name, scopes=key.scopes)
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
        await record(tx, actor, "api_key.deleted", name)

    async def viewer(self, tx: Tx, token: str) -> Viewer:
        """Return who this key speaks for, and how far.

        Raises:
            InvalidToken: unknown, expired, or of somebody disabled.
        """
        now = self._clock.now()
        query = (
            select(Account, libraries_seen().label("libraries"), ApiKey.id, ApiKey.scopes, ApiKey.used_at)
            .join(ApiKey, ApiKey.account_id == Account.id)
            .where(
                ApiKey.digest == digest(token),
                (ApiKey.expires_at.is_(None)) | (ApiKey.expires_at > now),
                Account.disabled_at.is_(None),
            )
        )
        row = (await tx.session.execute(query)).one_or_none()
        if row is None:
            raise InvalidToken
        if row.used_at is None or now - row.used_at >= USED_EVERY:
            await tx.session.execute(update(ApiKey).where(ApiKey.id == row.id).values(used_at=now))
        return viewer_of(row.Account, row.libraries, scopes=frozenset(map(Scope, row.scopes)))


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
