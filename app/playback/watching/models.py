"""The tables of watch state. They hang on the item: files may be renamed, replaced or gone, and what was seen stays."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Computed, DateTime, ForeignKey, Identity, Index, Integer, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base

LOCAL = UUID(int=0)
"""Stands for the local administrator, who has no account, in keys."""

_VIEWER = f"COALESCE(account_id, '{LOCAL}'::uuid)"


def _viewer() -> Computed:
    return Computed(_VIEWER, persisted=True)


class WatchState(Base):
    """Where somebody is in an item, and what they think of it."""

    __tablename__ = "watch_state"
    __table_args__ = (
        Index("ix_watch_state_resume", "viewer_id", "last_played_at", postgresql_where=text("position_ms > 0")),
        Index("ix_watch_state_touched", "viewer_id", "touched_at"),
        Index(
            "ix_watch_state_played",
            "viewer_id",
            "last_played_at",
            "item_id",
            postgresql_where=text("last_played_at IS NOT NULL"),
        ),
        Index("ix_watch_state_watched", "viewer_id", "item_id", postgresql_where=text("watched")),
        Index("ix_watch_state_favorite", "viewer_id", "item_id", postgresql_where=text("favorite")),
        Index("ix_watch_state_item_id", "item_id"),
        Index("ix_watch_state_account_id", "account_id"),
    )

    viewer_id: Mapped[UUID] = mapped_column(Uuid, _viewer(), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("account.id", ondelete="CASCADE"))
    """NULL: the local administrator."""
    position_ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Where to go on; 0: at the beginning."""
    watched: Mapped[bool] = mapped_column(Boolean, server_default="false")
    play_count: Mapped[int] = mapped_column(Integer, server_default="0")
    is_counted: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """This play has been counted: its last minutes are told of again and again."""
    favorite: Mapped[bool] = mapped_column(Boolean, server_default="false")
    hidden: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """Taken out of what there is to go on with, until it is played again."""
    last_played_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Also of what it is below: a series is played when an episode is."""
    touched_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Played, or marked as watched: what comes next follows the last of these."""


class WatchHistory(Base):
    """One play that came to its end."""

    __tablename__ = "watch_history"
    __table_args__ = (
        Index("ix_watch_history_viewer_id_id", "viewer_id", "id"),
        Index("ix_watch_history_item_id", "item_id"),
        Index("ix_watch_history_account_id", "account_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    viewer_id: Mapped[UUID] = mapped_column(Uuid, _viewer())
    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"))
    account_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("account.id", ondelete="CASCADE"))
    watched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
