"""What there is to play: files, all that a decision needs of them, and the subtitles beside them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from app.accounts.viewer import Viewer
from app.db.tx import Tx
from app.library.kinds import FileState
from app.library.media import StreamInfo
from app.library.naming.side_files import format_of
from app.library.paths import display_path, join
from app.library.records import FileLocation
from app.library.repository import files, probes, side_words
from app.playback.hls.cuts import widest_gap
from app.playback.source import MediaSource, SubtitleBeside
from app.playback.streaming.records import KnownFile, WordsBeside
from app.playback.streaming.rows import VISIBLE, fetch, seen_by

STREAM_COLUMNS = sql.SQL(", ").join(
    sql.Identifier(name) for name in StreamInfo.__struct_fields__ if name not in ("tags", "hdr_metadata")
)


async def file_to_play(tx: Tx, viewer: Viewer, item_id: UUID, file_id: UUID | None) -> UUID | None:
    """Return the file that is played for an item; None where there is none to be seen.

    It is the one named; else the first that can be read, rather as a whole.
    """
    found = await fetch(
        tx,
        f"""
        SELECT link.file_id FROM item_file link
        JOIN file ON file.id = link.file_id JOIN library_root root ON root.id = file.root_id
        WHERE link.item_id = %(item_id)s AND (%(file_id)s::uuid IS NULL OR link.file_id = %(file_id)s)
            AND file.state <> 'purged' AND {VISIBLE}
        ORDER BY (link.role = 'main') DESC, (file.state = 'present') DESC, (file.container IS NOT NULL) DESC,
            (file.problem IS NULL) DESC, link.position, link.file_id
        LIMIT 1
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
    facts = (await fetch(tx, "SELECT duration_ms, bit_rate FROM file WHERE id = %(id)s", id=file_id))[0]
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
            format=format_of(row["name"]),
            language=row["language"],
            title=row["title"],
            flags=row["flags"],
            words=f"{_key(row)}.{_content(row)}",
        )
        for place, row in enumerate(await _side_rows(tx, file_id))
    ]


async def beside(tx: Tx, file_id: UUID, place: int, words: str | None) -> WordsBeside | None:
    """Return where subtitles beside a file are now, whatever place they have and whatever has become of them: `words`
    tells them from others. None when they are gone."""
    rows = await _side_rows(tx, file_id)
    named = (row for row in rows if words is not None and words.startswith(f"{_key(row)}."))
    row = next(named if words is not None else iter(rows[place:]), None)
    if row is None:
        return None
    rates = await fetch(
        tx,
        "SELECT frame_rate FROM stream WHERE file_id = %(id)s AND kind = 'video' ORDER BY index LIMIT 1",
        id=file_id,
    )
    return WordsBeside(
        format=format_of(row["name"]),
        location=_location(file_id, row, ""),
        track=row["track"],
        pictures=None if row["pictures_name"] is None else _location(file_id, row, "pictures_"),
        frame_rate=rates[0]["frame_rate"] if rates else None,
    )


def _key(row: Mapping[str, Any]) -> str:
    return f"{row['id'].hex}.{row['track'] or 0}"


def _content(row: Mapping[str, Any]) -> str:
    stamps = ("size", "mtime_ns", "pictures_size", "pictures_mtime_ns")
    return "-".join(str(row[name]) for name in stamps if row[name] is not None)


def _location(file_id: UUID, row: Mapping[str, Any], of: str) -> FileLocation:
    path = join(row["folder_path"], row[f"{of}name"])
    return FileLocation(
        file_id=file_id,
        library_id=row["library_id"],
        root=row["root_path"],
        path=path,
        display_path=display_path(path),
        state=FileState.PRESENT,
        size=row[f"{of}size"],
        mtime_ns=row[f"{of}mtime_ns"],
        container=None,
    )


async def _side_rows(tx: Tx, file_id: UUID) -> list[dict[str, Any]]:
    """Return the subtitles beside a file, in the order in which the catalogue numbers them."""
    return await fetch(
        tx,
        f"""
        SELECT side_file.id, side_file.name, {side_words.COLUMNS}, side_file.flags, side_file.size, side_file.mtime_ns,
            pictures.name AS pictures_name, pictures.size AS pictures_size, pictures.mtime_ns AS pictures_mtime_ns,
            folder.path AS folder_path, root.path AS root_path, root.library_id
        FROM side_file JOIN folder ON folder.id = side_file.folder_id
        JOIN library_root root ON root.id = folder.root_id
        LEFT JOIN side_file pictures ON pictures.id = side_file.pictures_id
        {side_words.TRACKS}
        WHERE side_file.file_id = %(file_id)s AND side_file.kind = 'subtitle'
        ORDER BY {side_words.ORDER}
        """,  # noqa: S608  parts of ours
        file_id=file_id,
    )
