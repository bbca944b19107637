"""Libraries, and the folders of the system they look into."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, Text, Uuid, false, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.library.kinds import LibraryKind, WatchMode
from app.library.models.columns import Timestamp, one_of


class Library(Base):
    __tablename__ = "library"
    __table_args__ = (one_of("kind", LibraryKind), Index("uq_library_lower_name", text("lower(name)"), unique=True))

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
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
    has_own_queue: Mapped[bool] = mapped_column(Boolean, server_default=false())
    """Not every node sees this root: its jobs are in the queue `root_<id>`, which the nodes that do see it work."""
    scan_requested_at: Mapped[datetime | None] = mapped_column(Timestamp)
    full_scan_requested_at: Mapped[datetime | None] = mapped_column(Timestamp)
    """A (full) scan was asked for while one that is less was waiting or running: the next to start is that."""


class ScanRequest(Base):
    """A folder to look into, as a watcher, a download tool or a scan that met a file being written has asked.

    It stands until a scan that began after it has ended, so nothing is forgotten that is asked for while one runs.
    """

    __tablename__ = "scan_request"
    __table_args__ = (
        Index("uq_scan_request_root_id_path_sha256", "root_id", text("sha256(path)"), "is_deep", unique=True),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    """Made anew with every asking: a scan deletes the ids that it read when it began."""
    root_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("library_root.id", ondelete="CASCADE"))
    path: Mapped[bytes] = mapped_column(LargeBinary)
    """Below the root; empty for the root itself."""
    is_deep: Mapped[bool] = mapped_column(Boolean)
    """With everything below it. Otherwise only the folder itself, and what was new or gone in it."""
    not_before: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    """Later than now: a file in it was being written when a scan passed."""


class RootWatch(Base):
    """How a node hears of changes in a root: told by the system, by looking now and then, or not at all."""

    __tablename__ = "root_watch"
    __table_args__ = (one_of("mode", WatchMode),)

    root_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("library_root.id", ondelete="CASCADE"), primary_key=True)
    node: Mapped[str] = mapped_column(Text, primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it is not the best mode there is."""
    since: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.now())
    """When the node last said so: one that is silent for minutes is gone."""
