"""Every query of playbacks and transcodes. Those that a viewer asks restrict themselves to what they may see."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from app.accounts.viewer import Viewer
from app.db.tx import Connected, Tx
from app.library.keyframes import pack, unpack
from app.library.kinds import FileState
from app.library.media import StreamInfo
from app.library.paths import display_path, join
from app.library.records import FileLocation
from app.library.repository import files, probes
from app.playback.hls.cuts import Cuts, widest_gap
from app.playback.source import MediaSource, SubtitleBeside
from app.playback.streaming.records import KnownFile, Look, PlaybackRow, TranscodeRow
from app.playback.transcoding.recipes import Recipe, decode, encode

STREAM_COLUMNS = sql.SQL(", ").join(
    sql.Identifier(name) for name in StreamInfo.__struct_fields__ if name not in ("tags", "hdr_metadata")
)

LEASE = timedelta(seconds=8)
"""After so long without a word a runner is taken for dead. It says one every second."""

_VISIBLE = """
    (%(libraries)s::uuid[] IS NULL OR root.library_id = ANY(%(libraries)s::uuid[]))
    AND (%(max_age)s::int IS NULL OR NOT EXISTS (
        SELECT FROM item_file made JOIN item within ON within.id = made.item_id
        WHERE made.file_id = file.id
          AND NOT coalesce(within.min_age <= %(max_age)s::int, %(allow_unrated)s::boolean)
    ))
"""
"""As the catalogue has it: the library was given, and all that is in the file is for the viewer's age."""


async def _fetch(tx: Connected, query: str, **parameters: Any) -> list[dict[str, Any]]:
    async with tx.connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql.SQL(query), parameters)
        return await cursor.fetchall()


async def _run(tx: Tx, query: str, **parameters: Any) -> int:
    return (await tx.connection.execute(sql.SQL(query), parameters)).rowcount


def seen_by(viewer: Viewer) -> dict[str, Any]:
    """Return the parameters of `_VISIBLE`."""
    libraries = None if viewer.libraries is None else sorted(viewer.libraries)
    return {"libraries": libraries, "max_age": viewer.max_age, "allow_unrated": viewer.allow_unrated}


# -- what is there to play


async def file_to_play(tx: Tx, viewer: Viewer, item_id: UUID, file_id: UUID | None) -> UUID | None:
    """Return the file that is played for an item: the one named, else its best; None where there is none to be seen."""
    found = await _fetch(
        tx,
        f"""
        SELECT link.file_id FROM item_file link
        JOIN file ON file.id = link.file_id JOIN library_root root ON root.id = file.root_id
        WHERE link.item_id = %(item_id)s AND (%(file_id)s::uuid IS NULL OR link.file_id = %(file_id)s)
            AND file.state <> 'purged' AND {_VISIBLE}
        ORDER BY (link.role = 'main') DESC, (file.state = 'present') DESC, link.position, link.file_id LIMIT 1
        """,  # noqa: S608  the condition is ours
        item_id=item_id,
        file_id=file_id,
        **seen_by(viewer),
    )
    return found[0]["file_id"] if found else None


async def known_file(tx: Tx, file_id: UUID) -> KnownFile | None:
    location = await files.locate(tx, file_id)
    if location is None:
        return None
    facts = (await _fetch(tx, "SELECT duration_ms, bit_rate FROM file WHERE id = %(id)s", id=file_id))[0]
    async with tx.connection.cursor(row_factory=dict_row) as cursor:
        query = sql.SQL("SELECT {} FROM stream WHERE file_id = %s ORDER BY index").format(STREAM_COLUMNS)
        await cursor.execute(query, [file_id])
        streams = [StreamInfo(**row) for row in await cursor.fetchall()]
    index = await probes.keyframes(tx, file_id)
    video = next((stream for stream in streams if stream.kind == "video"), None)
    usable = index is not None and video is not None and index[0] == video.index
    keyframes = index[1] if index is not None and usable else []
    zero = zero_of(streams)
    end = facts["duration_ms"]
    source = MediaSource(
        container=location.container,
        duration_ms=end,
        bit_rate=facts["bit_rate"],
        size=location.size,
        streams=streams,
        beside=await _beside(tx, file_id),
        widest_gap_ms=widest_gap([time - zero for time in keyframes], end or 0),
        peak_bit_rate=index[2] if index is not None and usable else None,
    )
    return KnownFile(location, source, keyframes, usable)


