"""Where a secret is kept: the type that marks a column as sealed, and the name of one value in it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Column, MetaData, Table, Text
from sqlalchemy.orm import QueryableAttribute
from sqlalchemy.types import TypeDecorator


class Sealed(TypeDecorator[str]):
    """Text that the vault has sealed. The type says so and does nothing else: sealing needs to know the row.

    Whoever keeps a secret gives its column this type, and rotation finds it: there is no list to forget it on.
    """

    impl = Text
    cache_ok = True


@dataclass(frozen=True, slots=True)
class Place:
    """One value: table, column, and the row's primary key."""

    table: str
    column: str
    row: tuple[str, ...]

    @classmethod
    def of(cls, attribute: QueryableAttribute[Any], *row: object) -> Self:
        """Name the value of a mapped attribute, `Place.of(Token.secret, token_id)`."""
        (column,) = attribute.property.columns
        return cls.at(column, row)

    @classmethod
    def at(cls, column: Column[Any], row: tuple[object, ...]) -> Self:
        if not isinstance(column.type, Sealed):
            raise TypeError(f"{column} is not marked as sealed: rotation would not find it")
        return cls(column.table.name, column.name, tuple(str(part) for part in row))

    def encoded(self) -> bytes:
        """Return bytes that no other place has."""
        return json.dumps([self.table, self.column, *self.row]).encode()

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {' '.join(self.row)}"


def sealed_columns(metadata: MetaData) -> Iterator[tuple[Table, Column[Any]]]:
    """Yield every column that is marked, by table and name."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Sealed):
                yield table, column
