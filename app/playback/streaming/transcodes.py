"""Every query of transcodes: made, wanted, worked by a runner, and what room they take."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.db.tx import Tx
from app.library.keyframes import pack, unpack
from app.playback.hls.cuts import Cuts
from app.playback.streaming.records import Look, TranscodeRow
from app.playback.streaming.rows import fetch, run
from app.playback.transcoding.recipes import Recipe, decode, encode

LEASE = timedelta(seconds=8)
"""After so long without a word a runner is taken for dead. It says one every second."""

COLUMNS = """
    transcode.id, transcode.file_id, transcode.name, transcode.recipe, transcode.cuts, transcode.end_ms,
    transcode.zero_ms, transcode.origin_ms, transcode.frame_rate, transcode.aims, transcode.wanted,
    transcode.position, transcode.job_id,
    extract(epoch FROM clock_timestamp() - transcode.wanted_at)::float AS silence,
    (SELECT count(*) FROM playback_transcode viewer WHERE viewer.transcode_id = transcode.id)::int AS viewers,
    coalesce(transcode.runner IS NOT NULL AND transcode.runner_at > clock_timestamp() - %(lease)s, false) AS is_run,
    extract(epoch FROM clock_timestamp() - transcode.job_asked_at)::float AS job_age,
    transcode.failure_code,
    CASE WHEN transcode.failed_at > clock_timestamp() - interval '5 seconds' THEN transcode.failure END AS failure
"""


def transcode_row(row: dict[str, Any]) -> TranscodeRow:
    cuts = Cuts(unpack(row.pop("cuts")), row.pop("end_ms"))
    return TranscodeRow(**(row | {"recipe": decode(row["recipe"])}), cuts=cuts)


async def ensure_transcode(
    tx: Tx,
    *,
    transcode_id: UUID,
    file_id: UUID,
    digest: bytes,
    name: str,
    recipe: Recipe,
    cuts: Cuts,
    zero_ms: int,
    origin_ms: int,
    frame_rate: float | None,
) -> UUID:
    """Return the transcode of this digest, which is made if there is none."""
    found = await fetch(
        tx,
        """
        INSERT INTO transcode (id, file_id, digest, name, recipe, cuts, end_ms, zero_ms, origin_ms, frame_rate)
        VALUES (%(id)s, %(file_id)s, %(digest)s, %(name)s, %(recipe)s, %(cuts)s, %(end_ms)s, %(zero_ms)s,
            %(origin_ms)s, %(frame_rate)s)
        ON CONFLICT (digest) DO UPDATE SET used_at = now() RETURNING id
        """,
        id=transcode_id,
        file_id=file_id,
        digest=digest,
        name=name,
        recipe=encode(recipe),
        cuts=pack(cuts.starts),
        end_ms=cuts.end,
        zero_ms=zero_ms,
        origin_ms=origin_ms,
        frame_rate=frame_rate,
    )
    return UUID(str(found[0]["id"]))


async def named_transcode(tx: Tx, file_id: UUID, name: str) -> TranscodeRow | None:
    found = await fetch(
        tx,
        f"SELECT {COLUMNS} FROM transcode WHERE file_id = %(file_id)s AND name = %(name)s",  # noqa: S608  ours
        file_id=file_id,
        name=name,
        lease=LEASE,
    )
    return transcode_row(found[0]) if found else None


async def lock_transcode(tx: Tx, transcode_id: UUID) -> TranscodeRow | None:
    found = await fetch(
        tx,
        f"SELECT {COLUMNS} FROM transcode WHERE id = %(id)s FOR UPDATE",  # noqa: S608  the columns are ours
        id=transcode_id,
        lease=LEASE,
    )
    return transcode_row(found[0]) if found else None


async def record_want(tx: Tx, transcode_id: UUID, number: int, aims: Sequence[int], job_id: int | None) -> None:
    """Record what is wanted; with a job, that it was asked for now."""
    await run(
        tx,
        """
        UPDATE transcode SET wanted = %(wanted)s, wanted_at = clock_timestamp(), used_at = clock_timestamp(),
            aims = %(aims)s, job_id = coalesce(%(job_id)s, job_id),
            job_asked_at = CASE WHEN %(job_id)s::bigint IS NULL THEN job_asked_at ELSE clock_timestamp() END
        WHERE id = %(id)s
        """,
        id=transcode_id,
        wanted=number,
        aims=list(aims),
        job_id=job_id,
    )


_LOOK = "aims, wanted, extract(epoch FROM clock_timestamp() - wanted_at)::float AS silence"


async def take(tx: Tx, transcode_id: UUID, runner: str) -> Look | None:
    """Take a transcode for a runner; None where another one is at work on it."""
    found = await fetch(
        tx,
        f"""
        UPDATE transcode SET runner = %(runner)s, runner_at = clock_timestamp()
        WHERE id = %(id)s
            AND (runner IS NULL OR runner = %(runner)s OR runner_at <= clock_timestamp() - %(lease)s)
        RETURNING {_LOOK}
        """,  # noqa: S608  the columns are ours
        id=transcode_id,
        runner=runner,
        lease=LEASE,
    )
    return Look(**found[0]) if found else None


async def look(
    tx: Tx, transcode_id: UUID, runner: str, *, position: int, made: Sequence[int], made_bytes: int
) -> Look | None:
    """Say that the runner lives and what it has made; None when the row is another's now, or gone."""
    found = await fetch(
        tx,
        f"""
        UPDATE transcode SET runner_at = clock_timestamp(), position = %(position)s, bytes = bytes + %(bytes)s,
            aims = ARRAY(SELECT aim FROM unnest(aims) WITH ORDINALITY AS waiting (aim, place)
                         WHERE aim <> ALL(%(made)s) ORDER BY place),
            failure = CASE WHEN %(bytes)s > 0 THEN NULL ELSE failure END,
            failure_code = CASE WHEN %(bytes)s > 0 THEN NULL ELSE failure_code END
        WHERE id = %(id)s AND runner = %(runner)s
        RETURNING {_LOOK}
        """,  # noqa: S608  the columns are ours
        id=transcode_id,
        runner=runner,
        position=position,
        made=list(made),
        bytes=made_bytes,
    )
    return Look(**found[0]) if found else None


