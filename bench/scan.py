"""What scans cost beside a bare walk of the same tree: `python -m bench.scan [--files N] [--rounds N] [--tree NAME]`.

The bare walk lists every folder, looks at every file and keeps nothing. It and the scans take turns within a round; a
round has a fresh database. `rows` is what PostgreSQL alone needs to write the rows of the first scan, from copies that
it has already, with their indexes and no foreign key: no scan that keeps these rows can be faster. Told as wall time
and as CPU time (this process and PostgreSQL's), for the latter says more where others use the machine too. Rows written
are counted by PostgreSQL itself (`pg_stat_user_tables`).

Trees: `beside` has four other files beside each film (five files a folder), `films` nothing but films (one a folder,
the dearest there is), `albums` twelve tracks a folder, `flat` everything in one folder.
"""

import argparse
import asyncio
import logging
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg.rows import dict_row

from app.db.engine import Database
from app.db.migrate import upgrade
from app.db.tx import Transactions
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.lifecycle import settle_memory
from bench.report import machine, markdown, versions
from bench.server import Server, running_server
from tests.fixtures.library import LibraryBench, bench_settings

CONNECTIONS = 4

BESIDE = (".nfo", "-poster.jpg", ".en.srt", ".de.srt")


def film(number: int) -> str:
    return f"The Film of Number {number} ({1950 + number % 70})"


