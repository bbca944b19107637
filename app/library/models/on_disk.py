"""What is on disk: folders and files, and what probing says is in them.

A path is stored as the bytes the system has for it (`path`, `name`); text beside it (`display_path`) is for showing
and never opens anything.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
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
from app.library.kinds import FileKind, FileState
from app.library.models.columns import Timestamp, one_of


class Folder(Base):
    """A folder as a scan last recorded it. An equal signature means: nothing in it changed, skip it."""

    __tablename__ = "folder"
    __table_args__ = (
        Index("uq_folder_root_id_path_sha256", "root_id", text("sha256(path)"), unique=True),
        Index("ix_folder_anchor_id", "anchor_id"),
        Index("ix_folder_parent_id", "parent_id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    root_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("library_root.id", ondelete="CASCADE"))
    anchor_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("folder.id", ondelete="CASCADE"))
    """The folder whose items the files in here belong to: itself, or the film's for `Trailers` and `VIDEO_TS`."""
    parent_id: Mapped[UUID | None] = mapped_column(Uuid)
    """The folder it lies in; NULL for the root itself. Not a foreign key: both go with their root, and a scan of a new
    disk would pay for a check of each."""
    path: Mapped[bytes] = mapped_column(LargeBinary)
    """Below the root; empty for the root itself."""
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    """NULL: what is recorded is not (yet) all that there was to record, so the next scan looks again."""
    missing_since: Mapped[datetime | None] = mapped_column(Timestamp)


class File(Base):
    """A playable file, and what probing it said. Keeps its id for as long as the path does, missing or not."""

    __tablename__ = "file"
    __table_args__ = (
        one_of("state", FileState),
        one_of("kind", FileKind),
        UniqueConstraint("folder_id", "name"),
        Index("ix_file_root_id_state", "root_id", "state"),
        Index("ix_file_size_inode", "size", "inode"),
        Index("ix_file_size_partial_hash", "size", "partial_hash", postgresql_where=text("partial_hash IS NOT NULL")),
        Index("ix_file_problem", "id", postgresql_where=text("problem IS NOT NULL")),
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
    """Why the last probe gave nothing or not all: one word of `app.library.media.Problem`."""
    problem_detail: Mapped[str | None] = mapped_column(Text)
    container: Mapped[str | None] = mapped_column(Text)
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    bit_rate: Mapped[int | None] = mapped_column(BigInteger)
    tags: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    pictures: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    """Attached pictures: stream index, codec, width, height, size in bytes. The bytes stay in the file."""
    music_tags: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """What a song's tags say: `app.library.tagging.MusicTags`, without what is empty."""

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
    codec_tag: Mapped[str | None] = mapped_column(Text)
    """The container's own name for the codec: Apple's players take `hvc1` and refuse `hev1`."""
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
    """Of a picture's component; of a sound's sample, where nothing was lost."""
    frame_rate: Mapped[float | None] = mapped_column(Double)
    """Frames per second on average; of a file with a varying rate, what the container claims."""
    sample_aspect_ratio: Mapped[str | None] = mapped_column(Text)
    rotation: Mapped[int | None] = mapped_column(SmallInteger)
    """Degrees clockwise that a player turns the picture by; NULL: none, or by no quarter turn."""
    field_order: Mapped[str | None] = mapped_column(Text)
    color_range: Mapped[str | None] = mapped_column(Text)
    color_primaries: Mapped[str | None] = mapped_column(Text)
    color_transfer: Mapped[str | None] = mapped_column(Text)
    color_space: Mapped[str | None] = mapped_column(Text)
    hdr: Mapped[str | None] = mapped_column(Text)
    """pq, hdr10 (PQ with mastering data), hdr10plus, hlg, or dolby_vision where nothing else can be seen of it; NULL:
    standard range, as far as the container tells. A Dolby Vision stream that others can show keeps their word."""
    hdr_metadata: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Light levels, primaries, and Dolby Vision's record by FFmpeg's names (`dv_profile` …)."""
    channels: Mapped[int | None] = mapped_column(Integer)
    channel_layout: Mapped[str | None] = mapped_column(Text)
    sample_rate: Mapped[int | None] = mapped_column(Integer)
    tags: Mapped[dict[str, str] | None] = mapped_column(JSONB)


class Keyframes(Base):
    """Where decoding of a film can begin, as its container's own index says, or else its packets.

    No row: nobody has looked at them yet. A row without times: they were looked at, and do not tell.
    """

    __tablename__ = "keyframes"

    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True)
    stream_index: Mapped[int] = mapped_column(Integer)
    count: Mapped[int] = mapped_column(Integer)
    times: Mapped[bytes] = mapped_column(LargeBinary)
    """As `app.library.keyframes` packs them."""
    peak_bit_rate: Mapped[int | None] = mapped_column(BigInteger)
    """Of four seconds; NULL: the index does not tell."""


class Chapter(Base):
    __tablename__ = "chapter"

    file_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str | None] = mapped_column(Text)
