"""Songs as building artists, albums and tracks needs them: files with their tags, and who is credited with what."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from app.db.tx import Tx
from app.ids import in_order
from app.library.repository.items import Link
from app.library.repository.rows import binary_rows, rows, run
from app.library.tagging.tags import MusicTags


@dataclass(frozen=True, slots=True)
class SongRow:
    """A file with one of its links, if it has any."""

    file_id: UUID
    folder: bytes
    name: bytes
    is_present: bool
    is_analysed: bool
    """What its tags are known to say is what they say now."""
    tags: MusicTags | None
    link: Link | None
    kind: str | None
    library_id: UUID | None
    """Of the item that is linked."""


@dataclass(slots=True)
class Track:
    id: UUID
    parent_id: UUID | None
    disc: int | None
    number: int | None
    disc_title: str | None
    name_key: str | None
    locked: Sequence[str]


@dataclass(frozen=True, slots=True)
class CreditRow:
    artist_id: UUID
    name: str
    joinphrase: str


FRESH = "(file.probed_size = file.size AND file.probed_mtime_ns = file.mtime_ns)"

SONGS = f"""
    SELECT file.id, folder.path, file.name, file.state = 'present', coalesce({FRESH}, false),
        file.music_tags - '{{{{lyrics,comment}}}}'::text[], link.item_id, link.role, link.extra_kind, link.version,
        link.edition, link.part, link.position, item.kind, item.library_id
    FROM folder JOIN file ON file.folder_id = folder.id
    LEFT JOIN item_file link ON link.file_id = file.id
    LEFT JOIN item ON item.id = link.item_id
    WHERE {{}}
    ORDER BY link.item_id
"""  # noqa: S608  nothing but our own text
SONGS_AROUND = SONGS.format("folder.anchor_id = ANY(%s)")
SONGS_OF = SONGS.format("file.id = ANY(%s)")

TRACKS = """
    SELECT id, parent_id, disc_number, number, disc_title, name_key, locked FROM item
    WHERE kind = 'track' AND (id = ANY(%s) OR parent_id = ANY(%s)) ORDER BY id
"""

OTHER_FILES = f"""
    SELECT item_file.item_id, item_file.file_id, item_file.role, item_file.extra_kind, item_file.version,
        item_file.edition, item_file.part, item_file.position, file.state = 'present', coalesce({FRESH}, false)
    FROM item_file JOIN file ON file.id = item_file.file_id
    WHERE item_file.item_id = ANY(%s) ORDER BY item_file.item_id, item_file.position
"""  # noqa: S608  nothing but our own text

VOTES = f"""
    SELECT DISTINCT coalesce(album.parent_id, track.parent_id), album.id
    FROM item track LEFT JOIN item album ON album.id = track.parent_id AND album.kind = 'album'
    JOIN item_file ON item_file.item_id = track.id
    JOIN file ON file.id = item_file.file_id
    WHERE track.kind = 'track' AND {FRESH} AND file.state = 'present' AND file.id <> ALL(%(files)s)
      AND track.parent_id IN (
        SELECT unnest(%(parents)s::uuid[])
        UNION
        SELECT child.id FROM item child WHERE child.parent_id = ANY(%(parents)s::uuid[]) AND child.kind = 'album'
      )
"""  # noqa: S608  nothing but our own text

HEADS = f"""
    SELECT track.parent_id, min(coalesce(track.disc_number, 1) * 100000 + coalesce(track.number, 99999))
    FROM item track JOIN item_file ON item_file.item_id = track.id JOIN file ON file.id = item_file.file_id
    WHERE track.parent_id = ANY(%s) AND {FRESH} AND file.music_tags ? 'album' AND file.id <> ALL(%s)
    GROUP BY track.parent_id
"""  # noqa: S608  nothing but our own text

CREDITS = """
    SELECT item_id, artist_id, name, joinphrase FROM item_artist WHERE item_id = ANY(%s) ORDER BY item_id, position
"""

COPY_CREDITS = "COPY item_artist (item_id, position, artist_id, name, joinphrase) FROM STDIN"

SET_RELEASE_TYPES = """
    UPDATE item SET release_types = new.types, updated_at = now()
    FROM (
        SELECT said.id, ARRAY(SELECT jsonb_array_elements_text(said.types)) AS types
        FROM unnest(%s::uuid[], %s::jsonb[]) AS said (id, types)
    ) AS new
    WHERE item.id = new.id AND item.release_types <> new.types
    RETURNING item.id
"""

FORGET_TAG_IDS = """
    DELETE FROM external_id
    WHERE item_id = ANY(%s) AND source = 'tags' AND NOT EXISTS (
        SELECT FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS said (item_id, provider, value)
        WHERE said.item_id = external_id.item_id AND said.provider = external_id.provider
    )
