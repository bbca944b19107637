"""The commands over a real database, as processes: what they print, for people and for programs."""

import asyncio
import json
import sys
from dataclasses import dataclass
from uuid import UUID

import pytest

from tests.fixtures.node import ROOT, clean_environment

pytestmark = pytest.mark.process


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def json(self):
        assert (self.code, self.err) == (0, "")
        return json.loads(self.out)

    @property
    def rows(self):
        assert (self.code, self.err) == (0, "")
        return [line.split("\t") for line in self.out.splitlines()]


@pytest.fixture
def revenge(database_url, tmp_path):
    environ = clean_environment() | {
        "DATABASE_URL": database_url,
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "REVENGE_DATA_DIR": str(tmp_path / "data"),
    }

    async def run(*words):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app",
            *map(str, words),
            cwd=ROOT,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert b"Traceback" not in err, err.decode()
        return Run(process.returncode, out.decode(), err.decode())

    return run


@pytest.fixture
def films(tmp_path):
    folder = tmp_path / "films\x1b[31m\nred"
    folder.mkdir()
    return folder


async def test_a_library_from_making_it_to_its_scan(revenge, films):
    made = await revenge("library", "add", "Films", films, "--json")
    UUID(made.json["id"])
    assert made.json["name"] == "Films"
    assert made.json["kind"] == "movies"

    listed, table, scan = await asyncio.gather(
        revenge("library", "list", "--json"), revenge("library", "list"), revenge("library", "scan", "films", "--json")
    )
    assert listed.json == {"libraries": [made.json]}
    assert table.rows[0] == ["ID", "NAME", "KIND", "FOLDERS"]
    assert table.rows[1][:3] == [made.json["id"], "Films", "movies"]
    assert "\x1b" not in table.out
    assert scan.json["duplicate"] is False
    assert scan.json["job"]["kind"] == "library.scan"
    assert scan.json["job"]["args"] == {"library_id": made.json["id"], "full_scan": False}

    again = await revenge("library", "scan", made.json["id"], "--full")
    assert (again.code, again.out) == (0, f"scan of Films waits or runs already: job {scan.json['job']['id']}\n")


async def test_a_job_from_waiting_to_cancelled_and_back(revenge, films):
    await revenge("library", "add", "Films", films)
    number = (await revenge("library", "scan", "Films", "--json")).json["job"]["id"]

    page, table, one, details, stats = await asyncio.gather(
        revenge("jobs", "list", "--json", "--state", "available", "--state", "running", "--kind", "library.scan"),
        revenge("jobs", "list", "--limit", 10),
        revenge("jobs", "get", number, "--json"),
        revenge("jobs", "get", number),
        revenge("jobs", "stats", "--json"),
    )
    assert page.json == {"jobs": [one.json], "next_cursor": None}
    assert table.rows[1][:5] == [str(number), "available", "library.scan", "default", "0/5"]
    assert details.out.splitlines()[:2] == [f"id            {number}", "state         available"]
    assert [(queue["queue"], queue["by_state"]) for queue in stats.json["queues"]] == [("default", {"available": 1})]

    cancelled = await revenge("jobs", "cancel", number)
    assert cancelled.out == f"job {number}: cancelled\n"
    retried = await revenge("jobs", "retry", number)
    assert retried.out == f"job {number}: available\n"


async def test_listings_of_nothing(revenge):
    items, table, queues, stats = await asyncio.gather(
        revenge("items", "--json"), revenge("items"), revenge("queue", "list", "--json"), revenge("jobs", "stats")
    )

    assert items.json == {"items": [], "next_cursor": None}
    assert table.rows == [["ID", "TITLE", "YEAR", "KIND", "STATE", "LENGTH", "VIDEO", "FILES"]]
    assert queues.json == {"queues": []}
    assert (stats.code, stats.err) == (0, "")


async def test_what_cannot_be_done_is_one_line_and_1(revenge, films, tmp_path):
    await revenge("library", "add", "Films", films)
    for run, line in zip(
        await asyncio.gather(
            revenge("library", "scan", "Music"),
            revenge("items", "--library", "Music"),
            revenge("library", "add", "films", tmp_path / "films\x1b[31m\nred"),
            revenge("jobs", "get", 404),
            revenge("jobs", "retry", 404),
            revenge("queue", "pause", "nothing"),
        ),
        (
            "revenge: no library called 'Music'; see: revenge library list",
            "revenge: no library called 'Music'; see: revenge library list",
            "revenge: there is a library called 'films' already; choose another name",
            "revenge: no job 404",
            "revenge: no job 404",
            "revenge: no queue nothing",
        ),
        strict=True,
    ):
        assert (run.code, run.out, run.err) == (1, "", f"{line}\n")


async def test_what_makes_no_sense_is_one_line_and_2(revenge, films, tmp_path):
    runs = await asyncio.gather(
        revenge("library", "add", "Films", tmp_path / "not there"),
        revenge("library", "add", "", films),
        revenge("items", "--limit", 0),
        revenge("items", "--sort", "colour"),
        revenge("items", "--cursor", "x"),
        revenge("jobs", "list", "--cursor", "x"),
        revenge("jobs", "list", "--limit", 100_000),
        revenge("jobs", "get", 2**70),
    )

    for run in runs:
        assert (run.code, run.out) == (2, "")
        assert len(run.err.splitlines()) == 1
        assert run.err.startswith("revenge: ")


async def test_an_unreachable_database_is_one_line(database_url, tmp_path):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "app", "library", "list", "--json"),
        cwd=ROOT,
        env=clean_environment()
        | {
            "DATABASE_URL": "postgresql://jo:hushhush@127.0.0.1:1/films",
            "REVENGE_DATABASE__CONNECT_TIMEOUT": "10ms",
            "XDG_CONFIG_HOME": str(tmp_path),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)

    assert (process.returncode, out) == (1, b"")
    assert b"127.0.0.1:1" in err
    assert b"hush" not in err
    assert len(err.splitlines()) == 1


async def test_a_relative_folder_is_meant_from_here(revenge):
    made = await revenge("library", "add", "Here", "tests/../docs", "--json")

    assert made.json["paths"] == [str(ROOT / "docs")]
