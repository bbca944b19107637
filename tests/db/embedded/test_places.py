"""Where the data and its socket may lie, and what is said when they cannot."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from app.db.embedded.errors import DataDirectoryUnusable, ServerFailed
from tests.fixtures.waiting import eventually


async def one(conninfo):
    async with await psycopg.AsyncConnection.connect(conninfo) as connection:
        return await (await connection.execute("SELECT 1")).fetchone()


async def test_a_path_too_long_for_a_socket_gets_a_short_one_that_others_find(server, data, node):
    long = data.parent / ("a" * 60) / ("b" * 60) / "postgres"
    postgres = server(data=long)
    await postgres.start()
    sockets = Path(postgres._running.socket_directory)

    assert not str(sockets).startswith(str(long))
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert await one(postgres.conninfo) == (1,)
    other = node(data=long)
    assert other.said() == {"pid": postgres.pid, "owner": False, "conninfo": postgres.conninfo}
    other.stop()
    assert sockets.exists()

    await postgres.stop()
    assert not sockets.exists()
    with pytest.raises(ServerFailed):
        await server(data=long, settings={"shared_buffers": "nonsense"}).start()
    assert not sockets.exists()


async def test_a_socket_directory_that_somebody_else_made_is_not_used(server, data, monkeypatch, tmp_path):
    """In a shared /tmp anyone can make a directory of that name and wait for us there."""
    long = data.parent / ("a" * 60) / ("b" * 60) / "postgres"
    taken = data.parent / "t"
    taken.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(taken))
    postgres = server(data=long)
    await postgres.start()
    inside = Path(postgres._running.socket_directory)
    assert inside.parent == taken
    await postgres.stop()

    inside.symlink_to(data.parent)
    await postgres.start()
    elsewhere = Path(postgres._running.socket_directory)
    assert elsewhere.parent == Path("/tmp")
    assert await one(postgres.conninfo) == (1,)


@pytest.mark.parametrize(
    "name", ["with space", "quo'te", 'quo"te', "com,ma", "per%cent", "ümläut", "back\\slash", "a?b&c=d"]
)
async def test_any_name_a_directory_can_have(server, data, name):
    postgres = server(data=data.parent / name / "postgres")
    await postgres.start()
    assert await one(postgres.conninfo) == (1,)


async def test_a_name_that_is_no_text(server, data):
    postgres = server(data=data.parent / os.fsdecode(b"\xff\xfe") / "postgres")
    await postgres.start()
    assert await one(postgres.conninfo) == (1,)


async def test_a_link_to_the_data_is_the_same_data(server, data):
    real = data.parent / "disk" / "postgres"
    real.parent.mkdir(parents=True)
    data.symlink_to(real)
    direct, linked = server(data=real), server(data=data)
    await direct.start()
    await linked.start()
    assert linked.pid == direct.pid


async def test_a_directory_with_something_else_in_it_is_left_alone(server, data):
    data.mkdir(parents=True)
    (data / "diary.txt").write_text("mine")
    with pytest.raises(DataDirectoryUnusable, match="it is not empty and holds no PostgreSQL data"):
        await server().start()
    assert [each.name for each in data.iterdir()] == ["diary.txt"]


async def test_a_file_in_the_place_of_a_directory(server, data):
    data.parent.parent.joinpath(data.parent.name).write_text("")
    with pytest.raises(DataDirectoryUnusable, match=r"cannot be kept in .*: (File exists|Not a directory)"):
        await server().start()


def test_a_directory_we_may_not_enter(node, data):
    """Root may enter any, so root's test becomes somebody else first."""
    data.mkdir(parents=True)
    data.chmod(0)
    for directory in (data.parent, data.parent.parent):
        directory.chmod(0o777)
    problem = node(*["user=65534"] * (os.geteuid() == 0)).said()
    assert problem["error"] == "DataDirectoryUnusable"
    assert f"cannot be kept in {data}: Permission denied" in problem["text"]


def may_mount() -> bool:
    """Whether we can have a small disk of our own: a mount in user and mount namespaces of its own."""
    unshare = shutil.which("unshare")
    return bool(unshare) and (
        subprocess.run(
            [unshare, "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
        ).returncode
        == 0
    )


SMALL_DISK = [
    "unshare",
    "-rm",
    "--kill-child",
    "sh",
    "-c",
    'mount -t tmpfs -o size="$0" none "$1" && shift && exec "$@"',
]


@pytest.fixture
def disk(data):
    if not may_mount():
        pytest.skip("no mounts in a user namespace here")
    data.parent.mkdir(parents=True)
    return lambda size: [*SMALL_DISK, size, str(data.parent)]


def test_a_full_disk_is_told_as_one(node, disk, data):
    problem = node(prefix=disk("8m")).said()
    assert problem["error"] == "ServerFailed"
    assert "the disk is full: make room there, nothing committed is lost" in problem["text"]


async def test_a_disk_that_fills_up_loses_nothing_that_was_committed(node, disk, data):
    """PostgreSQL gives up when it cannot write its log; the supervisor starts it again as soon as there is room."""
    owner = node("max_wal_size=32MB", "min_wal_size=32MB", prefix=disk("150m"))
    owner.said()
    owner.ask("CREATE TABLE kept (value int)")
    ballast = Path(f"/proc/{owner.process.pid}/root", *data.parent.parts[1:], "ballast")
    fill(ballast, leaving=4 << 20)

    committed = 0
    while "rows" in owner.ask(f"INSERT INTO kept SELECT {committed} FROM generate_series(1, 10000)"):
        committed += 1
    assert committed
    ballast.unlink()

    def rows():
        return owner.ask("SELECT value, count(*) FROM kept GROUP BY value ORDER BY value").get("rows")

    assert await eventually(rows) == [[value, 10_000] for value in range(committed)]


def fill(file, *, leaving):
    """Write until the disk is full, then give back a little."""
    with file.open("wb", buffering=0) as ballast:
        with contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(1 << 20))
        ballast.truncate(ballast.tell() - leaving)
