"""What is said of an item: texts, people, labels, ratings, pictures. Every row names who said it (`source`).

What several sources say stands side by side, and whoever asks takes the source that counts most (the order of
`FactSource`). So a source is refreshed, or falls silent, without touching another's word, and what a person set is only
one more source that nobody outranks.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base
from app.library.kinds import FactSource, ImageRole, ImageSource, LabelKind
from app.library.models.columns import Timestamp, one_of


def _item() -> Mapped[UUID]:
    return mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"), primary_key=True)


def _source() -> Mapped[str]:
    return mapped_column(Text, primary_key=True)


class ItemText(Base):
    """Texts about an item, in one language."""

    __tablename__ = "item_text"
    __table_args__ = (one_of("source", FactSource),)

    item_id: Mapped[UUID] = _item()
    source: Mapped[str] = _source()
    language: Mapped[str] = mapped_column(Text, primary_key=True)
    """BCP 47; `und` where it is not said, as in an NFO."""
    title: Mapped[str | None] = mapped_column(Text)
    plot: Mapped[str | None] = mapped_column(Text)
    outline: Mapped[str | None] = mapped_column(Text)
    """A plot in a sentence or two."""
    tagline: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer, server_default="0")
    """Order among the languages of one source; the lowest is shown to those who ask for none."""


class ItemDetail(Base):
    """What is said of an item in numbers and words that no language changes."""

    __tablename__ = "item_detail"
    __table_args__ = (one_of("source", FactSource),)

    item_id: Mapped[UUID] = _item()
    source: Mapped[str] = _source()
    runtime_minutes: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[str | None] = mapped_column(Text)
    """Of a series: as its source says it (Continuing, Ended …)."""
    ended_on: Mapped[date | None] = mapped_column(Date)
    trailer: Mapped[str | None] = mapped_column(Text)
    """An http address."""
    disambiguation: Mapped[str | None] = mapped_column(Text)
    type: Mapped[str | None] = mapped_column(Text)
    """Person or group of an artist; album, single … of an album."""
    display_season: Mapped[int | None] = mapped_column(Integer)
    display_episode: Mapped[int | None] = mapped_column(Integer)
    airs_before_season: Mapped[int | None] = mapped_column(Integer)
    airs_before_episode: Mapped[int | None] = mapped_column(Integer)
    airs_after_season: Mapped[int | None] = mapped_column(Integer)
    """Where a special stands among the regular episodes."""
    is_locked: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    """This source asks that none below it is asked any more: an NFO's `lockdata`."""


class Person(Base):
    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    """Who it is: `tmdb:31`, else `name:` and the name, folded. Two of one name without an id are taken for one."""
    name: Mapped[str] = mapped_column(Text)
    thumb_url: Mapped[str | None] = mapped_column(Text)


class Credit(Base):
    """A person's part in an item."""

    __tablename__ = "credit"
    __table_args__ = (one_of("source", FactSource), Index("ix_credit_person_id", "person_id"))

    item_id: Mapped[UUID] = _item()
    source: Mapped[str] = _source()
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Order of billing over all roles."""
    person_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("person.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(Text)
    """actor, guest, director, writer, producer, creator, album_artist …"""
    character: Mapped[str | None] = mapped_column(Text)


class Label(Base):
    """A word that items share: a genre, a tag, a studio, a country."""

    __tablename__ = "label"
    __table_args__ = (
        one_of("kind", LabelKind),
        Index("uq_label_kind_lower_name", "kind", text("lower(name)"), unique=True),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)


class ItemLabel(Base):
    __tablename__ = "item_label"
    __table_args__ = (one_of("source", FactSource), Index("ix_item_label_label_id", "label_id"))

    item_id: Mapped[UUID] = _item()
    source: Mapped[str] = _source()
    label_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("label.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)


class Collection(Base):
    """A set of films that belong together."""

    __tablename__ = "collection"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    """As `Person.key`."""
    name: Mapped[str] = mapped_column(Text)
    overview: Mapped[str | None] = mapped_column(Text)


class CollectionText(Base):
    """What a set is called in one language. Sources say it; whoever asks for none is shown `Collection.name`."""

    __tablename__ = "collection_text"

    collection_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str | None] = mapped_column(Text)
    overview: Mapped[str | None] = mapped_column(Text)


class CollectionItem(Base):
    __tablename__ = "collection_item"
    __table_args__ = (one_of("source", FactSource), Index("ix_collection_item_collection_id", "collection_id"))

    item_id: Mapped[UUID] = _item()
    source: Mapped[str] = _source()
    collection_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True)


class Rating(Base):
    """What others thought of an item. What our own users think is theirs, and elsewhere."""

    __tablename__ = "rating"
    __table_args__ = (one_of("source", FactSource),)

    item_id: Mapped[UUID] = _item()
    source: Mapped[str] = _source()
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    """Whose: imdb, themoviedb, metacritic … as the source calls it."""
    value: Mapped[float] = mapped_column(Double)
    scale: Mapped[float] = mapped_column(Double)
    """The best there can be: 10 or 100."""
    votes: Mapped[int | None] = mapped_column(Integer)
    is_default: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))


class Certification(Base):
    """For whom an item is, as a country's board says."""

    __tablename__ = "certification"
    __table_args__ = (one_of("source", FactSource),)

    item_id: Mapped[UUID] = _item()
    source: Mapped[str] = _source()
    country: Mapped[str] = mapped_column(Text, primary_key=True)
    """ISO 3166 where the source uses it; empty where no country was said."""
    value: Mapped[str] = mapped_column(Text)
    age: Mapped[int | None] = mapped_column(Integer)
    """What that means in years (`app.library.ages`); NULL: we do not know."""


