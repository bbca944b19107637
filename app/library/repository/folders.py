"""Folders, as scans record them. Many rows a statement; the arrays of one call line up by position."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from app.db.tx import Tx
from app.library.repository.rows import binary_rows, column, copy, rows, run


class KnownFolder(NamedTuple):
    id: UUID
    anchor_id: UUID
    signature: bytes | None


class NewFolder(NamedTuple):
    """As COPY takes it: the order of the columns below."""

    id: UUID
    root_id: UUID
    anchor_id: UUID
    parent_id: UUID | None
    path: bytes
    signature: bytes | None = None


SIGNATURES = "SELECT path, signature FROM folder WHERE root_id = %s AND missing_since IS NULL"

SIGNATURES_AROUND = """
    WITH RECURSIVE wanted AS (
        SELECT id, path, signature, missing_since FROM folder WHERE id = ANY(%s)
        UNION
        SELECT folder.id, folder.path, folder.signature, folder.missing_since
        FROM wanted JOIN folder ON folder.parent_id = wanted.id
    )
    SELECT path, signature FROM wanted WHERE missing_since IS NULL
    UNION
    SELECT path, signature FROM folder WHERE (id = ANY(%s) OR parent_id = ANY(%s)) AND missing_since IS NULL
"""

BELOW = """
    WITH RECURSIVE wanted AS (
        SELECT id FROM folder WHERE id = ANY(%s)
        UNION
        SELECT folder.id FROM wanted JOIN folder ON folder.parent_id = wanted.id WHERE folder.missing_since IS NULL
    )
    SELECT id FROM wanted
"""

FIND = """
    SELECT folder.path, folder.id, folder.anchor_id, folder.signature
    FROM unnest(%s::bytea[]) AS wanted (path)
    JOIN folder ON folder.root_id = %s AND sha256(folder.path) = sha256(wanted.path)
"""

TOP_NAMES = """
    WITH top AS (SELECT id FROM folder WHERE root_id = %s AND sha256(path) = sha256(''::bytea))
    SELECT folder.path FROM top JOIN folder ON folder.parent_id = top.id WHERE folder.missing_since IS NULL
    UNION ALL
    SELECT file.name FROM top JOIN file ON file.folder_id = top.id WHERE file.state = 'present'
"""

ADD = "COPY folder (id, root_id, anchor_id, parent_id, path, signature) FROM STDIN (FORMAT BINARY)"
ADD_TYPES = ("uuid", "uuid", "uuid", "uuid", "bytea", "bytea")

SIGN = """
    UPDATE folder SET signature = new.signature, missing_since = NULL
    FROM unnest(%s::uuid[], %s::bytea[]) AS new (id, signature)
    WHERE folder.id = new.id
      AND (folder.signature IS DISTINCT FROM new.signature OR folder.missing_since IS NOT NULL)
"""

RETURN = "UPDATE folder SET missing_since = NULL WHERE id = ANY(%s) AND missing_since IS NOT NULL"
LOSE = "UPDATE folder SET missing_since = now(), signature = NULL WHERE id = ANY(%s) AND missing_since IS NULL"
FORGET = "UPDATE folder SET signature = NULL WHERE root_id = %s AND signature IS NOT NULL"


async def signatures(tx: Tx, root_id: UUID) -> dict[bytes, bytes | None]:
    """Return the signatures of all folders of a root that were there last time: some 200 bytes each."""
    return dict(await binary_rows(tx, SIGNATURES, root_id))


async def signatures_around(tx: Tx, deep: Sequence[UUID], shallow: Sequence[UUID]) -> dict[bytes, bytes | None]:
    """Return those of some folders with all below them, and of others with the folders right in them."""
    return dict(await binary_rows(tx, SIGNATURES_AROUND, list(deep), list(shallow), list(shallow)))


async def below(tx: Tx, folder_ids: Sequence[UUID]) -> list[UUID]:
    """Return these folders and all that lie below them."""
    return await column(tx, BELOW, list(folder_ids))


async def find(tx: Tx, root_id: UUID, paths: Collection[bytes]) -> dict[bytes, KnownFolder]:
    """Return those of these folders that were ever recorded."""
    return {row[0]: KnownFolder(*row[1:]) for row in await rows(tx, FIND, list(paths), root_id)}


async def top_names(tx: Tx, root_id: UUID) -> set[bytes]:
    """Return what is known to lie directly in a root."""
    return {row[0] for row in await binary_rows(tx, TOP_NAMES, root_id)}


async def add(tx: Tx, folders: Sequence[NewFolder]) -> None:
    """Record folders; what else is recorded in this transaction is what those that are signed hold."""
    await copy(tx, ADD, ADD_TYPES, folders)


async def sign(tx: Tx, signatures: Mapping[UUID, bytes]) -> None:
    """Say that everything in these folders is recorded as of these signatures."""
    await run(tx, SIGN, list(signatures), list(signatures.values()))


async def bring_back(tx: Tx, folder_ids: Sequence[UUID]) -> None:
    """Say that these folders are there, without saying that all in them is recorded."""
    await run(tx, RETURN, list(folder_ids))


async def lose(tx: Tx, folder_ids: Sequence[UUID]) -> None:
    await run(tx, LOSE, list(folder_ids))


async def forget_signatures(tx: Tx, root_id: UUID) -> None:
    """Have all folders of a root looked into anew."""
    await run(tx, FORGET, root_id)
