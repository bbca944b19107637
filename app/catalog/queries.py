"""Every statement of the catalogue. Each restricts itself to what its viewer may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from app.accounts.viewer import Viewer
from app.catalog import loudness, permission
from app.catalog.file_views import Stream
from app.catalog.sorting import SORTS
from app.db.prepared import Prepared
from app.db.tx import Connected


@dataclass(frozen=True, slots=True)
class Statement:
    """A question that is composed anew each time it is put: PostgreSQL plans it for what is asked."""

    text: sql.Composed
    parameters: dict[str, Any]

    async def fetch(self, asked: Connected) -> list[dict[str, Any]]:
        async with asked.connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(self.text, self.parameters)
            return await cursor.fetchall()

    async def run(self, asked: Connected) -> None:
        """Run what returns nothing."""
        await asked.connection.execute(self.text, self.parameters)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A question by key, whose plan is the same whatever is asked."""

    prepared: Prepared
    parameters: dict[str, Any]

    @property
    def text(self) -> sql.Composed:
        return self.prepared.composed

    async def fetch(self, asked: Connected) -> list[dict[str, Any]]:
        return await self.prepared.fetch(asked.connection, self.parameters)


def these(parameter: str) -> sql.Composed:
    """One of the keys given.

    Written like this, PostgreSQL does not count them when it plans, and so it keeps the plan: for one key at a time it
    would find a plan of its own cheaper each time, and to make that costs several times what it saves.
    """
    return sql.SQL("ANY(ARRAY(SELECT unnest(%({})s::uuid[])))").format(sql.SQL(parameter))


def libraries(viewer: Viewer, library_id: UUID | None = None) -> Lookup:
    return Lookup(_libraries(), {**permission.parameters(viewer), "library_id": library_id})


@cache
def _libraries() -> Prepared:
    text = sql.SQL("""
        SELECT library.id, library.name, library.kind, library.created_at, library.updated_at,
            ARRAY(
                SELECT root.display_path FROM library_root AS root
                WHERE root.library_id = library.id AND root.retired_at IS NULL
                ORDER BY root.position, root.id
            ) AS paths
        FROM library
        WHERE {visible} AND (%(library_id)s::uuid IS NULL OR library.id = %(library_id)s::uuid)
        ORDER BY lower(library.name), library.id
    """)
    return Prepared.of(text.format(visible=permission.library("library", "id")))


def items(viewer: Viewer, item_ids: Sequence[UUID]) -> Lookup:
    return Lookup(_items(permission.alike(viewer)), {**permission.parameters(viewer), "item_ids": list(item_ids)})


@cache
def _items(viewer: Viewer) -> Prepared:
    text = sql.SQL("""
        SELECT item.id, item.library_id, parent.id AS parent_id, item.kind, item.title, item.sort_title,
            item.original_title, item.year, item.released_on, item.number, item.number_end, item.absolute_number,
            item.disc_number, item.disc_title, item.country, item.release_types, item.min_age, item.locked, item.state,
            item.missing_since, item.added_at, item.updated_at, named.external_ids, credited.artists,
            CASE item.kind WHEN 'season' THEN parent.id WHEN 'episode' THEN above.id END AS series_id,
            CASE item.kind WHEN 'season' THEN parent.title WHEN 'episode' THEN above.title END AS series_title,
            CASE item.kind WHEN 'episode' THEN parent.number END AS season_number,
            CASE WHEN item.kind = 'track' AND parent.kind = 'album' THEN parent.title END AS album,
            CASE item.kind WHEN 'album' THEN {album_gain} END AS replay_gain,
            (SELECT count(*) FROM item child WHERE child.parent_id = item.id AND {child_visible}) AS child_count
        FROM item
        LEFT JOIN item parent ON parent.id = item.parent_id AND {parent_visible}
        LEFT JOIN item above ON above.id = parent.parent_id AND {above_visible}
        CROSS JOIN LATERAL (
            SELECT coalesce(
                jsonb_agg(
                    jsonb_build_object('id', credit.artist_id, 'name', credit.name, 'joinphrase', credit.joinphrase)
                    ORDER BY credit.position
                ), '[]'
            ) AS artists
            FROM item_artist credit WHERE credit.item_id = item.id
        ) AS credited
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_object_agg(external_id.provider, external_id.value), '{{}}') AS external_ids
            FROM external_id WHERE external_id.item_id = item.id
        ) AS named
        WHERE item.id = {these} AND {visible}
    """)
    composed = text.format(
        these=these("item_ids"),
        visible=permission.item(viewer),
        parent_visible=permission.item(viewer, "parent"),
        above_visible=permission.item(viewer, "above"),
        child_visible=permission.item(viewer, "child"),
        album_gain=loudness.of_album(permission.item(viewer, "track")),
    )
    return Prepared.of(composed)


def children(viewer: Viewer, parent_ids: Sequence[UUID]) -> Lookup:
    """Return rows of `parent_id` and `id`, the children of each parent in the order of their numbers."""
    return Lookup(
        _children(permission.alike(viewer)), {**permission.parameters(viewer), "parent_ids": list(parent_ids)}
    )


