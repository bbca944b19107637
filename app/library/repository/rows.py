"""Raw statements on the transaction's own connection, where the ORM would cost a statement for every row."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from psycopg import sql

from app.db.tx import Tx


async def rows(tx: Tx, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Run one statement of ours and return its rows."""
    cursor = await tx.connection.execute(sql.SQL(query), parameters)
    return await cursor.fetchall()


async def named_rows(tx: Tx, query: str, parameters: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """Do so with parameters that have names, because some of them are used several times."""
    cursor = await tx.connection.execute(sql.SQL(query), parameters)
    return await cursor.fetchall()


async def binary_rows(tx: Tx, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Run one statement and take its rows as the server has them: bytes are not spelt out in between."""
    cursor = await tx.connection.execute(sql.SQL(query), parameters, binary=True)
    return await cursor.fetchall()


async def column(tx: Tx, query: str, *parameters: object) -> list[Any]:
    """Return the first column of what the statement returns."""
    return [row[0] for row in await rows(tx, query, *parameters)]


async def run(tx: Tx, query: str, *parameters: object) -> int:
    """Run one statement and return how many rows it touched."""
    cursor = await tx.connection.execute(sql.SQL(query), parameters)
    return cursor.rowcount


async def copy(tx: Tx, query: str, types: Sequence[str], values: Iterable[Sequence[Any]]) -> None:
    """Write many rows by a binary COPY of ours: half the price of an INSERT on both sides of the wire."""
    async with tx.connection.cursor() as cursor, cursor.copy(sql.SQL(query)) as copying:
        copying.set_types(types)
        for row in values:
            await copying.write_row(row)