"""

LOCK_MUSIC = "SELECT FROM library WHERE id = %s AND kind = 'music' FOR NO KEY UPDATE"


MUSIC_LIBRARIES = """
    SELECT library.id, array_agg(file.id)
    FROM file JOIN library_root ON library_root.id = file.root_id JOIN library ON library.id = library_root.library_id
    WHERE file.id = ANY(%s) AND library.kind = 'music'
    GROUP BY library.id
"""


async def lock_music(tx: Tx, library_id: UUID) -> None:
    """If this is a library of music, be the only one who places items in it until the transaction ends.

    Before any of its files is locked: a scan has the library first, and then its files.
    """
    await run(tx, LOCK_MUSIC, library_id)


async def by_library(tx: Tx, file_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return those of these files that lie in libraries of music, by library."""
    return {row[0]: row[1] for row in await rows(tx, MUSIC_LIBRARIES, list(file_ids))}


async def songs_around(tx: Tx, anchor_ids: Sequence[UUID]) -> list[SongRow]:
    return await _songs(tx, SONGS_AROUND, anchor_ids)


async def songs_of(tx: Tx, file_ids: Sequence[UUID]) -> list[SongRow]:
    return await _songs(tx, SONGS_OF, file_ids)


async def _songs(tx: Tx, query: str, ids: Sequence[UUID]) -> list[SongRow]:
    found: list[SongRow] = []
    for row in await binary_rows(tx, query, list(ids)):
        tags = None if row[5] is None else msgspec.convert(row[5], MusicTags)
        link = None if row[6] is None else Link(row[6], row[0], *row[7:13])
        found.append(SongRow(row[0], row[1], row[2], row[3], row[4], tags, link, row[13], row[14]))
    return found


async def tracks(tx: Tx, track_ids: Iterable[UUID], parent_ids: Iterable[UUID] = ()) -> list[Track]:
    wanted, parents = in_order(set(track_ids)), in_order(set(parent_ids))
    return [Track(*row) for row in await rows(tx, TRACKS, wanted, parents)] if wanted or parents else []


@dataclass(frozen=True, slots=True)
class OtherFile:
    link: Link
    is_present: bool
    is_analysed: bool


async def files_of(tx: Tx, track_ids: Iterable[UUID]) -> list[OtherFile]:
    wanted = in_order(set(track_ids))
    found = await rows(tx, OTHER_FILES, wanted) if wanted else []
    return [OtherFile(Link(*row[:8]), row[8], row[9]) for row in found]


async def still_meant(tx: Tx, parent_ids: Iterable[UUID], file_ids: Iterable[UUID]) -> set[UUID]:
    """Return the albums and artists that tracks of other files than these are in, as far as those are analysed."""
    parents = in_order(set(parent_ids))
    if not parents:
        return set()
    cursor = await tx.connection.execute(VOTES.encode(), {"parents": parents, "files": in_order(set(file_ids))})
    found = await cursor.fetchall()
    return {item_id for row in found for item_id in row if isinstance(item_id, UUID)}


async def heads(tx: Tx, album_ids: Iterable[UUID], file_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how early on its album the first tagged track is that is of none of these files."""
    albums = in_order(set(album_ids))
    return {row[0]: row[1] for row in await rows(tx, HEADS, albums, in_order(set(file_ids)))} if albums else {}


async def credits_of(tx: Tx, item_ids: Iterable[UUID]) -> dict[UUID, list[CreditRow]]:
    found: dict[UUID, list[CreditRow]] = {}
    wanted = in_order(set(item_ids))
    for row in await rows(tx, CREDITS, wanted) if wanted else ():
        found.setdefault(row[0], []).append(CreditRow(*row[1:]))
    return found


async def put_credits(tx: Tx, credited: Mapping[UUID, Sequence[CreditRow]], new: Collection[UUID]) -> None:
    """Replace whom these items are credited to; those that are new were credited to nobody."""
    if old := [item_id for item_id in credited if item_id not in new]:
        await run(tx, "DELETE FROM item_artist WHERE item_id = ANY(%s)", old)
    async with tx.connection.cursor() as cursor, cursor.copy(COPY_CREDITS) as copy:
        for item_id, entries in credited.items():
            for position, entry in enumerate(entries):
                await copy.write_row((item_id, position, entry.artist_id, entry.name, entry.joinphrase))


async def set_release_types(tx: Tx, types: Mapping[UUID, Sequence[str]]) -> list[UUID]:
    return [row[0] for row in await rows(tx, SET_RELEASE_TYPES, list(types), [Jsonb(list(t)) for t in types.values()])]


async def forget_tag_ids(tx: Tx, item_ids: Sequence[UUID], said: Sequence[tuple[UUID, str, str]]) -> None:
    """Forget what tags said of these items and say no more."""
    await run(
        tx, FORGET_TAG_IDS, list(item_ids), [one[0] for one in said], [one[1] for one in said], [one[2] for one in said]
    )
