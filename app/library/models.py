"""The tables of this domain: what is on disk (root, folder, file, stream, chapter) and what you see (item).

One item model for all kinds, so that a list, a search or a watch state is written once. A path is stored as the bytes
the system has for it (`path`, `name`); text beside it (`display_path`) is for showing and never opens anything.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.library.kinds import FileKind, FileRole, FileState, ItemKind, ItemState, LibraryKind

Timestamp = DateTime(timezone=True)
SortText = Text(collation="C")
"""Sort keys compare by bytes: the same order on every server, whatever locale it was made with."""


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Library(Base):
    __tablename__ = "library"
    __table_args__ = (_one_of("kind", LibraryKind), Index("uq_library_lower_name", text("lower(name)"), unique=True))

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    full_scan_requested_at: Mapped[datetime | None] = mapped_column(Timestamp)
    """A full scan was asked for while another scan was waiting or running: the next to start is full."""

    roots: Mapped[list["LibraryRoot"]] = relationship(
        order_by="LibraryRoot.position", passive_deletes=True, lazy="raise"
    )


class LibraryRoot(Base):
    """A folder of the system that a library looks into.

    A retired root was taken out of its library: nothing scans it, its files are missing, and naming the same path
    again brings it back with all it had.
    """

    __tablename__ = "library_root"
    __table_args__ = (
        Index("ix_library_root_library_id", "library_id"),
        Index(
            "uq_library_root_path_sha256",
            text("sha256(path)"),
            unique=True,
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    library_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("library.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    path: Mapped[bytes] = mapped_column(LargeBinary)
    real_path: Mapped[bytes] = mapped_column(LargeBinary)
    """`path` with symbolic links resolved when it was named: what overlaps with what is decided by it."""
    display_path: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    retired_at: Mapped[datetime | None] = mapped_column(Timestamp)
    loss_confirmed_at: Mapped[datetime | None] = mapped_column(Timestamp)
    """Someone said that the large loss a scan reported is real; the next scan of a healthy root believes it."""


class Folder(Base):
    """A folder as a scan last recorded it. An equal signature means: nothing in it changed, skip it."""

    __tablename__ = "folder"
    __table_args__ = (
        Index("uq_folder_root_id_path_sha256", "root_id", text("sha256(path)"), unique=True),
        Index("ix_folder_anchor_id", "anchor_id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    root_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("library_root.id", ondelete="CASCADE"))
    anchor_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("folder.id", ondelete="CASCADE"))
    """The folder whose items the files in here belong to: itself, or the film's for `Trailers` and `VIDEO_TS`."""
    path: Mapped[bytes] = mapped_column(LargeBinary)
    """Below the root; empty for the root itself."""
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    """NULL: what is recorded is not (yet) all that there was to record, so the next scan looks again."""
    missing_since: Mapped[datetime | None] = mapped_column(Timestamp)


class File(Base):
    """A playable file, and what probing it said. Keeps its id for as long as the path does, missing or not."""

    __tablename__ = "file"
    __table_args__ = (
        _one_of("state", FileState),
        _one_of("kind", FileKind),
        UniqueConstraint("folder_id", "name"),
        Index("ix_file_root_id_state", "root_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    root_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("library_root.id", ondelete="CASCADE"))
    folder_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("folder.id", ondelete="CASCADE"))
    name: Mapped[bytes] = mapped_column(LargeBinary)
    display_path: Mapped[str] = mapped_column(Text)
    """Below the root, for people."""
    kind: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    device: Mapped[int] = mapped_column(BigInteger)
    inode: Mapped[int] = mapped_column(BigInteger)
    """As the system says them, wrapped into 64 signed bits. They pair moves and decide nothing else."""
    partial_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text, server_default=FileState.PRESENT)
    missing_since: Mapped[datetime | None] = mapped_column(Timestamp)
    added_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())

    probed_at: Mapped[datetime | None] = mapped_column(Timestamp)
    probed_size: Mapped[int | None] = mapped_column(BigInteger)
    probed_mtime_ns: Mapped[int | None] = mapped_column(BigInteger)
    prober_version: Mapped[int | None] = mapped_column(Integer)
    """With size and mtime: what was probed, by which prober. Equal to what is there now means: never again."""
    problem: Mapped[str | None] = mapped_column(Text)
    """Why the last probe gave nothing or not all: one word of `app.library.probe.Problem`."""
    problem_detail: Mapped[str | None] = mapped_column(Text)
    container: Mapped[str | None] = mapped_column(Text)
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    bit_rate: Mapped[int | None] = mapped_column(BigInteger)
    tags: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    pictures: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    """Attached pictures: stream index, codec, width, height, size in bytes. The bytes stay in the file."""

    folder: Mapped[Folder] = relationship(lazy="raise")
    streams: Mapped[list["Stream"]] = relationship(order_by="Stream.index", passive_deletes=True, lazy="raise")
    chapters: Mapped[list["Chapter"]] = relationship(order_by="Chapter.index", passive_deletes=True, lazy="raise")


