"""What scans cost in tables of a million files beside tables that hold only their own.

`python -m bench.scan_million [--rows N] [--files N] [--rounds N]`: two databases on one server, one of them filled with
a library of so many files and films that lies elsewhere. The same tree of songs is then scanned in both, in turn: new,
unchanged, with one song more, and only the folder that the song is in. Files have sizes of their own, as media do,
so that what is new is held against what is recorded. Wall and CPU time (this process and PostgreSQL's) and the rows
that PostgreSQL says it has read, by index or not, outside its own catalogue.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from app.db.engine import Database
from app.db.migrate import upgrade
from app.db.tx import Transactions
from app.jobs.driver.psycopg_driver import PsycopgDriver
from bench.report import machine, markdown, versions
from bench.scan import CONNECTIONS, albums, cpu_of, quiet, tell_statistics
from bench.server import Server, running_server
from tests.fixtures.library import LibraryBench, bench_settings

IN_A_FOLDER = 20
LEAST_SIZE = 4_000_000

KEY = "(lpad(to_hex({time} + {n}), 12, '0') || '70008000' || lpad(to_hex({n}), 12, '0'))::uuid"
FOLDER, FILE, ITEM = (KEY.format(time=1_700_000_000_000 + part, n="{n}") for part in (0, 10_000_000, 20_000_000))

FILL = f"""
    INSERT INTO library (id, name, kind) SELECT gen_random_uuid(), 'Elsewhere', 'movies';

    INSERT INTO library_root (id, library_id, position, path, real_path, display_path)
    SELECT gen_random_uuid(), id, 0, '/elsewhere', '/elsewhere', '/elsewhere' FROM library;

    INSERT INTO folder (id, root_id, anchor_id, path, signature)
    SELECT {FOLDER.format(n="n")}, root.id, {FOLDER.format(n="n")}, convert_to('Shelf/' || n, 'utf8'), sha256('x')
    FROM library_root root, generate_series(0, {{rows}} / {{in_a_folder}}) AS n;

    INSERT INTO file (
        id, root_id, folder_id, name, display_path, kind, size, mtime_ns, device, inode, probed_at, probed_size,
        probed_mtime_ns, prober_version, partial_hash
    )
    SELECT {FILE.format(n="n")}, root.id, {FOLDER.format(n="(n / {in_a_folder})")},
        convert_to('Film ' || n || '.mkv', 'utf8'), 'Shelf/Film ' || n || '.mkv', 'video', {{least}} + n * 7, n, 1, n,
        now(), {{least}} + n * 7, n, 1, sha256(n::text::bytea)
    FROM library_root root, generate_series(0, {{rows}} - 1) AS n;

    INSERT INTO item (id, library_id, kind, title, sort_title, year)
    SELECT {ITEM.format(n="n")}, library.id, 'movie', 'Film ' || n, 'film ' || lpad(n::text, 8, '0'), 1950 + mod(n, 70)
    FROM library, generate_series(0, {{rows}} - 1) AS n;

    INSERT INTO item_file (item_id, file_id)
    SELECT {ITEM.format(n="n")}, {FILE.format(n="n")} FROM generate_series(0, {{rows}} - 1) AS n;
"""

READ = """
    SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint AS count FROM pg_stat_user_tables
