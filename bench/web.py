"""Our routes under load beside bare FastAPI ones: `python -m bench.web [--clients N] [--seconds S] [--rounds N]`.

Both run as one process each, on uvicorn, httptools and uvloop, and take turns within a round; this process makes the
load, over connections that are kept. What ours does and a bare route does not: it looks up the token, the permissions
and the item in PostgreSQL at every request, writes a line of the log, counts metrics, limits by account and address.
CPU time is told beside the rates: it is what a request costs, whatever else the machine does.
`crowd` asks with more clients than the server takes requests at once (`http.max_requests`): it should turn some away
at once and serve the others as before.
"""

import argparse
import asyncio
import collections
import contextlib
import json
import os
import shlex
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from app.db.engine import Database
from app.db.migrate import upgrade
from app.db.tx import Transactions
from bench.bare_web import PASSWORD
from bench.programs import ROOT
from bench.report import RESULTS, machine, markdown, versions
from bench.server import Server, running_server
from tests.fixtures.node import free_port
from tests.fixtures.shelf import Shelf

FILE_BYTES = 2**20
OTHERS = 99
"""Films beside the one that is asked for."""
STREAMS = (
    {"index": 0, "kind": "video", "codec": "h264", "width": 1920, "height": 1080, "frame_rate": 24.0},
    {"index": 1, "kind": "audio", "codec": "aac", "language": "de", "channels": 6, "sample_rate": 48_000},
    {"index": 2, "kind": "audio", "codec": "aac", "language": "en", "channels": 2, "sample_rate": 48_000},
)
PATIENCE = 60.0


@dataclass(slots=True)
class Load:
    """What came of one run."""

    seconds: float
    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    milliseconds: list[float] = field(default_factory=list)
    """Of answers that were meant."""
    received: int = 0
    cpu: float = 0.0
    """Seconds of the process that answered."""
    postgres_cpu: float = 0.0

    def each(self, seconds: float) -> float:
        """Milliseconds for each answer that was meant."""
        return 1e3 * seconds / max(1, len(self.milliseconds))

    @property
    def rate(self) -> float:
        return len(self.milliseconds) / self.seconds

    def at(self, share: float) -> float:
        return sorted(self.milliseconds)[int(share * (len(self.milliseconds) - 1))] if self.milliseconds else 0.0


async def press(port: int, request: bytes, meant: int, clients: int, seconds: float) -> Load:
    """Let so many clients ask again and again, each for the next thing once it has the last."""
    load, loop = Load(seconds), asyncio.get_running_loop()
    begin, until = loop.time(), loop.time() + seconds

    async def client() -> None:
        reader = writer = None
        try:
            while loop.time() < until:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**21)
                asked = time.perf_counter()
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
                await reader.readexactly(length)
                status = int(head[9:12])
                load.statuses[status] += 1
                load.received += length
                if status == meant:
                    load.milliseconds.append((time.perf_counter() - asked) * 1e3)
                if b"connection: close" in head:
                    writer.close()
                    writer = None
        except (OSError, asyncio.IncompleteReadError):
            load.statuses[0] += 1
        finally:
            if writer is not None:
                writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    load.seconds = loop.time() - begin
    return load


