"""A running server hears of what is put into its library, and scans that alone."""

import shutil

import pytest

from tests.fixtures.films import MakeFilms
from tests.fixtures.node import Node, NodeFactory, until
from tests.process.test_serve import add_films, all_items, finished, scan

pytestmark = pytest.mark.process


def ended_scans(server: Node) -> list[bool]:
    """Say of each scan whether it was of some folders only; nothing while one waits or runs, which others may join."""
    jobs = server.get("/api/v1/jobs", kind="library.scan", limit=100)["jobs"]
    return [job["args"]["requested_only"] for job in jobs] if all(job["finalized_at"] for job in jobs) else []


def test_what_is_put_in_is_there_and_what_is_taken_out_is_missing(node: NodeFactory, make_films: MakeFilms):
    root = make_films(3)
    server = node("serve", REVENGE_LIBRARY__WATCH__ENABLED="true", REVENGE_LIBRARY__WATCH__DEBOUNCE="100ms")
    library = add_films(server, root)
    finished(server, scan(server, library))

    def watched() -> bool:
        (found,) = server.get(f"/api/v1/libraries/{library}/roots")["roots"]
        assert server.process is not None
        mine = [one["mode"] for one in found["watched_by"] if one["node"].endswith(f":{server.process.pid}")]
        return mine == ["events"]

    server.kill()  # the next one looks for roots as it starts
    server.start().ready()
    until(watched)
    until(lambda: ended_scans(server) == [False, False], what="all has been looked at once, since it was not watched")
    new = make_films(1, "downloads")
    shutil.move(new / "Film 000 (1950)", root / "Solaris (1972)")
    until(lambda: len(all_items(server, library)) == 4, what="the new film is there")
    until(lambda: ended_scans(server), what="the scan that found it has ended")
    shutil.rmtree(root / "Film 002 (1952)")
    until(lambda: [item["state"] for item in all_items(server, library)].count("missing") == 1, what="one is missing")

    ended = until(lambda: ended_scans(server), what="the scan that missed it has ended")
    assert ended.count(False) == 2
    assert ended.count(True) >= 2
    assert server.stop() == 0
