"""Statements that are put again and again: composed once, and planned once by each connection's server process.

psycopg composes and translates a statement each time it is given one; of a long one that costs more than PostgreSQL
needs to look its rows up. And PostgreSQL plans each time what it was not told to remember, which for a look-up by key
costs several times what the look-up does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row, scalar_row

Row = dict[str, Any]
Connection = psycopg.AsyncConnection[tuple[object, ...]]

_PLACE = re.compile(rb"%\((\w+)\)s|%%")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement by the names of its parameters, as PostgreSQL reads it. Make one once, not for each question."""

    composed: sql.Composed
    text: bytes
    names: tuple[str, ...]
    """Of `$1`, `$2` and so on."""

    @classmethod
    def of(cls, composed: sql.Composed) -> "Prepared":
        numbers: dict[bytes, int] = {}

        def place(match: re.Match[bytes]) -> bytes:
            return b"%" if match[1] is None else b"$%d" % numbers.setdefault(match[1], len(numbers) + 1)

        text = _PLACE.sub(place, composed.as_bytes(None))
        return cls(composed, text, tuple(name.decode() for name in numbers))

    async def fetch(self, connection: Connection, values: Mapping[str, Any]) -> list[Row]:
        """Return all rows. Of `values` the statement takes what it names."""
        cursor = psycopg.AsyncRawCursor(connection, row_factory=dict_row)
        await cursor.execute(self.text, [values[name] for name in self.names], prepare=True)
        return await cursor.fetchall()

    async def value(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Return the one value of the one row."""
        cursor = psycopg.AsyncRawCursor(connection, row_factory=scalar_row)
        await cursor.execute(self.text, [values[name] for name in self.names], prepare=True)
        return await cursor.fetchone()