@contextlib.asynccontextmanager
async def process(port: int, path: str, *words: str, **environ: str) -> AsyncIterator[int]:
    """Run one until the block ends; yield its number once it answers."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("REVENGE_")} | environ
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *words,
        cwd=ROOT,
        env=env,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            deadline = time.monotonic() + PATIENCE
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get(f"http://127.0.0.1:{port}{path}")).status_code == 200:
                        break
                if child.returncode is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{shlex.join(words)} does not answer")
                await asyncio.sleep(0.1)
        yield child.pid
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGTERM)
        await child.wait()


def asking(method: str, path: str, token: str = "", body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    if content:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return head.encode() + b"\r\n" + content


@dataclass(frozen=True, slots=True)
class Case:
    title: str
    clients: int
    meant: int
    ours: bytes
    bare: bytes


async def run(server: Server, clients: int, seconds: float, rounds: int) -> list[str]:
    url = await server.fresh_database()
    await upgrade(url)
    with tempfile.TemporaryDirectory(prefix="revenge-bench-") as name:
        directory = Path(name)
        film = directory / "films" / "Metropolis (1927).mkv"
        film.parent.mkdir()
        film.write_bytes(os.urandom(FILE_BYTES))
        item_id, file_id = await fill(url, film)
        ours, bare = free_port(), free_port()
        environ = {
            "DATABASE_URL": url,
            "REVENGE_DATA_DIR": str(directory / "data"),
            "REVENGE_HTTP__PORT": str(ours),
            "REVENGE_HTTP__RATE_LIMIT": "{viewer: null, address: null, media: null}",
            "REVENGE_ACCOUNTS__FIRST": json.dumps({"name": "Ada", "password": PASSWORD}),
        }
        async with process(ours, "/readyz", "app", "serve", "--no-work", **environ) as our_pid:
            login = {"name": "Ada", "password": PASSWORD}
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ours}", trust_env=False) as http:
                token = (await http.post("/api/v1/logins", json=login)).json()["access_token"]
                bearer = {"Authorization": f"Bearer {token}"}
                item = (await http.get(f"/api/v1/items/{item_id}", headers=bearer)).content
                page = (await http.get("/api/v1/items?limit=50", headers=bearer)).content
            (directory / "item.json").write_bytes(item)
            (directory / "page.json").write_bytes(page)
            show, bare_show = asking("GET", f"/api/v1/items/{item_id}", token), asking("GET", "/item")
            listed, bare_listed = asking("GET", "/api/v1/items?limit=50", token), asking("GET", "/page")
            stream, bare_stream = asking("GET", f"/api/v1/files/{file_id}/stream", token), asking("GET", "/file")
            log_in, bare_log_in = (asking("POST", path, body=login) for path in ("/api/v1/logins", "/login"))
            cases = [
                Case(f"an item ({len(item)} bytes)", clients, 200, show, bare_show),
                Case("the same, one client", 1, 200, show, bare_show),
                Case("the same, a crowd", 4 * clients, 200, show, bare_show),
                Case(f"50 items ({len(page)} bytes)", clients, 200, listed, bare_listed),
                Case("a file of 1 MiB", clients // 4, 200, stream, bare_stream),
                Case("logging in", 2, 201, log_in, bare_log_in),
            ]
            words = ("bench.bare_web", str(bare), str(directory), str(film))
            async with process(bare, "/item", *words) as bare_pid:
                contestants = (Contestant("revenge", ours, our_pid), Contestant("bare FastAPI", bare, bare_pid))
                return await measured(server, cases, contestants, seconds, rounds)


async def fill(url: str, film: Path, size: int = FILE_BYTES) -> tuple[str, str]:
    database = Database(lambda: url, min_size=1, max_size=2)
    await database.start()
    try:
        shelf = Shelf(Transactions(database))
        library = await shelf.library(film.parent)
        item = await shelf.item(library, "Metropolis", year=1927)
        file_id = await shelf.file(library, film.name, item_id=item, size=size, streams=STREAMS)
        for number in range(OTHERS):
            other = await shelf.item(library, f"Film {number:03}", year=1950 + number % 70)
            await shelf.file(library, f"{number}.mkv", item_id=other, size=FILE_BYTES, streams=STREAMS)
        return str(item), str(file_id)
    finally:
        await database.stop()


@dataclass(frozen=True, slots=True)
class Contestant:
    name: str
    port: int
    pid: int


async def measured(
    server: Server, cases: Sequence[Case], contestants: Sequence[Contestant], seconds: float, rounds: int
) -> list[str]:
    loads: dict[tuple[str, str], list[Load]] = collections.defaultdict(list)
    for number in range(1, rounds + 1):
        for case in cases:
            for one, request in zip(contestants, (case.ours, case.bare), strict=True):
                cpu, postgres_cpu = cpu_seconds(one.pid), server.cpu_seconds() or 0.0
                load = await press(one.port, request, case.meant, case.clients, seconds)
                load.cpu = cpu_seconds(one.pid) - cpu
                load.postgres_cpu = (server.cpu_seconds() or 0.0) - postgres_cpu
                loads[case.title, one.name].append(load)
                print(
                    f"  round {number}, {case.title}: {one.name} {load.rate:,.0f}/s {dict(load.statuses)}", flush=True
                )
    heads = ["a second", "p50 ms", "p99 ms", "MB/s", "CPU ms each", "PostgreSQL's", "turned away"]
    rows = [["", "clients", "", *heads]]
    for case in cases:
        for one in contestants:
            of = loads[case.title, one.name]
            middle = [
                f"{statistics.median(load.rate for load in of):,.0f}",
                f"{statistics.median(load.at(0.5) for load in of):,.1f}",
                f"{statistics.median(load.at(0.99) for load in of):,.1f}",
                f"{statistics.median(load.received / load.seconds / 1e6 for load in of):,.1f}",
                f"{statistics.median(load.each(load.cpu) for load in of):,.2f}",
                f"{statistics.median(load.each(load.postgres_cpu) for load in of):,.2f}",
            ]
            others = sum(sum(load.statuses.values()) - len(load.milliseconds) for load in of)
            rows.append([case.title, str(case.clients), one.name, *middle, f"{others:,}"])
    return markdown(rows)


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, its children not counted."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


async def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--clients", type=int, default=200)
    arguments.add_argument("--seconds", type=float, default=5)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--note", default="")
    asked = arguments.parse_args()
    async with running_server() as server:
        table = await run(server, asked.clients, asked.seconds, asked.rounds)
        described = await server.describe()
    words = f"--clients {asked.clients} --seconds {asked.seconds:g} --rounds {asked.rounds}"
    page = [
        f"# The web face under load, {datetime.now(UTC):%Y-%m-%d}",
        "",
        f"Command: `python -m bench.web {words}`.",
        "Medians of the rounds; both sides in turn within each, a process each; the load comes from a third process on",
        "the same machine. *CPU* is that of the process that answers, for each answer that was meant. *Turned away*",
        "counts answers other than the one meant, over all rounds: at a crowd ours says 503 at once to those above",
        "`http.max_requests`.",
        "",
        f"- {machine()}",
        *(f"- {line}" for line in described),
        f"- {versions()}",
        *([f"- Note: {asked.note}"] if asked.note else []),
        "",
        *table,
    ]
    path = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-web.md"
    path.write_text("\n".join(page) + "\n")
    print("\n".join([*table, "", f"kept in {path}"]))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=__import__("uvloop").new_event_loop) as runner:
        runner.run(main())