@cache
def _children(viewer: Viewer) -> Prepared:
    text = sql.SQL("""
        SELECT item.parent_id, item.id FROM item
        WHERE item.parent_id = {these} AND {visible}
        ORDER BY {order}
    """)
    order = SORTS["number"].order_sql()
    return Prepared.of(text.format(these=these("parent_ids"), visible=permission.item(viewer), order=order))


def files_of_items(viewer: Viewer, item_ids: Sequence[UUID]) -> Lookup:
    return Lookup(
        _files_of_items(permission.alike(viewer)), {**permission.parameters(viewer), "item_ids": list(item_ids)}
    )


@cache
def _files_of_items(viewer: Viewer) -> Prepared:
    text = sql.SQL("""
        SELECT item_file.item_id, item_file.role, item_file.extra_kind, item_file.version, item_file.edition,
            item_file.part, {columns}, {gains} AS replay_gain, {segments} AS segments
        FROM item_file
        JOIN item ON item.id = item_file.item_id
        JOIN file ON file.id = item_file.file_id
        JOIN library_root AS root ON root.id = file.root_id
        {loudness}
        WHERE item_file.item_id = {these} AND {visible} AND {item_visible}
        ORDER BY item_file.item_id, item_file.position, file.id
    """)
    composed = text.format(
        columns=_FILE_COLUMNS,
        gains=loudness.OF_FILE,
        segments=_SEGMENTS,
        loudness=loudness.joined(sql.SQL("item.parent_id")),
        these=these("item_ids"),
        visible=permission.file(viewer),
        item_visible=permission.item(viewer),
    )
    return Prepared.of(composed)


_FILE_COLUMNS = sql.SQL("""
    file.id, rtrim(root.display_path, '/') || '/' || file.display_path AS path, file.size, file.state,
    file.missing_since, file.kind, file.container, file.duration_ms, file.bit_rate, file.problem
""")


def streams_of_files(file_ids: Sequence[UUID]) -> Lookup:
    return Lookup(_streams_of_files(), {"file_ids": list(file_ids)})


@cache
def _streams_of_files() -> Prepared:
    return Prepared.of(streams(these("file_ids")))


def streams(files: sql.Composable) -> sql.Composed:
    """Return the streams of files whose key is `files`: an expression after an equals sign."""
    text = sql.SQL("""
        SELECT stream.file_id, {columns} FROM stream
        WHERE stream.file_id = {files}
        ORDER BY stream.file_id, stream.index
    """)
    columns = sql.SQL(", ").join(sql.Identifier("stream", name) for name in Stream.__struct_fields__)
    return text.format(columns=columns, files=files)


def chapters_of_file(file_id: UUID) -> Lookup:
    return Lookup(_chapters_of_file(), {"file_id": file_id})


@cache
def _chapters_of_file() -> Prepared:
    text = sql.SQL("""
        SELECT chapter.index, chapter.start_ms, chapter.end_ms, chapter.title,
            coalesce(chapter.index = ANY(made.chapters), false) AS has_picture
        FROM chapter
        JOIN file ON file.id = chapter.file_id
        LEFT JOIN chapter_pictures made
            ON made.file_id = file.id AND (made.size, made.mtime_ns) = (file.size, file.mtime_ns)
        WHERE chapter.file_id = %(file_id)s ORDER BY chapter.index
    """)
    return Prepared.of(text.format())


def file(viewer: Viewer, file_id: UUID) -> Lookup:
    return Lookup(_file(permission.alike(viewer)), {**permission.parameters(viewer), "file_id": file_id})


@cache
def _file(viewer: Viewer) -> Prepared:
    text = sql.SQL("""
        SELECT {columns}, root.library_id, file.mtime_ns, file.added_at, file.probed_at, file.problem_detail,
            file.tags, file.pictures, root.path AS root_path, folder.path AS folder_path, file.name,
            file.display_path,
            ARRAY(
                SELECT item.id FROM item_file JOIN item ON item.id = item_file.item_id
                WHERE item_file.file_id = file.id AND {item_visible} ORDER BY item.id
            ) AS item_ids,
            {gains} AS replay_gain, {segments} AS segments
        FROM file
        JOIN library_root AS root ON root.id = file.root_id
        JOIN folder ON folder.id = file.folder_id
        {loudness}
        WHERE file.id = %(file_id)s AND {visible}
    """)
    composed = text.format(
        columns=_FILE_COLUMNS,
        gains=loudness.OF_FILE,
        segments=_SEGMENTS,
        loudness=loudness.joined(_ALBUM_OF_FILE),
        visible=permission.file(viewer),
        item_visible=permission.item(viewer),
    )
    return Prepared.of(composed)


_SEGMENTS = sql.SQL("""(
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'kind', part.kind, 'start_ms', part.start_ms, 'end_ms', part.end_ms, 'confidence', part.confidence,
        'source', part.source
    ) ORDER BY part.start_ms), '[]')
    FROM media_segment part
    WHERE part.file_id = file.id AND (part.size, part.mtime_ns) = (file.size, file.mtime_ns)
)""")


_ALBUM_OF_FILE = sql.SQL("""(
    SELECT track.parent_id FROM item_file link JOIN item track ON track.id = link.item_id
    WHERE link.file_id = file.id AND link.role = 'main' ORDER BY track.id LIMIT 1
)""")
