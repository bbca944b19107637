"""The names that fields have in tags, and ours for them.

Free names differ by case, blanks, underscores and slashes (`MusicBrainz Album Id`, `MUSICBRAINZ_ALBUMID`,
`MusicBrainz/Album Id`): squeezed to letters and digits they are one name. Frames and atoms with names of their own
are translated to such names first, by the module that reads them.
"""

import re
from collections.abc import Iterable

Fields = dict[str, list[str]]
"""Our name for a field → what the tags have for it, in order."""

MAX_VALUES = 100
"""Of one field. An orchestra has as many performers."""
MAX_FIELDS = 500
MAX_LENGTH = 4_000
MAX_LYRICS = 100_000
"""Characters; the longest opera libretto has as many."""

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\ufeff\ufffe\uffff]+")
_BLANK = re.compile(r"\s+")

_NAMES: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "title_sort": ("titlesort", "titlesortorder"),
    "artist": ("artist", "author"),
    "artists": ("artists",),
    "artist_sort": ("artistsort", "artistsortorder"),
    "artists_sort": ("artistssort",),
    "album": ("album", "albumtitle"),
    "album_sort": ("albumsort", "albumsortorder"),
    "album_artist": ("albumartist", "band"),
    "album_artists": ("albumartists",),
    "album_artist_sort": ("albumartistsort", "albumartistsortorder"),
    "album_artists_sort": ("albumartistssort",),
    "track": ("track", "tracknumber"),
    "track_total": ("tracktotal", "totaltracks", "trackc"),
    "disc": ("disc", "disk", "discnumber", "disknumber", "partofset"),
    "disc_total": ("disctotal", "totaldiscs", "disktotal", "totaldisks", "discc"),
    "disc_title": ("discsubtitle", "setsubtitle", "disctitle"),
    "date": ("date",),
    "year": ("year",),
    "release_date": ("releasedate", "releasetime"),
    "original_date": ("originaldate", "originalreleasedate", "originalreleasetime", "origdate"),
    "original_year": ("originalyear", "originalreleaseyear", "origyear"),
    "genre": ("genre",),
    "compilation": ("compilation", "iscompilation", "itunescompilation"),
    "release_type": ("releasetype", "musicbrainzalbumtype"),
    "release_status": ("releasestatus", "musicbrainzalbumstatus"),
    "release_country": ("releasecountry", "musicbrainzalbumreleasecountry"),
    "label": ("label", "publisher", "organization"),
    "catalog_number": ("catalognumber", "catalogno", "catalog", "labelno"),
    "barcode": ("barcode", "upc", "ean", "mcn"),
    "isrc": ("isrc",),
    "media": ("media",),
    "composer": ("composer",),
    "lyricist": ("lyricist", "writer"),
    "conductor": ("conductor",),
    "performer": ("performer",),
    "work": ("work",),
    "language": ("language",),
    "comment": ("comment", "description"),
    "copyright": ("copyright",),
    "lyrics": ("lyrics", "unsyncedlyrics", "unsyncedlyric", "syncedlyrics"),
    "bpm": ("bpm", "tempo", "beatsperminute"),
    # MusicBrainz calls `track` in tags what it calls a recording elsewhere; the track of a release came later.
    "recording_id": ("musicbrainztrackid", "musicbrainzrecordingid"),
    "track_id": ("musicbrainzreleasetrackid",),
    "release_id": ("musicbrainzalbumid", "musicbrainzreleaseid"),
    "release_group_id": ("musicbrainzreleasegroupid",),
    "artist_id": ("musicbrainzartistid",),
    "album_artist_id": ("musicbrainzalbumartistid",),
    "work_id": ("musicbrainzworkid",),
    "track_gain": ("replaygaintrackgain",),
    "track_peak": ("replaygaintrackpeak",),
    "album_gain": ("replaygainalbumgain",),
    "album_peak": ("replaygainalbumpeak",),
    "r128_track_gain": ("r128trackgain",),
    "r128_album_gain": ("r128albumgain",),
}
OURS = {squeezed: name for name, squeezed_names in _NAMES.items() for squeezed in squeezed_names}
LONG = frozenset({"lyrics", "comment"})


def name_of(key: str) -> str | None:
    """Return our name of a field that the tags call so; None for those we have no use for."""
    squeezed = _NOT_WORD.sub("", key[:100].lower())
    return OURS.get(squeezed) or OURS.get(squeezed.removeprefix("wm"))


def add(fields: Fields, name: str | None, values: Iterable[object]) -> None:
    """Add what a tag has for one of our names, without what is empty or already there."""
    if name is None or (name not in fields and len(fields) >= MAX_FIELDS):
        return
    kept = fields.setdefault(name, [])
    for part in (part for value in values for part in str(value).split("\0")):
        plain = clean_lines(part) if name in LONG else clean(part)
        if plain and plain not in kept and len(kept) < MAX_VALUES:
            kept.append(plain)
    if not kept:
        del fields[name]


def clean(value: object) -> str:
    """Return one line of text that PostgreSQL takes: no NUL, no lone surrogate, no control characters."""
    return _BLANK.sub(" ", clean_lines(value, MAX_LENGTH)).strip()


def clean_lines(value: object, limit: int = MAX_LYRICS) -> str:
    """Return text with its line breaks."""
    text = str(value)[:limit].replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text).encode("utf-8", "replace").decode().strip()


def complete(fields: Fields, others: Fields) -> None:
    """Take from others what these do not have at all."""
    for name, values in others.items():
        if name not in fields and len(fields) < MAX_FIELDS:
            fields[name] = values
