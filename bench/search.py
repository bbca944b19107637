"""How long a search takes in libraries of 1,000 to 1,000,000 items, and how many rows its statements read.

`python -m bench.search [--sizes 1000,100000,1000000] [--queries N]`. Titles are made of words as frequent as words are
(the n-th is met 1/n times as often as the first), a fifth of them films with people, the rest songs and episodes. The
documents are made by the program's own rules; the search is the whole of `PostgresSearch`, with its read of the ids but
without the reading of the items that are shown, which costs the same wherever they come from.
"""

import argparse
import os
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any
from unittest.mock import patch
from uuid import UUID

import psycopg
import uvloop

from app.accounts.viewer import LOCAL_ADMINISTRATOR
from app.catalog.index.documents import VERSION
from app.catalog.index.folding import words
from app.catalog.index.spelling import SHORTEST, spellings
from app.catalog.postgres_search import PostgresSearch
from app.catalog.queries import Statement
from app.catalog.searching import SearchQuery
from app.db import migrate
from app.db.engine import Database
from app.db.tx import Transactions, Tx
from app.ids import uuid7
from bench.server import Server, running_server

VOCABULARY = 40_000
SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "bu",
    "da",
    "de",
    "di",
    "do",
    "ka",
    "ke",
    "ki",
    "ko",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "ni",
    "no",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "si",
    "so",
    "ta",
    "te",
]
INDEXES = ("words", "facets", "released", "rating", "duration", "shuffle", "popularity")


def vocabulary(source: random.Random) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        found["".join(source.choices(SYLLABLES, k=source.choice((1, 2, 2, 3, 3, 3, 4, 5))))] = None
    return list(found)


