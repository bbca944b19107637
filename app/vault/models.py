"""Which keys the database has met: their ids, and proof of them."""

from datetime import datetime

from sqlalchemy import Boolean, DateTime, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class SecretsKey(Base):
    """A key that something was sealed with. One of them is current; sealing holds on to its row until it commits, so
    that rotation, which changes it, comes before or after and never in between."""

    __tablename__ = "secrets_key"
    __table_args__ = (
        Index("uq_secrets_key_is_current", "is_current", unique=True, postgresql_where=text("is_current")),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    check_value: Mapped[str] = mapped_column(Text)
    """A known word, sealed with it. Whoever opens it has the key and not just its id."""
    is_current: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
