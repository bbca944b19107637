"""The table: of which chapters of which files there are pictures."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class ChapterPictures(Base):
    """No row: nobody has tried yet, or was not done with it."""

    __tablename__ = "chapter_pictures"

    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    """Of the file they were made from: of another content they tell nothing."""
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    chapters: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    """By their index. Those that could not be pictured are not among them."""
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
