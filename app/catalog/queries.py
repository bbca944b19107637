"""Every statement of the catalogue. Each restricts itself to what its viewer may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from app.accounts.viewer import Viewer
from app.catalog import permission
from app.catalog.search import VECTOR
from app.catalog.sorting import SORTS, Sort
from app.catalog.views import Stream
from app.db.tx import Tx
from app.library.kinds import ItemKind


@dataclass(frozen=True, slots=True)
class Statement:
    text: sql.Composed
    parameters: dict[str, Any]

    async def fetch(self, tx: Tx) -> list[dict[str, Any]]:
        async with tx.connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(self.text, self.parameters)
            return await cursor.fetchall()

    async def run(self, tx: Tx) -> None:
        """Run what returns nothing."""
        await tx.connection.execute(self.text, self.parameters)


def libraries(viewer: Viewer, library_id: UUID | None = None) -> Statement:
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
    return Statement(
        text.format(visible=permission.library("library", "id")),
        {**permission.parameters(viewer), "library_id": library_id},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """What is None does not restrict."""

    library_id: UUID | None = None
    kind: str | None = None
    parent_id: UUID | None = None
    artist_id: UUID | None = None
    """Credited to this artist, whoever the first one is."""
    words: str | None = None
    """A tsquery."""
    after: Sequence[object] | None = None
    """The keys of the last row shown before."""
    limit: int

    def parameters(self, viewer: Viewer) -> dict[str, Any]:
        after = {f"after_{place}": key for place, key in enumerate(self.after or ())}
        return {
            **permission.parameters(viewer),
            **after,
            "library_id": self.library_id,
            "kind": self.kind,
            "kinds": list(ItemKind) if self.kind is None else [self.kind],
            "parent_id": self.parent_id,
            "artist_id": self.artist_id,
            "words": self.words,
            "limit": self.limit,
        }


def page_of_items(viewer: Viewer, asked: ItemFilter, sort: Sort) -> Statement:
    """Return the statement for one page: rows of `id` and the sort's keys."""
    if asked.parent_id is not None or asked.artist_id is not None or asked.words is not None:
        return _few(viewer, asked, sort)
    return _walk(viewer, asked, sort)


def _walk(viewer: Viewer, asked: ItemFilter, sort: Sort) -> Statement:
    """Walk every (library, kind) that is asked for along the sort's own index, and merge what they begin with.

    So each order needs one index, whatever the question leaves open, and a page reads `limit` rows of each at most. For
    a viewer with an age limit there is a second one, and every age they may see is walked: (library, kind, age).
    The place is bounded from both sides rather than equated: of equal columns PostgreSQL knows that they need no
    order, and then takes an index without them, which for a kind that a library has none of it reads to the end.
    The libraries come as an array because a table that small is never analysed, and taken for one of hundreds of rows.
    """
    text = sql.SQL("""
        SELECT item.*
        FROM unnest(ARRAY(
            SELECT library.id FROM library
            WHERE {visible} AND (%(library_id)s::uuid IS NULL OR library.id = %(library_id)s::uuid)
        )) AS library(id)
        CROSS JOIN unnest(%(kinds)s::text[]) AS wanted(kind)
        {ages}
        CROSS JOIN LATERAL (
            SELECT item.id, item.sort_title, item.year, item.disc_number, item.number, {keys}
            FROM item
            WHERE {begins} AND ({place}) {ends} ({wanted})
            ORDER BY {order_of_index}
            LIMIT %(limit)s
        ) AS item
        ORDER BY {order}
        LIMIT %(limit)s
    """)
    columns: tuple[sql.SQL, ...] = (sql.SQL("item.library_id"), sql.SQL("item.kind"))
    place, wanted = sql.SQL(", ").join(columns), sql.SQL("library.id, wanted.kind")
    ages = sql.SQL("")
    if viewer.max_age is not None:
        columns = (*columns, permission.AGE_OF_ITEM)
        place, wanted = sql.SQL(", ").join(columns), sql.SQL("library.id, wanted.kind, allowed.age")
        ages = sql.SQL("CROSS JOIN unnest(%(ages)s::int[]) AS allowed(age)")
    if asked.after is None:
        begins = sql.SQL("({}) {} ({})").format(wanted, sort.precedes_or_is, place)
    else:
        begins = sql.SQL("({}, {}) {} ({}, {})").format(place, sort.keys_sql, sort.follows, wanted, sort.after_sql)
    composed = text.format(
        keys=sort.selected_sql,
        ages=ages,
        begins=begins,
        place=place,
        wanted=wanted,
        ends=sort.precedes_or_is,
        order_of_index=sort.order_sql(*columns),
        order=sort.order_sql(),
        visible=permission.library("library", "id"),
    )
    return Statement(composed, asked.parameters(viewer))


