"""The commands over a real database: what they print, for people and for programs.

They run in threads of this process: starting Python for each would take most of the time. What a process of its own is
like is asked at the end.
"""

import asyncio
import json
import signal
import sys
from uuid import UUID

import pytest

from tests.fixtures.command import Run
from tests.fixtures.node import ROOT, clean_environment


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

    listed, table = await revenge("library", "list", "--json"), await revenge("library", "list")
    scan = await revenge("library", "scan", "films", "--json")
    assert listed.json == {"libraries": [made.json]}
    assert table.rows[0] == ["ID", "NAME", "KIND", "FOLDERS"]
    assert table.rows[1][:3] == [made.json["id"], "Films", "movies"]
    assert "\x1b" not in table.out
    assert scan.json["duplicate"] is False
    assert scan.json["job"]["kind"] == "library.scan"
    assert scan.json["job"]["args"] == {
        "library_id": made.json["id"], "root_id": None, "full_scan": False, "requested_only": False,
    }  # fmt: skip

    again = await revenge("library", "scan", made.json["id"], "--full")
    assert (again.code, again.out) == (0, f"scan of Films waits or runs already: job {scan.json['job']['id']}\n")


async def test_a_library_is_shown_and_forgotten(revenge, films):
    """A folder's name may be no text at all."""
    folder = films.with_name("caf\udce9")
    folder.mkdir()
    made = (await revenge("library", "add", "Café", folder, "--json")).json

    assert made["paths"] == [str(films.with_name("caf\\xe9"))]
    assert (await revenge("library", "show", "café", "--json")).json == made
    assert (await revenge("library", "show", "Café")).out.splitlines()[1:3] == ["name       Café", "kind       movies"]
    scan = await revenge("library", "scan", "Café", "--path", folder, "--json")
    assert scan.json["job"]["args"]["requested_only"] is True
    gone = await revenge("library", "remove", made["id"])
    assert gone.out == "library Café: forgotten; what is on the disk stays there\n"
    assert (await revenge("library", "list", "--json")).json == {"libraries": []}
    assert folder.is_dir()


async def test_what_lies_on_disk(revenge, films, tmp_path):
    await revenge("library", "add", "Films", films)

    roots, table = await revenge("library", "roots", "films", "--json"), await revenge("library", "roots", "Films")
    scan = await revenge("library", "scan", "Films", "--path", films, "--json")
    elsewhere = await revenge("library", "scan", "Films", "--path", tmp_path / "no library")
    purged, told = await revenge("library", "purge", "Films", "--json"), await revenge("library", "purge", "Films")
    wrong = await revenge("library", "purge", "Films", "--missing-for", "soon")
    copies, none = await revenge("library", "duplicates", "--json"), await revenge("library", "duplicates")
    troubled, well = await revenge("library", "problems", "--json"), await revenge("library", "problems", "Films")

    (root,) = roots.json["roots"]
    assert (root["present_files"], root["watched_by"]) == (0, [])
    assert table.rows == [["ID", "FOLDER", "FILES", "MISSING", "WATCHED BY"], [root["id"], root["path"], "0", "0", "-"]]
    assert scan.json["job"]["args"]["requested_only"] is True
    assert (elsewhere.code, "lies in none of the library's folders" in elsewhere.err) == (2, True)
    assert purged.json == {"files": 0, "items": 0}
    assert told.out == "0 files and 0 items forgotten\n"
    assert (wrong.code, "must be a duration" in wrong.err) == (2, True)
    assert copies.json == {"duplicates": [], "next_cursor": None}
    assert none.rows == [["GROUP", "BYTES", "FILE", ""]]
    assert troubled.json == {"problems": [], "next_cursor": None}
    assert well.rows == [["PROBLEM", "FILE", "WHY"]]


async def test_what_could_not_be_read_is_listed_whole_however_many_pages_that_takes(revenge, films, shelf, connection):
    library = await shelf.library(films)
    file = await shelf.file(library, "damaged.mkv", problem="corrupt")
    await connection.execute(
        "INSERT INTO side_file (id, folder_id, name, kind, size, mtime_ns, problem)"
        " SELECT gen_random_uuid(), folder_id, convert_to(n || '.nfo', 'UTF8'), 'nfo', 1, 1, 'no XML'"
        " FROM file, generate_series(1, 1_100) n WHERE id = %s",
        [file],
    )

    everything = (await revenge("library", "problems", "--json")).json
    most = (await revenge("library", "problems", "Films", "--limit", "1100", "--json")).json
    rest = (await revenge("library", "problems", "--cursor", most["next_cursor"], "--json")).json
    shown = await revenge("library", "problems")
    nothing = await revenge("library", "problems", "--limit", "0")

    ids = [one["id"] for one in everything["problems"]]
    assert (len(set(ids)), everything["next_cursor"]) == (1_101, None)
    assert ids == sorted(ids, reverse=True)
    assert most["problems"] + rest["problems"] == everything["problems"]
    assert rest["next_cursor"] is None
    assert len(shown.out.splitlines()) == 1 + 50
    assert shown.err == f"there may be more: --cursor {ids[49]}\n"
    assert (nothing.code, "limit" in nothing.err) == (2, True)


