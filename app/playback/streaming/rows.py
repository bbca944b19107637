"""Statements of playback, and what of files a viewer may see."""

from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from app.accounts.viewer import Viewer
from app.db.tx import Connected, Tx

VISIBLE = """
    (%(libraries)s::uuid[] IS NULL OR root.library_id = ANY(%(libraries)s::uuid[]))
    AND (%(max_age)s::int IS NULL OR NOT EXISTS (
        SELECT FROM item_file made JOIN item within ON within.id = made.item_id
        WHERE made.file_id = file.id
          AND NOT coalesce(within.min_age <= %(max_age)s::int, %(allow_unrated)s::boolean)
    ))
"""
"""As the catalogue has it: the library was given, and all that is in the file is for the viewer's age."""


async def fetch(tx: Connected, query: str, **parameters: Any) -> list[dict[str, Any]]:
    async with tx.connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.SQL(query), parameters)
        return await cursor.fetchall()


async def run(tx: Tx, query: str, **parameters: Any) -> int:
    return (await tx.connection.execute(sql.SQL(query), parameters)).rowcount


def seen_by(viewer: Viewer) -> dict[str, Any]:
    """Return the parameters of `VISIBLE`."""
    libraries = None if viewer.libraries is None else sorted(viewer.libraries)
    return {"libraries": libraries, "max_age": viewer.max_age, "allow_unrated": viewer.allow_unrated}
