"""Raw statements on the transaction's own connection, where the ORM would cost a statement for every row."""

from typing import Any

from psycopg import sql

from app.db.tx import Tx


async def rows(tx: Tx, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Run one statement of ours and return its rows."""
    cursor = await tx.connection.execute(sql.SQL(query), parameters)
    return await cursor.fetchall()


async def column(tx: Tx, query: str, *parameters: object) -> list[Any]:
    """Return the first column of what the statement returns."""
    return [row[0] for row in await rows(tx, query, *parameters)]


async def run(tx: Tx, query: str, *parameters: object) -> int:
    """Run one statement and return how many rows it touched."""
    cursor = await tx.connection.execute(sql.SQL(query), parameters)
    return cursor.rowcount
