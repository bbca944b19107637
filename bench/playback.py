"""Playback beside what it is made of: `python -m bench.playback [--rounds N] [--seconds S] [--only NAME]`.

`first`: from the request to the first segments of picture and sound, in a playback nobody had before, beside FFmpeg
alone that makes the same first segment of the same file. `seek`: the same for a minute that nothing was made of.
`whole`: segments a second over a whole film, beside bare FFmpeg. `stream`: bytes a second and CPU per GiB of a file as
it is, beside a bare Starlette route and nginx, where there is one. `index`: small pictures and keyframes, beside their
naive forms. Both sides take turns within a round; every round of ours has a film of its own, so nothing is cached.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from app.db.migrate import upgrade
from app.library.keyframes import unpack
from app.library.probing.packets import scan_keyframes
from app.library.probing.read import probe
from app.playback.ffmpeg.binary import Capabilities
from app.playback.ffmpeg.launcher import Launcher, Program
from app.playback.source import MediaSource
from app.playback.trickplay import sheets
from bench.programs import ROOT
from bench.report import RESULTS, machine, markdown, versions
from bench.server import Server, running_server
from bench.web import fill, process
from tests.fixtures.films import void
from tests.fixtures.node import free_port
from tests.fixtures.time_code import FFMPEG, numbered, pitched

RATE = 24
SEGMENT = 4
SIZE = "1280x720"
PRESET = "veryfast"
STREAMED = 2**28
"""Bytes of the file that is streamed."""
PIECE = 2**20
WAYS = ("copied", "converted")
CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class House:
    """Our server over a folder of films, each of them the same but for its last bytes."""

    http: httpx.AsyncClient
    films: list[str]
    root: Path

    async def begin(self, **wishes: Any) -> dict[str, Any]:
        body = {"item_id": self.films.pop(), "profile": "chrome", "ladder": False, **wishes}
        answer = await self.http.post("/api/v1/playback", json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, url: str) -> bytes:
        answer = await self.http.get(url)
        answer.raise_for_status()
        return answer.content


def ahead_of_others(folder: Path) -> str:
    """Return an FFmpeg that comes before all else on the machine, but for us and those who write to its disks.

    Those are the kernel's own, and come to nothing beside an encoder in real time: a commit took a second.
    """
    if os.sched_getscheduler(0) != os.SCHED_RR:
        return FFMPEG
    folder.mkdir(exist_ok=True)
    program = folder / "ffmpeg"
    first = "echo -10 > /proc/self/autogroup\nexec chrt -o 0 nice -n -10"
    program.write_text(f'#!/bin/sh\n{first} {FFMPEG} "$@"\n')
    program.chmod(0o755)
    return str(program)


@contextlib.asynccontextmanager
async def house(server: Server, film: Path, count: int, folder: Path, ahead: str) -> AsyncIterator[House]:
    """`ahead`: how much of a film is made before somebody asks for it."""
    program = ahead_of_others(folder)
    root = folder / "films"
    for number in range(count):
        place = root / f"Film {number:03} (2001)" / f"Film {number:03} (2001).mkv"
        place.parent.mkdir(parents=True)
        shutil.copyfile(film, place)
        with place.open("ab") as end:
            end.write(void(str(number).encode()))
    port = free_port()
    environ = {
        "DATABASE_URL": await server.fresh_database(),
        "REVENGE_DATA_DIR": str(folder / "data"),
        "REVENGE_HTTP__PORT": str(port),
        "REVENGE_PLAYBACK__AHEAD": ahead,
        "REVENGE_PLAYBACK__FFMPEG": program,
        "REVENGE_PLAYBACK__KEEP_FREE": "0",
        "REVENGE_PLAYBACK__HARDWARE": "false",
        "REVENGE_PLAYBACK__PRESET": PRESET,
        "REVENGE_LIBRARY__SETTLE_AFTER": "0s",
        "REVENGE_HTTP__RATE_LIMIT": "{viewer: null, address: null, media: null}",
    }
    async with (
        process(port, "/readyz", "app", "serve", **environ),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=300) as http,
    ):
        body = {"name": "Films", "kind": "movies", "paths": [str(root)]}
        library = (await http.post("/api/v1/libraries", json=body)).json()["id"]
        (await http.post(f"/api/v1/libraries/{library}/scan", json={})).raise_for_status()
        while len(found := await analysed(http)) < count:  # noqa: ASYNC110  as anybody would
            await asyncio.sleep(0.2)
        yield House(http, found, root)


async def analysed(http: httpx.AsyncClient) -> list[str]:
    items = (await http.get("/api/v1/items", params={"limit": 500})).json()["items"]
    return [item["id"] for item in items if all(file["streams"] for file in item["files"])]


async def playlist(house: House, playing: dict[str, Any], rendition: str) -> list[str]:
    """Return the header and the segments of a rendition."""
    base = urljoin(playing["url"], f"{rendition}/index.m3u8")
    text = (await house.get(base)).decode()
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [urljoin(base, name) for name in ["init.mp4", *names]]


async def ours_first(house: House, **wishes: Any) -> float:
    """Do what a player does, up to the first segments of picture and sound."""
    began = time.perf_counter()
    playing = await house.begin(**wishes)
    await house.get(playing["url"])
    both = await asyncio.gather(playlist(house, playing, "v0"), playlist(house, playing, "a1"))
    await asyncio.gather(*(house.get(place) for places in both for place in places[:2]))
    spent = time.perf_counter() - began
    await house.http.delete(f"/api/v1/playback/{playing['id']}")
    return spent


async def ours_seek(house: House, **wishes: Any) -> float:
    """Play the beginning, then go to where nothing is."""
    playing = await house.begin(**wishes)
    both = await asyncio.gather(playlist(house, playing, "v0"), playlist(house, playing, "a1"))
    await asyncio.gather(*(house.get(place) for places in both for place in places[:2]))
    began = time.perf_counter()
    await asyncio.gather(*(house.get(places[-3]) for places in both))
    spent = time.perf_counter() - began
    await house.http.delete(f"/api/v1/playback/{playing['id']}")
    return spent


async def ours_whole(house: House, **wishes: Any) -> tuple[float, int]:
    began = time.perf_counter()
    playing = await house.begin(**wishes)
    both = await asyncio.gather(playlist(house, playing, "v0"), playlist(house, playing, "a1"))

    async def all_of(places: Sequence[str]) -> None:
        for place in places:
            await house.get(place)

    await asyncio.gather(*(all_of(places) for places in both))
    spent = time.perf_counter() - began
    await house.http.delete(f"/api/v1/playback/{playing['id']}")
    return spent, len(both[0]) - 1


CONVERTED = (
    *("-c:v", "libx264", "-preset", PRESET, "-crf", "22", "-profile:v", "high", "-g", "600", "-sc_threshold", "0"),
    *("-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT})", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "160k"),
)
COPIED = ("-c", "copy")


async def bare(film: Path, folder: Path, codecs: Sequence[str], *, seek: float | None = None, first: bool) -> float:
    """Let FFmpeg alone make the same; return the time to its first segment, or to its end."""
    place = folder / f"bare-{time.monotonic_ns()}"
    place.mkdir()
    where = [] if seek is None else ["-ss", f"{seek:.3f}"]
    began = time.perf_counter()
    child = await asyncio.create_subprocess_exec(
        ahead_of_others(folder),
        *("-hide_banner", "-nostdin", "-loglevel", "error", *where, "-i", str(film), *codecs),
        *("-f", "hls", "-hls_time", str(SEGMENT), "-hls_segment_type", "fmp4", "-hls_playlist_type", "vod"),
        *("-hls_flags", "temp_file", "-hls_segment_filename", str(place / "%05d.m4s"), str(place / "index.m3u8")),
        cwd=place,
    )
    if first:
        while not (place / "00000.m4s").exists():  # noqa: ASYNC110  another process makes it
            await asyncio.sleep(0.001)
        spent = time.perf_counter() - began
        child.kill()
        await child.wait()
    else:
        await child.wait()
        spent = time.perf_counter() - began
    shutil.rmtree(place)
    return spent


def told(values: Sequence[float], digits: int = 2) -> str:
    middle = f"{statistics.median(values):,.{digits}f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def ratio(ours: Sequence[float], others: Sequence[float]) -> str:
    return told([mine / theirs for mine, theirs in zip(ours, others, strict=True)])


@dataclass(frozen=True, slots=True)
class Asked:
    rounds: int
    seconds: int
    clients: int
    ways: Sequence[str]


async def waiting(house: House, film: Path, folder: Path, asked: Asked) -> list[str]:
    """Measure how long somebody waits: at the beginning, and after a seek."""
    rows = [["", "ours, s", "FFmpeg alone, s", "difference, ms", "ours ÷ alone"]]
    ways: list[tuple[str, Sequence[str], dict[str, Any]]] = [
        ("copied", COPIED, {"allow_direct_play": False}),
        ("converted", CONVERTED, {"allow_copy": False}),
    ]
    moments: list[tuple[str, Callable[..., Awaitable[float]], float | None]] = [
        ("first segment", ours_first, None),
        ("a minute that nothing was made of", ours_seek, asked.seconds - 3 * SEGMENT + 0.1),
    ]
    for moment, ours, seek in moments:
        for way, codecs, wishes in ways:
            if way not in asked.ways:
                continue
            mine, alone = [], []
            for number in range(asked.rounds):
                alone.append(await bare(film, folder, codecs, seek=seek, first=True))
                mine.append(await ours(house, **wishes))
                print(f"  {moment}, {way}, round {number + 1}: {mine[-1]:.3f} {alone[-1]:.3f}", flush=True)
            apart = [(one - other) * 1e3 for one, other in zip(mine, alone, strict=True)]
            rows.append([f"{moment}, {way}", told(mine, 3), told(alone, 3), told(apart, 0), ratio(mine, alone)])
    return markdown(rows)


async def whole(house: House, film: Path, folder: Path, asked: Asked) -> list[str]:
    rows = [["", "ours, segments/s", "bare FFmpeg, segments/s", "ours ÷ bare"]]
    for way, codecs, wishes in (
        ("copied", COPIED, {"allow_direct_play": False}),
        ("converted", CONVERTED, {"allow_copy": False}),
    ):
        if way not in asked.ways:
            continue
        mine, alone = [], []
        for number in range(asked.rounds):
            spent, count = await ours_whole(house, **wishes)
            mine.append(count / spent)
            alone.append(count / await bare(film, folder, codecs, first=False))
            print(f"  whole, {way}, round {number + 1}: {mine[-1]:.1f}/s {alone[-1]:.1f}/s", flush=True)
        rows.append([way, told(mine, 1), told(alone, 1), ratio(mine, alone)])
    return markdown(rows)


# -- bytes as they are


def cpu_of(pids: Sequence[int]) -> float:
    """Return the seconds of CPU that processes and their living children have used."""
    found = 0.0
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            parts = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdecimal() else []
            if parts and (int(entry.name) in pids or int(parts[1]) in pids):
                found += (int(parts[11]) + int(parts[12])) / CLOCK
    return found


def listening(port: int) -> list[int]:
    """Return the processes that listen on a port."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        parts = line.split()
        if parts[3] == "0A" and int(parts[1].rpartition(":")[2], 16) == port:
            inodes.add(f"socket:[{parts[9]}]")
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and any(str(file.readlink()) in inodes for file in (entry / "fd").iterdir()):
                found.append(int(entry.name))
    return found


