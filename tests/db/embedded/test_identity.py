"""Whom the server runs as: PostgreSQL refuses root."""

import os
import shutil
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from app.db.embedded import child, supervisor
from app.db.embedded.binaries import Binaries, inspect, wheel_place
from app.db.embedded.child import Identity, choose_identity, run
from app.db.embedded.errors import BinariesMissing, ServerFailed
from app.db.embedded.launch import NO_NAMESPACE, ORPHANED
from app.db.embedded.reach import within_reach
from tests.fixtures.waiting import eventually

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


def open_to_all(directory):
    """Return a directory that another user can enter, as a system's own are."""
    directory.mkdir()
    for each in (directory, directory.parent):
        each.chmod(0o755)
    return directory


async def rows(server, statement):
    async with await psycopg.AsyncConnection.connect(server.conninfo, autocommit=True) as connection:
        cursor = await connection.execute(statement)
        return await cursor.fetchall() if cursor.description else []


@pytest.fixture
def without_namespaces(monkeypatch):
    """A container that forbids user namespaces."""

    async def refused(identity, *arguments, **options):
        return (NO_NAMESPACE, "") if identity.kind == "namespace" else await run(identity, *arguments, **options)

    monkeypatch.setattr(child, "run", refused)


async def test_an_ordinary_user_runs_it_as_itself(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    monkeypatch.setattr(os, "getegid", lambda: 5678)
    assert await choose_identity() == Identity("plain", 1234, 5678)


@as_root
async def test_root_without_namespaces_runs_it_as_another_user_below_a_closed_home(server, data, without_namespaces):
    """No directory is opened to others for it: the server is started inside its data, and its socket lies outside."""
    data.parent.mkdir(parents=True, mode=0o700)
    postgres = server()
    await postgres.start()
    await rows(postgres, "CREATE TABLE kept AS SELECT 1 AS value")

    assert Path(f"/proc/{postgres.pid}").stat().st_uid == data.stat().st_uid == child.unprivileged_user().uid != 0
    assert data.parent.stat().st_mode & 0o777 == 0o700

    await postgres.stop()
    await postgres.start()
    assert await rows(postgres, "TABLE kept") == [(1,)]


@as_root
async def test_a_server_that_runs_as_another_user_dies_with_a_killed_owner_too(node, data, nothing_runs):
    data.parent.mkdir(parents=True)
    owner = node("identity=user")
    state = owner.said()
    assert Path(f"/proc/{state['pid']}").stat().st_uid == child.unprivileged_user().uid
    owner.kill()
    await eventually(nothing_runs)
    shutil.rmtree(conninfo_to_dict(state["conninfo"])["host"])  # stays until the next start


@as_root
async def test_data_made_as_another_user_is_taken_back_where_namespaces_are_allowed(server, data, monkeypatch):
    if (await choose_identity()).kind != "namespace":
        pytest.skip("no user namespaces here")
    with monkeypatch.context() as patched:

        async def unprivileged():
            return child.unprivileged_user()

        patched.setattr(supervisor, "choose_identity", unprivileged)
        first = server()
        await first.start()
        await rows(first, "CREATE TABLE kept AS SELECT 1 AS value")
        await first.stop()
    second = server()
    await second.start()
    assert await rows(second, "TABLE kept") == [(1,)]
    assert {path.stat().st_uid for path in (data, *data.rglob("*"))} == {0}


@as_root
async def test_programs_in_a_closed_home_are_copied_once_for_the_other_user(data):
    [place] = wheel_place()
    wheel = inspect(place)
    tmp_path = open_to_all(data.parent)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    shutil.copytree(place.parent, home / "pginstall", symlinks=True)
    closed = Binaries(home / "pginstall" / "bin", wheel.version)
    nobody = child.unprivileged_user()

    found = await within_reach(closed, nobody, copies=tmp_path / "copies")

    assert found.directory == tmp_path / "copies" / f"postgresql-{wheel.version}" / "bin"
    (found.directory / "mark").touch()
    assert await within_reach(closed, nobody, copies=tmp_path / "copies") == found
    assert (found.directory / "mark").exists()
    assert await within_reach(closed, Identity("namespace", 0, 0), copies=tmp_path / "none") == closed


@as_root
async def test_programs_that_cannot_be_copied_to_where_the_other_user_reaches_them(tmp_path):
    [place] = wheel_place()
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "bin").symlink_to(place)
    closed = Binaries(home / "bin", "18.6")
    with pytest.raises(BinariesMissing, match="could not be copied"):
        await within_reach(closed, child.unprivileged_user(), copies=Path("/proc/nowhere"))


async def test_root_with_nobody_to_be(monkeypatch):
    monkeypatch.setattr(child, "SERVER_USERS", ("no-such-user",))
    with pytest.raises(ServerFailed, match="PostgreSQL refuses to run as root"):
        child.unprivileged_user()


async def test_a_child_whose_parent_is_gone_already_does_not_start(monkeypatch, tmp_path):
    """Between fork and asking for the death signal the parent may die; then nobody would ever signal the child."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    status, _ = await run(Identity("plain", 0, 0), ["/bin/sh", "-c", "exit 0"], directory=tmp_path)
    assert status == ORPHANED


async def test_a_program_does_not_see_what_would_steer_or_translate_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PGDATA", "/elsewhere")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("KEPT", "1")
    _, said = await run(Identity("plain", 0, 0), ["/usr/bin/env"], directory=tmp_path)
    assert "PGDATA" not in said
    assert "LANG=" not in said
    assert {"LC_ALL=C", "KEPT=1"} <= set(said.splitlines())
