"""A library of any size, made up the way libraries are: some films and series, very many songs and episodes.

Titles follow how words follow one another in a list of real ones (`--titles FILE`, one a line: your own library's,
`revenge items --json`). Without one they are made of syllables, each word as frequent as words are (the n-th is met 1/n
times as often as the first). Votes are for films and series, a few with very many; songs and episodes have none.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from app.catalog.index.documents import VERSION, class_of, kind_mark, library_mark
from app.catalog.index.folding import key_of, words
from app.catalog.index.spelling import SHORTEST, spellings
from app.ids import uuid7

VOCABULARY = 40_000
SYLLABLES = [first + second for first in "bdklmnrst" for second in "aeiou"]
INDEXES = ("words", "facets", "released", "rating", "duration", "shuffle")

ALBUM, EPISODES, FILMS_OF_PERSON = 10, 22, 3
"""Songs of an album, episodes of a series, films that somebody is in."""
MOST_VOTES = 2_000_000
STRANGE = 0.12
"""How often a word is followed by one that it was never seen before: a list of some thousand titles knows few words."""


class Syllables:
    """Titles that nobody has heard, from words as frequent as words are."""

    def __init__(self, source: random.Random) -> None:
        found: dict[str, None] = {}
        while len(found) < VOCABULARY:
            found["".join(source.choices(SYLLABLES, k=source.choice((1, 2, 2, 3, 3, 3, 4, 5))))] = None
        self.words = list(found)
        self._weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))

    def title(self, source: random.Random) -> str:
        count = source.choice((1, 2, 2, 3, 3, 4, 5))
        return " ".join(source.choices(self.words, cum_weights=self._weights, k=count))


class Followers:
    """Titles in which each word follows one that it was seen to follow."""

    def __init__(self, titles: Sequence[str]) -> None:
        self._next: dict[str, list[str]] = {}
        counted: dict[str, int] = {}
        for title in titles:
            before = ""
            for word in title.split()[:12]:
                self._next.setdefault(before, []).append(word)
                counted[word] = counted.get(word, 0) + 1
                before = word
            self._next.setdefault(before, []).append("")
        self.words = sorted(counted, key=lambda word: (-counted[word], word))
        self._rare = [word for word in self.words if counted[word] <= 3]

    def title(self, source: random.Random) -> str:
        found: list[str] = []
        while len(found) < 12:
            word = source.choice(self._next[found[-1] if found else ""])
            if not word:
                break
            found.append(source.choice(self._rare) if self._rare and source.random() < STRANGE else word)
        return " ".join(found)


@dataclass(frozen=True, slots=True)
class Made:
    """An item."""

    kind: str
    title: str
    around: str
    people: Sequence[str]
    popularity: int


@dataclass(slots=True)
class Shelves:
    """Items of one size of library. What questions are made of is gathered as they are made."""

    count: int
    words_of: Syllables | Followers
    source: random.Random = field(init=False)
    people: list[str] = field(init=False)
    titles: list[str] = field(init=False, default_factory=list)
    """Some of all kinds."""
    songs: list[tuple[str, str]] = field(init=False, default_factory=list)
    """Some songs, with whose they are."""

    def __post_init__(self) -> None:
        self.source = random.Random(self.count)
        names = self.words_of.words[len(self.words_of.words) // 20 :]
        count = max(self.films * 8 // FILMS_OF_PERSON, 20)
        self.people = [" ".join(self.source.sample(names, 2)) for _ in range(count)]

    @classmethod
    def of(cls, count: int, titles: Path | None) -> "Shelves":
        if titles is None:
            return cls(count, Syllables(random.Random(1)))
        listed = [line.strip() for line in titles.read_text("utf-8").splitlines() if line.strip()]
        return cls(count, Followers(listed))

    @property
    def films(self) -> int:
        return max(self.count // 20, 1)

    def items(self) -> Iterator[Made]:
        """Of twenty items one is a film; of the others a quarter is series, the rest music."""
        every = max(self.count // 2_000, 1)
        for number, made in enumerate(self._items()):
            if number == self.count:
                return
            if number % every == 0:
                self.titles.append(made.title)
                if made.kind == "track":
                    self.songs.append((made.title, made.around.partition(" / ")[0]))
            yield made

    def _items(self) -> Iterator[Made]:
        films = series = 0
        while True:
            votes = int(MOST_VOTES / (1 + films) ** 0.9)
            films += 1
            yield Made("movie", self._title(), "", self.source.sample(self.people, min(8, len(self.people))), votes)
            if films % 4 == 0:
                series += 1
                yield from self._series(int(MOST_VOTES / (1 + series) ** 0.9 / 4))
            for _ in range(1 + (films % 4 > 1)):
                yield from self._album()

    def _title(self) -> str:
        while not key_of(title := self.words_of.title(self.source)):
            pass
        return title

    def _series(self, votes: int) -> Iterator[Made]:
        name, cast = self._title(), self.source.sample(self.people, min(5, len(self.people)))
        yield Made("series", name, "", cast, votes)
        for number in range(EPISODES):
            if number % 11 == 0:
                yield Made("season", f"Season {number // 11 + 1}", name, (), 0)
            yield Made("episode", self._title(), name, cast[:2], 0)

    def _album(self) -> Iterator[Made]:
        artist, album = self.source.choice(self.people), self._title()
        if self.source.random() < 0.3:
            yield Made("artist", artist, "", (), 0)
        yield Made("album", album, artist, (), 0)
        for _ in range(ALBUM):
            yield Made("track", self._title(), f"{artist} / {album}", (), 0)


async def fill(connection: psycopg.AsyncConnection[Any], shelves: Shelves) -> list[UUID]:
    """Make items and documents by the program's own rules, in three libraries; the last holds one item in fifty."""
    libraries = [uuid7() for _ in range(3)]
    for name, library_id in zip("ABC", libraries, strict=True):
        await connection.execute("INSERT INTO library (id, name, kind) VALUES (%s, %s, 'movies')", [library_id, name])
    await connection.execute("CREATE TABLE made (LIKE search_document)")
    await connection.execute("ALTER TABLE made ADD title text, ADD key text, ALTER words TYPE text")
    known: dict[str, None] = {}
    async with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY made (item_id, library_id, kind, title, key, version, words, facets, popularity, released_on, rating,"
            " duration_ms, shuffle) FROM STDIN"
        ) as copying,
    ):
        for number, made in enumerate(shelves.items()):
            library_id = libraries[2 if number % 50 == 0 else number % 2]
            said = zip("ABC", (made.title, made.around, " ".join(made.people)), strict=True)
            weighed = [(weight, dict.fromkeys(words(text))) for weight, text in said]
            for _, group in weighed:
                known.update(group)
            marks = (class_of(made.kind, made.popularity), kind_mark(made.kind), library_mark(library_id))
            lexemes = [f"'{word}':1{weight}" for weight, group in weighed for word in group]
            lexemes += [f"'{mark}':1D" for mark in marks]
            year = 1950 + shelves.source.randrange(75)
            await copying.write_row((
                uuid7(), library_id, made.kind, made.title, key_of(made.title), VERSION, " ".join(lexemes),
                [f"decade:{year // 10 * 10}"], made.popularity, f"{year}-01-01", shelves.source.random() * 10, 0,
                shelves.source.randrange(2**31),
            ))  # fmt: skip
    await connection.execute(
        "INSERT INTO item (id, library_id, kind, title, sort_title)"
        " SELECT item_id, library_id, kind, title, lower(title) FROM made"
    )
    definitions = await _drop_indexes(connection)
    await connection.execute(
        "INSERT INTO search_document SELECT item_id, library_id, kind, version, words::tsvector, facets, popularity,"
        " released_on, rating, duration_ms, shuffle FROM made"
    )
    for definition in definitions:
        await connection.execute(definition)
    await connection.execute(
        "INSERT INTO search_title (item_id, position, library_id, kind, key, popularity)"
        " SELECT item_id, 0, library_id, kind, key, popularity FROM made"
    )
    async with connection.cursor() as cursor, cursor.copy("COPY search_word (word, spellings) FROM STDIN") as copying:
        for word in known:
            if len(word) >= SHORTEST and word.isalpha():
                await copying.write_row((word, spellings(word)))
    await connection.execute("DROP TABLE made")
    await connection.commit()
    await connection.set_autocommit(True)
    await connection.execute("VACUUM ANALYZE")
    return libraries


async def _drop_indexes(connection: psycopg.AsyncConnection[Any]) -> list[str]:
    """Drop what is filled faster as a whole, and return how it is made again."""
    names = [f"ix_search_document_{name}" for name in INDEXES]
    cursor = await connection.execute("SELECT indexdef FROM pg_indexes WHERE indexname = ANY(%s)", [names])
    definitions = [str(row[0]) for row in await cursor.fetchall()]
    await connection.execute(f"DROP INDEX {', '.join(names)}")
    return definitions
