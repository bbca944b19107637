"""The tables: what episodes sound like, and which parts of them are the same in others."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Double, ForeignKey, LargeBinary, Text, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class Fingerprint(Base):
    """The sound of a file's first and last minutes. A row with a problem keeps it from being tried for ever."""

    __tablename__ = "fingerprint"

    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    """Of the file that was listened to: of another content they tell nothing."""
    opening: Mapped[bytes] = mapped_column(LargeBinary)
    ending: Mapped[bytes] = mapped_column(LargeBinary)
    """Points of 32 bits, low bytes first, as Chromaprint makes them. Empty with a problem."""
    ending_ms: Mapped[int] = mapped_column(BigInteger)
    """When the ending begins."""
    problem: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class MediaSegment(Base):
    """A part of a file that somebody may want to skip; times count from what is watched first."""

    __tablename__ = "media_segment"

    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    """intro or credits."""
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    confidence: Mapped[float] = mapped_column(Double)
    source: Mapped[str] = mapped_column(Text)
    """sound, or chapter: the file's own word."""
