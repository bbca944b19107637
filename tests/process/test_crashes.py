"""What is lost when something dies: nothing. Each test kills for real, and compares with an undisturbed run."""

import os
import signal
from typing import Any

import psycopg
import pytest

from tests.fixtures.films import MakeFilms
from tests.fixtures.node import Node, NodeFactory, until
from tests.process.test_serve import add_films, all_items, analysed, drained, finished, jobs_by_state, scan

pytestmark = pytest.mark.process

FILMS = 120
"""Enough that none of these moments comes when all is done."""
MORE_FILMS = 300
"""Enough that a node is seen while it holds jobs."""
NOTE_CLAIMS = """
    CREATE TABLE claim (job_id bigint, at timestamptz);
    CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO claim VALUES (NEW.id, clock_timestamp()); RETURN NULL; END $$;
    CREATE TRIGGER note_claim AFTER UPDATE ON river.river_job FOR EACH ROW
        WHEN (OLD.state <> 'running' AND NEW.state = 'running') EXECUTE FUNCTION note_claim();
"""
"""The job itself says when it was claimed the last time: one that has put itself off since was claimed before."""


def seen_by_a_user(node: Node, library: str) -> list[Any]:
    return sorted(
        (item["title"], item["year"], item["state"], [(file["path"], file["size"]) for file in item["files"]])
        for item in all_items(node, library)
    )


def expected(count: int) -> list[str]:
    return [f"Film {number:03}" for number in range(count)]


def running(database_url: str, kind: str) -> int:
    return jobs_by_state(database_url).get((kind, "running"), 0)


def files_probed_once(database_url: str) -> bool:
    with psycopg.connect(database_url) as connection:
        files, streams = connection.execute(
            "SELECT count(DISTINCT f.id), count(s.*) FROM file f LEFT JOIN stream s ON s.file_id = f.id"
        ).fetchone()
    return bool(streams == 2 * files)


@pytest.mark.parametrize(("moment", "films"), [("walking", MORE_FILMS), ("analysing", FILMS)])
def test_kill_9_in_the_middle_ends_in_the_same_rows(
    node: NodeFactory, make_films: MakeFilms, database_url: str, moment: str, films: int
):
    """Killed while scanning, or with finished jobs whose completions were not yet written."""
    doomed = node("serve")
    library = add_films(doomed, make_films(films))
    if moment == "walking":
        with psycopg.connect(database_url) as connection:
            connection.execute("LOCK TABLE file IN SHARE MODE")  # no walk ends before it has been seen
            job = scan(doomed, library)
            until(lambda: running(database_url, "library.scan"))
    else:
        job = scan(doomed, library)
        until(lambda: analysed(database_url) > 20)
    doomed.kill()

    heir = node("serve")
    drained(database_url)

    assert finished(heir, job)["state"] == "completed"
    assert [row[0] for row in seen_by_a_user(heir, library)] == expected(films)
    of_films = ("library.scan", "library.analyze")
    jobs = {key: count for key, count in jobs_by_state(database_url).items() if key[0] in of_films}
    assert jobs == {("library.scan", "completed"): 1, ("library.analyze", "completed"): films}
    assert files_probed_once(database_url)
    assert heir.stop() == 0


def test_a_dead_nodes_jobs_come_back_within_thirty_seconds(node: NodeFactory, make_films: MakeFilms, database_url: str):
    """The survivor leads or comes to lead; a dead leader's lease has to run out first."""
    leader = node("serve")
    library = add_films(leader, make_films(MORE_FILMS))
    survivor = node("serve")
    with psycopg.connect(database_url) as connection:
        connection.execute(NOTE_CLAIMS)
    scan(leader, library)
    freeze_while_it_holds_jobs(leader, database_url)
    with psycopg.connect(database_url) as connection:
        (killed_at,) = connection.execute("SELECT clock_timestamp()").fetchone()
    leader.kill()

    drained(database_url)

    with psycopg.connect(database_url) as connection:
        again = connection.execute(
            "SELECT job_id, extract(epoch FROM min(at) - %s) FROM claim JOIN river.river_job ON id = job_id"
            " WHERE errors IS NOT NULL AND at > %s GROUP BY 1",
            [killed_at, killed_at],
        ).fetchall()
        errors = connection.execute(
            "SELECT DISTINCT e->>'error' FROM river.river_job, unnest(errors) e WHERE attempt > 1"
        ).fetchall()
    assert again
    assert all(seconds <= 30 for _, seconds in again), again
    assert errors == [("Stuck job rescued by JobRescuer",)]
    assert files_probed_once(database_url)
    assert survivor.stop() == 0


