"""The server of our own: what is made, what survives, and what never stays behind."""

import asyncio
import fcntl
import os
import signal
import stat
import subprocess
from pathlib import Path

import psycopg
import pytest

from app.db.embedded.cluster import Cluster
from app.db.embedded.errors import DataDirectoryUnusable, ServerFailed
from app.db.embedded.process import ServerProcess
from tests.fixtures.waiting import eventually


async def query(conninfo, statement):
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        cursor = await connection.execute(statement)
        return await cursor.fetchall() if cursor.description else []


async def test_a_first_start_makes_what_we_rely_on(server, data):
    """UTF-8 in code point order, checksums, one socket that only we can reach, no TCP."""
    postgres = server()
    await postgres.start()

    [(encoding, collate, checksums, tcp, timezone)] = await query(
        postgres.conninfo,
        "SELECT pg_encoding_to_char(encoding), datcollate, current_setting('data_checksums'),"
        " current_setting('listen_addresses'), current_setting('TimeZone')"
        " FROM pg_database WHERE datname = current_database()",
    )

    assert (encoding, collate, checksums, tcp, timezone) == ("UTF8", "C.UTF-8", "on", "", "UTC")
    assert await query(postgres.conninfo, "SELECT 'ä' < 'z', lower('Ä')") == [(False, "ä")]
    assert stat.S_IMODE(data.stat().st_mode) == stat.S_IMODE(data.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / ".s.PGSQL.5432").stat().st_mode) == 0o700
    assert stat.S_IMODE(data.with_name("postgres.log").stat().st_mode) == 0o600


@pytest.mark.usefixtures("made")
async def test_what_was_committed_is_there_after_the_next_start(server, nothing_runs):
    first = server()
    await first.start()
    await query(first.conninfo, "CREATE TABLE kept AS SELECT 1 AS value")
    await first.stop()
    assert nothing_runs()

    second = server()
    await second.start()

    assert await query(second.conninfo, "SELECT value FROM kept") == [(1,)]


@pytest.mark.usefixtures("made")
async def test_one_supervisor_starts_again_after_its_stop(server):
    postgres = server()
    await postgres.start()
    await query(postgres.conninfo, "CREATE TABLE kept ()")
    await postgres.stop()
    await postgres.start()
    assert await query(postgres.conninfo, "TABLE kept") == []


@pytest.mark.usefixtures("made")
async def test_starting_and_stopping_by_many_at_once_ends_with_nothing_left(server, nothing_runs):
    postgres = server()

    async def stress():
        for _ in range(5):
            await postgres.start()
            await postgres.stop()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(stress())

    assert nothing_runs()


