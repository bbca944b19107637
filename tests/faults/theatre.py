"""Nodes that play a film to several viewers, and what is done to them: somebody is killed, something is away.

Faces (`serve --no-work`) and workers (`work`) share a PostgreSQL and a folder of segments. A viewer behaves as players
do: what is not answered, or answered with 5xx, is asked for again, at whichever face there is. All segments are looked
into: each must begin when its playlist says.
"""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from psycopg.rows import dict_row

from tests.faults.fleet import SOAK
from tests.fixtures.node import Node
from tests.fixtures.processes import parent_of
from tests.fixtures.time_code import FFMPEG, make_film, numbered, pitched
from tests.fixtures.waiting import eventually
from tests.playback.hls_client import Playlist, read_playlist, renditions, timeline

SECONDS = 120
RATE = 12
PATIENCE = 90.0 + (90.0 if SOAK else 0.0)
"""Seconds. A dead worker is taken for dead after eight, a dead node's jobs come back within thirty; in long runs
PostgreSQL is away for sixty more, whatever somebody has waited for before."""

SLOW = """#!/bin/sh
case "$*" in
*file:/dev/fd/*) exec {program} -readrate {rate:g} "$@" ;;
*) exec {program} "$@" ;;
esac
"""
"""What converts takes its time, so that there is somebody to kill."""

SETTINGS = {
    "REVENGE_PLAYBACK__HARDWARE": "false",
    "REVENGE_PLAYBACK__PRESET": "ultrafast",
    "REVENGE_PLAYBACK__KEEP_FREE": "0",
    "REVENGE_PLAYBACK__AHEAD": "20s",
    "REVENGE_PLAYBACK__IDLE_AFTER": "4s",
    "REVENGE_PLAYBACK__ENDED_AFTER": "5s",
    "REVENGE_HTTP__RATE_LIMIT": "{viewer: null, address: null, media: null}",
}


@dataclass(slots=True)
class Viewer:
    """Who watches: what they have got, and what they were told instead."""

    number: int
    segments: int = 0
    ranges: int = 0
    playbacks: int = 0
    told: Counter[str] = field(default_factory=Counter)

    @property
    def got(self) -> int:
        return self.segments + self.ranges


@dataclass(slots=True)
class _Asking:
    """A client as far as playlists are read with one; any face answers."""

    theatre: "Theatre"
    viewer: Viewer

    async def get(self, path: str) -> httpx.Response:
        return await self.theatre.answer("GET", path, self.viewer)


