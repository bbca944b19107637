"""What a viewer may see, as conditions of statements. Every statement of the catalogue holds one of these.

Two things decide: the libraries somebody was given, and the age up to which they may see. A viewer without a limit of
age costs nothing for it: the condition is not there.
"""

from typing import Any

from psycopg import sql

from app.accounts.viewer import Viewer
from app.library.models import AGE

_LIBRARY = sql.SQL("(%(libraries)s::uuid[] IS NULL OR {} = ANY(%(libraries)s::uuid[]))")

_ANYBODY = Viewer(name="anybody")
_LIMITED = {unrated: Viewer(name="limited", max_age=0, allow_unrated=unrated) for unrated in (False, True)}


def alike(viewer: Viewer) -> Viewer:
    """Return one viewer for all whose conditions read alike, so that a statement is composed once for all of them.

    Which libraries, and which age, are parameters.
    """
    return _ANYBODY if viewer.max_age is None else _LIMITED[viewer.allow_unrated]


UNRATED = -1
"""What stands for no age in `AGE` and its indexes."""

AGE_OF_ITEM = sql.SQL(AGE.replace("min_age", "item.min_age"))


def parameters(viewer: Viewer) -> dict[str, Any]:
    """Return the parameters of all conditions here: NULL is all libraries, an empty array none."""
    return {
        "libraries": None if viewer.libraries is None else sorted(viewer.libraries),
        "max_age": viewer.max_age,
        "ages": ages(viewer),
    }


def ages(viewer: Viewer) -> list[int]:
    """Return every age that an item may have for this viewer, as indexes have it. None at all: there is no limit."""
    if viewer.max_age is None:
        return []
    return [*([UNRATED] if viewer.allow_unrated else []), *range(viewer.max_age + 1)]


def library(table: str, column: str) -> sql.Composed:
    """The library is one that the viewer was given. Of an item this alone is not enough."""
    return _LIBRARY.format(sql.Identifier(table, column))


def item(viewer: Viewer, table: str = "item") -> sql.Composed:
    """The item is in such a library, and for the viewer's age."""
    return sql.SQL("({} AND {})").format(library(table, "library_id"), of_age(viewer, table))


def of_age(viewer: Viewer, table: str = "item") -> sql.Composed:
    """The item is for the viewer's age."""
    if viewer.max_age is None:
        return sql.SQL("true").format()
    column = sql.Identifier(table, "min_age")
    unrated = sql.SQL(" OR {} IS NULL").format(column) if viewer.allow_unrated else sql.SQL("")
    return sql.SQL("({} <= %(max_age)s::int{})").format(column, unrated)


def file(viewer: Viewer, table: str = "file", root: str = "root") -> sql.Composed:
    """The file is in such a library, and all that is in it is for the viewer's age: bytes cannot be seen in part.

    What nobody has made an item of yet is as unrated as can be.
    """
    seen = library(root, "library_id")
    if viewer.max_age is None:
        return sql.SQL("({})").format(seen)
    text = sql.SQL("""({seen} AND NOT EXISTS (
        SELECT FROM item_file made JOIN item within ON within.id = made.item_id
        WHERE made.file_id = {file} AND NOT coalesce({of_age}, false)
    ){linked})""")
    linked = sql.SQL(" AND EXISTS (SELECT FROM item_file made WHERE made.file_id = {})")
    column = sql.Identifier(table, "id")
    return text.format(
        seen=seen,
        file=column,
        of_age=of_age(viewer, "within"),
        linked=sql.SQL("") if viewer.allow_unrated else linked.format(column),
    )
