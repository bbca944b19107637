"""The table: of which files there are sheets, and what is on them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class Trickplay(Base):
    """All sheets of a file. No row: there are none, or not all of them yet."""

    __tablename__ = "trickplay"

    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    """Of the file they were made from: of another content they tell nothing."""
    interval_ms: Mapped[int] = mapped_column(Integer)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    """Of one picture."""
    sheets: Mapped[int] = mapped_column(Integer)
    """0: it was tried, and none could be made."""
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
