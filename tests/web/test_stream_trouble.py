"""A disk is pulled, a file shrinks, a reader leaves: what arrives is right or visibly short; the server lives on."""

import asyncio
import contextlib
import hashlib
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Self

import httpx
import pytest

from app.web import disk
from tests.fixtures.waiting import eventually
from tests.fixtures.web import Films, Streamed, Web

SIZE = 24 * 1024 * 1024
"""More than all buffers between server and reader hold."""


class SlowReader:
    """A client that takes only what it is told to take."""

    def __init__(self, web: Web, path: str, *headers: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", web.server.port), timeout=60)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
        self._socket.sendall("\r\n".join(lines).encode())
        self._received = b""

    async def head(self) -> bytes:
        while b"\r\n\r\n" not in self._received:
            self._received += await self._some()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        return head

    async def rest(self) -> bytes:
        """Read until the server closes."""
        while piece := await self._some():
            self._received += piece
        return self._received

    async def _some(self) -> bytes:
        try:
            return await asyncio.to_thread(self._socket.recv, 262144)
        except ConnectionResetError:
            return b""

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_files(path: Path) -> int:
    """Count this process's descriptors of a file."""
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            count += str(link.readlink()).removesuffix(" (deleted)") == str(path)
    return count


async def large(films: Films) -> tuple[Streamed, str]:
    content = os.urandom(1024 * 1024) * (SIZE // 1024 // 1024)
    film = await films.add("large.mkv", content)
    return film, hashlib.sha256(content).hexdigest()


async def test_a_file_that_shrinks_ends_the_connection_short_of_its_promise(web: Web, films: Films) -> None:
    film, _ = await large(films)
    content = film.path.read_bytes()

    with SlowReader(web, film.url) as reader:
        assert f"content-length: {SIZE}".encode() in (await reader.head()).lower()
        os.truncate(film.path, SIZE // 2)
        received = await reader.rest()

    assert len(received) <= SIZE // 2 + 2 * disk.FROM_DISK
    assert received == content[: len(received)]
    await eventually(lambda: open_files(film.path) == 0)
    assert (await web.http.get("/healthz")).status_code == 200


async def test_a_file_that_is_deleted_or_replaced_meanwhile_is_sent_to_its_end(web: Web, films: Films) -> None:
    film, expected = await large(films)

    with SlowReader(web, film.url, "Connection: close") as reader:
        await reader.head()
        film.path.unlink()
        film.path.write_bytes(b"another film")
        received = await reader.rest()

    assert hashlib.sha256(received).hexdigest() == expected
    await eventually(lambda: open_files(film.path) == 0)


async def test_a_reader_who_leaves_ends_the_reading_and_the_file_is_closed(web: Web, films: Films) -> None:
    film, _ = await large(films)

    with SlowReader(web, film.url) as reader:
        await reader.head()
        assert open_files(film.path) == 1
    await eventually(lambda: open_files(film.path) == 0)


async def test_slow_readers_hold_no_threads(web: Web, films: Films) -> None:
    film, expected = await large(films)
    readers = [SlowReader(web, film.url, f"X-Reader: {number}") for number in range(disk.THREADS * 3)]
    try:
        for reader in readers:
            await reader.head()

        answer = await web.http.get(film.url)

        assert hashlib.sha256(answer.content).hexdigest() == expected
    finally:
        for reader in readers:
            reader.close()
    await eventually(lambda: open_files(film.path) == 0)


async def test_a_vanished_file_is_404_and_an_absent_disk_503(web: Web, films: Films) -> None:
    film = await films.add("film.mkv", b"0123456789")
    await films.add("other.mkv", b"0123456789")

    film.path.rename(film.path.with_suffix(".gone"))
    answer = await web.http.get(film.url)
    assert (answer.status_code, answer.json()["code"]) == (404, "file_missing")

    films.root.rename(films.root.with_suffix(".away"))
    answer = await web.http.get(film.url)
    assert (answer.status_code, answer.json()["code"]) == (503, "disk_unavailable")
    assert answer.headers["retry-after"]

    films.root.mkdir()
    answer = await web.http.head(film.url)
    assert answer.status_code == 503, "an empty folder is where a disk was mounted"


async def test_an_unreadable_disk_is_503_and_says_why(web: Web, films: Films, monkeypatch: pytest.MonkeyPatch) -> None:
    film = await films.add("film.mkv", b"0123456789")

    def broken(_root: bytes, _path: bytes) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("app.web.opening.open_within", broken)
    answer = await web.http.get(film.url)

    assert answer.status_code == 503
    assert "input/output error" in answer.json()["detail"]


async def test_a_disk_that_fails_midway_ends_the_connection(
    web: Web, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, _ = await large(films)
    readings = iter(range(1000))

    def failing(descriptor: int, size: int, offset: int) -> bytearray:
        if next(readings) > 5:
            raise OSError(5, "Input/output error")
        return bytearray(os.pread(descriptor, size, offset))

    monkeypatch.setattr(disk, "_read_at_hand", failing)
    with pytest.raises(httpx.RemoteProtocolError):
        await web.http.get(film.url)

    await eventually(lambda: open_files(film.path) == 0)
    assert (await web.http.get("/healthz")).status_code == 200


async def test_bytes_that_are_not_at_hand_come_from_a_thread_just_the_same(
    web: Web, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, expected = await large(films)
    monkeypatch.setattr(disk, "_read_at_hand", lambda *_: bytearray())

    answer = await web.http.get(film.url)

    assert hashlib.sha256(answer.content).hexdigest() == expected


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
async def test_what_is_no_file_is_refused_without_waiting_for_it(
    web: Web, films: Films, make: Callable[[Path], None]
) -> None:
    film = await films.add("film.mkv", b"0123456789")
    film.path.unlink()
    make(film.path)

    answer = await web.http.get(film.url)

    assert (answer.status_code, answer.json()["code"]) == (403, "not_a_file")


async def test_no_link_leads_out_of_the_root(web: Web, films: Films, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"not yours")
    film = await films.add("film.mkv", b"0123456789")
    film.path.unlink()
    film.path.symlink_to(secret)

    answer = await web.http.get(film.url)

    assert (answer.status_code, answer.json()["code"]) == (403, "outside_root")
    assert b"not yours" not in answer.content


async def test_a_recorded_name_that_climbs_is_refused(web: Web, films: Films, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"not yours")
    file_id = await films.shelf.file(films.library_id, b"../secret")

    answer = await web.http.get(f"/api/v1/files/{file_id}/stream")

    assert (answer.status_code, answer.json()["code"]) == (403, "outside_root")


async def test_an_unknown_file_is_404(web: Web) -> None:
    answer = await web.http.get("/api/v1/files/0199a7c0-0000-7000-8000-000000000000/stream")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_log_line_says_why_a_stream_was_cut(web: Web, films: Films, capsys: pytest.CaptureFixture[str]) -> None:
    film, _ = await large(films)
    with SlowReader(web, film.url) as reader:
        await reader.head()
        os.truncate(film.path, 0)
        await reader.rest()

    await eventually(lambda: open_files(film.path) == 0)
    assert re.search(r"stream cut short.*large\.mkv", capsys.readouterr().out)