async def test_an_item_is_as_long_as_its_version_that_can_be_read(revenge, films, shelf):
    library = await shelf.library(films)
    item = await shelf.item(library, "Metropolis", year=1927)
    await shelf.file(library, "a.avi", item_id=item, link={"version": "a"}, problem="corrupt")
    await shelf.file(library, "b.mkv", item_id=item, link={"version": "b"}, container="matroska", duration_ms=67_000)

    (_, row) = (await revenge("items")).rows
    assert (row[5], row[7]) == ("0:01:07", "2")


async def test_a_great_loss_is_confirmed(revenge, films):
    await revenge("library", "add", "Films", films)

    scan = await revenge("library", "scan", "Films", "--confirm-loss", "--json")

    (root,) = (await revenge("library", "roots", "Films", "--json")).json["roots"]
    assert (scan.code, root["loss_confirmed"]) == (0, True)
    assert scan.json["job"]["args"]["requested_only"] is False


async def test_a_root_that_lies_elsewhere_now(revenge, films):
    await revenge("library", "add", "Films", films)
    new = films.with_name("new disk")
    films.rename(new)

    moved = await revenge("library", "move-root", "Films", films, new)
    unknown = await revenge("library", "move-root", "Films", films, new)

    (root,) = (await revenge("library", "roots", "Films", "--json")).json["roots"]
    assert (moved.code, moved.out) == (0, f"{root['id']} is at {root['path']} now\n")
    assert root["path"].endswith("new disk")
    assert (unknown.code, "see: revenge library roots" in unknown.err) == (1, True)