@pytest.mark.usefixtures("made")
async def test_a_killed_server_is_started_again_with_every_committed_row(server):
    postgres = server()
    await postgres.start()
    await query(postgres.conninfo, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS value")
    killed = postgres.pid

    os.kill(killed, signal.SIGKILL)
    await eventually(lambda: postgres.pid != killed)

    assert await query(postgres.conninfo, "SELECT count(*) FROM kept") == [(1000,)]


@pytest.mark.usefixtures("made")
async def test_a_killed_backend_is_no_reason_to_start_a_second_server(server):
    """PostgreSQL restarts its own processes after a backend was killed; the supervisor must not get in its way."""
    postgres = server()
    await postgres.start()
    before = postgres.pid

    async def checkpointers() -> set[int]:
        """Tell its process; none while it is just being started, which may be after the first queries are answered."""
        try:
            rows = await query(
                postgres.conninfo, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
            )
        except psycopg.OperationalError:
            return set()
        return {pid for (pid,) in rows}

    (killed,) = await eventually(checkpointers)
    os.kill(killed, signal.SIGKILL)

    async def answers_again():
        return await checkpointers() - {killed}

    await eventually(answers_again)
    assert postgres.pid == before


@pytest.mark.usefixtures("made")
async def test_a_server_of_a_killed_owner_dies_with_it_and_keeps_its_rows(node, server, nothing_runs):
    owner = node()
    assert owner.said()["owner"]
    owner.ask("CREATE TABLE kept AS SELECT 1 AS value")

    owner.kill()
    await eventually(nothing_runs)

    postgres = server()
    await postgres.start()
    assert await query(postgres.conninfo, "SELECT value FROM kept") == [(1,)]


@pytest.mark.usefixtures("made")
async def test_owner_and_server_killed_together_leave_nothing_that_hinders_the_next_start(node, server, data):
    """What stays is a postmaster.pid, a socket and perhaps a backend that has not noticed yet."""
    owner = node()
    pid = owner.said()["pid"]
    owner.ask("CREATE TABLE kept AS SELECT 1 AS value")

    os.kill(pid, signal.SIGKILL)
    owner.kill()
    assert (data / "postmaster.pid").exists()

    postgres = server()
    await postgres.start()
    await eventually(lambda: postgres.is_owner)  # it may attach to the dying one first, and takes over then
    assert await query(postgres.conninfo, "SELECT value FROM kept") == [(1,)]


async def test_four_starters_at_once_end_with_one_server(node, nothing_runs):
    nodes = [node() for _ in range(4)]
    states = [each.said() for each in nodes]

    assert len({state["pid"] for state in states}) == 1
    assert sum(state["owner"] for state in states) == 1
    assert [each.ask("SELECT 1")["rows"] for each in nodes] == [[[1]]] * 4

    for each in nodes:
        each.stop()
    await eventually(nothing_runs)


@pytest.mark.usefixtures("made")
async def test_an_attached_process_takes_over_when_the_owner_stops(node):
    """`serve` may end while `work` goes on."""
    owner = node()
    before = owner.said()
    owner.ask("CREATE TABLE kept AS SELECT 1 AS value")
    attached = node()
    assert not attached.said()["owner"]

    owner.stop()
    after = await eventually(lambda: state if (state := attached.ask(""))["owner"] else None)

    assert after["pid"] != before["pid"]
    assert attached.ask("SELECT value FROM kept")["rows"] == [[1]]


@pytest.mark.usefixtures("made")
async def test_an_attached_process_takes_over_when_the_owner_is_killed(node):
    owner = node()
    owner.said()
    owner.ask("CREATE TABLE kept AS SELECT 1 AS value")
    attached = node()
    attached.said()

    owner.kill()
    await eventually(lambda: attached.ask("")["owner"])

    assert attached.ask("SELECT value FROM kept")["rows"] == [[1]]


@pytest.mark.usefixtures("made")
async def test_stopping_an_attached_supervisor_leaves_the_server_to_its_owner(server):
    owner, attached = server(), server()
    await owner.start()
    await attached.start()
    assert attached.pid == owner.pid
    await attached.stop()
    assert await query(owner.conninfo, "SELECT 1") == [(1,)]


async def test_a_data_directory_that_was_never_finished_is_made_anew(server, data):
    unfinished = data.with_name("postgres.new")
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    postgres = server()
    await postgres.start()
    assert await query(postgres.conninfo, "SELECT 1") == [(1,)]
    assert not unfinished.exists()


async def test_a_start_killed_while_it_makes_the_data_leaves_the_next_one_nothing_to_trip_over(node, server, data):
    starter = node()
    await eventually(data.with_name("postgres.new").exists)
    starter.kill()
    postgres = server()
    await postgres.start()
    assert await query(postgres.conninfo, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("reached", ["postgres.lock", "postgres.new", "postgres.new/base", "postgres/postmaster.pid"])
async def test_a_start_that_is_cancelled_on_its_way_leaves_no_process(server, nothing_runs, data, reached, monkeypatch):
    never = asyncio.Event()

    async def never_ready(_process, _deadline):
        await never.wait()

    monkeypatch.setattr(ServerProcess, "ready", never_ready)
    starting = asyncio.create_task(server().start())
    await eventually((data.parent / reached).exists)
    starting.cancel()
    await asyncio.wait({starting})
    assert starting.cancelled()
    await eventually(nothing_runs)
    monkeypatch.undo()

    postgres = server()
    await postgres.start()
    assert await query(postgres.conninfo, "SELECT 1") == [(1,)]


@pytest.mark.usefixtures("made")
async def test_a_number_in_postmaster_pid_that_a_stranger_has_now_is_not_taken_for_the_server(server, data):
    """In a container numbers repeat: ours may be the one the server had before the crash."""
    postgres = server()
    await postgres.start()
    lines = (data / "postmaster.pid").read_text().splitlines()
    await postgres.stop()
    (data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    await postgres.start()

    assert await query(postgres.conninfo, "SELECT 1") == [(1,)]


@pytest.mark.usefixtures("made")
async def test_a_server_that_will_not_end_is_ended(server, nothing_runs):
    """A stopped process heeds neither SIGINT nor SIGQUIT."""
    postgres = server(stop_timeout=0.2)
    await postgres.start()
    os.kill(postgres.pid, signal.SIGSTOP)
    await postgres.stop()
    await eventually(nothing_runs)


@pytest.mark.usefixtures("made")
async def test_a_wrong_setting_is_told_in_the_servers_own_words(server, data, nothing_runs):
    postgres = server(settings={"shared_buffers": "nonsense"})
    with pytest.raises(ServerFailed) as failed:
        await postgres.start()
    assert 'invalid value for parameter "shared_buffers": "nonsense"' in str(failed.value)
    assert str(data.with_name("postgres.log")) in str(failed.value)
    assert nothing_runs()


async def test_a_start_that_somebody_else_never_finishes_is_given_up(server, data):
    data.parent.mkdir(parents=True)
    with data.with_name("postgres.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ServerFailed, match="another process has been starting or stopping the server"):
            await server(start_timeout=0.1).start()


@pytest.mark.usefixtures("made")
async def test_a_server_not_ready_in_time_is_stopped_again(server, nothing_runs, monkeypatch):
    first = server()
    await first.start()
    await first.stop()
    monkeypatch.setattr(Cluster, "running", lambda _self: None)
    with pytest.raises(ServerFailed, match="did not get ready in time"):
        await server(start_timeout=0).start()
    assert nothing_runs()


@pytest.mark.usefixtures("made")
async def test_data_that_vanishes_is_not_replaced_by_an_empty_library(server, data, caplog):
    """A disk that was unmounted comes back; a new data directory in its place would hide it."""
    postgres = server()
    await postgres.start()
    await query(postgres.conninfo, "CREATE TABLE kept AS SELECT 1 AS value")
    gone, killed = data.with_name("elsewhere"), postgres.pid

    data.rename(gone)
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(DataDirectoryUnusable, match="it has disappeared"):
        await until_free_then_ensure(postgres)
    assert not data.exists()

    gone.rename(data)
    await eventually(lambda: postgres.pid != killed)
    assert await query(postgres.conninfo, "SELECT value FROM kept") == [(1,)]


async def until_free_then_ensure(postgres):
    """Take the very step that the watching loop takes after a server's end."""
    await postgres._child.wait()
    await postgres._ensure(may_create=False)


@pytest.mark.usefixtures("made")
async def test_a_log_that_has_grown_is_set_aside(server, data, monkeypatch):
    monkeypatch.setattr("app.db.embedded.cluster.LOG_KEPT", 1)
    postgres = server()
    await postgres.start()
    await postgres.stop()
    await postgres.start()
    assert "database system is shut down" in data.with_name("postgres.log.1").read_text()
    assert "database system is shut down" not in Cluster(data).log_tail()


@pytest.mark.usefixtures("made")
async def test_under_uvloop_the_server_inherits_the_lock_too(node, nothing_runs):
    pytest.importorskip("uvloop")
    owner = node("loop=uvloop")
    assert owner.said()["owner"]
    assert not nothing_runs()
    owner.kill()
    await eventually(nothing_runs)


@pytest.mark.usefixtures("made")
async def test_a_dead_process_that_nobody_has_buried_is_not_taken_for_the_server(server, data):
    """A killed server whose parent never asks for it keeps its number: in a container, perhaps for ever."""
    postgres = server()
    await postgres.start()
    lines = (data / "postmaster.pid").read_text().splitlines()
    await postgres.stop()
    with subprocess.Popen(["true"], cwd=data) as unburied:  # noqa: ASYNC220  # asyncio's own would bury it
        await eventually(lambda: " Z " in Path(f"/proc/{unburied.pid}/stat").read_text())
        for mark in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (data / mark).write_text("\n".join([str(unburied.pid), *lines[1:]]) + "\n")
        await postgres.start()
        assert await query(postgres.conninfo, "SELECT 1") == [(1,)]
