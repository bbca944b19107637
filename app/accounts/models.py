"""The tables of accounts: who there is, how they got in, what they may see, and what was done to all this."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.roles import Role
from app.db.base import Base

Timestamp = DateTime(timezone=True)


class Account(Base):
    """Somebody. Without a password nobody can log in as them; another way to obtain a login may dock later."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(f"role IN ({', '.join(repr(str(role)) for role in Role)})", name="role"),
        CheckConstraint("max_age BETWEEN 0 AND 21", name="max_age"),
        Index("uq_account_lower_name", text("lower(name)"), unique=True),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    all_libraries: Mapped[bool] = mapped_column(Boolean, server_default="true")
    max_age: Mapped[int | None] = mapped_column(Integer)
    """Sees what is for this age and below; NULL: everything."""
    allow_unrated: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """With a limit: sees what nobody says an age of, too."""
    disabled_at: Mapped[datetime | None] = mapped_column(Timestamp)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    """Counts changes: what an ETag says, so that two who edit at once do not undo each other."""
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class AccountLibrary(Base):
    """What somebody may see who may not see everything."""

    __tablename__ = "account_library"
    __table_args__ = (Index("ix_account_library_library_id", "library_id"),)

    account_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    library_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("library.id", ondelete="CASCADE"), primary_key=True)


class Login(Base):
    """One device of somebody's. Lives for as long as its refresh token is used in time."""

    __tablename__ = "login"
    __table_args__ = (
        Index("ix_login_account_id", "account_id"),
        Index("uq_login_access_digest", "access_digest", unique=True),
        Index("ix_login_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("account.id", ondelete="CASCADE"))
    device: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    """Where it was last refreshed from."""
    access_digest: Mapped[bytes] = mapped_column(LargeBinary)
    access_expires_at: Mapped[datetime] = mapped_column(Timestamp)
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    """To the minute."""
    expires_at: Mapped[datetime] = mapped_column(Timestamp)
    revoked_at: Mapped[datetime | None] = mapped_column(Timestamp)


class RefreshToken(Base):
    """The used ones are kept for as long as their login lives: one that comes again was stolen, by one or the other."""

    __tablename__ = "refresh_token"
    __table_args__ = (Index("ix_refresh_token_login_id", "login_id"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    login_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("login.id", ondelete="CASCADE"))
    used_at: Mapped[datetime | None] = mapped_column(Timestamp)


class ApiKey(Base):
    """For programs: lasts until it is revoked or its day has come, and can do what its scopes say at most."""

    __tablename__ = "api_key"
    __table_args__ = (
        Index("ix_api_key_account_id", "account_id"),
        Index("uq_api_key_digest", "digest", unique=True),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    hint: Mapped[str] = mapped_column(Text)
    """Its first characters, to be told apart by."""
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    used_at: Mapped[datetime | None] = mapped_column(Timestamp)
    expires_at: Mapped[datetime | None] = mapped_column(Timestamp)


class MediaToken(Base):
    """Stands in an URL, where players can send no header: for one file, for one account, for a short time."""

    __tablename__ = "media_token"
    __table_args__ = (
        Index("ix_media_token_account_id", "account_id"),
        Index("ix_media_token_login_id", "login_id"),
        Index("ix_media_token_api_key_id", "api_key_id"),
        Index("ix_media_token_file_id", "file_id"),
        Index("ix_media_token_expires_at", "expires_at"),
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("account.id", ondelete="CASCADE"))
    login_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("login.id", ondelete="CASCADE"))
    """The login that asked for it: when that is revoked, so is this."""
    api_key_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("api_key.id", ondelete="CASCADE"))
    """Or the API key, likewise."""
    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(Timestamp)


class OneTimeCode(Base):
    """A link that works once."""

    __tablename__ = "one_time_code"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    """What it opens: first_administrator."""
    expires_at: Mapped[datetime] = mapped_column(Timestamp)


class AttemptLimit(Base):
    """Failures so far of one account, one address, or one address at one account, on all nodes together."""

    __tablename__ = "attempt_limit"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    expires_at: Mapped[datetime] = mapped_column(Timestamp)
    """When they are forgotten."""
    blocked_until: Mapped[datetime | None] = mapped_column(Timestamp)


class AuditEvent(Base):
    """Who did what to whom. Names are kept as they were: accounts go, what they did stays."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_at", "at"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    actor_id: Mapped[UUID | None] = mapped_column(Uuid)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    """account.created, login.revoked …"""
    subject: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
