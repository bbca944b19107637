"""Libraries, and the folders of the system they look into."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, Text, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.library.kinds import LibraryKind
from app.library.models.columns import Timestamp, one_of


class Library(Base):
    __tablename__ = "library"
    __table_args__ = (one_of("kind", LibraryKind), Index("uq_library_lower_name", text("lower(name)"), unique=True))

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
