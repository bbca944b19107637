"""Fields as tags have them → what they mean."""

import re
from collections.abc import Sequence

from app.library.tagging import numbers
from app.library.tagging.credits import SEMICOLON, credits_of, ids_in
from app.library.tagging.fields import Fields
from app.library.tagging.tags import VARIOUS_ARTISTS, MusicTags

LISTED = re.compile(rf"{SEMICOLON}| / ")
GENRES = re.compile(rf"{SEMICOLON}| / |\|")
TYPES = re.compile(r"\s*[;/,|+]\s*")
LABELS = re.compile(SEMICOLON)
ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
LRC = re.compile(r"^\[\d{1,3}:\d\d", re.MULTILINE)
MAX_LIST = 50


def normalise(fields: Fields, *, is_slashed: bool = False) -> MusicTags:
    """Say what the fields mean; `is_slashed`: several values may have been joined by a slash."""
    artist, artists = credits_of(fields, "artist", is_slashed=is_slashed)
    album_artist, album_artists = credits_of(fields, "album_artist", is_slashed=is_slashed)
    track, track_total = _numbered(fields, "track")
    disc, disc_total = _numbered(fields, "disc")
    date, original = _date(fields, "date", "release_date", "year"), _date(fields, "original_date", "original_year")
    is_various = VARIOUS_ARTISTS in ids_in(fields.get("album_artist_id", []))
    return MusicTags(
        title=_first(fields, "title"),
        sort_title=_first(fields, "title_sort"),
        artist=artist,
        artists=artists,
        album=_first(fields, "album"),
        sort_album=_first(fields, "album_sort"),
        album_artist=album_artist,
        album_artists=album_artists,
        track=track,
        track_total=track_total,
        disc=disc,
        disc_total=disc_total,
        disc_title=_first(fields, "disc_title"),
        date=date,
        original_date=original,
        year=_year(date),
        original_year=_year(original),
        genres=_listed(fields, "genre", GENRES),
        is_compilation=is_various or numbers.is_true(_first(fields, "compilation")),
        release_types=tuple(word.lower() for word in _listed(fields, "release_type", TYPES)),
        release_status=_lower(_first(fields, "release_status")),
        release_country=_first(fields, "release_country"),
        labels=_listed(fields, "label", LABELS),
        catalog_numbers=_listed(fields, "catalog_number", LABELS),
        barcode=_first(fields, "barcode"),
        isrcs=_isrcs(fields),
        media=_first(fields, "media"),
        composers=_listed(fields, "composer", LISTED),
        lyricists=_listed(fields, "lyricist", LISTED),
        conductors=_listed(fields, "conductor", LISTED),
        performers=_listed(fields, "performer", LABELS),
        work=_first(fields, "work"),
        language=_first(fields, "language"),
        comment=_first(fields, "comment"),
        copyright=_first(fields, "copyright"),
        lyrics=_lyrics(fields),
        bpm=numbers.beats(_first(fields, "bpm")),
        recording_id=_id(fields, "recording_id"),
        track_id=_id(fields, "track_id"),
        release_id=_id(fields, "release_id"),
        release_group_id=_id(fields, "release_group_id"),
        work_ids=tuple(ids_in(fields.get("work_id", []))),
        track_gain=_gain(fields, "track"),
        track_peak=numbers.peak(_first(fields, "track_peak")),
        album_gain=_gain(fields, "album"),
        album_peak=numbers.peak(_first(fields, "album_peak")),
    )


def _first(fields: Fields, name: str) -> str | None:
    values = fields.get(name)
    return values[0] if values else None


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()


def _numbered(fields: Fields, name: str) -> tuple[int | None, int | None]:
    number, total = numbers.number_and_total(_first(fields, name))
    told, _ = numbers.number_and_total(_first(fields, f"{name}_total"))
    return number, told or total


def _date(fields: Fields, *names: str) -> str | None:
    """Return the first that says more than a year; else the first that says anything."""
    dates = [found for name in names if (found := numbers.iso_date(_first(fields, name)))]
    return next((found for found in dates if "-" in found), dates[0] if dates else None)


def _year(value: str | None) -> int | None:
    return None if value is None else int(value[:4])


def _listed(fields: Fields, name: str, separators: re.Pattern[str]) -> tuple[str, ...]:
    """Return the values, and those within each, without repetitions in whichever case."""
    kept: dict[str, str] = {}
    for value in fields.get(name, ()):
        for part in separators.split(value):
            if part and part.strip():
                kept.setdefault(part.strip().casefold(), part.strip())
    return tuple(kept.values())[:MAX_LIST]


def _isrcs(fields: Fields) -> tuple[str, ...]:
    plain: Sequence[str] = [value.upper().replace("-", "").replace(" ", "") for value in fields.get("isrc", ())]
    return tuple(dict.fromkeys(found for value in plain for found in ISRC.findall(value)))[:MAX_LIST]


def _lyrics(fields: Fields) -> str | None:
    """Prefer those with times."""
    found = fields.get("lyrics", [])
    return next((lyrics for lyrics in found if LRC.search(lyrics)), found[0] if found else None)


def _id(fields: Fields, name: str) -> str | None:
    return next(iter(ids_in(fields.get(name, []))), None)


def _gain(fields: Fields, what: str) -> float | None:
    gain = numbers.decibels(_first(fields, f"{what}_gain"))
    return gain if gain is not None else numbers.r128_gain(_first(fields, f"r128_{what}_gain"))
