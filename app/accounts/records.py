"""What is told about accounts. Nothing in here is secret."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.accounts.roles import Role, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    id: UUID
    name: str
    role: Role
    has_password: bool
    all_libraries: bool
    libraries: frozenset[UUID]
    """Empty where `all_libraries`."""
    max_age: int | None
    """None: no limit."""
    allow_unrated: bool
    disabled_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRecord:
    id: UUID
    device: str
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRecord:
    id: UUID
    name: str
    hint: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a login is given. Shown once; we keep their digests."""

    login_id: UUID
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime
