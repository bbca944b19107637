"""The server as a stranger meets it: one process, real films, plain HTTP, signals."""

import hashlib
import os
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.fixtures.films import MakeFilms
from tests.fixtures.node import PATIENCE, ROOT, Node, NodeFactory, clean_environment, free_port, until

pytestmark = pytest.mark.process

FILMS = 40


def add_films(node: Node, root: Path) -> str:
    library = node.post("/api/v1/libraries", {"name": "Films", "kind": "movies", "paths": [str(root)]})
    return str(library["id"])


def scan(node: Node, library: str) -> int:
    return int(node.post(f"/api/v1/libraries/{library}/scan", {"full_scan": False})["job"]["id"])


def finished(node: Node, job: int) -> dict[str, object]:
    def state() -> dict[str, object] | None:
        row = node.get(f"/api/v1/jobs/{job}")
        return row if row["finalized_at"] else None

    return until(state, what=f"job {job} finished")


def all_items(node: Node, library: str) -> list[dict[str, object]]:
    items: list[dict[str, object]] = []
    cursor: dict[str, str] = {}
    while True:
        page = node.get("/api/v1/items", library_id=library, limit=17, **cursor)
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


def jobs_by_state(database_url: str) -> dict[tuple[str, str], int]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT kind, state::text, count(*) FROM river.river_job GROUP BY 1, 2")
        return {(kind, state): count for kind, state, count in rows}


def analysed(database_url: str) -> int:
    return jobs_by_state(database_url).get(("library.analyze", "completed"), 0)


def drained(database_url: str) -> None:
    """Wait until all jobs have ended, as long as some of them still do: how long that takes is the machine's."""

    def goes_on() -> tuple[int, int] | None:
        with psycopg.connect(database_url) as connection:
            unfinished, now_ended = connection.execute(
                "SELECT count(*) FILTER (WHERE finalized_at IS NULL), count(finalized_at) FROM river.river_job"
            ).fetchone()
        return (unfinished, now_ended) if not unfinished or now_ended > ended else None

    left, ended = 1, 0
    while left:
        left, ended = until(goes_on, what=f"more than {ended} jobs ended")


def test_from_an_empty_machine_to_films_you_can_play(lone_node: NodeFactory, make_films: MakeFilms):
    root = make_films(FILMS)
    node = lone_node("serve")
    library = add_films(node, root)

    job = finished(node, scan(node, library))

    assert job["state"] == "completed"
    items = all_items(node, library)
    assert sorted(item["title"] for item in items) == [f"Film {number:03}" for number in range(FILMS)]
    assert {item["year"] for item in items} <= set(range(1950, 2021))
    file = items[0]["files"][0]
    content = (root / file["path"]).read_bytes()
    whole = node.http.get(f"/api/v1/files/{file['id']}/stream")
    part = node.http.get(f"/api/v1/files/{file['id']}/stream", headers={"Range": "bytes=1000-4999"})
    assert hashlib.sha256(whole.content).digest() == hashlib.sha256(content).digest()
    assert (part.status_code, part.content) == (206, content[1000:5000])

    def analysed_item() -> bool:
        return bool(node.get(f"/api/v1/items/{items[0]['id']}")["files"][0]["streams"])

    until(analysed_item)
    assert node.stop() == 0


def test_what_was_found_is_there_after_a_restart(lone_node: NodeFactory, make_films: MakeFilms):
    node = lone_node("serve")
    library = add_films(node, make_films(3))
    finished(node, scan(node, library))
    before = [item["id"] for item in all_items(node, library)]
    assert node.stop() == 0

    node.start().ready()

    assert [item["id"] for item in all_items(node, library)] == before
    assert node.stop() == 0


def test_the_server_leaves_no_process_behind(lone_node: NodeFactory):
    node = lone_node("serve")
    postgres = int((next(node.log.parent.glob("**/postmaster.pid"))).read_text().splitlines()[0])

    node.kill()

    until(lambda: not Path(f"/proc/{postgres}").exists(), what="PostgreSQL gone with us")


