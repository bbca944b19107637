"""Songs by their path: Artist/Album (Year)/Disc 1/01 - Title.flac. Tags know better; this is for files without."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.library.naming.parsed import Ids, ParsedTrack
from app.library.naming.places import DISC_FOLDER
from app.library.naming.seasons import NUMBERS
from app.library.naming.segment import is_word, take_ids
from app.library.naming.text import LONGEST, clean_text, squeeze, title_key

_VOLUME = re.compile(r"vol(?:ume)?[ _.-]{0,2}([0-9]{1,2})", re.IGNORECASE)
_SIDE = re.compile(r"side[ _.-]?([a-h])", re.IGNORECASE)
COMPILATIONS = frozenset(
    {"various artists", "various", "va", "compilations", "soundtracks", "samplers", "verschiedene"}
)
CATEGORIES = frozenset(
    {"albums", "studio albums", "live", "live albums", "eps", "singles & eps", "discography", "lps", "alben"}
)
"""Folders between an artist's and an album's."""

_MBID = re.compile(
    r"[\[({](?:mbid|musicbrainz|mb)[-=: ]([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})[\])}]", re.IGNORECASE
)
_YEAR = re.compile(r"[(\[]((?:19|20)[0-9]{2})[)\]]")
_LEADING_YEAR = re.compile(
    r"(?:[(\[]((?:19|20)[0-9]{2})[)\]]\s*[-–.]?\s*|((?:19|20)[0-9]{2})\s*(?:[-–](?![0-9]{2}[-.])|\.\s)\s*)(?=\S)"
)
_LEADING_DAY = re.compile(r"((?:19|20)[0-9]{2})[-.][0-9]{2}[-.][0-9]{2}\s+[-–]\s+(?=\S)")
_LATE_YEAR = re.compile(r"\s+[-–]\s+((?:19|20)[0-9]{2})(?=$|\s+[-–]\s+)")
_FORMAT = re.compile(
    r"\s*[-–]?\s*\(?(?:flac|mp3|aac|alac|ogg|opus|wav|web|vinyl)(?:[ -]?[0-9][0-9./ -]{0,9}(?:k?bps|khz)?)?\)?\s*",
    re.IGNORECASE,
)
"""All that stands behind a year: `(1998) FLAC`, `- 1987 - MP3 320`."""
_SCENE = re.compile(r"([^ -]{1,80})-(\S{1,120}?)-(?:[A-Z()0-9]{2,9}-)?((?:19|20)[0-9]{2})-[A-Za-z0-9]{2,15}")
_SQUARE = re.compile(r"[ ._]*(?:\[[^\[\]]*\]|\{[^{}]*\})")

_DISCOGRAPHY = re.compile(r"\s*[-–(\[]?\s*discography(?![^\W_]).*$", re.IGNORECASE)
_GUESTS = re.compile(r"(?:feat|ft|featuring|with|and|&|vs|x)(?![^\W_])", re.IGNORECASE)
_BOXED = re.compile(r"[\[(]([0-9]{1,3})[\])]\s*(?=\S)")
_SIDED = re.compile(r"([A-H])([0-9]{1,2})(?:\s*[-.]\s*|\s+)(?=\S)")
_DISCED = re.compile(r"([0-9]{1,2})[-.]([0-9]{2})(?:\s*[-.]\s*|\s+)(?=\S)")
_PLAIN = re.compile(r"([0-9]{1,3})(?:(?:\s+-\s*|-(?![0-9])\s*|\.\s*)(?=\S)|(\s+)(?=\S))")
_WHOLE = re.compile(r"(?:track\s*(?=[0-9]{1,3}$)|(?=[0-9]{1,2}$))([0-9]+)$", re.IGNORECASE)
_MIDDLE = re.compile(r"(.*?\S) - (?:([0-9])-)?([0-9]{2,3})(?: - |\.? )(?=\S)")

MOST_TRACKS = 40
"""Of a disc, where only a space parts the number from the title: 99 Luftballons and 50 Ways to Leave Your Lover."""


@dataclass(frozen=True, slots=True)
class _Album:
    title: str | None = None
    year: int | None = None
    artist: str | None = None
    ids: Ids = ()
    home: int = 0
    disc: int | None = None
    disc_title: str | None = None


@dataclass(frozen=True, slots=True)
class _Name:
    title: str
    number: int | None = None
    disc: int | None = None
    before: str = ""
    """What stands before the number: artist and album, most often."""


def parse_track(folders: Sequence[str], name: str) -> ParsedTrack:
    """Read the path of a song below its root: `folders` from the outermost on, `name` with its extension."""
    album = read_album(tuple(folders))
    stem = clean_text(name.rpartition(".")[0] or name)[:LONGEST]
    read = _read_name(stem)
    is_compilation = album.artist is not None and album.artist.casefold() in COMPILATIONS
    artist, title = _artist_of(read, album.artist, is_compilation=is_compilation)
    return ParsedTrack(
        title=title or squeeze(stem) or "?",
        artist=artist or album.artist,
        album_artist=album.artist,
        album=album.title,
        album_year=album.year,
        disc=album.disc or read.disc,
        disc_title=album.disc_title,
        number=read.number,
        is_compilation=is_compilation,
        ids=album.ids,
        home=album.home,
    )


def album_home(folders: Sequence[str]) -> int:
    """Return how many of the folders lead to the album's own."""
    return read_album(tuple(folders)).home


