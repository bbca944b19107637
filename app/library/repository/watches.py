"""How nodes hear of changes in roots, for whoever asks why something is not seen."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.db.tx import Tx
from app.library.kinds import WatchMode
from app.library.repository.rows import rows, run

FRESH = timedelta(minutes=5)
"""A node that has said nothing for so long is gone."""


class Watch(NamedTuple):
    root_id: UUID
    node: str
    mode: str
    reason: str | None
    since: datetime


TELL = """
    INSERT INTO root_watch (root_id, node, mode, reason)
    SELECT root.id, %s, new.mode, new.reason
    FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS new (root_id, mode, reason)
    JOIN library_root root ON root.id = new.root_id
    ON CONFLICT (root_id, node) DO UPDATE
    SET seen_at = now(), mode = excluded.mode, reason = excluded.reason,
        since = CASE WHEN (root_watch.mode, root_watch.reason) IS DISTINCT FROM (excluded.mode, excluded.reason)
                     THEN now() ELSE root_watch.since END
"""

FORGET = "DELETE FROM root_watch WHERE (node = %s AND root_id <> ALL(%s)) OR seen_at < now() - %s::interval"

WATCHES = """
    SELECT root_id, node, mode, reason, since FROM root_watch
    WHERE root_id = ANY(%s) AND seen_at >= now() - %s::interval ORDER BY node
"""


async def tell(tx: Tx, node: str, watched: Sequence[tuple[UUID, WatchMode, str | None]]) -> None:
    """Say what this node watches, and how; forget what it does not, and nodes that are gone."""
    ids = [root_id for root_id, _, _ in watched]
    await run(tx, FORGET, node, ids, FRESH)
    await run(tx, TELL, node, ids, [str(mode) for _, mode, _ in watched], [reason for _, _, reason in watched])


async def watches(tx: Tx, root_ids: Sequence[UUID]) -> list[Watch]:
    return [Watch(*row) for row in await rows(tx, WATCHES, list(root_ids), FRESH)]