def zero_of(streams: Sequence[StreamInfo]) -> int:
    """Return the file's own time of what is watched first."""
    starts = [one.start_ms for one in streams if one.kind in ("video", "audio") and one.start_ms is not None]
    return min(starts, default=0)


async def _beside(tx: Tx, file_id: UUID) -> list[SubtitleBeside]:
    return [
        SubtitleBeside(
            place=place,
            format=row["name"].rpartition(b".")[2].lower().decode("ascii", "replace"),
            language=row["language"],
            title=row["title"],
            flags=row["flags"],
        )
        for place, row in enumerate(await _side_rows(tx, file_id))
    ]


async def beside_location(tx: Tx, file_id: UUID, place: int) -> FileLocation | None:
    """Return where subtitles beside a file are; None when they are gone."""
    found = await _side_rows(tx, file_id)
    if place >= len(found):
        return None
    row = found[place]
    path = join(row["folder_path"], row["name"])
    return FileLocation(
        file_id=file_id,
        library_id=row["library_id"],
        root=row["root_path"],
        path=path,
        display_path=display_path(path),
        state=FileState.PRESENT,
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        container=None,
    )


async def _side_rows(tx: Tx, file_id: UUID) -> list[dict[str, Any]]:
    """Return the subtitles beside a file, in the order in which the catalogue numbers them."""
    return await _fetch(
        tx,
        """
        SELECT side_file.name, side_file.language, side_file.title, side_file.flags, side_file.size,
            side_file.mtime_ns, folder.path AS folder_path, root.path AS root_path, root.library_id
        FROM side_file JOIN folder ON folder.id = side_file.folder_id
        JOIN library_root root ON root.id = folder.root_id
        WHERE side_file.file_id = %(file_id)s AND side_file.kind = 'subtitle'
        ORDER BY side_file.name
        """,
        file_id=file_id,
    )


# -- playbacks


async def insert_playback(tx: Tx, **columns: Any) -> None:
    await _run(
        tx,
        """
        INSERT INTO playback (id, account_id, login_id, api_key_id, token_digest, item_id, file_id, client, decision,
            position_ms)
        VALUES (%(id)s, %(account_id)s, %(login_id)s, %(api_key_id)s, %(token_digest)s, %(item_id)s, %(file_id)s,
            %(client)s, %(decision)s, %(position_ms)s)
        """,
        **(columns | {"decision": Jsonb(columns["decision"])}),
    )


_PLAYBACK = """
    SELECT playback.id, playback.account_id, playback.item_id, playback.file_id, playback.client, playback.decision,
        playback.position_ms, playback.is_paused, playback.started_at, file.duration_ms
    FROM playback JOIN file ON file.id = playback.file_id JOIN library_root root ON root.id = file.root_id
"""


async def playback(tx: Connected, viewer: Viewer, playback_id: UUID) -> PlaybackRow | None:
    """Return a playback of this viewer; None where there is none, or what it plays is not for them any more."""
    found = await _fetch(
        tx,
        f"{_PLAYBACK} WHERE playback.id = %(id)s AND playback.account_id IS NOT DISTINCT FROM %(account_id)s"
        f" AND file.state <> 'purged' AND {_VISIBLE}",
        id=playback_id,
        account_id=viewer.account_id,
        **seen_by(viewer),
    )
    return PlaybackRow(**found[0]) if found else None


async def silent_playbacks(tx: Tx, silence: timedelta, limit: int = 500) -> list[PlaybackRow]:
    """Take playbacks of which nothing has been heard for so long."""
    found = await _fetch(
        tx,
        f"{_PLAYBACK} WHERE playback.seen_at < now() - %(silence)s ORDER BY playback.seen_at LIMIT %(limit)s"
        " FOR UPDATE OF playback SKIP LOCKED",
        silence=silence,
        limit=limit,
    )
    return [PlaybackRow(**row) for row in found]


async def record_position(tx: Tx, playback_id: UUID, position_ms: int, *, is_paused: bool) -> None:
    await _run(
        tx,
        "UPDATE playback SET position_ms = %(position_ms)s, is_paused = %(is_paused)s, seen_at = now()"
        " WHERE id = %(id)s",
        id=playback_id,
        position_ms=position_ms,
        is_paused=is_paused,
    )