class Stream(Base):
    __tablename__ = "stream"

    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """The container's own number, which ffmpeg's `-map 0:index` takes."""
    kind: Mapped[str] = mapped_column(Text)
    """video, audio, subtitle, attachment or data."""
    codec: Mapped[str | None] = mapped_column(Text)
    """FFmpeg's canonical name (`subrip`, not `srt`). NULL: nothing we know."""
    profile: Mapped[str | None] = mapped_column(Text)
    level: Mapped[int | None] = mapped_column(Integer)
    language: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    dispositions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """FFmpeg's words: default, forced, comment, hearing_impaired …"""
    bit_rate: Mapped[int | None] = mapped_column(BigInteger)
    start_ms: Mapped[int | None] = mapped_column(BigInteger)
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    pixel_format: Mapped[str | None] = mapped_column(Text)
    bit_depth: Mapped[int | None] = mapped_column(SmallInteger)
    frame_rate: Mapped[float | None] = mapped_column(Double)
    """Frames per second on average; of a file with a varying rate, what the container claims."""
    sample_aspect_ratio: Mapped[str | None] = mapped_column(Text)
    field_order: Mapped[str | None] = mapped_column(Text)
    color_range: Mapped[str | None] = mapped_column(Text)
    color_primaries: Mapped[str | None] = mapped_column(Text)
    color_transfer: Mapped[str | None] = mapped_column(Text)
    color_space: Mapped[str | None] = mapped_column(Text)
    hdr: Mapped[str | None] = mapped_column(Text)
    """pq, hdr10 (PQ with mastering data) or hlg; NULL: standard range, as far as the container tells."""
    hdr_metadata: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    channels: Mapped[int | None] = mapped_column(Integer)
    channel_layout: Mapped[str | None] = mapped_column(Text)
    sample_rate: Mapped[int | None] = mapped_column(Integer)
    tags: Mapped[dict[str, str] | None] = mapped_column(JSONB)


class Chapter(Base):
    __tablename__ = "chapter"

    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str | None] = mapped_column(Text)


SEARCH_VECTOR = (
    "to_tsvector('simple'::regconfig, translate("
    "(((title || ' '::text) || sort_title) || ' '::text) || COALESCE(original_title, ''::text), "
    "'./@_:'::text, '     '::text))"
)
"""What the words of a search are looked for in (`app.catalog.search`), spelt as PostgreSQL spells it back.

Some signs become spaces first: PostgreSQL takes `Mr.Robot` for the name of a host, and keeps it in one piece."""


class Item(Base):
    """What you see: a film, a series, an album. Present while one of its files is; a scan never deletes one."""

    __tablename__ = "item"
    __table_args__ = (
        _one_of("kind", ItemKind),
        _one_of("state", ItemState),
        CheckConstraint("title_source IN ('name', 'user', 'metadata')", name="title_source"),
        Index("ix_item_library_id_kind_sort_title_id", "library_id", "kind", "sort_title", "id"),
        Index("ix_item_library_id_kind_id", "library_id", "kind", "id"),
        Index("ix_item_library_id_kind_year", "library_id", "kind", text("coalesce(year, 0)"), "sort_title", "id"),
        Index("ix_item_sort_title_id", "sort_title", "id"),
        Index("ix_item_search", text(SEARCH_VECTOR), postgresql_using="gin"),
        Index("ix_item_parent_id_number", "parent_id", "number"),
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
    number_end: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text, server_default=ItemState.PRESENT)
    missing_since: Mapped[datetime | None] = mapped_column(Timestamp)
    added_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    title_source: Mapped[str] = mapped_column(Text, server_default="name")
    """Who said title, year and sort title. A scan rewrites only what a scan has written."""
    locked: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    """Columns a person has set: neither a scan nor a source touches them."""

    files: Mapped[list["ItemFile"]] = relationship(order_by="ItemFile.position", passive_deletes=True, lazy="raise")
    external_ids: Mapped[list["ExternalId"]] = relationship(passive_deletes=True, lazy="raise")


class ItemFile(Base):
    """Which files an item is made of: versions of one film, parts of one version, several episodes in one file."""

    __tablename__ = "item_file"
    __table_args__ = (_one_of("role", FileRole), Index("ix_item_file_file_id", "file_id"))

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
        CheckConstraint("source IN ('name', 'user', 'metadata')", name="source"),
        Index("ix_external_id_provider_value", "provider", "value"),
    )

    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)
    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