def freeze_while_it_holds_jobs(node: Node, database_url: str) -> None:
    """Stop a node's clock at a moment when it has claimed jobs, so that killing it strands them."""

    def frozen() -> bool:
        node.signal(signal.SIGSTOP)
        if holds(node, database_url):
            return True
        node.signal(signal.SIGCONT)
        return False

    until(frozen, what="the node holding jobs")


def holds(node: Node, database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM river.river_job"
            " JOIN river.revenge_client c ON c.id = attempted_by[cardinality(attempted_by)]"
            " WHERE state = 'running' AND c.pid = %s",
            [node.process.pid],
        ).fetchone()
        return int(count)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_postgresql_restarted_under_load_loses_nothing(
    lone_node: NodeFactory, make_films: MakeFilms, number: signal.Signals
):
    node = lone_node("serve")
    library = add_films(node, make_films(FILMS))
    job = scan(node, library)
    until(lambda: len(all_items(node, library)) > 0)
    os.kill(postmaster(node), number)

    until(lambda: whole(node, library), what="the scan and every analysis done")

    assert finished(node, job)["state"] == "completed"
    assert [row[0] for row in seen_by_a_user(node, library)] == expected(FILMS)
    assert node.stop() == 0


def postmaster(node: Node) -> int:
    (pid_file,) = node.log.parent.glob("**/postmaster.pid")
    return int(pid_file.read_text().splitlines()[0])


def whole(node: Node, library: str) -> bool:
    """Every film there and analysed. While the database is away the answer is an error, and no."""
    answer = node.http.get("/api/v1/items", params={"library_id": library, "limit": 500})
    if not answer.is_success:
        assert answer.status_code in (500, 503), answer.text
        return False
    items = answer.json()["items"]
    return len(items) == FILMS and all(file["streams"] for item in items for file in item["files"])


@pytest.mark.every_postgres
def test_workers_alone_and_a_face_alone_share_the_work(node: NodeFactory, make_films: MakeFilms, database_url: str):
    face = node("serve", "--no-work")
    library = add_films(face, make_films(20))
    job = scan(face, library)
    assert face.get(f"/api/v1/jobs/{job}")["state"] == "available"

    worker = node("work", start=False).start()

    assert finished(face, job)["state"] == "completed"
    until(lambda: analysed(database_url) == 20)
    assert worker.stop() == 0
    assert face.stop() == 0


OTHERS = """
    SELECT pid, application_name, state FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def test_a_second_scan_writes_nothing(node: NodeFactory, make_films: MakeFilms, database_url: str):
    serving = node("serve")
    library = add_films(serving, make_films(FILMS))
    finished(serving, scan(serving, library))
    drained(database_url)  # the analyses, and what follows from them, such as the words to search by
    assert serving.stop() == 0
    before = written(database_url)
    assert before["file"] == 2 * FILMS, "recorded once, analysed once"

    serving.start().ready()
    finished(serving, scan(serving, library))

    assert serving.stop() == 0
    assert written(database_url) == before


def written(database_url: str) -> dict[str, int]:
    """Rows ever inserted, updated or deleted, per table of the domains, by PostgreSQL's own count.

    A connection tells what it did when it closes, at the latest, and then is no more to be seen; so this is asked when
    the node has stopped. Every start without accounts gives out a code of its own to make the first one, which is no
    writing of a scan's.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        until(lambda: not connection.execute(OTHERS).fetchall(), what="no connection but our own")
        rows = connection.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables"
            " WHERE schemaname = 'public' AND relname <> 'one_time_code'"
        )
        return dict(rows.fetchall())
