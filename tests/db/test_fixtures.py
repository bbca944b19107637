"""The tests' own server: nothing of it stays, however the tests end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.fixtures.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]

TEST = """
import asyncio, sys

async def test_hangs(database_url, session_directory):
    print(session_directory, file=sys.__stderr__, flush=True)
    await asyncio.Event().wait()
"""

LEAK = """
import psycopg

from tests.fixtures import postgres

postgres.GOODBYE = 1.0  # it stays for ever: no need to wait for long
kept = []

async def test_leaves_a_connection(database_url):
    kept.append(await psycopg.AsyncConnection.connect(database_url, application_name="left"))
"""


async def test_a_killed_session_leaves_no_server_and_no_files(tmp_path):
    (tmp_path / "test_hangs.py").write_text(TEST)
    with pytest_session(tmp_path) as session:
        directory = Path(session.stderr.readline().strip())
        assert (directory / "shared" / "postgres" / "postmaster.pid").exists()
        server = int((directory / "shared" / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(session.pid, signal.SIGKILL)
    await eventually(lambda: not directory.exists())
    await eventually(lambda: not Path(f"/proc/{server}").exists())


def test_a_test_that_leaves_a_connection_open_fails(tmp_path):
    """Also a control: the check for left connections does find one."""
    (tmp_path / "test_leak.py").write_text(LEAK)
    with pytest_session(tmp_path) as session:
        said, _ = session.communicate()
    assert session.returncode == 1
    assert "the test left connections open: [('left', 'idle', '')]" in said


def pytest_session(directory):
    (directory / "conftest.py").write_text('pytest_plugins = ["tests.fixtures.postgres"]\n')
    options = ["-c", ROOT / "pyproject.toml", "--rootdir", directory, "-p", "no:randomly", "-s", "-q", directory]
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