class Theatre:
    """States: empty → open, viewers come and go → closed, and then what is left is judged."""

    def __init__(self, conninfo: str, folder: Path) -> None:
        self.conninfo = conninfo
        self.folder = folder
        self.cache = folder / "segments"
        self.workers: list[Node] = []
        self.faces: list[Node] = []
        self.viewers: list[Viewer] = []
        self.faults: Counter[str] = Counter()
        self.inventories: list[str] = []
        self.gave_up: list[str] = []
        """Last words of nodes that have ended by themselves."""
        self._keeping: asyncio.Task[None] | None = None
        self._watching: list[asyncio.Task[None]] = []
        self._film = folder / "films" / "Metropolis (1927)" / "Metropolis (1927).mkv"
        self._item = ""
        self._program = folder / "ffmpeg-of-this-test"
        self._closing = asyncio.Event()

    # -- open

    async def open(self, *, workers: int = 1, faces: int = 1, rate: float = 8, seconds: int = SECONDS) -> None:
        """`rate`: how many seconds of a film a second FFmpeg reads; `seconds`: its length."""
        self._program.symlink_to(FFMPEG)
        slow = self.folder / "slow-ffmpeg"
        slow.write_text(SLOW.format(program=self._program, rate=rate))
        slow.chmod(0o755)
        self._film.parent.mkdir(parents=True)
        await asyncio.to_thread(
            make_film,
            self._film,
            *(*numbered(seconds, rate=RATE, size="160x90"), *pitched(seconds)),
            *("-c:v", "libx264", "-preset", "ultrafast", "-g", str(RATE * 2), "-c:a", "aac", "-b:a", "96k"),
        )
        settings = SETTINGS | {"REVENGE_PLAYBACK__FFMPEG": str(slow), "REVENGE_PLAYBACK__CACHE_DIR": str(self.cache)}
        self.faces = [self._node("serve", "--no-work", number=number, **settings) for number in range(faces)]
        self.workers = [self._node("work", number=number, **settings) for number in range(workers)]
        for face in self.faces:  # one after another: all at once take a small machine a minute
            await asyncio.to_thread(face.start().ready, 2 * PATIENCE)
        for worker in self.workers:
            worker.start()
        self._keeping = asyncio.create_task(self._keep(), name="keeping nodes")
        body = {"name": "Films", "kind": "movies", "paths": [str(self.folder / "films")]}
        library = await self.ask("POST", "/api/v1/libraries", json=body)
        await self.ask("POST", f"/api/v1/libraries/{library['id']}/scan", json={"full_scan": False})
        self._item = await eventually(self._analysed, within=PATIENCE)

    async def _keep(self) -> None:
        """Start nodes again that have ended by themselves, as whoever keeps services does.

        A node waits for PostgreSQL for `database.connect_timeout`, then says so and ends.
        """
        while True:
            for node in (*self.faces, *self.workers):
                if node.process is not None and node.process.poll() not in (None, -signal.SIGKILL):
                    self.gave_up.append(node.tail(1))
                    node.start()
            await asyncio.sleep(1)

    def _node(self, verb: str, *options: str, number: int, **settings: str) -> Node:
        place = self.folder / f"{verb}{number}"
        place.mkdir()
        return Node(verb, *options, data_dir=place, database_url=self.conninfo, **settings)

    async def _analysed(self) -> str:
        items = (await self.ask("GET", "/api/v1/items"))["items"]
        return next((item["id"] for item in items if all(file["streams"] for file in item["files"])), "")

    async def ask(self, method: str, path: str, viewer: Viewer | None = None, **more: Any) -> Any:
        """Ask until there is an answer that is not the server's fault; return it."""
        answer = await self.answer(method, path, viewer, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def answer(self, method: str, path: str, viewer: Viewer | None = None, **more: Any) -> httpx.Response:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                async with httpx.AsyncClient(
                    base_url=random.choice(self.faces).url, timeout=25, trust_env=False, verify=False
                ) as http:
                    answer = await http.request(method, path, **more)
                if answer.status_code < 500:
                    return answer
                told = answer.json()["code"]
            except (httpx.TransportError, ValueError) as err:
                told = type(err).__name__
            if viewer is not None:
                viewer.told[told] += 1
            assert asyncio.get_running_loop().time() < deadline, f"{method} {path}: {told}"
            await asyncio.sleep(0.2)

    # -- viewers

    def watch(self, count: int, *, direct: int = 0) -> None:
        """Let so many watch by HLS, and others the file as it is, each where chance takes them."""
        for number in range(count + direct):
            viewer = Viewer(len(self.viewers))
            self.viewers.append(viewer)
            watching = self._by_hls(viewer) if number < count else self._directly(viewer)
            self._watching.append(asyncio.create_task(watching, name=f"viewer {viewer.number}"))

    async def _by_hls(self, viewer: Viewer) -> None:
        while not self._closing.is_set():
            playing = await self._begin(viewer, "chrome", allow_direct_play=False, allow_copy=viewer.number % 3 == 2)
            playlists = await self._playlists(viewer, playing["url"])
            if not playlists:
                continue  # ended meanwhile: nothing was heard for too long
            inits: dict[str, bytes] = {}
            for _ in range(random.randint(4, 12)):
                if self._closing.is_set():
                    return  # without a word, as people do
                name = random.choice(list(playlists))
                playlist = playlists[name]
                if name not in inits:
                    answer = await self.answer("GET", playlist.init or "", viewer)
                    if answer.status_code == 404:
                        break
                    inits[name] = answer.content
                number = random.randrange(len(playlist.segments))
                answer = await self.answer("GET", playlist.segments[number][1], viewer)
                if answer.status_code == 404:
                    break
                assert answer.is_success, answer.text
                piece = timeline(inits[name], answer.content)
                wanted = sum(seconds for seconds, _ in playlist.segments[:number])
                assert abs(piece.start / piece.timescale - wanted) < 1.5 / RATE, (name, number, piece, wanted)
                viewer.segments += 1
            else:
                if random.random() < 0.5:
                    await self.answer("DELETE", f"/api/v1/playback/{playing['id']}", viewer)

    async def _directly(self, viewer: Viewer) -> None:
        content = self._film.read_bytes()
        while not self._closing.is_set():
            playing = await self._begin(viewer, "player")
            assert playing["decision"]["method"] == "direct_play"
            for _ in range(random.randint(4, 12)):
                if self._closing.is_set():
                    return
                start = random.randrange(len(content))
                end = min(start + random.randrange(1, 2**18), len(content)) - 1
                answer = await self.answer("GET", playing["url"], viewer, headers={"Range": f"bytes={start}-{end}"})
                if answer.status_code == 404:
                    break
                assert answer.status_code == 206, answer.text
                assert answer.content == content[start : end + 1]
                viewer.ranges += 1
                await asyncio.sleep(random.random() / 5)

    async def _begin(self, viewer: Viewer, profile: str, **wishes: Any) -> dict[str, Any]:
        viewer.playbacks += 1
        return await self.begin(viewer, profile, **wishes)

    async def begin(self, viewer: Viewer | None = None, profile: str = "chrome", **wishes: Any) -> dict[str, Any]:
        body = {"item_id": self._item, "profile": profile, "ladder": False, **wishes}
        found: dict[str, Any] = await self.ask("POST", "/api/v1/playback", viewer, json=body)
        return found

    async def _playlists(self, viewer: Viewer, url: str) -> dict[str, Playlist]:
        """Return the playlists of a playback by their names; none where it has ended."""
        http: Any = _Asking(self, viewer)
        if (await http.get(url)).status_code == 404:
            return {}
        try:
            return {name: await read_playlist(http, place) for name, place in (await renditions(http, url)).items()}
        except AssertionError:
            if (await http.get(url)).status_code == 404:
                return {}
            raise

    def check(self) -> None:
        """Fail with what a viewer has failed of."""
        for task in self._watching:
            if task.done() and task.exception() is not None:
                raise AssertionError(f"{task.get_name()} gave up") from task.exception()

    async def go_on(self) -> None:
        """Wait until every viewer has got more than they had."""
        before = [viewer.got for viewer in self.viewers]

        def have_all() -> bool:
            self.check()
            return all(viewer.got > had for viewer, had in zip(self.viewers, before, strict=True))

        await eventually(have_all, within=PATIENCE)

    # -- faults

    def ffmpegs(self) -> dict[int, int]:
        """Return the processes of FFmpeg that work on a film, and the nodes they are of, wherever they are by now."""
        found: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                command = (entry / "cmdline").read_bytes() if entry.name.isdecimal() else b""
                if command.startswith(os.fsencode(self._program)) and b"file:/dev/fd/" in command:
                    state, starter = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                    if state not in "ZX":
                        found[int(entry.name)] = parent_of(int(starter))
        return found

    async def kill_ffmpeg(self) -> None:
        self.faults["ffmpeg killed"] += 1
        for pid in await eventually(self.ffmpegs, within=PATIENCE):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def kill_worker(self) -> None:
        """Kill a node in the middle of a conversion; its FFmpeg goes with it."""
        self.faults["worker killed"] += 1
        busy = await eventually(self._busy_worker, within=PATIENCE)
        theirs = [pid for pid, node in self.ffmpegs().items() if node == _pid(busy)]
        busy.kill()
        await eventually(lambda: not set(theirs) & set(self.ffmpegs()))
        busy.start()

    def _busy_worker(self) -> Node | None:
        busy = set(self.ffmpegs().values())
        return next((worker for worker in self.workers if _pid(worker) in busy), None)

    async def kill_face(self) -> None:
        self.faults["face killed"] += 1
        face = random.choice(self.faces)
        face.kill()
        face.start()
        await asyncio.to_thread(face.ready, 2 * PATIENCE)

    # -- closed

    async def close(self) -> None:
        """End viewers without a word, and wait for the house to find out: nothing is worked, nothing runs."""
        self._closing.set()
        await asyncio.gather(*self._watching)
        await eventually(self._rests, within=PATIENCE)
        for face in self.faces:
            await asyncio.to_thread(face.ready, PATIENCE)
        processes = [node.process for node in (*self.faces, *self.workers)]
        assert all(process is not None and process.poll() is None for process in processes)

    async def _rests(self) -> bool:
        stuck = await self.rows(
            "SELECT id FROM river.river_job WHERE kind = 'media.transcode' AND finalized_at IS NULL"
        )
        return not stuck and not self.ffmpegs()

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(self.conninfo, row_factory=dict_row) as connection:
            return await (await connection.execute(query)).fetchall()

    async def sweep(self) -> dict[str, Any]:
        """Let silent playbacks be ended and folders be looked through, by the job that does so every hour."""

        async def swept() -> dict[str, Any] | None:
            job = (await self.ask("POST", "/api/v1/jobs", json={"kind": "cleanup.sessions"}))["job"]
            row = await eventually(lambda: self._finished(job["id"]), within=PATIENCE)
            assert row["state"] == "completed", row
            return row if not await self.rows("SELECT id FROM playback") else None

        found: dict[str, Any] = await eventually(swept, within=PATIENCE)
        return found

    async def _finished(self, job_id: int) -> dict[str, Any] | None:
        row: dict[str, Any] = await self.ask("GET", f"/api/v1/jobs/{job_id}")
        return row if row["finalized_at"] else None

    async def judge(self) -> None:
        """Nothing runs, nobody holds anything, and every byte on the disk is one that the rows know of."""
        await self.sweep()
        assert all(one.startswith("revenge: ") and "PostgreSQL" in one for one in self.gave_up), self.gave_up
        rows = await self.rows("SELECT id, runner, bytes, aims FROM transcode")
        assert not [row for row in rows if row["runner"] is not None]
        on_disk = {UUID(folder.name): folder for folder in self.cache.glob("??/*")}
        assert set(on_disk) <= {row["id"] for row in rows}
        for row in rows:
            files = list(on_disk[row["id"]].iterdir()) if row["id"] in on_disk else []
            assert not [file for file in files if file.name.endswith(".part")], files
            assert sum(file.stat().st_size for file in files) == row["bytes"], row

    def take_inventory(self, moment: str) -> None:
        """Note what there is: processes of this house with their memory and descriptors, and files on its disk."""
        lines = []
        nodes = {_pid(node): node for node in (*self.faces, *self.workers)}
        for entry in sorted(Path("/proc").iterdir()):
            with contextlib.suppress(OSError, ValueError, KeyError):
                pid = int(entry.name) if entry.name.isdecimal() else 0
                status = (
                    dict(line.split(":\t", 1) for line in (entry / "status").read_text().splitlines()) if pid else {}
                )
                parent = int(status.get("PPid", 0))
                if pid in nodes or parent in nodes or parent_of(parent) in nodes:
                    files = len(list((entry / "fd").iterdir()))
                    lines.append(
                        f"{status['Name']:<10} of {status['PPid']:>6}, {status['State'][:1]},"
                        f" {int(status['VmRSS'].split()[0]) // 1024} MiB, {files} descriptors"
                    )
        files = [file for file in self.cache.rglob("*") if file.is_file()]
        kinds = Counter(file.suffix for file in files)
        size = sum(file.stat().st_size for file in files)
        lines.append(f"segments: {len(files)} files {dict(kinds)}, {size:,} bytes")
        self.inventories.append("".join(f"\n  {moment}: {line}" for line in lines))

    def end(self) -> None:
        for task in (*self._watching, *([] if self._keeping is None else [self._keeping])):
            task.cancel()
        for node in (*self.faces, *self.workers):
            node.close()

    @property
    def summary(self) -> str:
        told = sum((viewer.told for viewer in self.viewers), Counter[str]())
        return (
            f"{dict(self.faults)}; {len(self.viewers)} viewers, {sum(one.playbacks for one in self.viewers)} playbacks,"
            f" {sum(one.segments for one in self.viewers)} segments, {sum(one.ranges for one in self.viewers)} ranges;"
            f" told meanwhile: {dict(told)}; started again: {len(self.gave_up)} {self.gave_up}"
            f"{''.join(self.inventories)}"
        )


def _pid(node: Node) -> int:
    return -1 if node.process is None else node.process.pid
