"""What routes tell of accounts. Nothing in here is secret but the tokens, which are shown once."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from app.accounts.records import AccountRecord, ApiKeyRecord, LoginRecord, Tokens
from app.accounts.roles import Role, Scope


class Account(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    role: Role
    has_password: bool
    all_libraries: bool
    libraries: list[UUID]
    """What may be seen, where not all may."""
    max_age: int | None
    """What is from a higher age on does not exist for them; null: no limit. An administrator has none."""
    allow_unrated: bool
    """With a limit: what nobody says an age of is shown all the same."""
    disabled_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, record: AccountRecord) -> "Account":
        return cls(
            id=record.id,
            name=record.name,
            role=record.role,
            has_password=record.has_password,
            all_libraries=record.all_libraries,
            libraries=sorted(record.libraries),
            max_age=record.max_age,
            allow_unrated=record.allow_unrated,
            disabled_at=record.disabled_at,
            created_at=record.created_at,
            updated_at=record.updated_at,
        )


class Accounts(msgspec.Struct, frozen=True):
    accounts: list[Account]


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `account` is null for the local administrator of a machine without accounts."""

    name: str
    is_administrator: bool
    account: Account | None
    scopes: list[Scope] | None
    """Of the API key that asks; null for a login, which may do all its account may."""


class LoginTokens(msgspec.Struct, frozen=True, kw_only=True):
    login_id: UUID
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime
    token_type: str = "Bearer"  # noqa: S105  # the scheme's name (RFC 6750)

    @classmethod
    def of(cls, tokens: Tokens) -> "LoginTokens":
        return cls(
            login_id=tokens.login_id,
            access_token=tokens.access_token,
            access_expires_at=tokens.access_expires_at,
            refresh_token=tokens.refresh_token,
            refresh_expires_at=tokens.refresh_expires_at,
        )


class Login(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    device: str
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_current: bool

    @classmethod
    def of(cls, record: LoginRecord, current: UUID | None) -> "Login":
        return cls(
            id=record.id,
            device=record.device,
            address=record.address,
            created_at=record.created_at,
            seen_at=record.seen_at,
            expires_at=record.expires_at,
            is_current=record.id == current,
        )


class Logins(msgspec.Struct, frozen=True):
    logins: list[Login]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    hint: str
    scopes: list[Scope]
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def of(cls, record: ApiKeyRecord) -> "ApiKey":
        return cls(
            id=record.id,
            name=record.name,
            hint=record.hint,
            scopes=list(record.scopes),
            created_at=record.created_at,
            used_at=record.used_at,
            expires_at=record.expires_at,
        )


class ApiKeys(msgspec.Struct, frozen=True):
    api_keys: list[ApiKey]


class NewApiKey(msgspec.Struct, frozen=True):
    api_key: ApiKey
    token: str
    """Shown this once."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    at: datetime
    actor: str
    actor_id: UUID | None
    action: str
    subject: str | None
    address: str | None
    details: dict[str, Any]


class AuditPage(msgspec.Struct, frozen=True):
    events: list[AuditEntry]
    next_cursor: UUID | None
