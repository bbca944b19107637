"""Pictures: inside media files, and what is known of all of them once somebody has looked."""

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from typing import Any
from uuid import UUID

from app.db.tx import Tx
from app.library.kinds import ImageSource
from app.library.repository.rows import column, named_rows, rows, run


@dataclass(frozen=True, slots=True)
class EmbeddedRow:
    """A picture in a media file, as it is to be noted."""

    id: UUID
    file_id: UUID
    role: str
    stream_index: int
    position: int
    width: int | None
    height: int | None


PICTURES_OF_FILES = "SELECT id, pictures FROM file WHERE id = ANY(%s) AND jsonb_array_length(pictures) > 0"

DROP = "DELETE FROM image WHERE file_id = ANY(%s)"

ADD = """
    INSERT INTO image (source, id, file_id, role, stream_index, position, width, height)
    SELECT 'embedded', new.*
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::int[], %s::int[], %s::int[]) AS new
"""


async def pictures_of_files(tx: Tx, file_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return what probing found attached to these files, of those that have any."""
    return {row[0]: row[1] for row in await rows(tx, PICTURES_OF_FILES, list(file_ids))}


async def put_embedded(tx: Tx, file_ids: Sequence[UUID], found: Sequence[EmbeddedRow]) -> None:
    """Make these the pictures of these files."""
    await run(tx, DROP, list(file_ids))
    if found:
        await run(tx, ADD, *map(list, zip(*map(astuple, found), strict=True)))


# -- pictures nobody has looked at

_UNFETCHED = """
    SELECT image.id, image.item_id, image.role, image.url,
        row_number() OVER (
            PARTITION BY image.item_id, image.role
            ORDER BY array_position(%(places)s::text[], image.source), image.position, image.id
        ) + held.count AS place
    FROM image
    CROSS JOIN LATERAL (
        SELECT count(*) FROM (
            SELECT FROM image other
            WHERE other.item_id = image.item_id AND other.role = image.role AND other.problem IS NULL
                AND (other.side_file_id IS NOT NULL OR other.digest IS NOT NULL)
            UNION ALL
            SELECT FROM item track JOIN item_file link ON link.item_id = track.id AND link.role = 'main'
            JOIN image other ON other.file_id = link.file_id AND other.role = image.role AND other.problem IS NULL
            WHERE track.id = image.item_id OR (track.parent_id = image.item_id AND track.kind = 'track')
        ) AS one
    ) AS held
    WHERE image.item_id = ANY(%(item_ids)s) AND image.url IS NOT NULL AND image.digest IS NULL
        AND image.problem IS NULL
"""
"""Pictures that have only an address, the best of each role first, after those of the role that we have."""

_PORTRAITS = """
    SELECT image.id, image.role, image.url, billed.position
    FROM (
        SELECT credit.person_id, credit.position, credit.role,
            row_number() OVER (PARTITION BY credit.role ORDER BY credit.position, credit.person_id) AS place
        FROM credit WHERE credit.item_id = one.item_id
    ) AS billed
    JOIN image ON image.person_id = billed.person_id
    WHERE billed.place <= CASE billed.role WHEN 'actor' THEN %(actors)s ELSE %(others)s END
        AND image.digest IS NULL AND image.problem IS NULL
"""
"""Pictures of those who are named first for `one` item, as far as we have none."""

WAITING = f"""
    SELECT image.item_id FROM image
    WHERE image.item_id = ANY(%(item_ids)s) AND image.side_file_id IS NOT NULL AND image.looked_at IS NULL
    UNION
    SELECT CASE WHEN item.kind = 'track' THEN coalesce(item.parent_id, item.id) ELSE item.id END
    FROM item JOIN item_file link ON link.item_id = item.id AND link.role = 'main'
    JOIN image ON image.file_id = link.file_id AND image.looked_at IS NULL
    WHERE item.id = ANY(%(item_ids)s)
    UNION
    SELECT unfetched.item_id FROM ({_UNFETCHED}) AS unfetched
    WHERE unfetched.place <= CASE unfetched.role WHEN 'backdrop' THEN %(backdrops)s ELSE 1 END
    UNION
    SELECT one.item_id FROM unnest(%(item_ids)s::uuid[]) AS one (item_id) WHERE EXISTS ({_PORTRAITS})
"""  # noqa: S608  parts of ours

TO_LOOK_AT = """
    SELECT image.id, image.stream_index, folder.path, coalesce(side_file.name, file.name), library_root.path,
        coalesce(side_file.size, file.size), coalesce(side_file.mtime_ns, file.mtime_ns)
    FROM (
        SELECT image.* FROM image WHERE image.item_id = %(item_id)s AND image.side_file_id IS NOT NULL
        UNION
        SELECT image.* FROM item JOIN item_file link ON link.item_id = item.id AND link.role = 'main'
        JOIN image ON image.file_id = link.file_id
        WHERE item.id = %(item_id)s OR (item.parent_id = %(item_id)s AND item.kind = 'track')
    ) AS image
    LEFT JOIN side_file ON side_file.id = image.side_file_id
    LEFT JOIN file ON file.id = image.file_id AND file.state = 'present'
    JOIN folder ON folder.id = coalesce(side_file.folder_id, file.folder_id)
    JOIN library_root ON library_root.id = folder.root_id
    WHERE image.looked_at IS NULL AND image.id <> ALL(%(but)s)
    ORDER BY image.id LIMIT %(limit)s
"""

TO_FETCH = f"""
    SELECT id, role, url FROM ({_UNFETCHED}) AS unfetched
    WHERE place <= CASE role WHEN 'backdrop' THEN %(backdrops)s ELSE 1 END AND id <> ALL(%(but)s)
    ORDER BY role, place LIMIT 1
"""  # noqa: S608  parts of ours

PORTRAIT_TO_FETCH = f"""
    SELECT portrait.id, portrait.role, portrait.url
    FROM unnest(%(item_ids)s::uuid[]) AS one (item_id) CROSS JOIN LATERAL ({_PORTRAITS}) AS portrait
    WHERE portrait.id <> ALL(%(but)s) ORDER BY portrait.position, portrait.id LIMIT 1
"""  # noqa: S608  parts of ours

ITEMS_OF_PORTRAITS = """
    SELECT DISTINCT ON (image.person_id) credit.item_id FROM image JOIN credit ON credit.person_id = image.person_id
    WHERE image.id = ANY(%s) ORDER BY image.person_id, credit.position, credit.item_id
"""

OWN_QUEUES = """
    SELECT DISTINCT ON (one.id) one.id, 'root_' || root.id
    FROM unnest(%s::uuid[]) AS one (id)
    CROSS JOIN LATERAL (
        SELECT folder.root_id FROM image JOIN side_file ON side_file.id = image.side_file_id
        JOIN folder ON folder.id = side_file.folder_id WHERE image.item_id = one.id
        UNION
        SELECT file.root_id FROM item JOIN item_file link ON link.item_id = item.id AND link.role = 'main'
        JOIN file ON file.id = link.file_id
        WHERE item.id = one.id OR (item.parent_id = one.id AND item.kind = 'track')
    ) AS within
    JOIN library_root root ON root.id = within.root_id AND root.has_own_queue
    ORDER BY one.id, root.id
"""

KEEP_LOOK = """
    UPDATE image
    SET looked_at = now(), width = coalesce(new.width, image.width), height = coalesce(new.height, image.height),
        placeholder = new.placeholder, color = new.color, problem = new.problem,
        digest = new.digest, size = new.size, mtime_ns = new.mtime_ns
    FROM unnest(
        %s::uuid[], %s::int[], %s::int[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::bigint[], %s::bigint[]
    ) AS new (id, width, height, placeholder, color, problem, digest, size, mtime_ns)
    WHERE image.id = new.id AND (image.side_file_id IS NULL OR EXISTS (
        SELECT FROM side_file
        WHERE side_file.id = image.side_file_id AND (side_file.size, side_file.mtime_ns) = (new.size, new.mtime_ns)
    ))
"""
"""A file that has changed since it was looked at is looked at again."""

HELD = "SELECT digest FROM image WHERE digest = ANY(%s)"

STORED = """
    SELECT id, digest FROM image WHERE digest IS NOT NULL AND (digest, id) > (%s, %s)
    ORDER BY digest, id LIMIT %s
"""

FORGET_FETCHED = """
    UPDATE image SET digest = NULL, size = NULL, problem = NULL, looked_at = NULL, placeholder = NULL, color = NULL
    WHERE id = ANY(%s)
"""

ITEMS_UNSEEN = """
    SELECT one.item_id FROM (
        SELECT image.item_id FROM image
        WHERE image.looked_at IS NULL AND image.problem IS NULL AND image.item_id > %(after)s
        UNION
        SELECT link.item_id FROM image JOIN item_file link ON link.file_id = image.file_id AND link.role = 'main'
        WHERE image.looked_at IS NULL AND link.item_id > %(after)s
    ) AS one
    ORDER BY one.item_id LIMIT %(limit)s
"""
"""Reads all pictures that nobody has looked at: for the night."""

MOST_BACKDROPS = 3
"""Fetched for an item; of every other role one is enough, as long as there is none beside or inside the media."""

MOST_ACTORS, MOST_OTHERS = 10, 2
"""Of an item, whose portraits are fetched: of every other role than actors the first two."""

_PLACES = [source.value for source in ImageSource]


@dataclass(frozen=True, slots=True)
class UnseenRow:
    """A picture beside or inside media that nobody has looked at."""

    id: UUID
    stream_index: int | None
    folder: bytes
    name: bytes
    root: bytes
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRow:
    """What a look at a picture said. Empty but for a problem where there is nothing to see."""

    id: UUID
    width: int | None = None
    height: int | None = None
    placeholder: str | None = None
    color: str | None = None
    problem: str | None = None
    digest: bytes | None = None
    """Of what was fetched."""
    size: int | None = None
    mtime_ns: int | None = None
    """What the file was when it was looked at."""


def _values(item_ids: Sequence[UUID]) -> dict[str, object]:
    most = {"backdrops": MOST_BACKDROPS, "actors": MOST_ACTORS, "others": MOST_OTHERS}
    return {"item_ids": list(item_ids), "places": _PLACES, **most}


async def waiting(tx: Tx, item_ids: Sequence[UUID]) -> list[UUID]:
    """Return which items have pictures to look at or to fetch. Those of songs are their album's."""
    return sorted(row[0] for row in await named_rows(tx, WAITING, _values(item_ids)))


async def own_queues(tx: Tx, item_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the queues of those of these items whose media are in a root with a queue of its own."""
    return {row[0]: row[1] for row in await rows(tx, OWN_QUEUES, list(item_ids))}


async def to_look_at(tx: Tx, item_id: UUID, but: Collection[UUID], limit: int) -> list[UnseenRow]:
    """Return pictures of an item that wait for a look, `but` those."""
    values = {"item_id": item_id, "but": list(but), "limit": limit}
    return [UnseenRow(*row) for row in await named_rows(tx, TO_LOOK_AT, values)]


async def to_fetch(tx: Tx, item_id: UUID, but: Collection[UUID]) -> tuple[UUID, str, str] | None:
    """Return (id, role, address) of the next picture of an item, or of who made it, that is wanted and not here, `but`
    those."""
    values = {**_values([item_id]), "but": list(but)}
    found = await named_rows(tx, TO_FETCH, values) or await named_rows(tx, PORTRAIT_TO_FETCH, values)
    return (found[0][0], found[0][1], found[0][2]) if found else None


async def keep_looks(tx: Tx, looks: Sequence[LookRow]) -> None:
    """Record what was seen."""
    if looks:
        await run(tx, KEEP_LOOK, *map(list, zip(*map(astuple, looks), strict=True)))


async def held(tx: Tx, digests: Sequence[bytes]) -> set[bytes]:
    """Return which of these some picture is."""
    return {bytes(digest) for digest in await column(tx, HELD, list(digests))}


async def stored(tx: Tx, after: tuple[bytes, UUID], limit: int) -> list[tuple[UUID, bytes]]:
    """Return (id, digest) of what was fetched, in the order of digests, after one."""
    return [(row[0], bytes(row[1])) for row in await rows(tx, STORED, *after, limit)]


async def forget_fetched(tx: Tx, image_ids: Sequence[UUID]) -> None:
    """Take it that these were never fetched."""
    await run(tx, FORGET_FETCHED, list(image_ids))


async def items_unseen(tx: Tx, after: UUID, limit: int) -> list[UUID]:
    """Return items that may have pictures to look at or to fetch, in order, after one."""
    return [row[0] for row in await named_rows(tx, ITEMS_UNSEEN, {"after": after, "limit": limit})]


async def items_of_portraits(tx: Tx, image_ids: Sequence[UUID]) -> list[UUID]:
    """Return an item for each person whose picture is one of these: the one they are named first for."""
    return sorted(set(await column(tx, ITEMS_OF_PORTRAITS, list(image_ids))))
