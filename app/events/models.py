"""What has changed in the libraries, for those who look on: a short memory, not a history."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Integer, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class Event(Base):
    """Written in the transaction of what it tells. Numbers are taken before commits, so they say nothing of the order
    in which events become visible; the number of the transaction does, together with the oldest one still open."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_transaction_id", "transaction", "id"), Index("ix_event_at", "at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    transaction: Mapped[int] = mapped_column(BigInteger, server_default=text("((pg_current_xact_id())::text)::bigint"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    kind: Mapped[str] = mapped_column(Text)
    """items.changed, items.purged …"""
    library_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("library.id", ondelete="CASCADE"))
    """Whoever may see this library is told."""
    min_age: Mapped[int | None] = mapped_column(Integer)
    """From which age what it tells of is; NULL: unrated. Whoever may not see it is not told."""
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
