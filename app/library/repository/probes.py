"""What probing said: columns of `file`, and the rows of `stream` and `chapter` that hang on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from app.db.tx import Tx
from app.library.keyframes import unpack
from app.library.media import PROBER_VERSION, KeyframeIndex, MediaInfo, Problem
from app.library.repository.rows import rows, run
from app.library.tagging import MusicTags

STREAM_COLUMNS = (
    "index", "kind", "codec", "codec_tag", "profile", "level", "language", "title", "dispositions", "bit_rate",
    "start_ms", "duration_ms", "width", "height", "pixel_format", "bit_depth", "frame_rate", "sample_aspect_ratio",
    "rotation", "field_order", "color_range", "color_primaries", "color_transfer", "color_space", "hdr", "hdr_metadata",
    "channels", "channel_layout", "sample_rate", "tags",
)  # fmt: skip

JSON_COLUMNS = frozenset({"hdr_metadata", "tags"})

COPY_STREAMS = f"COPY stream (file_id, {', '.join(STREAM_COLUMNS)}) FROM STDIN"
COPY_CHAPTERS = "COPY chapter (file_id, index, start_ms, end_ms, title) FROM STDIN"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file's content is recognised by. Equal stamps and an equal prober: no need to look again."""

    size: int
    mtime_ns: int


LOCK_FILE = """
    SELECT size, mtime_ns FROM file WHERE id = %s FOR NO KEY UPDATE
"""

IS_PROBED = """
    SELECT FROM file
    WHERE id = %s AND probed_size = size AND probed_mtime_ns = mtime_ns AND prober_version = %s
"""

KEEP = """
    UPDATE file
    SET probed_at = now(), probed_size = %s, probed_mtime_ns = %s, prober_version = %s, problem = %s,
        problem_detail = %s, container = %s, duration_ms = %s, bit_rate = %s, tags = %s, pictures = %s,
        music_tags = %s,
        partial_hash = CASE WHEN (size, mtime_ns) = (%s, %s) THEN coalesce(%s, partial_hash) ELSE partial_hash END
    WHERE id = %s
"""

KEEP_KEYFRAMES = """
    INSERT INTO keyframes (file_id, stream_index, count, times, peak_bit_rate) VALUES (%s, %s, %s, %s, %s)
"""

KEYFRAMES = """
    SELECT stream_index, times, peak_bit_rate FROM keyframes WHERE file_id = %s
"""

WITHOUT_INDEX = """
    SELECT (SELECT min(stream.index) FROM stream WHERE stream.file_id = file.id AND stream.kind = 'video')
    FROM file
    WHERE file.id = %s AND file.state = 'present' AND file.probed_size = file.size
        AND file.probed_mtime_ns = file.mtime_ns
        AND NOT EXISTS (SELECT FROM keyframes WHERE keyframes.file_id = file.id)
"""

MUSIC_TAGS = """
    SELECT id, music_tags FROM file WHERE id = ANY(%s) AND music_tags IS NOT NULL
"""

LOOK_AGAIN = """
    UPDATE folder SET signature = NULL
    FROM file WHERE file.id = %s AND folder.id = file.folder_id AND folder.signature IS NOT NULL
"""


async def is_probed(tx: Tx, file_id: UUID) -> bool:
    """Whether what is recorded of the file was probed by this prober."""
    return bool(await rows(tx, IS_PROBED, file_id, PROBER_VERSION))


async def lock_file(tx: Tx, file_id: UUID) -> Stamp | None:
    """Return what the file is recorded as, keeping that so until this transaction ends."""
    found = await rows(tx, LOCK_FILE, file_id)
    return Stamp(found[0][0], found[0][1]) if found else None


async def keep(tx: Tx, file_id: UUID, stamp: Stamp, info: MediaInfo, partial_hash: bytes | None) -> None:
    """Replace what is known of a file's content; the hash only if the file is recorded as what was read.

    What could not be read at all is kept without a stamp: permissions and disks are mended without the file's
    changing, so a full scan asks again.
    """
    is_final = info.problem is not Problem.UNREADABLE
    await run(
        tx,
        KEEP,
        stamp.size if is_final else None,
        stamp.mtime_ns if is_final else None,
        PROBER_VERSION if is_final else None,
        info.problem,
        info.detail,
        info.container,
        info.duration_ms,
        info.bit_rate,
        Jsonb(info.tags),
        Jsonb(msgspec.to_builtins(info.pictures)),
        None if info.music_tags is None else Jsonb(msgspec.to_builtins(info.music_tags)),
        stamp.size,
        stamp.mtime_ns,
        partial_hash,
        file_id,
    )
    await run(tx, "DELETE FROM stream WHERE file_id = %s", file_id)
    await run(tx, "DELETE FROM chapter WHERE file_id = %s", file_id)
    await run(tx, "DELETE FROM keyframes WHERE file_id = %s", file_id)
    await _copy_streams(tx, file_id, info)
    await _copy_chapters(tx, file_id, info)
    if info.keyframes is not None:
        await keep_keyframes(tx, file_id, info.keyframes)


async def _copy_streams(tx: Tx, file_id: UUID, info: MediaInfo) -> None:
    if not info.streams:
        return
    async with tx.connection.cursor() as cursor, cursor.copy(COPY_STREAMS) as copy:
        for stream in info.streams:
            await copy.write_row((file_id, *(_column(stream, name) for name in STREAM_COLUMNS)))


def _column(stream: object, name: str) -> object:
    value = getattr(stream, name)
    return Jsonb(value) if name in JSON_COLUMNS and value is not None else value


async def _copy_chapters(tx: Tx, file_id: UUID, info: MediaInfo) -> None:
    if not info.chapters:
        return
    async with tx.connection.cursor() as cursor, cursor.copy(COPY_CHAPTERS) as copy:
        for chapter in info.chapters:
            await copy.write_row((file_id, chapter.index, chapter.start_ms, chapter.end_ms, chapter.title))


async def keyframes(tx: Tx, file_id: UUID) -> tuple[int, list[int], int | None] | None:
    """Return a film's stream with the picture, its keyframes in milliseconds, and its peak bit rate.

    None: no index tells of them, and nobody has looked.

    None of them: the film was read for them, and they are not to be had.
    """
    found = await rows(tx, KEYFRAMES, file_id)
    return (found[0][0], unpack(found[0][1]), found[0][2]) if found else None


async def stream_without_index(tx: Tx, file_id: UUID) -> int | None:
    """Return the stream of a film whose keyframes nobody has looked for; None where there is nothing to look for."""
    found = await rows(tx, WITHOUT_INDEX, file_id)
    return found[0][0] if found else None


async def keep_keyframes(tx: Tx, file_id: UUID, found: KeyframeIndex) -> None:
    await run(tx, KEEP_KEYFRAMES, file_id, found.stream_index, found.count, found.times, found.peak_bit_rate)


async def music_tags(tx: Tx, file_ids: Sequence[UUID]) -> dict[UUID, MusicTags]:
    """Return what the tags of these files say, of those that have been probed as music."""
    found = await rows(tx, MUSIC_TAGS, list(file_ids))
    return {file_id: msgspec.convert(tags, MusicTags) for file_id, tags in found}


async def look_again(tx: Tx, file_id: UUID) -> None:
    """Have the next scan look into the file's folder though nothing in it may have changed."""
    await run(tx, LOOK_AGAIN, file_id)