CREDITED = sql.SQL(
    "item.id IN (SELECT credit.item_id FROM item_artist credit WHERE credit.artist_id = %(artist_id)s)"
).format()


def _few(viewer: Viewer, asked: ItemFilter, sort: Sort) -> Statement:
    """Find the children of one parent, what an artist is credited with, or what a search finds, by index; sort those.

    Materialized, because PostgreSQL takes every beginning of a word for a frequent one, and would rather read all
    items in order until it has met enough of them.
    """
    conditions: list[sql.Composable] = [permission.item(viewer)]
    conditions += [sql.SQL("item.parent_id = %(parent_id)s")] if asked.parent_id is not None else []
    if asked.artist_id is not None:
        conditions.append(CREDITED)
    conditions += [sql.SQL("item.library_id = %(library_id)s")] if asked.library_id is not None else []
    conditions += [sql.SQL("item.kind = %(kind)s")] if asked.kind is not None else []
    conditions += [VECTOR + sql.SQL(" @@ %(words)s::tsquery")] if asked.words is not None else []
    text = sql.SQL("""
        WITH found AS MATERIALIZED (
            SELECT item.id, item.sort_title, item.year, item.disc_number, item.number
            FROM item WHERE {conditions}
        )
        SELECT item.id, {keys} FROM found AS item WHERE {follows} ORDER BY {order} LIMIT %(limit)s
    """)
    follows: sql.Composable = sql.SQL("true")
    if asked.after is not None:
        follows = sql.SQL("({}) {} ({})").format(sort.keys_sql, sort.follows, sort.after_sql)
    composed = text.format(
        keys=sort.selected_sql,
        follows=follows,
        order=sort.order_sql(),
        conditions=sql.SQL(" AND ").join(conditions),
    )
    return Statement(composed, asked.parameters(viewer))


def items(viewer: Viewer, item_ids: Sequence[UUID]) -> Statement:
    text = sql.SQL("""
        SELECT item.id, item.library_id, parent.id AS parent_id, item.kind, item.title, item.sort_title,
            item.original_title, item.year, item.released_on, item.number, item.number_end, item.absolute_number,
            item.disc_number, item.disc_title, item.country, item.release_types, item.min_age, item.locked, item.state,
            item.missing_since, item.added_at, item.updated_at, named.external_ids, credited.artists,
            CASE item.kind WHEN 'season' THEN parent.id WHEN 'episode' THEN above.id END AS series_id,
            CASE item.kind WHEN 'season' THEN parent.title WHEN 'episode' THEN above.title END AS series_title,
            CASE item.kind WHEN 'episode' THEN parent.number END AS season_number,
            CASE WHEN item.kind = 'track' AND parent.kind = 'album' THEN parent.title END AS album,
            {album_gain} AS replay_gain,
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
        WHERE item.id = ANY(%(item_ids)s) AND {visible}
    """)
    composed = text.format(
        visible=permission.item(viewer),
        parent_visible=permission.item(viewer, "parent"),
        above_visible=permission.item(viewer, "above"),
        child_visible=permission.item(viewer, "child"),
        album_gain=_ALBUM_GAIN.format(
            gains=_gains("album_gain", "album_peak"), visible=permission.item(viewer, "track")
        ),
    )
    return Statement(composed, {**permission.parameters(viewer), "item_ids": list(item_ids)})


