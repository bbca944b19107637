"""Which item a folder is about, by the media in it and below. Pure."""

from collections.abc import Sequence
from uuid import UUID

from app.library.kinds import ItemKind, LibraryKind
from app.library.naming import parse_episode, parse_track, split
from app.library.paths import join
from app.library.repository.side_readings import MediaRow
from app.library.sidecars.pairing import Owner

MOST = 20_000
"""Media files below a folder that is about one thing: more than any series has. Beyond it is a shelf."""


def owner_of(path: bytes, media: Sequence[MediaRow], kind: LibraryKind) -> Owner | None:
    """Return the item that a folder is about; None when it is about several, or nothing yet.

    `media` is all in the folder and below, `MOST` + 1 at most. A series' seasons are not filled in.
    """
    rows = [row for row in media if row.item_id is not None and not row.is_extra]
    if not rows or not path or len(media) > MOST:
        return None
    match kind:
        case LibraryKind.MOVIES:
            return _only({row.item_id: Owner(row.item_id, ItemKind.MOVIE) for row in rows if row.item_id is not None})
        case LibraryKind.TVSHOWS:
            return _of_show(path, rows)
        case LibraryKind.MUSIC:
            return _of_music(path, rows)


def _only(found: dict[UUID, Owner]) -> Owner | None:
    return next(iter(found.values())) if len(found) == 1 else None


def _of_show(path: bytes, rows: Sequence[MediaRow]) -> Owner | None:
    series = {row.top_id: Owner(row.top_id, ItemKind.SERIES) for row in rows if row.top_id is not None}
    series |= {
        row.parent_id: Owner(row.parent_id, ItemKind.SERIES)
        for row in rows
        if row.parent_id is not None and row.parent_kind == ItemKind.SERIES
    }
    if len(series) != 1:
        return None
    homes = {parse_episode(*split(join(row.folder, row.name))).home for row in rows}
    if len(homes) == 1 and _depth(path) > homes.pop():
        seasons = {row.parent_id: row for row in rows if row.parent_kind == ItemKind.SEASON}
        return _only(
            {
                season_id: Owner(season_id, ItemKind.SEASON, parent_id=row.top_id)
                for season_id, row in seasons.items()
                if season_id is not None
            }
        )
    return _only(series)


def _of_music(path: bytes, rows: Sequence[MediaRow]) -> Owner | None:
    if _depth(path) >= min(parse_track(*split(join(row.folder, row.name))).home for row in rows):
        return _only(
            {
                row.parent_id: Owner(row.parent_id, ItemKind.ALBUM, parent_id=row.top_id)
                for row in rows
                if row.parent_id is not None and row.parent_kind == ItemKind.ALBUM
            }
        )
    artists = {row.top_id for row in rows if row.top_kind == ItemKind.ARTIST}
    artists |= {row.parent_id for row in rows if row.parent_kind == ItemKind.ARTIST}
    return _only({artist: Owner(artist, ItemKind.ARTIST) for artist in artists if artist is not None})


def _depth(path: bytes) -> int:
    return path.count(b"/") + 1