def test_a_port_in_use_rolls_the_start_back_and_says_so(lone_node: NodeFactory):
    node = lone_node("serve", start=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", node.port))
        taken.listen()
        node.start()
        status = node.wait()

    assert status == 1
    assert f"127.0.0.1:{node.port}" in node.tail()
    assert "Traceback" not in node.tail()
    assert not list(node.log.parent.glob("**/postmaster.pid"))


def test_listening_elsewhere_is_refused_with_the_reason(lone_node: NodeFactory):
    node = lone_node("serve", start=False, REVENGE_HTTP__HOST="0.0.0.0")
    assert node.start().wait() == 1
    assert "there are no accounts yet" in node.tail()
    assert "revenge user add NAME --admin" in node.tail()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_starting_rolls_back(lone_node: NodeFactory, number: signal.Signals):
    node = lone_node("serve", start=False).start()
    until(lambda: list(node.log.parent.glob("**/PG_VERSION")), what="the start under way")

    node.signal(number)

    assert node.wait() not in (0, 1)
    assert not (node.log.parent / "postgres" / "postmaster.pid").exists()
    assert "Traceback" not in node.tail()
    assert node.start().ready().stop() == 0, "a start that was broken off must not stand in the way of the next"


def test_an_unreachable_database_is_named_and_ends_the_start(lone_node: NodeFactory):
    port = free_port()
    node = lone_node(
        "serve",
        start=False,
        REVENGE_DATABASE__URL=f"postgresql://someone:hunter2@127.0.0.1:{port}/films",
        REVENGE_DATABASE__CONNECT_TIMEOUT="1s",
    )

    assert node.start().wait() == 1
    assert f"127.0.0.1:{port}" in node.tail().replace(" port ", ":").replace(", ", ":") or str(port) in node.tail()
    assert "hunter2" not in node.tail()
    assert "Traceback" not in node.tail()


def test_sigterm_under_load_leaves_no_job_running_and_no_attempt_spent(
    node: NodeFactory, make_films: MakeFilms, database_url: str
):
    serving = node("serve")
    library = add_films(serving, make_films(300))
    scan(serving, library)
    until(lambda: analysed(database_url) > 10)

    assert serving.stop() == 0

    left = jobs_by_state(database_url)
    assert not [key for key in left if key[1] == "running"]
    assert left.get(("library.analyze", "available"), 0) > 0, "the stop came too late to show anything"
    serving.start().ready()
    drained(database_url)
    assert analysed(database_url) == 300
    with psycopg.connect(database_url) as connection:
        (spent,) = connection.execute(
            "SELECT count(*) FROM river.river_job WHERE kind LIKE 'library.%' AND (errors IS NOT NULL OR attempt <> 1)"
        ).fetchone()
    assert spent == 0
    assert serving.stop() == 0


def test_make_and_its_process_group_stop_the_server_with_one_signal(
    database_url: str, make_films: MakeFilms, tmp_path: Path
):
    port = free_port()
    environment = clean_environment() | {
        "DATABASE_URL": database_url,
        "REVENGE_DATA_DIR": str(tmp_path / "data"),
        "REVENGE_HTTP__PORT": str(port),
    }
    log = tmp_path / "make.log"
    with log.open("wb") as output:
        make = subprocess.Popen(
            ["make", "serve"], cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as http:
            until(lambda: make.poll() is not None or answers(http), what="make serve ready")
            library = http.post(
                "/api/v1/libraries", json={"name": "Films", "kind": "movies", "paths": [str(make_films(300))]}
            ).json()["id"]
            http.post(f"/api/v1/libraries/{library}/scan", json={"full_scan": False}).raise_for_status()
        until(lambda: analysed(database_url) > 10)

        os.killpg(make.pid, signal.SIGTERM)
        make.wait(timeout=PATIENCE)
        until(lambda: not group_members(make.pid), what="everything of the group gone")
    finally:
        if group_members(make.pid):
            os.killpg(make.pid, signal.SIGKILL)
        make.wait()

    assert not [key for key in jobs_by_state(database_url) if key[1] == "running"]
    assert "Traceback" not in log.read_text()


def answers(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").is_success
    except httpx.TransportError:
        return False


def group_members(group: int) -> list[int]:
    """Processes of a group that still run; a zombie waits for its parent and runs no more."""
    members = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = status.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(pgrp) == group and state != "Z":
            members.append(int(status.parent.name))
    return members
