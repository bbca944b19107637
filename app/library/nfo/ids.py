"""Names that others have for an item: from fields, and from addresses of their pages."""

import re
from collections.abc import Iterator

from app.library.nfo.tree import Element
from app.library.nfo.values import line

_NAMES = {
    "themoviedb": "tmdb",
    "tmdbid": "tmdb",
    "tmdb": "tmdb",
    "imdb": "imdb",
    "imdbid": "imdb",
    "imdb_id": "imdb",
    "thetvdb": "tvdb",
    "tvdbid": "tvdb",
    "tvdb": "tvdb",
    "tvmazeid": "tvmaze",
    "tvmaze": "tvmaze",
    "anidbid": "anidb",
    "anidb": "anidb",
    "anilistid": "anilist",
    "anilist": "anilist",
    "wikidataid": "wikidata",
    "wikidata": "wikidata",
    "audiodbartistid": "audiodb",
    "audiodbalbumid": "audiodb",
    "musicbrainzartistid": "musicbrainz_artist",
    "musicbrainzartist": "musicbrainz_artist",
    "musicbrainzalbumid": "musicbrainz_release",
    "musicbrainzalbum": "musicbrainz_release",
    "musicbrainzalbumartistid": "musicbrainz_album_artist",
    "musicbrainzalbumartist": "musicbrainz_album_artist",
    "musicbrainzreleasegroupid": "musicbrainz_release_group",
    "musicbrainzreleasegroup": "musicbrainz_release_group",
    "musicbrainztrackid": "musicbrainz_recording",
    "musicbrainztrack": "musicbrainz_recording",
}

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

_SHAPES = {
    "imdb": re.compile(r"(?:tt|nm|co)\d{5,10}"),
    "tmdb": re.compile(r"\d{1,10}"),
    "tvdb": re.compile(r"\d{1,10}"),
    "tvmaze": re.compile(r"\d{1,10}"),
    "anidb": re.compile(r"\d{1,10}"),
    "anilist": re.compile(r"\d{1,10}"),
    "wikidata": re.compile(r"Q\d{1,12}"),
    "audiodb": re.compile(r"\d{1,12}"),
} | {
    f"musicbrainz_{what}": re.compile(_UUID)
    for what in ("artist", "release", "album_artist", "release_group", "recording")
}

_ANY = re.compile(r"[\w.:/-]{1,100}")
"""Of a provider we do not know. Kept: whoever knows it may come."""

_PROVIDER = re.compile(r"[a-z0-9_]{1,30}")

_URLS = (
    ("imdb", re.compile(r"imdb\.com/(?:[a-z]{2}/)?title/(tt\d{5,10})", re.IGNORECASE)),
    ("tmdb", re.compile(r"(?:themoviedb|tmdb)\.org/(?:movie|tv)/(\d{1,10})", re.IGNORECASE)),
    ("tvdb", re.compile(r"thetvdb\.com/[^\s<]{0,200}?(?:[?&](?:series)?id=|dereferrer/\w+/)(\d{1,10})", re.IGNORECASE)),
    ("tvmaze", re.compile(r"tvmaze\.com/shows/(\d{1,10})", re.IGNORECASE)),
    ("anidb", re.compile(r"anidb\.net/(?:anime/|a|[^\s<]{0,100}?aid=)(\d{1,10})", re.IGNORECASE)),
    ("anilist", re.compile(r"anilist\.co/anime/(\d{1,10})", re.IGNORECASE)),
    ("wikidata", re.compile(r"wikidata\.org/wiki/(Q\d{1,12})")),
    ("musicbrainz_artist", re.compile(rf"musicbrainz\.org/artist/({_UUID})", re.IGNORECASE)),
    ("musicbrainz_release", re.compile(rf"musicbrainz\.org/release/({_UUID})", re.IGNORECASE)),
    ("musicbrainz_release_group", re.compile(rf"musicbrainz\.org/release-group/({_UUID})", re.IGNORECASE)),
)


def ids_of(element: Element, plain: str | None = None) -> tuple[tuple[str, str], ...]:
    """Return what an element says it is called elsewhere, by provider.

    Args:
        element: a record, a set or a person.
        plain: the provider meant by `<id>` without a type, unless its value tells another.
    """
    found: dict[str, str] = {}
    for provider, value in _said(element, plain):
        if (checked := _checked(provider, value)) is not None:
            found.setdefault(provider, checked)
    return tuple(sorted(found.items()))


def ids_in(text: str) -> tuple[tuple[str, str], ...]:
    """Return the ids in the addresses that a text holds."""
    found: dict[str, str] = {}
    for provider, pattern in _URLS:
        if (match := pattern.search(text)) is not None:
            value = match[1] if provider == "wikidata" else match[1].lower()
            found[provider] = value
    return tuple(sorted(found.items()))


def _said(element: Element, plain: str | None) -> Iterator[tuple[str, str]]:
    unique = sorted(element.all("uniqueid"), key=lambda child: child.attributes.get("default", "").lower() != "true")
    for child in unique:
        yield _provider(child.attributes.get("type", "")), child.text
    for child in element.children:
        if child.tag in _NAMES:
            yield _NAMES[child.tag], child.text
        elif child.tag == "id":
            for name, value in child.attributes.items():
                yield _NAMES.get(name, ""), value
            if (text := child.text.strip()).startswith("tt"):
                yield "imdb", text
            elif plain is not None:
                yield plain, text


def _provider(name: str) -> str:
    name = name.strip().lower()
    return _NAMES.get(name, name)


def _checked(provider: str, value: str) -> str | None:
    value = line(value) or ""
    if provider.startswith("musicbrainz"):
        value = value.lower()
    if not _PROVIDER.fullmatch(provider) or not _SHAPES.get(provider, _ANY).fullmatch(value):
        return None
    return None if value.strip("0-") == "" else value
