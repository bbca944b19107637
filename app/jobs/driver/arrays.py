"""PostgreSQL array literals, written as text.

psycopg dumps a list of small ints as int2[] or int4[], which the server then casts for every row it compares: a bulk
completion took half as long again on PostgreSQL's side. A literal takes its type from the statement
(`%(ids)s::bigint[]`), and for thousands of values it is also several times cheaper to write.

Numbers and times are written by msgspec: its JSON of them is PostgreSQL's literal but for the brackets, fifty times
faster than Python's own `isoformat` and `join`. Texts are not: JSON escapes what PostgreSQL takes as it is.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

NULL = "NULL"

_encode = msgspec.json.Encoder().encode


def number_array(values: Iterable[int | None]) -> str:
    return _unescaped_array(values)


def time_array(values: Iterable[datetime | Literal["now"] | None]) -> str:
    """Write times in ISO 8601 with their offset, which every DateStyle reads alike; "now" is the database's own."""
    return _unescaped_array(values)


def _unescaped_array(values: Iterable[object]) -> str:
    return "{" + _encode(list(values))[1:-1].decode() + "}"


def text_array(values: Iterable[str | None]) -> str:
    return "{" + ",".join([NULL if value is None else _quote(value) for value in values]) + "}"


def json_array(values: Iterable[bytes | None]) -> str:
    """Write JSON documents as texts, to be cast element by element: no digit of theirs passes through Python."""
    return text_array(None if value is None else value.decode() for value in values)


def bytes_array(values: Iterable[bytes | None]) -> str:
    return "{" + ",".join([NULL if value is None else rf'"\\x{value.hex()}"' for value in values]) + "}"


def _quote(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
