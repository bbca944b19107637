"""What is said of items: texts, labels, ratings, people, pictures. Of each field the source that counts most.

Two statements however many items: each looks up its own rows by key.
"""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

from psycopg import sql

from app.accounts.viewer import Viewer
from app.catalog import permission
from app.catalog.queries import Lookup, Statement, these
from app.db.prepared import Prepared
from app.library.kinds import FactSource, ImageSource
from app.library.repository import side_words

_RANKS = {
    "sources": [source.value for source in FactSource],
    "places": [source.value for source in ImageSource],
}

_TEXTS = ("plot", "outline", "tagline")
_DETAILS = (
    "runtime_minutes", "status", "ended_on", "trailer", "disambiguation", "type", "display_season", "display_episode",
    "airs_before_season", "airs_before_episode", "airs_after_season",
)  # fmt: skip


def _first(columns: Sequence[str], order: sql.SQL) -> sql.Composed:
    """Take each column from the first source that says something in it."""
    one = sql.SQL("(array_agg({0} ORDER BY {1}) FILTER (WHERE {0} IS NOT NULL))[1] AS {0}")
    return sql.SQL(", ").join(one.format(sql.Identifier(column), order) for column in columns)


_TAG = "left(md5(concat_ws(' ', {0}.id, {0}.size, {0}.mtime_ns, image.stream_index)), 16) AS tag"
"""Of a picture: another as soon as its file is another, or is another's."""

_COLUMNS = sql.SQL("""image.id, image.role, image.source, image.width, image.height, image.looked_at, image.placeholder,
        image.color, image.side_file_id, image.file_id, image.stream_index, image.digest, image.size""")

_ALL_IMAGES = sql.SQL("""
    SELECT {columns}, image.position, {side_tag}
    FROM image JOIN side_file ON side_file.id = image.side_file_id
    WHERE image.item_id = item.id AND image.problem IS NULL
    UNION ALL
    SELECT {columns}, image.position, left(encode(image.digest, 'hex'), 16)
    FROM image
    WHERE image.item_id = item.id AND image.digest IS NOT NULL
    UNION ALL
    SELECT {columns}, image.position, {file_tag}
    FROM item_file link JOIN image ON image.file_id = link.file_id JOIN file ON file.id = link.file_id
    WHERE link.item_id = item.id AND link.role = 'main' AND file.state = 'present' AND image.problem IS NULL
    UNION ALL
    (
        SELECT {columns}, 1000 + image.position, {file_tag}
        FROM item track JOIN item_file link ON link.item_id = track.id JOIN image ON image.file_id = link.file_id
        JOIN file ON file.id = link.file_id
        WHERE item.kind = 'album' AND track.parent_id = item.id AND link.role = 'main' AND file.state = 'present'
            AND image.problem IS NULL AND {of_age}
        ORDER BY track.disc_number NULLS FIRST, track.number, track.id, image.position
        LIMIT 1
    )
""")
"""Pictures whose bytes we have: beside media, fetched, inside media; of an album also the first that a song holds."""


def _images(viewer: Viewer) -> sql.Composed:
    tags = {f"{one}_tag": sql.SQL(_TAG.format(table)) for one, table in (("side", "side_file"), ("file", "file"))}
    return _ALL_IMAGES.format(columns=_COLUMNS, of_age=permission.of_age(viewer, "track"), **tags)


IMAGE_ORDER = sql.SQL("role, array_position(%(places)s::text[], source), position, id")


def describe(viewer: Viewer, item_ids: Sequence[UUID]) -> Lookup:
    """Return one row for each of the items that may be seen."""
    values = {**_RANKS, **permission.parameters(viewer), "item_ids": list(item_ids)}
    values["languages"] = list(viewer.languages)
    return Lookup(_describe(permission.alike(viewer)), values)


