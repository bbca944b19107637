"""What a look into side files said, as it is kept: of the files, of their words, and the pictures they are."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.db.tx import Tx
from app.ids import uuid7
from app.library.repository.rows import column, run

KEEP_READ = """
    UPDATE side_file
    SET read_size = new.size, read_mtime_ns = new.mtime_ns, media_type = new.media_type, width = new.width,
        height = new.height, problem = new.problem
    FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::int[], %s::text[])
        AS new (id, size, mtime_ns, media_type, width, height, problem)
    WHERE side_file.id = new.id
"""

KEEP_READ_FOR = """
    UPDATE side_file SET read_for = (
        SELECT coalesce(array_agg(pair.item_id), '{}')
        FROM unnest(%s::uuid[], %s::uuid[]) AS pair (id, item_id) WHERE pair.id = side_file.id
    ) WHERE id = ANY(%s)
"""

KEEP_TRACKS = """
    UPDATE side_file SET pictures_id = new.pictures_id, tracks = new.tracks::jsonb
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS new (id, pictures_id, tracks)
    WHERE side_file.id = new.id
      AND (side_file.pictures_id, side_file.tracks) IS DISTINCT FROM (new.pictures_id, new.tracks::jsonb)
"""

KEEP_WORDS = """
    UPDATE side_file
    SET file_id = new.file_id, language = new.language, title = new.title,
        flags = coalesce(string_to_array(nullif(new.flags, ''), ','), '{}')
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::text[]) AS new (id, file_id, language, title, flags)
    WHERE side_file.id = new.id
      AND (side_file.file_id, side_file.language, side_file.title, array_to_string(side_file.flags, ','))
        IS DISTINCT FROM (new.file_id, new.language, new.title, new.flags)
    RETURNING side_file.id
"""

DROP_IMAGES = """
    DELETE FROM image USING side_file
    WHERE side_file.id = image.side_file_id AND side_file.folder_id = %s
      AND (image.item_id, image.role, image.side_file_id) NOT IN (
        SELECT * FROM unnest(%s::uuid[], %s::text[], %s::uuid[])
      )
    RETURNING image.item_id
"""

PUT_IMAGES = """
    INSERT INTO image (source, id, item_id, role, side_file_id, position, width, height)
    SELECT 'local', new.id, item.id, new.role, side_file.id, new.position, side_file.width, side_file.height
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::int[])
        AS new (id, item_id, role, side_file_id, position)
    JOIN item ON item.id = new.item_id JOIN side_file ON side_file.id = new.side_file_id
    WHERE side_file.media_type IS NOT NULL
    ON CONFLICT (item_id, role, side_file_id) DO UPDATE
    SET position = excluded.position, looked_at = NULL, placeholder = NULL, color = NULL, problem = NULL,
        width = excluded.width, height = excluded.height
    WHERE image.position <> excluded.position OR CASE
        WHEN image.looked_at IS NULL
        THEN (image.width, image.height) IS DISTINCT FROM (excluded.width, excluded.height)
        ELSE NOT EXISTS (
            SELECT FROM side_file WHERE side_file.id = excluded.side_file_id
                AND (side_file.size, side_file.mtime_ns) = (image.size, image.mtime_ns)
        )
    END
    RETURNING item_id
"""

STILL_READ_FOR = """
    SELECT DISTINCT of.item_id FROM unnest(%s::uuid[]) AS of (item_id)
    JOIN side_file ON side_file.read_for @> ARRAY[of.item_id]
"""


async def keep_read(tx: Tx, looked: Sequence[tuple[Any, ...]]) -> None:
    """Record (id, size, mtime, media type, width, height, problem) of side files that were looked into."""
    if looked:
        await run(tx, KEEP_READ, *map(list, zip(*looked, strict=True)))


async def keep_read_for(tx: Tx, given: Mapping[UUID, Sequence[UUID]]) -> None:
    """Record to which items each NFO's word was given."""
    pairs = [(side_id, item_id) for side_id, item_ids in given.items() for item_id in item_ids]
    await run(tx, KEEP_READ_FOR, [one[0] for one in pairs], [one[1] for one in pairs], list(given))


async def keep_tracks(tx: Tx, told: Sequence[tuple[UUID, UUID | None, str | None]]) -> None:
    """Record (id, pictures, tracks in JSON) of the indexes of VobSub: None and None of what is none."""
    if told:
        await run(tx, KEEP_TRACKS, *map(list, zip(*told, strict=True)))


async def keep_words(tx: Tx, told: Sequence[tuple[UUID, UUID | None, str | None, str | None, str]]) -> None:
    """Record (id, media file, language, title, flags apart by commas) of subtitles and lyrics."""
    if told:
        await run(tx, KEEP_WORDS, *map(list, zip(*told, strict=True)))


async def put_images(tx: Tx, folder_id: UUID, wanted: Sequence[tuple[UUID, str, UUID, int]]) -> list[UUID]:
    """Make (item, role, side file, position) the pictures that lie in this folder. Returns the items that changed."""
    items, roles, sides, places = ([row[place] for row in wanted] for place in range(4))
    changed = await column(tx, DROP_IMAGES, folder_id, items, roles, sides)
    changed += await column(tx, PUT_IMAGES, [uuid7() for _ in wanted], items, roles, sides, places)
    return sorted(set(changed))


async def still_read_for(tx: Tx, item_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of these items that some NFO speaks of."""
    return set(await column(tx, STILL_READ_FOR, list(item_ids)))
