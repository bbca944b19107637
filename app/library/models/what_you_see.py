"""What you see: one item model for all kinds, so that a list, a search or a watch state is written once."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, Integer, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.library.kinds import FactSource, FileRole, ItemKind, ItemState
from app.library.models.columns import SortText, Timestamp, one_of
from app.library.models.on_disk import File

SEARCH_VECTOR = (
    "to_tsvector('simple'::regconfig, translate("
    "(((title || ' '::text) || sort_title) || ' '::text) || COALESCE(original_title, ''::text), "
    "'./@_:'::text, '     '::text))"
)
"""What the words of a search are looked for in (`app.catalog.search`), spelt as PostgreSQL spells it back.

Some signs become spaces first: PostgreSQL takes `Mr.Robot` for the name of a host, and keeps it in one piece."""

AGE = "coalesce(min_age, '-1'::integer)"
"""An item's age as its indexes have it, unrated ones first. Spelt as PostgreSQL spells it back."""


class Item(Base):
    """What you see: a film, a series, an album. Present while one of its files is; a scan never deletes one.

    series → season → episode, artist → album → track: a parent is present while one of its children is. A track
    without an album hangs on its artist.
    """

    __tablename__ = "item"
    __table_args__ = (
        one_of("kind", ItemKind),
        one_of("state", ItemState),
        one_of("title_source", FactSource),
        Index("ix_item_library_id_kind_sort_title_id", "library_id", "kind", "sort_title", "id"),
        Index("ix_item_library_id_kind_id", "library_id", "kind", "id"),
        Index("ix_item_library_id_kind_year", "library_id", "kind", text("coalesce(year, 0)"), "sort_title", "id"),
        Index("ix_item_age_sort_title", "library_id", "kind", text(AGE), "sort_title", "id"),
        Index("ix_item_age_id", "library_id", "kind", text(AGE), "id"),
        Index("ix_item_age_year", "library_id", "kind", text(AGE), text("coalesce(year, 0)"), "sort_title", "id"),
        Index("ix_item_sort_title_id", "sort_title", "id"),
        Index("ix_item_search", text(SEARCH_VECTOR), postgresql_using="gin"),
        Index("ix_item_parent_id_number", "parent_id", "number"),
        Index(
            "ix_item_library_id_kind_name_key",
            "library_id",
            "kind",
            "name_key",
            postgresql_where=text("name_key IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    library_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("library.id", ondelete="CASCADE"))
    parent_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    sort_title: Mapped[str] = mapped_column(SortText)
    original_title: Mapped[str | None] = mapped_column(Text)
    year: Mapped[int | None] = mapped_column(Integer)
    released_on: Mapped[date | None] = mapped_column(Date)
    number: Mapped[int | None] = mapped_column(Integer)
    """Of a season (0 holds the specials), of an episode in its season, of a track on its disc."""
    number_end: Mapped[int | None] = mapped_column(Integer)
    absolute_number: Mapped[int | None] = mapped_column(Integer)
    """Of an episode, counted over all seasons."""
    disc_number: Mapped[int | None] = mapped_column(Integer)
    disc_title: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    """Of a series, where its name says which of two of one title it is: `US`."""
    release_types: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """Of an album: album, ep, single, live, compilation …"""
    state: Mapped[str] = mapped_column(Text, server_default=ItemState.PRESENT)
    missing_since: Mapped[datetime | None] = mapped_column(Timestamp)
    added_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    name_key: Mapped[str | None] = mapped_column(Text)
    """What names or tags call a series, artist or album, reduced: by it their next file finds it, whatever is shown."""
    title_source: Mapped[str] = mapped_column(Text, server_default=FactSource.NAME)
    """Who said the title that is shown. What others say is kept in `item_facts`."""
    min_age: Mapped[int | None] = mapped_column(Integer)
    """From which age it is, as its certifications and those of what it belongs to say; NULL: unrated."""
    locked: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """Columns a person has set: neither a scan nor a source touches them."""

    files: Mapped[list["ItemFile"]] = relationship(order_by="ItemFile.position", passive_deletes=True, lazy="raise")
    external_ids: Mapped[list["ExternalId"]] = relationship(passive_deletes=True, lazy="raise")


class ItemFile(Base):
    """Which files an item is made of: versions of one film, parts of one version, several episodes in one file."""

    __tablename__ = "item_file"
    __table_args__ = (one_of("role", FileRole), Index("ix_item_file_file_id", "file_id"))

    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(Text, server_default=FileRole.MAIN)
    extra_kind: Mapped[str | None] = mapped_column(Text)
    """trailer, sample, deleted_scene …; only with role extra."""
    version: Mapped[str] = mapped_column(Text, server_default="")
    """Files of one version are its parts; empty when there is nothing to tell versions apart by."""
    edition: Mapped[str | None] = mapped_column(Text)
    part: Mapped[int | None] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer, server_default="0")
    """Order among the item's files: best version first, its parts in order, extras last."""

    file: Mapped[File] = relationship(lazy="raise")


class ExternalId(Base):
    """How others call an item: TMDb, IMDb, TVDB, MusicBrainz. One from a name is an order, not a hint."""

    __tablename__ = "external_id"
    __table_args__ = (
        one_of("source", FactSource),
        Index("ix_external_id_provider_value", "provider", "value"),
    )

    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class ItemFacts(Base):
    """Titles and dates as one source says them, kept so that another's word can be taken back.

    They stand in columns of `item` because lists are ordered by them; all else said of an item is in `descriptions`.
    Rows exist only for items of which somebody besides names and tags has spoken; then these have theirs here too.
    """

    __tablename__ = "item_facts"
    __table_args__ = (one_of("source", FactSource),)

    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(Text, primary_key=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)


class ItemArtist(Base):
    """Whom a track or an album is credited to, in the order of the credit: `A feat. B` is two rows."""

    __tablename__ = "item_artist"
    __table_args__ = (Index("ix_item_artist_artist_id", "artist_id"),)

    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    artist_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    """As credited here, which may be another spelling than the artist's own title."""
    joinphrase: Mapped[str] = mapped_column(Text, server_default="")
    """What stands between this name and the next: ` feat. `, ` & `."""