async def leave(tx: Tx, transcode_id: UUID, runner: str) -> None:
    await run(
        tx,
        "UPDATE transcode SET runner = NULL WHERE id = %(id)s AND runner = %(runner)s",
        id=transcode_id,
        runner=runner,
    )


async def record_failure(tx: Tx, transcode_id: UUID, runner: str, code: str, text: str) -> None:
    await run(
        tx,
        """
        UPDATE transcode SET failure = %(text)s, failure_code = %(code)s, failed_at = clock_timestamp(), runner = NULL
        WHERE id = %(id)s AND runner = %(runner)s
        """,
        id=transcode_id,
        runner=runner,
        code=code,
        text=text,
    )


async def total_bytes(tx: Tx) -> int:
    return int((await fetch(tx, "SELECT coalesce(sum(bytes), 0)::bigint AS total FROM transcode"))[0]["total"])


async def least_used(tx: Tx, limit: int = 50) -> list[tuple[UUID, int, int, bool]]:
    """Return (id, bytes, wanted, is it watched now) of what takes room, what was used longest ago first."""
    found = await fetch(
        tx,
        """
        SELECT id, bytes, wanted,
            coalesce(wanted_at > clock_timestamp() - interval '2 minutes', false)
                OR coalesce(runner_at > clock_timestamp() - interval '10 seconds', false) AS is_watched
        FROM transcode WHERE bytes > 0 ORDER BY is_watched, used_at LIMIT %(limit)s
        """,
        limit=limit,
    )
    return [(row["id"], row["bytes"], row["wanted"], row["is_watched"]) for row in found]


async def set_bytes(tx: Tx, transcode_id: UUID, size: int) -> None:
    await run(tx, "UPDATE transcode SET bytes = %(size)s WHERE id = %(id)s", id=transcode_id, size=size)


async def unused_transcodes(tx: Tx, unused: timedelta, limit: int = 500) -> list[UUID]:
    """Return transcodes that no playback knows and that were not used for so long."""
    found = await fetch(
        tx,
        """
        DELETE FROM transcode WHERE id IN (
            SELECT id FROM transcode
            WHERE used_at < now() - %(unused)s AND (runner IS NULL OR runner_at < now() - interval '1 minute')
                AND NOT EXISTS (SELECT FROM playback_transcode link WHERE link.transcode_id = transcode.id)
            ORDER BY used_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ) RETURNING id
        """,
        unused=unused,
        limit=limit,
    )
    return [row["id"] for row in found]


async def existing(tx: Tx, transcode_ids: Sequence[UUID]) -> set[UUID]:
    found = await fetch(tx, "SELECT id FROM transcode WHERE id = ANY(%(ids)s)", ids=list(transcode_ids))
    return {row["id"] for row in found}
