"""What all nodes share of the sources, and what is known of each item's match.

Rows about items go with them; rows about sources are no more than a memory and may be emptied at any time.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, Integer, LargeBinary, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base
from app.library.models.columns import Timestamp, one_of
from app.metadata.kinds import Decider, EpisodeOrder, MatchState
from app.vault.place import Sealed


class SourceState(Base):
    """How a source is, on all nodes together: when it may be asked next, and whether it is down."""

    __tablename__ = "metadata_source"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    next_at: Mapped[datetime] = mapped_column(Timestamp)
    """When the next request may leave. Whoever takes this time puts it off for the next one."""
    blocked_until: Mapped[datetime | None] = mapped_column(Timestamp)
    """It asked us to wait, or it is down."""
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    """In a row, of all nodes."""
    problem: Mapped[str | None] = mapped_column(Text)
    problem_at: Mapped[datetime | None] = mapped_column(Timestamp)


class SourceAnswer(Base):
    """What a source answered: not asked again while it is fresh, asked whether it has changed afterwards, and gone when
    the source's terms of use say so."""

    __tablename__ = "metadata_answer"
    __table_args__ = (Index("ix_metadata_answer_expires_at", "expires_at"),)

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """Of the source's name and the address asked, without keys."""
    source: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """Packed (zlib)."""
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    fetched_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    fresh_until: Mapped[datetime] = mapped_column(Timestamp)
    expires_at: Mapped[datetime] = mapped_column(Timestamp)


class SourceToken(Base):
    """A token that a source gave us for our key, sealed."""

    __tablename__ = "metadata_token"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    sealed: Mapped[str] = mapped_column(Sealed)
    key_digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the key it was given for: another key wants another token."""
    expires_at: Mapped[datetime] = mapped_column(Timestamp)
    refreshed_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class Match(Base):
    """What an item was taken for. Only films, series, artists and albums are matched; what is below them follows.

    no row → asked for → matched, doubtful (somebody has to look) or unmatched (nobody knows it). A person's word ends
    it: `decided_by` user is never changed by anything but a person.
    """

    __tablename__ = "metadata_match"
    __table_args__ = (
        one_of("state", MatchState),
        one_of("decided_by", Decider),
        CheckConstraint("(state = 'matched') = (source IS NOT NULL AND external_id IS NOT NULL)", name="matched"),
        Index("ix_metadata_match_state_item_id", "state", "item_id", postgresql_where=text("state <> 'matched'")),
    )

    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)
    score: Mapped[float | None] = mapped_column(Double)
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it is doubtful or unmatched, for people."""
    candidates: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    """The best of them, with their scores: what a person chooses from."""
    asked_for: Mapped[str] = mapped_column(Text, server_default="")
    """What the item was called when it was asked for: called otherwise, it is asked for again."""
    asked_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())


class SourceRecord(Base):
    """What one source says of an item, as it was last fetched; several are merged in the order of the library."""

    __tablename__ = "metadata_record"
    __table_args__ = (Index("ix_metadata_record_refresh_at", "refresh_at"),)

    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    external_id: Mapped[str] = mapped_column(Text)
    record: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """None: the source knows the series, and nothing of this episode."""
    fetched_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    refresh_at: Mapped[datetime | None] = mapped_column(Timestamp)
    """None: it comes with what is above it."""


class LibrarySources(Base):
    """What a library says otherwise than the configuration."""

    __tablename__ = "metadata_library"
    __table_args__ = (one_of("episode_order", EpisodeOrder),)

    library_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("library.id", ondelete="CASCADE"), primary_key=True)
    sources: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    language: Mapped[str | None] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Text)
    episode_order: Mapped[str | None] = mapped_column(Text)
    """How the episodes of its series are counted."""


class SeriesOrder(Base):
    """How the episodes of one series are counted, where somebody chose that for it alone. A new match keeps it."""

    __tablename__ = "metadata_order"

    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    episode_order: Mapped[str] = mapped_column(Text)
    """An `EpisodeOrder`, or one list of one source."""
