"""How loud files and albums are, as statements say it: what tags say, and where they are silent what was measured."""

from psycopg import sql

from app.playback.loudness.gating import REFERENCE_LUFS

_JOINED = sql.SQL("""
    LEFT JOIN loudness measured
        ON measured.file_id = file.id AND (measured.size, measured.mtime_ns) = (file.size, file.mtime_ns)
    LEFT JOIN album_loudness whole ON whole.item_id = {album} AND {is_current}
""")

_IS_CURRENT = sql.SQL("whole.tracks = (SELECT count(*) FROM item sibling WHERE sibling.parent_id = whole.item_id)")


def joined(album: sql.Composable) -> sql.Composed:
    """Join what was measured of `file`, and of the album whose id this expression is."""
    return _JOINED.format(album=album, is_current=_IS_CURRENT)


def _gain(table: str) -> sql.Composed:
    return sql.SQL("to_jsonb(round(({} - {})::numeric, 2))").format(
        sql.Literal(REFERENCE_LUFS), sql.Identifier(table, "loudness")
    )


def _peak(table: str) -> sql.Composed:
    return sql.SQL("to_jsonb({})").format(sql.Identifier(table, "peak"))


def _said(pairs: dict[str, sql.Composed]) -> sql.Composed:
    """Return an object of what tags say, or else what was measured; an empty one where nothing is known."""
    said = sql.SQL(", ").join(
        sql.SQL("{0}, coalesce(file.music_tags -> {0}, {1})").format(sql.Literal(name), measured)
        for name, measured in pairs.items()
    )
    return sql.SQL("jsonb_strip_nulls(jsonb_build_object({}))").format(said)


OF_FILE = _said(
    {
        "track_gain": _gain("measured"),
        "track_peak": _peak("measured"),
        "album_gain": _gain("whole"),
        "album_peak": _peak("whole"),
    }
)
"""Needs `joined`."""


def of_album(visible: sql.Composable) -> sql.Composed:
    """Return what the first song that says something says of the album `item`, or else what was added up."""
    text = sql.SQL("""
        coalesce(
            (
                SELECT jsonb_strip_nulls(jsonb_build_object(
                    'album_gain', file.music_tags -> 'album_gain', 'album_peak', file.music_tags -> 'album_peak'
                ))
                FROM item track JOIN item_file link ON link.item_id = track.id JOIN file ON file.id = link.file_id
                WHERE track.parent_id = item.id AND {visible} AND link.role = 'main'
                    AND file.music_tags ? 'album_gain'
                ORDER BY track.disc_number NULLS FIRST, track.number, track.id, link.position
                LIMIT 1
            ),
            (
                SELECT jsonb_strip_nulls(jsonb_build_object('album_gain', {gain}, 'album_peak', {peak}))
                FROM album_loudness whole WHERE whole.item_id = item.id AND {is_current}
            )
        )
    """)
    return text.format(visible=visible, gain=_gain("whole"), peak=_peak("whole"), is_current=_IS_CURRENT)