class CertifyingCountry(Base):
    """One row: whose certifications count first. As the setting had it when ages were last worked out."""

    __tablename__ = "certifying_country"
    __table_args__ = (CheckConstraint("singleton", name="singleton"),)

    singleton: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    country: Mapped[str] = mapped_column(Text)
    is_applied: Mapped[bool] = mapped_column(Boolean)
    """Every age is worked out for it."""


class Image(Base):
    """A picture of an item or a person, or inside a media file. A reference: the bytes stay where they are.

    Exactly one of: a side file (local), a stream of a media file (embedded), an address (nfo, metadata).
    """

    __tablename__ = "image"
    __table_args__ = (
        one_of("role", ImageRole),
        one_of("source", ImageSource),
        CheckConstraint("num_nonnulls(item_id, file_id, person_id) = 1", name="owner"),
        CheckConstraint("num_nonnulls(side_file_id, stream_index, url) = 1", name="place"),
        CheckConstraint("(stream_index IS NULL) = (file_id IS NULL)", name="embedded"),
        Index("uq_image_item_id_role_side_file_id", "item_id", "role", "side_file_id", unique=True),
        Index("uq_image_file_id_stream_index", "file_id", "stream_index", unique=True),
        Index("uq_image_person_id", "person_id", unique=True),
        Index("ix_image_side_file_id", "side_file_id"),
        Index("ix_image_digest", "digest", postgresql_where=text("digest IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    item_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"))
    file_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("file.id", ondelete="CASCADE"))
    person_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("person.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    side_file_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("side_file.id", ondelete="CASCADE"))
    stream_index: Mapped[int | None] = mapped_column(Integer)
    url: Mapped[str | None] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer, server_default="0")
    """Order among several of one role and source; the lower is the better."""
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    """Once somebody has looked: as it is shown, upright."""
    looked_at: Mapped[datetime | None] = mapped_column(Timestamp)
    """When its pixels were looked at. NULL: they wait for that, or it was not fetched."""
    placeholder: Mapped[str | None] = mapped_column(Text)
    """BlurHash."""
    color: Mapped[str | None] = mapped_column(Text)
    """The one there is most of: `#rrggbb`."""
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of what was fetched, and its name in the store."""
    size: Mapped[int | None] = mapped_column(BigInteger)
    mtime_ns: Mapped[int | None] = mapped_column(BigInteger)
    """What its file was when it was looked at; what was fetched has no time."""
    problem: Mapped[str | None] = mapped_column(Text)
    """Why it is not shown and not fetched again."""


class LibraryPicture(Base):
    """The item whose picture stands for a library, where an administrator has chosen one."""

    __tablename__ = "library_picture"
    __table_args__ = (Index("ix_library_picture_item_id", "item_id"),)

    library_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("library.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("item.id", ondelete="CASCADE"))
