"""The tables: how loud files are, and how loud albums are as a whole."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Double, ForeignKey, Integer, LargeBinary, Text, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base

Timestamp = DateTime(timezone=True)


class Loudness(Base):
    """What measuring a file said. A row with a problem keeps it from being tried for ever."""

    __tablename__ = "loudness"

    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    """Of the file that was measured: of another content it tells nothing."""
    loudness: Mapped[float | None] = mapped_column(Double)
    """Integrated, in LUFS. NULL: it is silent, or shorter than can be measured."""
    peak: Mapped[float | None] = mapped_column(Double)
    """The true peak; 1 is full scale."""
    blocks: Mapped[bytes | None] = mapped_column(LargeBinary)
    """How many blocks of it are how loud, as `app.playback.loudness.gating` packs them."""
    problem: Mapped[str | None] = mapped_column(Text)
    measured_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class AlbumLoudness(Base):
    """An album as one piece. No row, or one of another number of tracks: nobody has added it up yet."""

    __tablename__ = "album_loudness"

    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    tracks: Mapped[int] = mapped_column(Integer)
    """How many it had when this was added up."""
    loudness: Mapped[float | None] = mapped_column(Double)
    """In LUFS. NULL: not all of its tracks were measured, or all of them are silent."""
    peak: Mapped[float | None] = mapped_column(Double)
    measured_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