"""


class Place:
    """One database, and the tree as it is recorded there."""

    def __init__(self, name: str, library: LibraryBench) -> None:
        self.name = name
        self.library = library
        self.library_id: UUID | None = None

    async def forget(self) -> None:
        """Have the tree be new again."""
        await self.library.connection.execute("DELETE FROM library WHERE name = 'Music'")
        await self.library.connection.execute("DELETE FROM river.river_job")
        await self.library.connection.execute("VACUUM ANALYZE")

    async def scan(self, root: Path, paths: tuple[str, ...] = ()) -> dict[str, Any]:
        if self.library_id is None or not await self.library.rows("SELECT FROM library WHERE id = %s", self.library_id):
            self.library_id = await self.library.add(root, name="Music", kind="music")
        async with self.library.transactions.begin() as tx:
            await self.library.service.request_scan(tx, self.library_id, False, paths)
        return await self.library.work_scan()


@asynccontextmanager
async def place_in(server: Server, name: str, rows: int) -> AsyncIterator[Place]:
    url = urlsplit(server.url)._replace(path=f"/scan_{name}").geturl()
    async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as connection:
        database = sql.Identifier(f"scan_{name}")
        await connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(database))
    await upgrade(url)
    pool, driver = Database(lambda: url, min_size=2, max_size=CONNECTIONS), PsycopgDriver(lambda: url, "river")
    await pool.start()
    await driver.open()
    try:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=dict_row) as connection:
            library = LibraryBench(Transactions(pool), driver, connection, bench_settings())
            if rows:
                fill = FILL.format(rows=rows, in_a_folder=IN_A_FOLDER, least=LEAST_SIZE)
                await connection.execute(fill.encode())
            yield Place(name, library)
    finally:
        await driver.close()
        await pool.stop()


class Contest:
    def __init__(self, server: Server, root: Path, places: list[Place]) -> None:
        self._server = server
        self._root = root
        self._places = places
        self.wall: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self.cpu: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self.read: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    async def round(self, number: int) -> None:
        for place in self._places:
            await place.forget()
        await self._server.checkpoint()
        await self._each("new", lambda place: place.scan(self._root))
        await self._each("unchanged", lambda place: place.scan(self._root))
        album = next(path for path in sorted(self._root.glob("*/*")) if path.is_dir())
        song = write_song(album / f"99 - Another {number}.flac", number)
        await self._each("one song more", lambda place: place.scan(self._root))
        song.unlink()
        await self._each("one folder", lambda place: place.scan(self._root, (str(album),)))

    async def _each(self, what: str, do: Callable[[Place], Awaitable[dict[str, Any]]]) -> None:
        for place in self._places if len(self.wall) % 2 else reversed(self._places):
            before = await self._rows_read(place)
            cpu, began = cpu_of(self._server), time.perf_counter()
            outcome = await do(place)
            self.wall[what, place.name].append(time.perf_counter() - began)
            self.cpu[what, place.name].append(cpu_of(self._server) - cpu)
            if outcome["outcome"] != "completed":
                raise RuntimeError(f"{what} in {place.name}: {outcome}")
            self.read[what, place.name].append(await self._rows_read(place) - before)

    async def _rows_read(self, place: Place) -> int:
        await tell_statistics(place.library)
        (row,) = await place.library.rows(READ)
        return int(row["count"])

    def rows(self) -> list[list[str]]:
        small, large = (place.name for place in self._places)
        table = [["scan", *(f"wall s, {name}" for name in (small, large)), "×"]]
        table[0] += [*(f"CPU s, {name}" for name in (small, large)), "×"]
        table[0] += [f"rows read, {name}" for name in (small, large)]
        for what in dict.fromkeys(name for name, _ in self.wall):
            pairs = zip(self.wall[what, small], self.wall[what, large], strict=True)
            cpu = zip(self.cpu[what, small], self.cpu[what, large], strict=True)
            table.append(
                [
                    what,
                    spread(self.wall[what, small]),
                    spread(self.wall[what, large]),
                    spread([theirs / ours for ours, theirs in pairs], 2),
                    spread(self.cpu[what, small]),
                    spread(self.cpu[what, large]),
                    spread([theirs / ours for ours, theirs in cpu if ours], 2),
                    f"{statistics.median(self.read[what, small]):,.0f}",
                    f"{statistics.median(self.read[what, large]):,.0f}",
                ]
            )
        return table


def spread(values: list[float], digits: int = 3) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def write_song(path: Path, number: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.truncate(path, LEAST_SIZE + number * 13)
    return path


async def run(rows: int, files: int, rounds: int) -> None:
    root = Path(tempfile.mkdtemp(prefix="revenge-scan-"))
    try:
        for number, (folder, name) in enumerate((folder, name) for folder, names in albums(files) for name in names):
            write_song(root / folder / name, number)
        async with (
            running_server() as server,
            place_in(server, "own", 0) as own,
            place_in(server, "million", rows) as million,
        ):
            contest = Contest(server, root, [own, million])
            for number in range(rounds):
                await contest.round(files + number)
            described = await server.describe()
    finally:
        shutil.rmtree(root)
    load = os.getloadavg()
    print(f"{files:,} songs; `million` holds {rows:,} films besides. {rounds} rounds, median (least–most); ", end="")
    print(f"a load of {load[0]:.1f} on the machine at the end\n")
    print("\n".join(f"- {line}" for line in (machine(), *described, versions())))
    print("\n" + "\n".join(markdown(contest.rows())))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with quiet():
        asyncio.run(run(options.rows, options.files, options.rounds))


if __name__ == "__main__":
    main()