def _gains(*names: str) -> sql.Composed:
    """Take out of the tags of a song what they say of loudness; an empty object if nothing."""
    pairs = sql.SQL(", ").join(sql.SQL("{0}, file.music_tags -> {0}").format(sql.Literal(name)) for name in names)
    return sql.SQL("jsonb_strip_nulls(jsonb_build_object({}))").format(pairs)


_ALBUM_GAIN = sql.SQL("""
    CASE item.kind WHEN 'album' THEN (
        SELECT {gains}
        FROM item track JOIN item_file link ON link.item_id = track.id JOIN file ON file.id = link.file_id
        WHERE track.parent_id = item.id AND {visible} AND link.role = 'main' AND file.music_tags ? 'album_gain'
        ORDER BY track.disc_number NULLS FIRST, track.number, track.id, link.position
        LIMIT 1
    ) END
""")


def children(viewer: Viewer, parent_ids: Sequence[UUID]) -> Statement:
    """Return rows of `parent_id` and `id`, the children of each parent in the order of their numbers."""
    text = sql.SQL("""
        SELECT item.parent_id, item.id FROM item
        WHERE item.parent_id = ANY(%(parent_ids)s) AND {visible}
        ORDER BY {order}
    """)
    order = SORTS["number"].order_sql()
    return Statement(
        text.format(visible=permission.item(viewer), order=order),
        {**permission.parameters(viewer), "parent_ids": list(parent_ids)},
    )


def files_of_items(viewer: Viewer, item_ids: Sequence[UUID]) -> Statement:
    text = sql.SQL("""
        SELECT item_file.item_id, item_file.role, item_file.extra_kind, item_file.version, item_file.edition,
            item_file.part, {columns}, {gains} AS replay_gain
        FROM item_file
        JOIN file ON file.id = item_file.file_id
        JOIN library_root AS root ON root.id = file.root_id
        WHERE item_file.item_id = ANY(%(item_ids)s) AND {visible}
        ORDER BY item_file.item_id, item_file.position, file.id
    """)
    gains = _gains("track_gain", "track_peak", "album_gain", "album_peak")
    composed = text.format(columns=_FILE_COLUMNS, gains=gains, visible=permission.file(viewer))
    return Statement(composed, {**permission.parameters(viewer), "item_ids": list(item_ids)})


_FILE_COLUMNS = sql.SQL("""
    file.id, rtrim(root.display_path, '/') || '/' || file.display_path AS path, file.size, file.state,
    file.missing_since, file.kind, file.container, file.duration_ms, file.bit_rate, file.problem
""")


def streams_of_files(file_ids: Sequence[UUID]) -> Statement:
    text = sql.SQL("""
        SELECT stream.file_id, {columns} FROM stream
        WHERE stream.file_id = ANY(%(file_ids)s)
        ORDER BY stream.file_id, stream.index
    """)
    columns = sql.SQL(", ").join(sql.Identifier("stream", name) for name in Stream.__struct_fields__)
    return Statement(text.format(columns=columns), {"file_ids": list(file_ids)})


def chapters_of_file(file_id: UUID) -> Statement:
    text = sql.SQL("""
        SELECT chapter.start_ms, chapter.end_ms, chapter.title FROM chapter
        WHERE chapter.file_id = %(file_id)s ORDER BY chapter.index
    """)
    return Statement(text.format(), {"file_id": file_id})


def file(viewer: Viewer, file_id: UUID) -> Statement:
    text = sql.SQL("""
        SELECT {columns}, root.library_id, file.mtime_ns, file.added_at, file.probed_at, file.problem_detail,
            file.tags, file.pictures, root.path AS root_path, folder.path AS folder_path, file.name,
            file.display_path,
            ARRAY(
                SELECT item.id FROM item_file JOIN item ON item.id = item_file.item_id
                WHERE item_file.file_id = file.id AND {item_visible} ORDER BY item.id
            ) AS item_ids
        FROM file
        JOIN library_root AS root ON root.id = file.root_id
        JOIN folder ON folder.id = file.folder_id
        WHERE file.id = %(file_id)s AND {visible}
    """)
    return Statement(
        text.format(columns=_FILE_COLUMNS, visible=permission.file(viewer), item_visible=permission.item(viewer)),
        {**permission.parameters(viewer), "file_id": file_id},
    )