def beside(count: int) -> Iterator[tuple[str, list[str]]]:
    for number in range(count // 5):
        name = film(number)
        yield f"{chr(65 + number % 26)}/{name}", [name + end for end in (".mkv", *BESIDE)]


def films(count: int) -> Iterator[tuple[str, list[str]]]:
    for number in range(count):
        yield f"{chr(65 + number % 26)}/{film(number)}", [film(number) + ".mkv"]


def albums(count: int) -> Iterator[tuple[str, list[str]]]:
    for number in range(count // 12):
        tracks = [f"{track:02} - Song {track} of {number}.flac" for track in range(1, 13)]
        yield f"Artist {number // 8}/Album {number} ({1950 + number % 70})", tracks


def flat(count: int) -> Iterator[tuple[str, list[str]]]:
    yield ".", [film(number) + ".mkv" for number in range(count)]


TREES: dict[str, tuple[str, Callable[[int], Iterator[tuple[str, list[str]]]]]] = {
    "beside": ("movies", beside),
    "films": ("movies", films),
    "albums": ("music", albums),
    "flat": ("movies", flat),
}


def write(root: Path, tree: Iterator[tuple[str, list[str]]]) -> None:
    for folder, names in tree:
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            os.close(os.open(root / folder / name, os.O_CREAT | os.O_WRONLY, 0o644))


def bare(root: Path) -> int:
    count, waiting = 0, [os.fsencode(root)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
                    count += 1
    return count


@dataclass
class Taken:
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    written: list[int] = field(default_factory=list)

    @contextmanager
    def measured(self, server: Server) -> Iterator[None]:
        cpu, began = cpu_of(server), time.perf_counter()
        yield
        self.wall.append(time.perf_counter() - began)
        self.cpu.append(cpu_of(server) - cpu)


def cpu_of(server: Server) -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime + (server.cpu_seconds() or 0.0)


@contextmanager
def quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()


class Contest:
    """One tree and one server: rounds of bare walks, first scans and unchanged scans."""

    def __init__(self, server: Server, root: Path, kind: str) -> None:
        self._server = server
        self._root = root
        self._kind = kind
        self.taken = {what: Taken() for what in ("bare", "first", "rows", "unchanged")}

    async def round(self) -> None:
        url = await self._server.fresh_database()
        await upgrade(url)
        await self._server.checkpoint()
        database, driver = Database(lambda: url, min_size=2, max_size=CONNECTIONS), PsycopgDriver(lambda: url, "river")
        await database.start()
        await driver.open()
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=dict_row) as connection:
                library = LibraryBench(Transactions(database), driver, connection, bench_settings())
                await self._scan(library, await library.add(self._root, kind=self._kind))
        finally:
            await driver.close()
            await database.stop()

    async def _scan(self, library: LibraryBench, library_id: UUID) -> None:
        self._walk()
        await self._one(library, library_id, "first")
        await self._write_rows(library)
        for _ in range(3):
            self._walk()
            await self._one(library, library_id, "unchanged")

    async def _write_rows(self, library: LibraryBench) -> None:
        """Write what the first scan has written once more, into tables of the same shape."""
        filled = await library.rows(
            "SELECT schemaname, relname FROM pg_stat_user_tables WHERE n_live_tup > 100 AND schemaname <> 'rows'"
        )
        execute = library.connection.execute
        await execute("CREATE SCHEMA rows")
        names = [(row["schemaname"], row["relname"]) for row in filled]
        for schema, table in names:
            await execute(f"CREATE TABLE rows.{table} (LIKE {schema}.{table} INCLUDING ALL)")
        before = await written(library)
        with self.taken["rows"].measured(self._server):
            for schema, table in names:
                await execute(f"INSERT INTO rows.{table} OVERRIDING SYSTEM VALUE SELECT * FROM {schema}.{table}")
        self.taken["rows"].written.append(await written(library) - before)
        await execute("DROP SCHEMA rows CASCADE")

    def _walk(self) -> None:
        with self.taken["bare"].measured(self._server):
            bare(self._root)

    async def _one(self, library: LibraryBench, library_id: UUID, what: str) -> None:
        before = await written(library)
        with self.taken[what].measured(self._server):
            await library.scan(library_id)
        self.taken[what].written.append(await written(library) - before)

    def rows(self, name: str, count: int) -> Iterator[list[str]]:
        bare_walk = self.taken["bare"]
        for what, taken in self.taken.items():
            yield [
                name,
                f"{count:,}",
                what,
                spread(taken.wall),
                f"{statistics.median(taken.wall) / statistics.median(bare_walk.wall):.2f}",
                spread(taken.cpu),
                f"{statistics.median(taken.cpu) / statistics.median(bare_walk.cpu):.2f}",
                "–" if what == "bare" else f"{max(taken.written):,}",
            ]


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


async def written(library: LibraryBench) -> int:
    """Return how many rows of the library's tables, and of `rows`, were ever written, as PostgreSQL counts them."""
    await tell_statistics(library)
    (row,) = await library.rows(
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint AS count FROM pg_stat_user_tables"
        " WHERE schemaname IN ('public', 'rows')"
    )
    return int(row["count"])


async def tell_statistics(library: LibraryBench) -> None:
    """Have all connections tell at once what they have done; by themselves they may keep it for ten seconds."""
    await library.connection.execute("SELECT pg_stat_force_next_flush()")
    async with AsyncExitStack() as held:
        for _ in range(CONNECTIONS):
            tx = await held.enter_async_context(library.transactions.begin())
            await tx.connection.execute("SELECT pg_stat_force_next_flush()")


async def run(options: argparse.Namespace) -> None:
    rows = [["tree", "files", "what", "wall s", "× bare", "CPU s", "× bare", "rows written"]]
    async with running_server() as server:
        described = await server.describe()
        for name in options.tree or TREES:
            kind, tree = TREES[name]
            root = Path(tempfile.mkdtemp(prefix="revenge-scan-"))
            try:
                write(root, tree(options.files))
                count = bare(root)
                contest = Contest(server, root, kind)
                await settle_memory()
                for _ in range(options.rounds):
                    await contest.round()
                rows += contest.rows(name, count)
            finally:
                shutil.rmtree(root)
    load = os.getloadavg()
    told: list[Any] = [
        f"{options.rounds} rounds, median (least–most); a load of {load[0]:.1f} on the machine at the end",
        "",
        f"- {machine()}",
        *(f"- {line}" for line in described),
        f"- {versions()}",
        "",
        *markdown(rows),
    ]
    print("\n".join(told))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tree", action="append", choices=sorted(TREES))
    with quiet():
        asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
