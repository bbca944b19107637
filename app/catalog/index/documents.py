"""What an item is found by: its own view, turned into words, keys, facets and numbers. Pure."""

import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.catalog.file_views import File
from app.catalog.index.folding import joined, key_of, words
from app.catalog.views import Item
from app.library.naming.languages import language_of

VERSION = 3
"""Of these rules. Raise it with any change of them, and every document is made anew."""

MAX_TITLES = 20
MAX_KEY = 200
"""Characters of a title that are compared from its beginning."""
MAX_WORDS = 400
"""Of one weight. A tsvector may have a megabyte; a credit list must not fill it."""

UNKNOWN_DATE = date(1, 1, 1)

_ROMAN = ("", "", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")
_NUMBERS = {roman: str(number) for number, roman in enumerate(_ROMAN) if roman}
_NUMERALS = {number: roman for roman, number in _NUMBERS.items()}

WELL_KNOWN, KNOWN = 10_000, 1_000
"""Votes: of the some thousand films and series that everybody has heard of, and of those that many have."""

CLASSES = ("=0", "=1", "=2", "=3", "=4")
"""Words that no text holds: how likely it is that an item is meant, before anything was typed. Of a word that very many
items have, those of the first class are looked at first, and the others only if there are not enough of them. Each
class is a few times as large as the one before."""

_MAIN = frozenset({"movie", "series", "artist"})
_MIDDLE = frozenset({"album", "season"})

_NAMED_BY_OTHERS = frozenset({"movie", "series", "artist", "album"})
"""Kinds that sources know by ids of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    item_id: UUID
    library_id: UUID
    kind: str
    titles: list[str]
    """Keys, the shown title's first."""
    own: list[str]
    """Words of its titles."""
    around: list[str]
    """Of what it belongs to."""
    people: list[str]
    numbers: list[str]
    facets: list[str]
    popularity: int
    released_on: date
    rating: float
    duration_ms: int
    shuffle: int

    @property
    def words(self) -> str:
        """The words as the text of a tsvector. They are letters and digits, and marks, so nothing in them needs more
        quoting."""
        weighed = zip("ABCD", (self.own, self.around, self.people, [*self.numbers, *self.marks]), strict=True)
        return " ".join(f"'{word}':1{weight}" for weight, group in weighed for word in group)

    @property
    def marks(self) -> list[str]:
        """Words that only a search asks for: its class, its kind and its library."""
        return [class_of(self.kind, self.popularity), kind_mark(self.kind), library_mark(self.library_id)]

    @property
    def dictionary(self) -> list[str]:
        """The words somebody may misspell."""
        return [word for word in {*self.own, *self.around, *self.people} if word.isalpha()]


def class_of(kind: str, popularity: int) -> str:
    place = 0 if popularity >= WELL_KNOWN else 1 if popularity >= KNOWN else 2 if popularity or kind in _MAIN else 4
    return CLASSES[3 if place == 4 and kind in _MIDDLE else place]  # noqa: PLR2004  the last


def kind_mark(kind: str) -> str:
    return f"#{kind}"


def library_mark(library_id: UUID) -> str:
    """Of some bits of its key: two that share them cost a look at the rows of both."""
    return f"@{library_id.hex[-8:]}"


def document(item: Item, other_titles: Sequence[str]) -> Document:
    """Make the document of an item; `other_titles` are what sources call it in other languages."""
    titles = [item.title, *([item.original_title] if item.original_title else []), *other_titles]
    around = [item.series_title or "", item.album or "", *(credit.name for credit in item.artists)]
    around += [collection.name for collection in item.collections]
    return Document(
        item_id=item.id,
        library_id=item.library_id,
        kind=item.kind,
        titles=_keys(titles, item.sort_title),
        own=_words(titles),
        around=_words(around),
        people=_words(person.name for person in item.people),
        numbers=_numbers(item),
        facets=_facets(item),
        popularity=max((rating.votes or 0 for rating in item.ratings), default=0),
        released_on=item.released_on or (date(item.year, 1, 1) if item.year and item.year > 0 else UNKNOWN_DATE),
        rating=_rating(item),
        duration_ms=_duration(item.files),
        shuffle=zlib.crc32(item.id.bytes) - 2**31,
    )


def _keys(titles: Sequence[str], sort_title: str) -> list[str]:
    """Return the keys of all titles, and of the shown one without its article, as its sort title has it."""
    keys = [key_of(title) for title in titles]
    shown, _, rest = keys[0].partition(" ")
    if rest and not key_of(sort_title).startswith(shown):
        keys.insert(1, rest)
    return [key[:MAX_KEY] for key in dict.fromkeys(keys) if key][:MAX_TITLES]


def _words(texts: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for text in texts:
        for word in (*words(text), *joined(text)):
            found[word] = None
            if (other := _NUMBERS.get(word) or _NUMERALS.get(word)) is not None:
                found[other] = None  # Rocky II is Rocky 2
    return list(found)[:MAX_WORDS]


def _numbers(item: Item) -> list[str]:
    """Return years as people write them, the number of an episode, and what others call the item."""
    found = []
    if item.year:
        found += [str(item.year), f"{item.year % 100:02}"]
    if item.kind == "episode" and item.number is not None and item.season_number is not None:
        season, number = item.season_number, item.number
        found += [f"s{season:02}e{number:02}", f"{season}x{number:02}", f"s{season}e{number}"]
    found += [value.lower() for value in item.external_ids.values() if len(value) > 4 and value.isalnum()]  # noqa: PLR2004  years are shorter
    return list(dict.fromkeys(found))


def _rating(item: Item) -> float:
    first = item.ratings[0] if item.ratings else None
    if first is None or first.scale <= 0:
        return 0.0
    return min(max(round(10 * first.value / first.scale, 2), 0.0), 10.0)


def _main(files: Sequence[File]) -> list[File]:
    return [file for file in files if file.role == "main"]


def _duration(files: Sequence[File]) -> int:
    """Return how long the best version is that can be read, all its parts together."""
    read = [file for file in _main(files) if file.duration_ms]
    return sum(file.duration_ms or 0 for file in read if file.version == read[0].version)


_LADDER = ((4320, 7600), (2160, 3800), (1440, 2500), (1080, 1900), (720, 1200))
"""Height and width from which on a picture is called so: films are cut in height more often than in width."""


def resolution(width: int | None, height: int | None) -> str | None:
    if not width or not height:
        return None
    long, short = max(width, height), min(width, height)
    return next((f"{name}p" for name, wide in _LADDER if short >= name * 0.93 or long >= wide), "sd")


def _facets(item: Item) -> list[str]:
    found = [f"genre:{name}" for name in item.genres]
    found += [f"studio:{name}" for name in item.studios]
    found += [f"country:{name}" for name in item.countries]
    if item.year:
        found += [f"year:{item.year}", f"decade:{item.year // 10 * 10}"]
    if item.ratings:
        found.append(f"rating:{math.floor(_rating(item))}")
    if item.kind in _NAMED_BY_OTHERS:
        found.append("unmatched:false" if item.external_ids else "unmatched:true")
    found.append("missing:true" if item.state == "missing" else "missing:false")
    for file in _main(item.files):
        for stream in file.streams:
            found += _of_stream(stream.kind, stream.language)
            if stream.kind == "video" and "attached_pic" not in stream.dispositions:
                found += [f"resolution:{name}"] if (name := resolution(stream.width, stream.height)) else []
                found += [f"hdr:{stream.hdr}"] if stream.hdr else []
        found += [f"subtitle:{language(words.language)}" for words in file.subtitles]
    return list(dict.fromkeys(found))


def _of_stream(kind: str, spoken: str | None) -> list[str]:
    return [f"{kind}:{language(spoken)}"] if kind in ("audio", "subtitle") else []


def language(said: str | None) -> str:
    """Return a language as one of two or three letters, whatever a container calls it; `und` if it does not say."""
    found = language_of(said) if said else None
    return found.partition("-")[0] if found else "und"
