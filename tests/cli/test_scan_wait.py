"""Waiting for a scan of a running node: the command asks its API, and its database once it has been killed."""

import subprocess
import sys

import pytest

from tests.fixtures.films import MakeFilms
from tests.fixtures.node import ROOT, NodeFactory, clean_environment

pytestmark = pytest.mark.process


def test_a_scan_is_waited_for_and_doubts_are_told(node: NodeFactory, make_films: MakeFilms, database_url: str):
    server = node("serve")

    def revenge(*words):
        return subprocess.run(
            [sys.executable, "-m", "app", *words],
            cwd=ROOT,
            env=clean_environment() | {"DATABASE_URL": database_url, "REVENGE_DATA_DIR": str(server.log.parent)},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    films = make_films(3)
    assert revenge("library", "add", "Films", str(films)).returncode == 0

    seen = revenge("library", "scan", "Films", "--wait")
    assert (seen.returncode, seen.stderr) == (0, "")
    assert "files 3" in seen.stdout.splitlines()[-1]
    assert len(revenge("items").stdout.splitlines()) == 1 + 3

    films.rename(films.with_name("elsewhere"))
    missed = revenge("library", "scan", "Films", "--wait")
    assert missed.returncode == 1
    assert missed.stderr.startswith(f"{films}: offline")
    assert "Traceback" not in missed.stderr

    told = server.log.read_text()
    assert told.count("/scan' ") == 2
    assert "rvl_" not in told
    server.kill()
    assert len(revenge("items").stdout.splitlines()) == 1 + 3
