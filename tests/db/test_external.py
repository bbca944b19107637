"""A PostgreSQL that was named: waited for, looked at, and refused when it cannot serve us."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg import sql

from app.config import Settings
from app.db import external
from app.db.external import Unreachable, Unsuitable, describe, wait_until_reachable
from app.db.server import DatabaseServer
from tests.fixtures.streams import serving


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(external, "PAUSE", 0.01)


@pytest.fixture
def closed_port():
    """A port where nobody listens: bound, so that nobody else gets it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


async def test_nobody_there(impatient, closed_port, tmp_path):
    settings = Settings.load(
        environ={
            "DATABASE_URL": f"postgresql://me:hushhush@127.0.0.1:{closed_port}/films",
            "REVENGE_DATABASE__CONNECT_TIMEOUT": "100ms",
            "REVENGE_DATA_DIR": str(tmp_path / "data"),
        }
    )
    server = DatabaseServer(settings)
    with pytest.raises(Unreachable) as unreachable:
        await server.start()
    text = str(unreachable.value)
    assert f"no PostgreSQL answered at me@127.0.0.1:{closed_port}/films within 0.1 s" in text
    assert "Connection refused" in text
    assert "DATABASE_URL" in text
    assert "hushhush" not in text
    await server.stop()
    assert not (tmp_path / "data").exists()


async def test_a_database_that_appears_while_we_wait(impatient, postgres_server):
    """Being set up it lacks first the port, then the role, then the database."""
    url = postgres_server.conninfo.replace("/postgres?", "/appears?")
    waiting = asyncio.create_task(wait_until_reachable(url, 60))
    assert 'database "appears" does not exist' in await external.problem(url, 5)
    async with await psycopg.AsyncConnection.connect(postgres_server.conninfo, autocommit=True) as connection:
        await connection.execute("CREATE DATABASE appears")
        await waiting
        await connection.execute("DROP DATABASE appears WITH (FORCE)")


async def test_a_database_that_keeps_text_otherwise_is_refused(postgres_server):
    name = sql.Identifier("latin")
    async with await psycopg.AsyncConnection.connect(postgres_server.conninfo, autocommit=True) as connection:
        await connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'").format(name)
        )
        with pytest.raises(Unsuitable, match="keeps text as SQL_ASCII; create one with ENCODING 'UTF8'"):
            await wait_until_reachable(postgres_server.conninfo.replace("/postgres?", "/latin?"), 5)
        await connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


async def test_a_server_too_old_is_refused():
    async with speaks_as_postgres(server_version="13.22", server_encoding="UTF8") as url:
        with pytest.raises(Unsuitable, match="is PostgreSQL 13; 14 or newer is needed"):
            await wait_until_reachable(url, 5)


async def test_a_server_just_new_enough_is_taken():
    async with speaks_as_postgres(server_version="14.0", server_encoding="UTF8") as url:
        await wait_until_reachable(url, 5)


async def test_a_standby_is_waited_for(impatient):
    """After a failover it may be the one to write to, a moment later."""
    async with speaks_as_postgres(server_version="16.1", server_encoding="UTF8", in_hot_standby="on") as url:
        with pytest.raises(Unreachable, match="it is a standby, which can only be read"):
            await wait_until_reachable(url, 1)


async def test_a_port_that_never_answers_is_given_up(impatient):
    """A firewall that drops packets, a wrong port with something silent behind."""

    async def say_nothing(_reader, _writer):
        await asyncio.Event().wait()

    async with serving(say_nothing) as port:
        with pytest.raises(Unreachable, match="no answer"):
            await wait_until_reachable(f"postgresql://127.0.0.1:{port}/", 0.1)


@pytest.mark.parametrize(
    ("conninfo", "text"),
    [
        ("postgresql://jo:secret@db.example:5433/films", "jo@db.example:5433/films"),
        ("host=/run/postgresql dbname=films password=secret", "/run/postgresql:5432/films"),
        ("postgresql://a,b:6000/films", "a:5432, b:6000/films"),
        ("postgresql:///films", "the local socket:5432/films"),
    ],
)
def test_where_it_is_without_its_secrets(conninfo, text):
    assert describe(conninfo) == text


@asynccontextmanager
async def speaks_as_postgres(**parameters):
    """Yield the URL of a server that greets as PostgreSQL does, claims these parameters, and knows nothing else."""

    def message(kind, body):
        return kind + struct.pack("!i", len(body) + 4) + body

    async def greet(reader, writer):
        try:
            while True:
                (length,) = struct.unpack("!i", await reader.readexactly(4))
                (code,) = struct.unpack("!i", (await reader.readexactly(length - 4))[:4])
                if code == 196608:  # the startup message; others ask for encryption first
                    break
                writer.write(b"N")
        except (asyncio.IncompleteReadError, ConnectionResetError):  # its time was over before it had said who it is
            return
        claims = {"client_encoding": "UTF8", **parameters}
        writer.write(message(b"R", struct.pack("!i", 0)))
        for name, value in claims.items():
            writer.write(message(b"S", f"{name}\0{value}\0".encode()))
        writer.write(message(b"K", struct.pack("!ii", 1, 1)) + message(b"Z", b"I"))
        await reader.read()

    async with serving(greet) as port:
        yield f"postgresql://me@127.0.0.1:{port}/films?sslmode=prefer"
