"""How long a search takes in libraries of 1,000 to 1,000,000 items, and how many rows its statements read.

`python -m bench.search [--sizes 1000,100000,1000000] [--queries N] [--titles FILE] [--plans]`. The library is
`bench.shelves`. Measured is the whole of `PostgresSearch`, with its read of the ids but without the reading of the
items that are shown, which costs the same wherever they come from. `--plans` prints what PostgreSQL did for the slowest
question of each kind.
"""

import argparse
import os
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import psycopg
import uvloop

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.postgres_search import PostgresSearch
from app.catalog.queries import Statement
from app.catalog.searching import SearchQuery
from app.db import migrate
from app.db.engine import Database
from app.db.tx import Transactions, Tx
from bench.server import Server, running_server
from bench.shelves import Shelves, fill

PLANNED = 10
"""Questions of a kind whose plans are asked for: that costs a second run of each statement."""


def misspelt(source: random.Random, word: str) -> str:
    place = source.randrange(1, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def questions(made: Shelves, count: int) -> dict[str, list[str]]:
    source = random.Random(7)
    titles = [source.choice(made.titles) for _ in range(count)]
    long = [title for title in made.titles if len(title.split()) > 1]
    rare = [word for title in made.titles for word in title.split() if len(word) >= 6 and word.isalpha()]
    frequent = made.words_of.words[:12]
    begun = [" ".join([*one.split()[:-1], one.split()[-1][:1]]) for one in source.choices(long, k=count)]
    return {
        "whole titles": titles,
        "one letter": [title[:1] for title in titles],
        "three letters": [title[:3] for title in titles],
        "half a title": [title[: max(len(title) // 2, 1)] for title in titles],
        "a title, its last word begun": begun,
        "two words, not the first": [" ".join(source.choice(long).split()[-2:]) for _ in range(count)],
        "a word of titles": [source.choice(source.choice(long).split()[1:]) for _ in range(count)],
        "a frequent word": [source.choice(frequent) for _ in range(count)],
        "two frequent words": [" ".join(source.sample(frequent, 2)) for _ in range(count)],
        "a person": [source.choice(made.people) for _ in range(count)],
        "a song and its artist": [f"{artist} {song}" for song, artist in source.choices(made.songs, k=count)],
        "misspelt": [misspelt(source, source.choice(rare)) for _ in range(count)],
        "nothing there": ["zzyzx quux"] * count,
    }


@dataclass(slots=True)
class Planning:
    """Has PostgreSQL tell of every statement of a search how many rows it looked at, and how."""

    rows: float = 0.0
    plans: list[str] = field(default_factory=list)
    in_words: bool = False

    async def fetch(self, statement: Statement, tx: Tx) -> list[dict[str, Any]]:
        text = statement.text.as_bytes(tx.connection)
        options = b"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) "
        cursor = await tx.connection.execute(options + text, statement.parameters)
        row: Any = await cursor.fetchone()
        self._count(row[0][0]["Plan"])
        if self.in_words:
            cursor = await tx.connection.execute(b"EXPLAIN (ANALYZE, BUFFERS) " + text, statement.parameters)
            self.plans.append("\n".join(str(line[0]) for line in await cursor.fetchall()))
        return await FETCH(statement, tx)

    def _count(self, node: dict[str, Any]) -> None:
        if "Relation Name" in node:
            thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            self.rows += (node["Actual Rows"] + thrown) * node["Actual Loops"]
        for child in node.get("Plans", ()):
            self._count(child)


FETCH = Statement.fetch


async def planned(engine: PostgresSearch, q: str, viewer: Viewer, *, in_words: bool = False) -> Planning:
    planning = Planning(in_words=in_words)

    async def fetch(statement: Statement, tx: Tx) -> list[dict[str, Any]]:
        return await planning.fetch(statement, tx)

    with patch.object(Statement, "fetch", fetch):
        await engine.find(viewer, SearchQuery(q=q))
    return planning


@dataclass(frozen=True, slots=True)
class Measured:
    times: Sequence[float]
    cpu: float
    """Of PostgreSQL, seconds for each search."""
    own: float
    """Of this process."""
    rows: float
    slowest: str


async def measure(server: Server, engine: PostgresSearch, asked: Sequence[str], viewer: Viewer) -> Measured:
    for q in asked[:5]:
        await engine.find(viewer, SearchQuery(q=q))
    times, before, own = [], server.cpu_seconds() or 0.0, time.process_time()
    for q in asked:
        begun = time.perf_counter()
        await engine.find(viewer, SearchQuery(q=q))
        times.append(time.perf_counter() - begun)
    own = (time.process_time() - own) / len(asked)
    cpu = ((server.cpu_seconds() or 0.0) - before) / len(asked)
    rows = max([(await planned(engine, q, viewer)).rows for q in asked[:PLANNED]])
    return Measured(times, cpu, own, rows, asked[times.index(max(times))])


async def measure_all(
    server: Server, url: str, made: Shelves, libraries: Sequence[UUID], options: argparse.Namespace
) -> None:
    database = Database(lambda: url, min_size=1, max_size=2)
    await database.start()
    engine = PostgresSearch(Transactions(database))
    guest = Viewer(name="guest", libraries=frozenset(libraries[2:]))
    all_questions = questions(made, options.queries)
    kinds = [(name, asked, LOCAL_ADMINISTRATOR) for name, asked in all_questions.items()]
    kinds += [
        (f"{name}, of one small library", all_questions[name], guest) for name in ("three letters", "half a title")
    ]
    found: dict[str, Measured] = {}
    try:
        for name, asked, viewer in kinds:
            found[name] = await measure(server, engine, asked, viewer)
            show(made.count, name, found[name])
            if options.plans:
                planning = await planned(engine, found[name].slowest, viewer, in_words=True)
                print(f"\n{found[name].slowest!r}\n\n```\n" + "\n\n".join(planning.plans) + "\n```\n")
    finally:
        await database.stop()
    times = [one for measured in found.values() for one in measured.times]
    cpu, own = (statistics.mean(getattr(one, name) for one in found.values()) for name in ("cpu", "own"))
    show(made.count, "all", Measured(times, cpu, own, max(one.rows for one in found.values()), ""))


def show(size: int, name: str, measured: Measured) -> None:
    times = measured.times
    figures = (statistics.median(times), statistics.quantiles(times, n=20)[-1], max(times), measured.cpu, measured.own)
    shown = " | ".join(f"{1000 * value:.1f}" for value in figures)
    print(f"| {size:,} | {name} | {shown} | {measured.rows:,.0f} |", flush=True)


async def run(options: argparse.Namespace) -> None:
    columns = ("items", "question", "p50 ms", "p95 ms", "worst ms", "PostgreSQL CPU ms", "our CPU ms", "most rows read")
    print(f"| {' | '.join(columns)} |\n" + "|---" * len(columns) + "|")
    async with running_server() as server:
        for size in [int(size) for size in options.sizes.split(",")]:
            url = await server.fresh_database()
            await migrate.upgrade(url)
            made = Shelves.of(size, options.titles)
            async with await psycopg.AsyncConnection.connect(url) as connection:
                libraries = await fill(connection, made)
            await server.checkpoint()
            await measure_all(server, url, made, libraries, options)
    print(f"\nload at the end: {os.getloadavg()[0]:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,100000,1000000")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--titles", type=Path, help="real ones, one a line; without, they are made up")
    parser.add_argument("--plans", action="store_true")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