async def pull(port: int, path: str, clients: int) -> float:
    """Let clients read one file each, whole; return the seconds it took all of them."""

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.split(b"\r\n")[0], head
        received = 0
        while piece := await reader.read(PIECE):
            received += len(piece)
        assert received == STREAMED, received
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return time.perf_counter() - began


NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; sendfile on; tcp_nopush on;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@contextlib.asynccontextmanager
async def nginx(root: Path, folder: Path) -> AsyncIterator[int | None]:
    """Serve a folder with nginx; give its port, or None where there is none."""
    program = shutil.which("nginx")
    if program is None:
        yield None
        return
    place, port = folder / "nginx", free_port()
    place.mkdir()
    # Its workers are nobody's, who must get to the file.
    for part in (*reversed(root.parents), root):
        with contextlib.suppress(PermissionError):
            if str(part).startswith(str(folder)):
                part.chmod(0o755)
    (place / "nginx.conf").write_text(NGINX.format(folder=place, port=port, root=root))
    child = await asyncio.create_subprocess_exec(program, "-c", str(place / "nginx.conf"), "-p", str(place))
    try:
        while not listening(port):  # noqa: ASYNC110  as above
            await asyncio.sleep(0.05)
        yield port
    finally:
        child.terminate()
        await child.wait()


