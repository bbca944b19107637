"""What somebody wants to be scanned: folders, and whole roots while a lesser scan waits or runs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.db.tx import Tx
from app.ids import uuid7
from app.library.repository.rows import rows, run


class Request(NamedTuple):
    id: UUID
    root_id: UUID
    path: bytes
    is_deep: bool


class Marks(NamedTuple):
    """Since when a whole scan, and a full one, of a root is asked for beside the one that has its job."""

    scan: datetime | None
    full: datetime | None


ASK = """
    INSERT INTO scan_request (id, root_id, path, is_deep, not_before)
    SELECT new.id, new.root_id, new.path, new.is_deep, clock_timestamp() + %s
    FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::bool[]) AS new (id, root_id, path, is_deep)
    JOIN library_root root ON root.id = new.root_id
    ON CONFLICT (root_id, sha256(path), is_deep) DO UPDATE SET id = excluded.id, not_before = excluded.not_before
"""

DUE = """
    SELECT id, root_id, path, is_deep FROM scan_request WHERE root_id = ANY(%s) AND not_before <= clock_timestamp()
"""

DROP = "DELETE FROM scan_request WHERE id = ANY(%s)"

NEXT = "SELECT min(not_before), min(not_before) <= clock_timestamp() FROM scan_request WHERE root_id = ANY(%s)"

COUNT = "SELECT root_id, count(DISTINCT path) FROM scan_request WHERE root_id = ANY(%s) GROUP BY root_id"

MARK_SCAN = """
    UPDATE library_root SET scan_requested_at = clock_timestamp(),
        full_scan_requested_at = CASE WHEN %s THEN clock_timestamp() ELSE full_scan_requested_at END
    WHERE id = ANY(%s)
"""

MARKS = "SELECT id, scan_requested_at, full_scan_requested_at FROM library_root WHERE id = ANY(%s)"

CLEAR_MARKS = """
    UPDATE library_root SET scan_requested_at = NULL, full_scan_requested_at = NULL
    WHERE id = ANY(%s) AND (scan_requested_at IS NOT NULL OR full_scan_requested_at IS NOT NULL)
"""


async def ask(tx: Tx, folders: Sequence[tuple[UUID, bytes, bool]], wait: timedelta = timedelta(0)) -> None:
    """Ask for (root, path, whether all below it) to be looked into after `wait`. Asking again is asking once."""
    await run(
        tx,
        ASK,
        wait,
        [uuid7() for _ in folders],
        [root_id for root_id, _, _ in folders],
        [path for _, path, _ in folders],
        [is_deep for _, _, is_deep in folders],
    )


async def due(tx: Tx, root_ids: Sequence[UUID]) -> list[Request]:
    return [Request(*row) for row in await rows(tx, DUE, list(root_ids))]


async def drop(tx: Tx, request_ids: Sequence[UUID]) -> None:
    """Forget requests that were met. One that was made again meanwhile has another id."""
    await run(tx, DROP, list(request_ids))


async def next_due(tx: Tx, root_ids: Sequence[UUID]) -> tuple[datetime | None, bool]:
    """Return when the next request is due, and whether that is now, by the database's clock."""
    when, is_now = (await rows(tx, NEXT, list(root_ids)))[0]
    return when, bool(is_now)


async def count(tx: Tx, root_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many folders of each root are to be looked into."""
    return {row[0]: row[1] for row in await rows(tx, COUNT, list(root_ids))}


async def mark(tx: Tx, root_ids: Sequence[UUID], *, full: bool) -> None:
    await run(tx, MARK_SCAN, full, list(root_ids))


async def marks(tx: Tx, root_ids: Sequence[UUID]) -> dict[UUID, Marks]:
    return {row[0]: Marks(row[1], row[2]) for row in await rows(tx, MARKS, list(root_ids))}


async def clear_marks(tx: Tx, root_ids: Sequence[UUID]) -> None:
    await run(tx, CLEAR_MARKS, list(root_ids))