async def delete_playback(tx: Tx, playback_id: UUID) -> list[UUID]:
    """Delete it; return the transcodes that nobody watches any more, whose runners are to stop."""
    found = await _fetch(
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


# -- transcodes


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
    found = await _fetch(
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


async def link(tx: Tx, playback_id: UUID, name: str, transcode_id: UUID) -> None:
    await _run(
        tx,
        "INSERT INTO playback_transcode (playback_id, name, transcode_id) VALUES (%(playback)s, %(name)s, %(id)s)",
        playback=playback_id,
        name=name,
        id=transcode_id,
    )


_TRANSCODE = """
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


def _transcode(row: dict[str, Any]) -> TranscodeRow:
    cuts = Cuts(unpack(row.pop("cuts")), row.pop("end_ms"))
    return TranscodeRow(**(row | {"recipe": decode(row["recipe"])}), cuts=cuts)


async def transcode_of(tx: Connected, playback_id: UUID, name: str) -> TranscodeRow | None:
    """Return what a playback calls by this name. Whether it is the viewer's was asked before."""
    found = await _fetch(
        tx,
        f"""
        SELECT {_TRANSCODE} FROM transcode JOIN playback_transcode link ON link.transcode_id = transcode.id
        WHERE link.playback_id = %(playback_id)s AND link.name = %(name)s
        """,  # noqa: S608  the columns are ours
        playback_id=playback_id,
        name=name,
        lease=LEASE,
    )
    return _transcode(found[0]) if found else None


async def frame_rate_of(tx: Connected, playback_id: UUID) -> float | None:
    """Return how many pictures a second its renditions show."""
    found = await _fetch(
        tx,
        """
        SELECT max(transcode.frame_rate) AS rate
        FROM transcode JOIN playback_transcode link ON link.transcode_id = transcode.id
        WHERE link.playback_id = %(playback_id)s
        """,
        playback_id=playback_id,
    )
    return None if found[0]["rate"] is None else float(found[0]["rate"])


async def named_transcode(tx: Tx, file_id: UUID, name: str) -> TranscodeRow | None:
    found = await _fetch(
        tx,
        f"SELECT {_TRANSCODE} FROM transcode WHERE file_id = %(file_id)s AND name = %(name)s",  # noqa: S608  ours
        file_id=file_id,
        name=name,
        lease=LEASE,
    )
    return _transcode(found[0]) if found else None


async def lock_transcode(tx: Tx, transcode_id: UUID) -> TranscodeRow | None:
    found = await _fetch(
        tx,
        f"SELECT {_TRANSCODE} FROM transcode WHERE id = %(id)s FOR UPDATE",  # noqa: S608  the columns are ours
        id=transcode_id,
        lease=LEASE,
    )
    return _transcode(found[0]) if found else None


async def record_want(tx: Tx, transcode_id: UUID, number: int, aims: Sequence[int], job_id: int | None) -> None:
    """Record what is wanted; with a job, that it was asked for now."""
    await _run(
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
    found = await _fetch(
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
    found = await _fetch(
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
    await _run(
        tx,
        "UPDATE transcode SET runner = NULL WHERE id = %(id)s AND runner = %(runner)s",
        id=transcode_id,
        runner=runner,
    )


async def record_failure(tx: Tx, transcode_id: UUID, runner: str, code: str, text: str) -> None:
    await _run(
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


# -- room


async def total_bytes(tx: Tx) -> int:
    return int((await _fetch(tx, "SELECT coalesce(sum(bytes), 0)::bigint AS total FROM transcode"))[0]["total"])


async def least_used(tx: Tx, limit: int = 50) -> list[tuple[UUID, int, int, bool]]:
    """Return (id, bytes, wanted, is it watched now) of what takes room, what was used longest ago first."""
    found = await _fetch(
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
    await _run(tx, "UPDATE transcode SET bytes = %(size)s WHERE id = %(id)s", id=transcode_id, size=size)


async def unused_transcodes(tx: Tx, unused: timedelta, limit: int = 500) -> list[UUID]:
    """Return transcodes that no playback knows and that were not used for so long."""
    found = await _fetch(
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
    found = await _fetch(tx, "SELECT id FROM transcode WHERE id = ANY(%(ids)s)", ids=list(transcode_ids))
    return {row["id"] for row in found}
