"""The orders a listing can have, each walked by an index of its own: the last page costs what the first does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from psycopg import sql

from app.errors import InvalidInput

Text = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]*\Z")]
Number = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Long = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]
Columns = tuple[sql.SQL, ...]

ID = sql.SQL("item.id")
TITLE = sql.SQL("item.sort_title")
DOCUMENT = sql.SQL("document.item_id")


@dataclass(frozen=True, slots=True)
class Sort:
    """Columns that decide, the key last so that no two rows are equal, and the types a cursor holds of them."""

    columns: Columns
    keys: Any
    descending: bool = False
    is_of_document: bool = False
    """Its columns are the document's: what has none yet is not listed."""
    is_of_viewer: bool = False
    """Its columns are the viewer's own: what they never played is not listed."""

    @property
    def keys_sql(self) -> sql.Composed:
        return sql.SQL(", ").join(self.columns)

    def order_sql(self, *before: sql.SQL) -> sql.Composed:
        """Return what to order by, perhaps with other columns before, which turn round too."""
        direction = sql.SQL(" DESC" if self.descending else " ASC")
        return sql.SQL(", ").join(column + direction for column in (*before, *self.columns))

    @property
    def follows(self) -> sql.SQL:
        return sql.SQL("<" if self.descending else ">")

    @property
    def precedes_or_is(self) -> sql.SQL:
        return sql.SQL(">=" if self.descending else "<=")

    @property
    def after_sql(self) -> sql.Composed:
        """The keys of the last row shown before: the parameters `after_0`, `after_1` …"""
        return sql.SQL(", ").join(sql.Placeholder(f"after_{place}") for place in range(len(self.columns)))

    @property
    def selected_sql(self) -> sql.Composed:
        """The columns as `key_0`, `key_1` …, for the cursor of the last row."""
        named = (sql.SQL("{} AS {}").format(column, sql.Identifier(f"key_{place}")) for place, column in self._numbered)
        return sql.SQL(", ").join(named)

    @property
    def _numbered(self) -> Iterator[tuple[int, sql.SQL]]:
        return iter(enumerate(self.columns))

    def keys_of(self, row: Mapping[str, Any]) -> list[Any]:
        return [row[f"key_{place}"] for place, _ in self._numbered]


_SORTS = {
    "title": Sort((TITLE, ID), tuple[Text, UUID]),
    # Keys are made in the order of time (`app.ids`), so they are the order of adding too.
    "added": Sort((ID,), tuple[UUID]),
    "year": Sort((sql.SQL("coalesce(item.year, 0)"), TITLE, ID), tuple[Number, Text, UUID]),
    "number": Sort(
        (sql.SQL("coalesce(item.disc_number, 0)"), sql.SQL("coalesce(item.number, 0)"), TITLE, ID),
        tuple[Number, Number, Text, UUID],
    ),
    "released": Sort((sql.SQL("document.released_on"), DOCUMENT), tuple[date, UUID], is_of_document=True),
    "rating": Sort((sql.SQL("document.rating"), DOCUMENT), tuple[float, UUID], is_of_document=True),
    "duration": Sort((sql.SQL("document.duration_ms"), DOCUMENT), tuple[Long, UUID], is_of_document=True),
    "last_played": Sort(
        (sql.SQL("state.last_played_at"), sql.SQL("state.item_id")), tuple[Time, UUID], is_of_viewer=True
    ),
}

SORTS = {**_SORTS, **{f"-{name}": replace(sort, descending=True) for name, sort in _SORTS.items()}}

RANDOM = "random"
SHUFFLED = Sort((sql.SQL("document.shuffle"), DOCUMENT), tuple[int, Number, UUID], is_of_document=True)
"""A page of `random` is one or two of these: from where the seed begins to the end, then from the beginning to there.
Its cursor says first which of the two it is in. Two seeds walk one circle from two places: any other order would have
to read all there is before its first page."""

OF_CHILDREN = frozenset({"number", "-number"})
"""Orders that mean something only among the children of one parent: few enough to need no index."""


def sort_called(name: str, *, among_children: bool) -> Sort:
    """Return an order by its name; with `-` before it, the other way round.

    Raises:
        InvalidInput: there is none of that name, or not here.
    """
    if name == RANDOM:
        return SHUFFLED
    allowed = [*(known for known in SORTS if among_children or known not in OF_CHILDREN), RANDOM]
    if name not in allowed:
        raise InvalidInput("sort", f"must be one of {', '.join(allowed)}" + ("" if among_children else CHILDREN_ONLY))
    return SORTS[name]


CHILDREN_ONLY = "; number needs a parent_id"