@cache
def _describe(viewer: Viewer) -> Prepared:
    text = sql.SQL("""
        SELECT item.id, said.*, detail.*, labels.labels, rated.ratings, certified.certifications,
            collected.collections, shown.images
        FROM item
        CROSS JOIN LATERAL (
            SELECT {texts}, CASE WHEN item.title_source IN ('metadata', 'name') AND NOT 'title' = ANY(item.locked)
                THEN {title} END AS local_title
            FROM item_text, array_position(%(sources)s::text[], item_text.source) AS rank,
                array_position(%(languages)s::text[], item_text.language) AS wish
            WHERE item_text.item_id = item.id
        ) AS said
        CROSS JOIN LATERAL (
            SELECT {details}
            FROM item_detail, array_position(%(sources)s::text[], item_detail.source) AS rank
            WHERE item_detail.item_id = item.id
        ) AS detail
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_object_agg(one.kind, one.names), '{{}}') AS labels
            FROM (
                SELECT ranked.kind, jsonb_agg(ranked.name ORDER BY ranked.position) AS names
                FROM (
                    SELECT label.kind, label.name, link.position, rank, min(rank) OVER (PARTITION BY label.kind) AS best
                    FROM item_label link JOIN label ON label.id = link.label_id,
                        array_position(%(sources)s::text[], link.source) AS rank
                    WHERE link.item_id = item.id
                ) AS ranked
                WHERE ranked.rank = ranked.best GROUP BY ranked.kind
            ) AS one
        ) AS labels
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'name', one.name, 'value', one.value, 'scale', one.scale, 'votes', one.votes
            ) ORDER BY one.is_default DESC, one.name), '[]') AS ratings
            FROM (
                SELECT DISTINCT ON (rating.name) rating.* FROM rating
                WHERE rating.item_id = item.id
                ORDER BY rating.name, array_position(%(sources)s::text[], rating.source)
            ) AS one
        ) AS rated
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_object_agg(one.country, one.value), '{{}}') AS certifications
            FROM (
                SELECT DISTINCT ON (certification.country) certification.country, certification.value FROM certification
                WHERE certification.item_id = item.id
                ORDER BY certification.country, array_position(%(sources)s::text[], certification.source)
            ) AS one
        ) AS certified
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('id', collection.id, 'name', coalesce((
                SELECT own.title FROM collection_text own, array_position(%(languages)s::text[], own.language) AS wish
                WHERE own.collection_id = collection.id AND own.title IS NOT NULL AND wish IS NOT NULL
                ORDER BY wish LIMIT 1
            ), collection.name))), '[]') AS collections
            FROM collection_item link JOIN collection ON collection.id = link.collection_id
            WHERE link.item_id = item.id
        ) AS collected
        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'role', one.role, 'source', one.source, 'width', one.width, 'height', one.height, 'tag', one.tag,
                'placeholder', one.placeholder, 'color', one.color
            ) ORDER BY {image_order}), '[]') AS images
            FROM ({images}) AS one
        ) AS shown
        WHERE item.id = {these} AND {visible}
    """)
    composed = text.format(
        these=these("item_ids"),
        visible=permission.item(viewer),
        texts=_first(_TEXTS, sql.SQL("rank, wish NULLS LAST, position")),
        title=_LOCAL_TITLE,
        details=_first(_DETAILS, sql.SQL("rank")),
        images=_images(viewer),
        image_order=IMAGE_ORDER,
    )
    return Prepared.of(composed)


_LOCAL_TITLE = sql.SQL("""(array_agg(item_text.title ORDER BY wish)
    FILTER (WHERE item_text.title IS NOT NULL AND item_text.source = 'metadata' AND wish IS NOT NULL))[1]""")
"""What sources call it in a language that the viewer wants. What a person, an NFO or tags call it stays."""

PORTRAIT = sql.SQL("""
    CASE WHEN image.id IS NOT NULL THEN jsonb_build_object(
        'role', image.role, 'source', image.source, 'width', image.width, 'height', image.height,
        'tag', left(encode(image.digest, 'hex'), 16), 'placeholder', image.placeholder, 'color', image.color
    ) END
""").format()

MOST_OF_A_ROLE = 20
"""People of one role that come with an item. A page of films with all who were ever named would be all names."""


def people(viewer: Viewer, item_ids: Sequence[UUID]) -> Lookup:
    """Return who made these items, as the source that counts most for each says."""
    values = {**_RANKS, **permission.parameters(viewer), "item_ids": list(item_ids), "most": MOST_OF_A_ROLE}
    return Lookup(_people(permission.alike(viewer)), values)


@cache
def _people(viewer: Viewer) -> Prepared:
    text = sql.SQL("""
        SELECT billed.item_id, billed.id, billed.name, billed.role, billed.character, {portrait} AS image FROM (
            SELECT ranked.*, row_number() OVER of_role AS place
            FROM (
                SELECT credit.item_id, person.id, person.name, credit.role, credit.character, credit.position, rank,
                    min(rank) OVER (PARTITION BY credit.item_id) AS best
                FROM credit JOIN person ON person.id = credit.person_id JOIN item ON item.id = credit.item_id,
                    array_position(%(sources)s::text[], credit.source) AS rank
                WHERE credit.item_id = {these} AND {visible}
            ) AS ranked
            WHERE ranked.rank = ranked.best
            WINDOW of_role AS (PARTITION BY ranked.item_id, ranked.role ORDER BY ranked.position)
        ) AS billed
        LEFT JOIN image ON image.person_id = billed.id AND image.digest IS NOT NULL
        WHERE billed.place <= %(most)s ORDER BY billed.item_id, billed.position
    """)
    these_items, visible = these("item_ids"), permission.item(viewer)
    return Prepared.of(text.format(portrait=PORTRAIT, these=these_items, visible=visible))


def images_of(viewer: Viewer, item_id: UUID, role: str) -> Lookup:
    """Return where the pictures of one role are, the best first."""
    values = {**_RANKS, **permission.parameters(viewer), "item_id": item_id, "role": role}
    return Lookup(_images_of(permission.alike(viewer)), values)