class Made:
    """Items of one size of library."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.source = random.Random(count)
        self.words = vocabulary(random.Random(1))
        self._weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
        self.titles: list[str] = []
        self.people = [" ".join(self.source.sample(self.words[2000:], 2)) for _ in range(max(count // 20, 50))]

    def title(self) -> str:
        count = self.source.choice((1, 2, 2, 3, 3, 4, 5))
        return " ".join(self.source.choices(self.words, cum_weights=self._weights, k=count))

    def rows(self, libraries: Sequence[UUID]) -> Iterator[tuple[UUID, UUID, str, str, list[str]]]:
        for number in range(self.count):
            kind = ("movie", "track", "track", "episode", "track")[number % 5]
            title = self.title()
            if number % max(self.count // 2000, 1) == 0:
                self.titles.append(title)
            cast = (
                self.source.sample(self.people, 8)
                if kind == "movie"
                else [self.people[number // 40 % len(self.people)]]
            )
            yield uuid7(), libraries[number % len(libraries)], kind, title, cast


async def fill(connection: psycopg.AsyncConnection[Any], made: Made) -> None:
    libraries = [uuid7() for _ in range(3)]
    for name, library_id in zip("ABC", libraries, strict=True):
        await connection.execute("INSERT INTO library (id, name, kind) VALUES (%s, %s, 'movies')", [library_id, name])
    await connection.execute("CREATE TABLE made (LIKE search_document)")
    await connection.execute("ALTER TABLE made ADD title text, ALTER words TYPE text")
    known: dict[str, None] = {}
    async with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY made (item_id, library_id, kind, title, version, words, facets, popularity, released_on, rating,"
            " duration_ms, shuffle) FROM STDIN"
        ) as copying,
    ):
        for item_id, library_id, kind, title, cast in made.rows(libraries):
            own, people = words(title), [word for name in cast for word in words(name)]
            known.update(dict.fromkeys((*own, *people)))
            lexemes = " ".join([f"'{word}':1A" for word in own] + [f"'{word}':1C" for word in people])
            year = 1950 + made.source.randrange(75)
            await copying.write_row((
                item_id, library_id, kind, title, VERSION, lexemes, [f"decade:{year // 10 * 10}"],
                made.source.randrange(100_000), f"{year}-01-01", made.source.random() * 10, 0,
                made.source.randrange(2**31),
            ))  # fmt: skip
    await connection.execute(
        "INSERT INTO item (id, library_id, kind, title, sort_title)"
        " SELECT item_id, library_id, kind, title, title FROM made"
    )
    for index in INDEXES:
        await connection.execute(f"ALTER INDEX ix_search_document_{index} RENAME TO made_{index}")
    dropped = ", ".join(f"made_{index}" for index in INDEXES)
    cursor = await connection.execute(
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'search_document' AND indexname LIKE 'made_%'"
    )
    definitions = [row[0].replace("made_", "ix_search_document_") for row in await cursor.fetchall()]
    await connection.execute(f"DROP INDEX {dropped}")
    await connection.execute(
        "INSERT INTO search_document SELECT item_id, library_id, kind, version, words::tsvector, facets, popularity,"
        " released_on, rating, duration_ms, shuffle FROM made"
    )
    for definition in definitions:
        await connection.execute(definition)
    await connection.execute("INSERT INTO search_title SELECT item_id, 0, library_id, kind, title FROM made")
    async with connection.cursor() as cursor, cursor.copy("COPY search_word (word, spellings) FROM STDIN") as copying:
        for word in known:
            if len(word) >= SHORTEST:
                await copying.write_row((word, spellings(word)))
    await connection.execute("DROP TABLE made")
    await connection.commit()
    await connection.set_autocommit(True)
    await connection.execute("VACUUM ANALYZE")


def misspelt(source: random.Random, word: str) -> str:
    place = source.randrange(1, len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def questions(made: Made, count: int) -> dict[str, list[str]]:
    source = random.Random(7)
    titles = [source.choice(made.titles) for _ in range(count)]
    long = [title for title in made.titles if len(title.split()) > 1]
    rare = [word for title in made.titles for word in title.split() if len(word) >= 6]
    return {
        "whole titles": titles,
        "one letter": [title[:1] for title in titles],
        "three letters": [title[:3] for title in titles],
        "half a title": [title[: max(len(title) // 2, 1)] for title in titles],
        "two words, not the first": [" ".join(source.choice(long).split()[-2:]) for _ in range(count)],
        "a frequent word": [source.choice(made.words[:5]) for _ in range(count)],
        "two frequent words": [" ".join(source.sample(made.words[:5], 2)) for _ in range(count)],
        "a person": [source.choice(made.people) for _ in range(count)],
        "misspelt": [misspelt(source, source.choice(rare)) for _ in range(count)],
        "nothing there": ["zzyzx quux"] * count,
    }


PLANNED = 10
"""Questions of a kind whose plans are asked for: that costs a second run of each statement."""


class Planning:
    """Has PostgreSQL tell of every statement of a search how many rows it looked at."""

    def __init__(self) -> None:
        self.rows = 0.0

    async def fetch(self, statement: Statement, tx: Tx) -> list[dict[str, Any]]:
        cursor = await tx.connection.execute(
            b"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) " + statement.text.as_bytes(tx.connection),
            statement.parameters,
        )
        row: Any = await cursor.fetchone()
        self._count(row[0][0]["Plan"])
        return await FETCH(statement, tx)

    def _count(self, node: dict[str, Any]) -> None:
        if "Relation Name" in node:
            thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            self.rows += (node["Actual Rows"] + thrown) * node["Actual Loops"]
        for child in node.get("Plans", ()):
            self._count(child)


FETCH = Statement.fetch


async def rows_read(engine: PostgresSearch, asked: Sequence[str]) -> float:
    """Return the most rows of tables that any of these searches looked at."""
    most = 0.0
    for q in asked[:PLANNED]:
        planning = Planning()
        with patch.object(Statement, "fetch", lambda statement, tx, planning=planning: planning.fetch(statement, tx)):
            await engine.find(LOCAL_ADMINISTRATOR, SearchQuery(q=q))
        most = max(most, planning.rows)
    return most


async def measure(server: Server, url: str, made: Made, count: int) -> dict[str, tuple[list[float], float, float]]:
    database = Database(lambda: url, min_size=1, max_size=2)
    await database.start()
    engine = PostgresSearch(Transactions(database))
    found: dict[str, tuple[list[float], float, float]] = {}
    try:
        for kind, asked in questions(made, count).items():
            for q in asked[:5]:
                await engine.find(LOCAL_ADMINISTRATOR, SearchQuery(q=q))
            times, before = [], server.cpu_seconds() or 0.0
            for q in asked:
                begun = time.perf_counter()
                await engine.find(LOCAL_ADMINISTRATOR, SearchQuery(q=q))
                times.append(time.perf_counter() - begun)
            cpu = ((server.cpu_seconds() or 0.0) - before) / len(asked)
            found[kind] = times, cpu, await rows_read(engine, asked)
    finally:
        await database.stop()
    return found


async def run(sizes: Sequence[int], count: int) -> None:
    print("| items | question | p50 ms | p95 ms | worst ms | PostgreSQL CPU ms | most rows read |\n" + "|---" * 7 + "|")
    async with running_server() as server:
        for size in sizes:
            url = await server.fresh_database()
            await migrate.upgrade(url)
            made = Made(size)
            async with await psycopg.AsyncConnection.connect(url) as connection:
                await fill(connection, made)
            await server.checkpoint()
            results = await measure(server, url, made, count)
            every = [one for times, *_ in results.values() for one in times]
            mean, most = statistics.mean(cpu for _, cpu, _ in results.values()), max(one[2] for one in results.values())
            results["all"] = every, mean, most
            for kind, (times, cpu, rows) in results.items():
                cut = statistics.quantiles(times, n=20)
                figures = (statistics.median(times), cut[-1], max(times), cpu)
                shown = " | ".join(f"{1000 * value:.1f}" for value in figures)
                print(f"| {size:,} | {kind} | {shown} | {rows:,.0f} |", flush=True)
    print(f"\nload at the end: {os.getloadavg()[0]:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,100000,1000000")
    parser.add_argument("--queries", type=int, default=100)
    asked = parser.parse_args()
    uvloop.run(run([int(size) for size in asked.sizes.split(",")], asked.queries))


if __name__ == "__main__":
    main()