@lru_cache(maxsize=2048)
def read_album(folders: tuple[str, ...]) -> _Album:
    folders = tuple(clean_text(folder)[:LONGEST] for folder in folders)
    home, disc, disc_title = _disc_of(folders)
    if not home:
        return _Album()
    text, ids = take_ids(folders[home - 1])
    if (mbid := _MBID.search(text)) is not None:
        text, ids = text.replace(mbid[0], " "), tuple(sorted((*ids, ("musicbrainz", mbid[1].casefold()))))
    above = home - 2
    while above > 0 and folders[above].casefold() in CATEGORIES:
        above -= 1
    artist = squeeze(_DISCOGRAPHY.sub("", folders[above])) or squeeze(folders[above]) if above >= 0 else None
    title, year, named = _read_title(text, artist)
    return _Album(title or None, year, artist or named, ids, home, disc, disc_title)


def _disc_of(folders: tuple[str, ...]) -> tuple[int, int | None, str | None]:
    home = len(folders)
    if home < 2:  # noqa: PLR2004  a disc needs its album's folder
        return home, None, None
    own = folders[-1].strip()
    if (found := DISC_FOLDER.fullmatch(own)) is not None:
        title = squeeze(found[2]) if found[2] else ""
        word = found[1].casefold()
        return home - 1, int(word) if word.isdigit() else NUMBERS[word], title or None
    if home > 2 and (volume := _VOLUME.fullmatch(own)) is not None:  # noqa: PLR2004  artist and album above
        return home - 1, int(volume[1]), None
    if (side := _SIDE.fullmatch(own)) is not None:
        return home - 1, ord(side[1].casefold()) - ord("a") + 1, None
    return home, None, None


def _read_title(text: str, artist: str | None) -> tuple[str, int | None, str | None]:
    """Return the album's title, its year, and an artist that its folder names."""
    scene = _SCENE.fullmatch(text)
    if scene is not None:
        return squeeze(scene[2].replace("_", " ")), int(scene[3]), squeeze(scene[1].replace("_", " "))
    text, year = _take_year(text)
    named, dash, rest = text.partition(" - ")
    if dash and rest.strip() and (artist is None or title_key(named) == title_key(artist)) and is_word(named):
        text, later = _take_year(rest)
        year = year or later
    else:
        named = ""
    title = squeeze(text if _SQUARE.fullmatch(text.strip()) else _SQUARE.sub("", text)) or squeeze(text)
    return title, year, squeeze(named) or None


def _take_year(text: str) -> tuple[str, int | None]:
    leading = _LEADING_YEAR.match(text.strip())
    if leading is not None:
        year = int(leading[1] or leading[2])
        return text.strip()[leading.end() :].replace(f"({year})", ""), year
    if (day := _LEADING_DAY.match(text)) is not None:
        return text[day.end() :], int(day[1])
    found = _YEAR.search(text) or _LATE_YEAR.search(text)
    if found is None or not text[: found.start()].strip():
        return text, None
    after = text[found.end() :]
    after = "" if _FORMAT.fullmatch(after) is not None else after.lstrip()
    return f"{text[: found.start()].rstrip()} {after}", int(found[1])


def _read_name(stem: str) -> _Name:
    text = stem if " " in stem else stem.replace("_", " ")
    for pattern, read in _READINGS:
        found = pattern.match(text)
        if found is not None and (name := read(text, found)) is not None:
            return name
    return _Name(text)


def _plain(text: str, found: re.Match[str]) -> _Name | None:
    digits, number = found[1], int(found[1])
    if len(digits) == 3 and digits[0] != "0" and 0 < number % 100 <= MOST_TRACKS:  # noqa: PLR2004  disc and track
        return _Name(text[found.end() :], number % 100, number // 100)
    if found[2] is not None and (len(digits) < 2 or (digits[0] != "0" and number > MOST_TRACKS)):  # noqa: PLR2004
        return None
    return _Name(text[found.end() :], number)


_Reader = Callable[[str, re.Match[str]], _Name | None]
_READINGS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_WHOLE, lambda text, found: _Name(text, int(found[1]))),
    (_BOXED, lambda text, found: _Name(text[found.end() :], int(found[1]))),
    (_SIDED, lambda text, found: _Name(text[found.end() :], int(found[2]), ord(found[1]) - ord("A") + 1)),
    (_DISCED, lambda text, found: _Name(text[found.end() :], int(found[2]), int(found[1]))),
    (_PLAIN, _plain),
    (
        _MIDDLE,
        lambda text, found: _Name(text[found.end() :], int(found[3]), int(found[2]) if found[2] else None, found[1]),
    ),
)


def _artist_of(read: _Name, album_artist: str | None, *, is_compilation: bool) -> tuple[str | None, str]:
    """Take the artist off a title that begins with one: the album's, or anybody's where albums have many."""
    one, dash, other = read.title.partition(" - ")
    if not dash and "-" in read.title and album_artist is not None:
        one, dash, other = read.title.partition("-")
        if title_key(one) != title_key(album_artist):
            dash = ""
    if dash and other.strip() and album_artist and _has_guests(one, album_artist):
        return squeeze(one), squeeze(other)
    if dash and other.strip() and is_word(one):
        own = album_artist is not None and title_key(one) == title_key(album_artist)
        if own or is_compilation or (album_artist is None and read.number is None):
            return (None if own else squeeze(one)), squeeze(other)
    return None, squeeze(read.title)


def _has_guests(artist: str, album_artist: str) -> bool:
    """Whether it is the album's artist, feat. Guest."""
    guests = artist[len(album_artist) + 1 :]
    return artist.casefold().startswith(f"{album_artist.casefold()} ") and _GUESTS.match(guests) is not None
