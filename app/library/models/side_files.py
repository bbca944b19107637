"""What lies beside the media: subtitles, lyrics, artwork, NFO. No user data: a row that is gone is simply deleted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base
from app.library.kinds import SideFileKind
from app.library.models.columns import Timestamp, one_of


class SideFile(Base):
    """A file beside media, as a scan recorded it, and what a look into it said."""

    __tablename__ = "side_file"
    __table_args__ = (
        one_of("kind", SideFileKind),
        UniqueConstraint("folder_id", "name"),
        Index("ix_side_file_file_id", "file_id"),
        Index("ix_side_file_pictures_id", "pictures_id", postgresql_where=text("pictures_id IS NOT NULL")),
        Index("ix_side_file_read_for", "read_for", postgresql_using="gin"),
        Index("ix_side_file_problem", "id", postgresql_where=text("problem IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    folder_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("folder.id", ondelete="CASCADE"))
    name: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    file_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("file.id", ondelete="SET NULL"))
    """The media file it goes with: of subtitles and lyrics."""
    language: Mapped[str | None] = mapped_column(Text)
    """BCP 47, from its name."""
    title: Mapped[str | None] = mapped_column(Text)
    flags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """default, forced, hearing_impaired: ffmpeg's words, as the dispositions of streams."""
    pictures_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("side_file.id", ondelete="SET NULL"))
    """Of the index of a VobSub: the file that holds its pictures."""
    tracks: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    """Of the index of a VobSub: `language` and `title` of each, in its order. Each is subtitles of its own."""
    read_size: Mapped[int | None] = mapped_column(BigInteger)
    read_mtime_ns: Mapped[int | None] = mapped_column(BigInteger)
    """What it was when it was last looked into. Equal to what it is: never again."""
    read_for: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    """The items that an NFO's word was given to."""
    media_type: Mapped[str | None] = mapped_column(Text)
    """Of a picture, by its content. NULL: none that we show."""
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    problem: Mapped[str | None] = mapped_column(Text)
    """Why it says nothing, or not all."""


class SideReading(Base):
    """A folder whose side files wait to be looked into. What was asked while one looks is looked at again."""

    __tablename__ = "side_reading"

    folder_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.clock_timestamp())
