"""The tables: playbacks, the transcodes they watch, and which watches which."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base

Timestamp = DateTime(timezone=True)


class Playback(Base):
    """Somebody watches something. A row of it is all that another node needs to go on."""

    __tablename__ = "playback"
    __table_args__ = (
        Index("ix_playback_account_id", "account_id"),
        Index("ix_playback_login_id", "login_id"),
        Index("ix_playback_api_key_id", "api_key_id"),
        Index("ix_playback_item_id", "item_id"),
        Index("ix_playback_file_id", "file_id"),
        Index("ix_playback_seen_at", "seen_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("account.id", ondelete="CASCADE"))
    """NULL: the local administrator."""
    login_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("login.id", ondelete="CASCADE"))
    api_key_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("api_key.id", ondelete="CASCADE"))
    """What it was begun with: one of the two, and when that ends, so does what stands in its addresses."""
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of what stands in its addresses. NULL: nothing does."""
    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"))
    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"))
    client: Mapped[str] = mapped_column(Text)
    """The name of the client's profile."""
    decision: Mapped[dict[str, Any]] = mapped_column(JSONB)
    position_ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    is_paused: Mapped[bool] = mapped_column(Boolean, server_default="false")
    started_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    """When its client last said a word."""


class Transcode(Base):
    """One rendition of one content of one file, shared by all who watch it, and the segments there are of it.

    It is idle while nobody needs more of it. What is wanted stands in `aims`; a job takes the row by writing its name
    into `runner`, and has lost it when it finds another's. A runner that has not been heard of for some seconds is
    taken for dead, whatever its job's row says.
    """

    __tablename__ = "transcode"
    __table_args__ = (
        Index("uq_transcode_digest", "digest", unique=True),
        Index("ix_transcode_file_id", "file_id"),
        Index("ix_transcode_used_at", "used_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(Text)
    recipe: Mapped[bytes] = mapped_column(LargeBinary)
    """As `app.playback.transcoding.recipes` encodes it."""
    cuts: Mapped[bytes] = mapped_column(LargeBinary)
    """Where its segments begin, as `app.library.keyframes` packs times."""
    end_ms: Mapped[int] = mapped_column(BigInteger)
    zero_ms: Mapped[int] = mapped_column(BigInteger)
    origin_ms: Mapped[int] = mapped_column(BigInteger)
    frame_rate: Mapped[float | None] = mapped_column(Double)

    aims: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default="{}")
    """Segments that somebody waits for, in the order they were asked for."""
    wanted: Mapped[int] = mapped_column(Integer, server_default="0")
    """The segment that was asked for last."""
    wanted_at: Mapped[datetime | None] = mapped_column(Timestamp)
    """NULL: nobody watches it any more."""
    position: Mapped[int] = mapped_column(Integer, server_default="0")
    """The segment that its runner makes next."""
    runner: Mapped[str | None] = mapped_column(Text)
    runner_at: Mapped[datetime | None] = mapped_column(Timestamp)
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    """The job that was last asked for."""
    job_asked_at: Mapped[datetime | None] = mapped_column(Timestamp)
    bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    used_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    failure: Mapped[str | None] = mapped_column(Text)
    failure_code: Mapped[str | None] = mapped_column(Text)
    """Of `app.playback.errors.NOT_MADE`."""
    failed_at: Mapped[datetime | None] = mapped_column(Timestamp)


class PlaybackTranscode(Base):
    """What a playback calls its renditions."""

    __tablename__ = "playback_transcode"
    __table_args__ = (Index("ix_playback_transcode_transcode_id", "transcode_id"),)

    playback_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("playback.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    """v0, a1, s2, x0: of a picture, of the file's sounds and subtitles, of subtitles beside it."""
    transcode_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("transcode.id", ondelete="CASCADE"))