async def test_a_library_is_changed(revenge, films, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    made = (await revenge("library", "add", "Films", films, "--json")).json
    item = "01a208ff-c30e-73df-bac8-979fe889fbbe"

    renamed = (await revenge("library", "change", "films", "--rename", "Movies", "--json")).json
    both = await revenge("library", "change", "Movies", "--path", films, "--path", other)
    nothing = await revenge("library", "change", "Movies")
    queued = await revenge("library", "own-queue", "Movies", other)
    shared = await revenge("library", "own-queue", "Movies", other, "--off")
    pictured = await revenge("library", "picture", "Movies")
    unknown = await revenge("library", "picture", "Movies", item)

    assert (renamed["id"], renamed["name"], renamed["paths"]) == (made["id"], "Movies", made["paths"])
    assert both.out.startswith("library Movies: /")
    assert both.out.endswith(f", {other}\n")
    assert (nothing.code, nothing.err) == (2, "revenge: say what is to be changed: --rename, --path or both\n")
    assert queued.out.startswith(f"{other}: its jobs wait in the queue root_")
    assert "library.roots" in queued.err
    assert (shared.out, shared.err) == (f"{other}: its jobs wait in the queue default\n", "")
    assert pictured.out == "library Movies: shows what came last\n"
    assert (unknown.code, unknown.err.count("\n")) == (2, 1)


async def test_what_was_done_is_told(revenge, films):
    await revenge("library", "add", "Films", films)
    await revenge("library", "change", "Films", "--rename", "Movies")
    page, table = await revenge("audit", "--limit", "1", "--json"), await revenge("audit", "--limit", "1")
    (event,) = page.json["events"]
    rest = await revenge("audit", "--cursor", page.json["next_cursor"])

    assert (event["action"], event["subject"], event["details"]["name"]) == ("library.changed", "Films", "Movies")
    head, row = table.out.splitlines()
    assert head.split("\t") == ["WHEN", "WHO", "FROM", "DID", "TO", "DETAILS"]
    assert row.split("\t")[1:5] == ["local administrator", "127.0.0.1", "library.changed", "Films"]
    assert "name Movies" in row
    assert page.json["next_cursor"] in table.err
    assert [row[3] for row in rest.rows[1:]] == ["library.created"]


async def test_a_job_from_waiting_to_cancelled_and_back(revenge, films):
    await revenge("library", "add", "Films", films)
    number = (await revenge("library", "scan", "Films", "--json")).json["job"]["id"]

    states = ("--state", "available", "--state", "running")
    page = await revenge("jobs", "list", "--json", *states, "--kind", "library.scan")
    table = await revenge("jobs", "list", "--limit", 10)
    one, details = await revenge("jobs", "get", number, "--json"), await revenge("jobs", "get", number)
    stats = await revenge("jobs", "stats", "--json")
    assert page.json == {"jobs": [one.json], "next_cursor": None}
    assert table.rows[1][:5] == [str(number), "available", "library.scan", "default", "0/5"]
    assert details.out.splitlines()[:2] == [f"id            {number}", "state         available"]
    told = (await revenge("jobs", "stats")).rows
    assert told[0] == ["QUEUE", "AVAILABLE", "OLDEST AVAILABLE"]
    assert told[1][:2] == ["default", "1"]
    assert [(queue["queue"], queue["by_state"]) for queue in stats.json["queues"]] == [("default", {"available": 1})]

    cancelled = await revenge("jobs", "cancel", number)
    assert cancelled.out == f"job {number}: cancelled\n"
    retried = await revenge("jobs", "retry", number)
    assert retried.out == f"job {number}: available\n"

    assert (await revenge("jobs", "delete", number)).out == f"job {number}: deleted, it was available\n"
    assert (await revenge("jobs", "list", "--oldest-first", "--json")).json == {"jobs": [], "next_cursor": None}


async def test_a_job_of_any_kind_is_inserted(revenge, films):
    library = (await revenge("library", "add", "Films", films, "--json")).json["id"]
    kinds, table = await revenge("jobs", "kinds", "--json"), await revenge("jobs", "kinds")
    known = {one["kind"]: one for one in kinds.json["kinds"]}
    (fields,) = [row[3] for row in table.rows if row[0] == "library.scan"]
    assert fields.startswith("library_id ")
    assert sorted(known) == sorted(row[0] for row in table.rows[1:])

    args = json.dumps({"library_id": library, "full_scan": True})
    words = ("jobs", "insert", "library.scan", args, "--at", "2100-01-01T03:00", "--priority", "4", "--tag", "by_hand")
    made = (await revenge(*words, "--json")).json["job"]
    assert (made["state"], made["scheduled_at"], made["priority"], made["tags"]) == (
        "scheduled", "2100-01-01T03:00:00Z", 4, ["by_hand"],
    )  # fmt: skip
    assert (made["args"]["library_id"], made["args"]["full_scan"]) == (library, True)
    assert (await revenge("jobs", "insert", "cleanup.sessions")).out == f"job {made['id'] + 1}: available\n"
    again = await revenge("jobs", "insert", "cleanup.sessions")
    assert again.out == f"job {made['id'] + 1}: available, and was there already\n"
    wrong = [("library.scna",), ("library.scan", "{"), ("library.scan", "[]"), ("library.scan", '{"library_id": 1}')]
    for words in wrong:
        run = await revenge("jobs", "insert", *words)
        assert (run.code, run.out, run.err.count("\n")) == (2, "", 1), words


async def test_listings_of_nothing(revenge):
    items, table = await revenge("items", "--json"), await revenge("items")
    tree = await revenge("items", "--tree", "--json")
    queues, stats = await revenge("queue", "list", "--json"), await revenge("jobs", "stats")

    assert items.json == tree.json == {"items": [], "next_cursor": None}
    assert table.rows == [["ID", "TITLE", "YEAR", "KIND", "STATE", "LENGTH", "VIDEO", "FILES"]]
    assert queues.json == {"queues": []}
    assert stats == Run(0, "nothing waits\nnothing failed within the hour\nnothing was completed within the hour\n", "")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["library", "scan", "Music"], "no library called 'Music'; see: revenge library list"),
        (["items", "--library", "Music"], "no library called 'Music'; see: revenge library list"),
        (["library", "add", "films", str(ROOT)], "there is a library called 'films' already; choose another name"),
        (["jobs", "get", "404"], "no job 404"),
        (["jobs", "cancel", "404"], "no job 404"),
        (["jobs", "retry", "404"], "no job 404"),
        (["queue", "pause", "nothing"], "no queue nothing"),
        (["queue", "resume", "nothing"], "no queue nothing"),
    ],
)
async def test_what_cannot_be_done_is_one_line_and_1(revenge, films, words, line):
    await revenge("library", "add", "Films", films)

    assert await revenge(*words) == Run(1, "", f"revenge: {line}\n")


@pytest.mark.parametrize(
    "words",
    [
        ["library", "add", "Films", "/no/such/folder"],
        ["library", "add", "", str(ROOT)],
        ["items", "--limit", "0"],
        ["items", "--sort", "colour"],
        ["items", "--cursor", "x"],
        ["jobs", "list", "--cursor", "x"],
        ["jobs", "list", "--limit", "100000"],
        ["jobs", "get", str(2**63)],
        ["jobs", "cancel", "0"],
    ],
)
async def test_what_makes_no_sense_is_one_line_and_2(revenge, words):
    run = await revenge(*words)

    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("revenge: ")
    assert run.err.count("\n") == 1


@pytest.mark.process
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


@pytest.mark.process
async def test_ctrl_c_ends_the_waiting_quietly_and_leaves_the_job(revenge, films):
    """Nobody works here, so the wait would last for ever; the scan was asked for and stays so."""
    await revenge("library", "add", "Films", films)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "app", "library", "scan", "Films", "--wait"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    waiting = await asyncio.wait_for(process.stdout.readline(), 60)
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 60)

    assert (process.returncode, err) == (130, b"")
    number = waiting.decode().removeprefix("job ").partition(":")[0]
    assert (await revenge("jobs", "get", number, "--json")).json["state"] == "available"
