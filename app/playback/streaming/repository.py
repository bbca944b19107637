"""Every query of playbacks. Those that a viewer asks restrict themselves to what they may see."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.accounts.viewer import Viewer
from app.db.tx import Connected, Tx
from app.playback.streaming.records import PlaybackRow, TranscodeRow
from app.playback.streaming.rows import VISIBLE, fetch, run, seen_by
from app.playback.streaming.transcodes import COLUMNS, LEASE, transcode_row


async def insert_playback(tx: Tx, **columns: Any) -> None:
    await run(
        tx,
        """
        INSERT INTO playback (id, account_id, login_id, api_key_id, token_digest, item_id, file_id, client, decision,
            position_ms)
        VALUES (%(id)s, %(account_id)s, %(login_id)s, %(api_key_id)s, %(token_digest)s, %(item_id)s, %(file_id)s,
            %(client)s, %(decision)s, %(position_ms)s)
        """,
        **(columns | {"decision": Jsonb(columns["decision"])}),
    )


PLAYBACK = """
    SELECT playback.id, playback.account_id, playback.item_id, playback.file_id, playback.client, playback.decision,
        playback.position_ms, playback.is_paused, playback.started_at, file.duration_ms
    FROM playback JOIN file ON file.id = playback.file_id JOIN library_root root ON root.id = file.root_id
"""


async def playback(tx: Connected, viewer: Viewer, playback_id: UUID) -> PlaybackRow | None:
    """Return a playback of this viewer; None where there is none, or what it plays is not for them any more."""
    found = await fetch(
        tx,
        f"{PLAYBACK} WHERE playback.id = %(id)s AND playback.account_id IS NOT DISTINCT FROM %(account_id)s"
        f" AND file.state <> 'purged' AND {VISIBLE}",
        id=playback_id,
        account_id=viewer.account_id,
        **seen_by(viewer),
    )
    return PlaybackRow(**found[0]) if found else None


async def silent_playbacks(tx: Tx, silence: timedelta, limit: int = 500) -> list[PlaybackRow]:
    """Take playbacks of which nothing has been heard for so long."""
    found = await fetch(
        tx,
        f"{PLAYBACK} WHERE playback.seen_at < now() - %(silence)s ORDER BY playback.seen_at LIMIT %(limit)s"
        " FOR UPDATE OF playback SKIP LOCKED",
        silence=silence,
        limit=limit,
    )
    return [PlaybackRow(**row) for row in found]


async def record_position(tx: Tx, playback_id: UUID, position_ms: int, *, is_paused: bool) -> None:
    await run(
        tx,
        "UPDATE playback SET position_ms = %(position_ms)s, is_paused = %(is_paused)s, seen_at = now()"
        " WHERE id = %(id)s",
        id=playback_id,
        position_ms=position_ms,
        is_paused=is_paused,
    )


async def delete_playback(tx: Tx, playback_id: UUID) -> list[UUID]:
    """Delete it; return the transcodes that nobody watches any more, whose runners are to stop."""
    found = await fetch(
        tx,
        """
        WITH gone AS (
            DELETE FROM playback_transcode WHERE playback_id = %(id)s RETURNING transcode_id
        ), deleted AS (
            DELETE FROM playback WHERE id = %(id)s
        )
        UPDATE transcode SET wanted_at = NULL, aims = '{}'
        WHERE id IN (SELECT transcode_id FROM gone) AND NOT EXISTS (
            SELECT FROM playback_transcode other
            WHERE other.transcode_id = transcode.id AND other.playback_id <> %(id)s
        )
        RETURNING id
        """,
        id=playback_id,
    )
    return [row["id"] for row in found]


async def link(tx: Tx, playback_id: UUID, name: str, transcode_id: UUID) -> None:
    await run(
        tx,
        "INSERT INTO playback_transcode (playback_id, name, transcode_id) VALUES (%(playback)s, %(name)s, %(id)s)",
        playback=playback_id,
        name=name,
        id=transcode_id,
    )


async def transcode_of(tx: Connected, playback_id: UUID, name: str) -> TranscodeRow | None:
    """Return what a playback calls by this name. Whether it is the viewer's was asked before."""
    found = await fetch(
        tx,
        f"""
        SELECT {COLUMNS} FROM transcode JOIN playback_transcode link ON link.transcode_id = transcode.id
        WHERE link.playback_id = %(playback_id)s AND link.name = %(name)s
        """,  # noqa: S608  the columns are ours
        playback_id=playback_id,
        name=name,
        lease=LEASE,
    )
    return transcode_row(found[0]) if found else None


async def frame_rate_of(tx: Connected, playback_id: UUID) -> float | None:
    """Return how many pictures a second its renditions show."""
    found = await fetch(
        tx,
        """
        SELECT max(transcode.frame_rate) AS rate
        FROM transcode JOIN playback_transcode link ON link.transcode_id = transcode.id
        WHERE link.playback_id = %(playback_id)s
        """,
        playback_id=playback_id,
    )
    return None if found[0]["rate"] is None else float(found[0]["rate"])
