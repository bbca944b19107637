"""The tables that searches and filters look into. All of it is made of the library's own and can be made again."""

from datetime import date
from uuid import UUID

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base
from app.library.models import SortText


def _item() -> Mapped[UUID]:
    return mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)


class SearchDocument(Base):
    """All that an item is found, filtered and ordered by. Who may see it is asked of the item itself."""

    __tablename__ = "search_document"
    __table_args__ = (
        Index(
            "ix_search_document_words", "words", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": 256}
        ),
        Index("ix_search_document_facets", "facets", postgresql_using="gin"),
        Index("ix_search_document_released", "library_id", "kind", "released_on", "item_id"),
        Index("ix_search_document_rating", "library_id", "kind", "rating", "item_id"),
        Index("ix_search_document_duration", "library_id", "kind", "duration_ms", "item_id"),
        Index("ix_search_document_shuffle", "library_id", "kind", "shuffle", "item_id"),
    )

    item_id: Mapped[UUID] = _item()
    library_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(SmallInteger)
    """Of the rules it was made by; another than the program's own is made again."""
    words: Mapped[str] = mapped_column(TSVECTOR)
    """Folded by us, so that no server's locale or parser has a say. A: its own titles, B: of what it belongs to,
    C: people, D: years and numbers, and marks of its class, kind and library that no text holds (`documents`)."""
    facets: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """`genre:Drama`, `resolution:2160p`, `audio:ja` …"""
    popularity: Mapped[int] = mapped_column(Integer)
    """Votes. Of two that fit alike the one that more people know comes first."""
    released_on: Mapped[date] = mapped_column(Date)
    rating: Mapped[float] = mapped_column(REAL)
    """Of 10. What has none counts as the least, here and in the two beside it: an index that knows no NULL serves
    both directions."""
    duration_ms: Mapped[int] = mapped_column(BigInteger)
    shuffle: Mapped[int] = mapped_column(Integer)
    """Where it stands in an order that means nothing."""


class SearchTitle(Base):
    """Each title of an item, folded: what begins with what was typed is read off the index."""

    __tablename__ = "search_title"
    __table_args__ = (
        Index("ix_search_title_key", "library_id", "kind", "key", "item_id", postgresql_include=["popularity"]),
    )

    item_id: Mapped[UUID] = _item()
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    library_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(SortText)
    popularity: Mapped[int] = mapped_column(Integer, server_default="0")
    """As its document has it, beside the title in the index."""


class SearchWord(Base):
    """Each word that some document has had, and how it may be misspelt: for what was typed wrong, and nothing else."""

    __tablename__ = "search_word"
    __table_args__ = (Index("ix_search_word_spellings", "spellings", postgresql_using="gin"),)

    word: Mapped[str] = mapped_column(SortText, primary_key=True)
    spellings: Mapped[list[str]] = mapped_column(ARRAY(Text))


class SearchPending(Base):
    """An item whose document is to be made anew: written with its change, taken by `catalog.index_items`.

    No key on the item: two transactions that change one item must not wait for each other here.
    """

    __tablename__ = "search_pending"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(Uuid)


class SearchExport(Base):
    """An item whose document Typesense is to be given, or to lose: written with its change, deleted once that is done.

    No key on the item, as in `search_pending`, and no reference: it may be gone.
    """

    __tablename__ = "search_export"
    __table_args__ = (Index("ix_search_export_of_rebuild_id", "of_rebuild", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(Uuid)
    of_rebuild: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    """For the collection that is being filled; what has changed comes before."""


class SearchExportState(Base):
    """One row while Typesense is to be kept up, none otherwise: the collection that is searched, and the next one."""

    __tablename__ = "search_export_state"
    __table_args__ = (
        CheckConstraint("singleton", name="singleton"),
        CheckConstraint("num_nonnulls(collection, building) > 0", name="collection"),
    )

    singleton: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    collection: Mapped[str | None] = mapped_column(Text)
    building: Mapped[str | None] = mapped_column(Text)