async def streaming(server: Server, folder: Path, asked: Asked) -> list[str]:
    film = folder / "streamed" / "Large (2001).mp4"
    film.parent.mkdir()
    with film.open("wb") as file:
        for _ in range(STREAMED // PIECE):
            file.write(os.urandom(PIECE))
    url = await server.fresh_database()
    await upgrade(url)
    _, file_id = await fill(url, film, STREAMED)
    ours, bare_port = free_port(), free_port()
    for name in ("item.json", "page.json"):
        (folder / name).write_text("{}")
    environ = {
        "DATABASE_URL": url,
        "REVENGE_DATA_DIR": str(folder / "streaming"),
        "REVENGE_HTTP__PORT": str(ours),
        "REVENGE_HTTP__RATE_LIMIT": "{viewer: null, address: null, media: null}",
    }
    rows = [["", "clients", "MB/s", "CPU s per GiB", "ours ÷ this, MB/s"]]
    async with (
        process(ours, "/readyz", "app", "serve", "--no-work", **environ),
        process(bare_port, "/item", "bench.bare_web", str(bare_port), str(folder), str(film)),
        nginx(film.parent, folder) as nginx_port,
    ):
        sides = [
            ("revenge", ours, f"/api/v1/files/{file_id}/stream"),
            ("bare Starlette FileResponse", bare_port, "/file"),
        ]
        if nginx_port is not None:
            sides.append(("nginx, sendfile", nginx_port, "/Large%20(2001).mp4"))
        for clients in (1, asked.clients):
            rates: dict[str, list[float]] = {side[0]: [] for side in sides}
            costs: dict[str, list[float]] = {side[0]: [] for side in sides}
            for number in range(asked.rounds):
                for name, port, path in sides:
                    pids = listening(port)
                    before = cpu_of(pids)
                    spent = await pull(port, path, clients)
                    gibibytes = clients * STREAMED / 2**30
                    rates[name].append(clients * STREAMED / spent / 1e6)
                    costs[name].append((cpu_of(pids) - before) / gibibytes)
                    print(f"  {clients} clients, round {number + 1}: {name} {rates[name][-1]:,.0f} MB/s", flush=True)
            for name, *_ in sides:
                of_us = "" if name == "revenge" else ratio(rates["revenge"], rates[name])
                rows.append([name, str(clients), told(rates[name], 0), told(costs[name], 2), of_us])
    if nginx_port is None:
        rows.append(["nginx", "", "not here", "", ""])
    return markdown(rows)


# -- what is made ahead


def timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def ffmpeg(*arguments: str) -> None:
    subprocess.run([FFMPEG, "-nostdin", "-loglevel", "error", "-y", *arguments], check=True, stdout=subprocess.DEVNULL)


def ffmpeg_version() -> str:
    return subprocess.check_output([FFMPEG, "-version"], text=True).partition(" Copyright")[0][:60]


def indexes(film: Path, asked: Asked) -> list[str]:
    """Small pictures and keyframes, for a film of so many seconds."""
    ts = film.with_suffix(".ts")
    ffmpeg("-i", str(film), "-map", "0:v", "-map", "0:a:0", "-c", "copy", str(ts))
    descriptor = os.open(film, os.O_RDONLY)
    ts_descriptor = os.open(ts, os.O_RDONLY)
    info = probe(descriptor)
    video = next(one for one in info.streams if one.kind == "video")
    capabilities = Capabilities(Program(FFMPEG, Launcher()), "", frozenset(), frozenset(), frozenset(), "libx264")
    source = MediaSource(
        container=info.container, duration_ms=info.duration_ms, bit_rate=info.bit_rate, size=film.stat().st_size,
        streams=info.streams, beside=[], widest_gap_ms=2000, peak_bit_rate=None,
    )  # fmt: skip
    told_sheets = sheets.arguments(source, video, capabilities, descriptor, 0)
    naive = [word for word in told_sheets if word not in {"-skip_frame", "nokey"}]

    def made(words: Sequence[str]) -> None:
        command = [FFMPEG, "-nostdin", "-loglevel", "error", *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, pass_fds=[descriptor])

    decoded = ("-map", "0:v:0", "-vf", "select='eq(pict_type,I)'", "-f", "null", "-")
    cases: list[tuple[str, Callable[[], object], Callable[[], object], str]] = [
        ("trickplay sheets", lambda: made(told_sheets), lambda: made(naive), "decoding every picture"),
        ("keyframes from the index (with all else that a probe reads)", lambda: probe(descriptor),
         lambda: ffmpeg("-i", str(film), *decoded), "decoding every picture"),
        ("keyframes of a transport stream, from packets", lambda: scan_keyframes(ts_descriptor, 0),
         lambda: ffmpeg("-i", str(ts), *decoded), "decoding every picture"),
    ]  # fmt: skip
    found = scan_keyframes(ts_descriptor, 0)
    assert found is not None
    assert len(unpack(found.times)) == len(unpack(info.keyframes.times if info.keyframes else b""))
    rows = [["", "ours, × real time", "naive, × real time", "times as fast", "naive form"]]
    for name, ours, other, how in cases:
        mine, naives = [], []
        for number in range(asked.rounds):
            mine.append(timed(ours))
            naives.append(timed(other))
            print(f"  {name}, round {number + 1}: {mine[-1]:.3f} s, {naives[-1]:.3f} s", flush=True)
        speeds = [[asked.seconds / spent for spent in side] for side in (mine, naives)]
        rows.append([name, told(speeds[0], 0), told(speeds[1], 0), ratio(naives, mine), how])
    os.close(descriptor)
    os.close(ts_descriptor)
    return markdown(rows)


def make_film(folder: Path, seconds: int) -> Path:
    folder.chmod(0o755)
    film = folder / "film.mkv"
    ffmpeg(
        *(*numbered(seconds, rate=RATE, size=SIZE, noise=8), *pitched(seconds)),
        *("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "4M", "-g", str(RATE * 2), "-pix_fmt", "yuv420p"),
        *("-c:a", "aac", "-b:a", "128k", str(film)),
    )
    return film


async def run(server: Server, asked: Asked, only: Sequence[str]) -> list[str]:
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="revenge-playback-") as name:
        folder = Path(name)
        film = await asyncio.to_thread(make_film, folder, asked.seconds)
        if "first" in only:
            async with house(server, film, 4 * asked.rounds, folder / "first", "20s") as ours:
                lines += ["### How long somebody waits", "", *await waiting(ours, film, folder, asked), ""]
        if "whole" in only:
            async with house(server, film, 2 * asked.rounds, folder / "whole", "1h") as ours:
                lines += ["### A whole film", "", *await whole(ours, film, folder, asked), ""]
        if "index" in only:
            lines += ["### Made ahead", "", *await asyncio.to_thread(indexes, film, asked), ""]
        if "stream" in only:
            lines += ["### A file as it is", "", *await streaming(server, folder, asked), ""]
    return lines


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=120, help="length of the film")
    parser.add_argument("--clients", type=int, default=4, help="of the file as it is")
    parser.add_argument("--only", action="append", choices=("first", "whole", "index", "stream"))
    parser.add_argument("--way", action="append", choices=WAYS)
    parser.add_argument("--note", default="")
    parser.add_argument(
        "--first", action="store_true", help="come before all else on the machine (needs its administrator, and chrt)"
    )
    parser.add_argument("--keep", action="store_true", help="keep the page")
    told_words = parser.parse_args()
    asked = Asked(told_words.rounds, told_words.seconds, told_words.clients, told_words.way or WAYS)
    if told_words.first:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))  # inherited by all that is started
    only = told_words.only or ["first", "whole", "index", "stream"]
    async with running_server() as server:
        lines = await run(server, asked, only)
        described = await server.describe()
    words = " ".join(sys.argv[1:]).partition(" --note")[0]
    page = [
        f"# Playback beside what it is made of, {datetime.now(UTC):%Y-%m-%d}",
        "",
        f"Command: `python -m bench.playback {words}`.",
        f"A film of {asked.seconds} s, {SIZE}, {RATE} pictures a second, H.264 at 4 Mbit/s and AAC, in Matroska;",
        f"converted by libx264 {PRESET}. Both sides in turn within each round; medians (least–most).",
        "",
        f"- {machine()}",
        *(f"- {line}" for line in described),
        f"- load {os.getloadavg()[0]:.0f} of others and ours, one minute's, at the end",
        f"- {versions()}, {await asyncio.to_thread(ffmpeg_version)}",
        *([f"- Note: {told_words.note}"] if told_words.note else []),
        "",
        *lines,
    ]
    print("\n".join(page))
    if told_words.keep:
        path = RESULTS / f"{datetime.now(UTC):%Y-%m-%d}-playback.md"
        path.write_text("\n".join(page).rstrip() + "\n")
        print(f"kept in {path.relative_to(ROOT)}")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=__import__("uvloop").new_event_loop) as runner:
        runner.run(main())
