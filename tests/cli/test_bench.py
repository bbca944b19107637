"""`revenge jobs bench` as a process of its own: what it prints, and that it ends well."""

import asyncio
import contextlib
import json
import signal
import sys

import pytest

from app import cli
from tests.fixtures.node import ROOT, clean_environment

pytestmark = pytest.mark.process


@contextlib.asynccontextmanager
async def started(database_url, tmp_path, *words):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "app", "jobs", "bench", *words),
        cwd=ROOT,
        env=clean_environment() | {"DATABASE_URL": database_url, "XDG_CONFIG_HOME": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def schemas(connection):
    answer = await connection.execute("SELECT count(*) AS count FROM pg_namespace WHERE nspname LIKE 'revenge_bench%'")
    return (await answer.fetchone())["count"]


async def test_a_burn_down_for_programs(database_url, connection, tmp_path):
    async with started(database_url, tmp_path, "-n", "100", "--json") as process:
        out, err = await asyncio.wait_for(process.communicate(), 60)

    assert (process.returncode, err) == (0, b"")
    found = json.loads(out)
    assert (found["summary"]["inserted"], found["summary"]["worked"]) == (100, 100)
    assert await schemas(connection) == 0


async def test_ctrl_c_ends_it_with_a_summary_and_nothing_stays(database_url, connection, tmp_path):
    async with started(database_url, tmp_path) as process:
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 60)

    assert (process.returncode, err) == (0, b"")
    assert line.startswith(b"bench: jobs worked [ ")
    assert out.splitlines()[-1].startswith(b"bench: total jobs worked [ ")
    assert await schemas(connection) == 0


@pytest.mark.parametrize("words", [["-n", "0"], ["--duration", "0"], ["--duration", "5"], ["--workers", "0"]])
def test_what_makes_no_sense_is_one_line_and_2(capsys, tmp_path, monkeypatch, words):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("app.cli.session.Session.set_up_logs", lambda _self, *, quiet: None)

    assert cli.main(["jobs", "bench", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