@cache
def _images_of(viewer: Viewer) -> Prepared:
    text = sql.SQL("""
        SELECT one.role, one.stream_index, one.tag, one.file_id AS media_id, one.digest, one.size AS stored_size,
            CASE WHEN one.looked_at IS NOT NULL THEN one.width::float8 / nullif(one.height, 0) END AS shape,
            coalesce(side_file.id, file.id) AS file_id, library_root.library_id,
            library_root.path AS root_path, folder.path AS folder_path, coalesce(side_file.name, file.name) AS name,
            coalesce(side_file.size, file.size) AS size, coalesce(side_file.mtime_ns, file.mtime_ns) AS mtime_ns
        FROM item
        CROSS JOIN LATERAL ({images}) AS one
        LEFT JOIN side_file ON side_file.id = one.side_file_id
        LEFT JOIN file ON file.id = one.file_id
        LEFT JOIN folder ON folder.id = coalesce(side_file.folder_id, file.folder_id)
        LEFT JOIN library_root ON library_root.id = folder.root_id
        WHERE item.id = %(item_id)s AND {visible} AND one.role = %(role)s
        ORDER BY {image_order}
    """)
    order = sql.SQL("one.role, array_position(%(places)s::text[], one.source), one.position, one.id")
    visible = permission.item(viewer)
    return Prepared.of(text.format(images=_images(viewer), visible=visible, image_order=order))


LATEST = 50
"""Items of a library, the last that came, among which a picture for it is looked for."""


def pictured(viewer: Viewer, library_id: UUID, role: str) -> Statement:
    """Return the item whose picture of a role stands for a library: the one that was chosen, else the latest."""
    text = sql.SQL("""
        SELECT item.id FROM (
            SELECT item.id, item.kind, 0 AS place FROM library_picture chosen JOIN item ON item.id = chosen.item_id
            WHERE chosen.library_id = %(library_id)s AND {visible}
            UNION ALL
            SELECT latest.*, 1 FROM unnest(ARRAY['movie', 'series', 'album', 'artist']) AS wanted(kind)
            CROSS JOIN LATERAL (
                SELECT item.id, item.kind FROM item
                WHERE (item.library_id, item.kind) <= (%(library_id)s, wanted.kind)
                  AND (item.library_id, item.kind) >= (%(library_id)s, wanted.kind) AND {visible}
                ORDER BY item.library_id DESC, item.kind DESC, item.id DESC LIMIT %(latest)s
            ) AS latest
        ) AS item
        WHERE EXISTS (SELECT FROM ({images}) AS one WHERE one.role = %(role)s)
        ORDER BY item.place, item.id DESC LIMIT 1
    """)
    values = {**permission.parameters(viewer), "library_id": library_id, "role": role, "latest": LATEST}
    return Statement(text.format(visible=permission.item(viewer), images=_images(viewer)), values)


def words_of_files(file_ids: Sequence[UUID]) -> Lookup:
    """Return subtitles and lyrics beside these media files, in the order of their names."""
    return Lookup(_words_of_files(), {"file_ids": list(file_ids)})


@cache
def _words_of_files() -> Prepared:
    return Prepared.of(words(these("file_ids")))


def words(files: sql.Composable) -> sql.Composed:
    """Return subtitles and lyrics beside files whose key is `files`: an expression after an equals sign."""
    text = sql.SQL("""
        SELECT side_file.file_id, side_file.id, side_file.kind, side_file.name, {columns},
            side_file.flags, side_file.size, side_file.mtime_ns, folder.path AS folder_path,
            library_root.path AS root_path, library_root.library_id, side_file.pictures_id
        FROM side_file
        JOIN folder ON folder.id = side_file.folder_id JOIN library_root ON library_root.id = folder.root_id
        {tracks}
        WHERE side_file.file_id = {files}
        ORDER BY side_file.file_id, side_file.kind DESC, {order}
    """)
    parts = {"columns": side_words.COLUMNS, "tracks": side_words.TRACKS, "order": side_words.ORDER}
    return text.format(files=files, **{name: sql.SQL(part) for name, part in parts.items()})


def pictures_of_words(pictures_id: UUID) -> Lookup:
    """Return the pictures that the index of a VobSub tells of."""
    return Lookup(_pictures_of_words(), {"ids": [pictures_id]})


@cache
def _pictures_of_words() -> Prepared:
    text = sql.SQL("""
        SELECT side_file.file_id, side_file.name, side_file.size, side_file.mtime_ns, folder.path AS folder_path,
            library_root.path AS root_path, library_root.library_id
        FROM side_file
        JOIN folder ON folder.id = side_file.folder_id JOIN library_root ON library_root.id = folder.root_id
        WHERE side_file.id = {ids}
    """)
    return Prepared.of(text.format(ids=these("ids")))
