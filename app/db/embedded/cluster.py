"""The files of a server: its data directory, made whole or not at all; its lock; its word of being ready.

<data_dir>/postgres        the data directory
<data_dir>/postgres.new    one being made; thrown away when found
<data_dir>/postgres.lock   held by whoever starts the server, then by the server itself and all its processes
<data_dir>/postgres.log    what the server says
"""

import contextlib
import fcntl
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from app.db.embedded.errors import DataDirectoryUnusable

SUPERUSER = "revenge"
PORT = 5432
"""No port is listened on; the number is only a part of the socket's name."""
SOCKET = f".s.PGSQL.{PORT}"
LOG_KEPT = 8 * 1024 * 1024
"""Bytes of log after which a start sets it aside as `.log.1`: a server that fails in a loop must not fill the disk."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers, as its postmaster.pid describes it."""

    pid: int
    port: int
    socket_directory: str

    @property
    def conninfo(self) -> str:
        """A URL, so that it can be handed to any other client as it is."""
        return f"postgresql://{SUPERUSER}@/postgres?host={quote(self.socket_directory, safe='')}&port={self.port}"


class Cluster:
    def __init__(self, data: Path) -> None:
        self.data = data
        self.unfinished = data.with_name(f"{data.name}.new")
        self.log = data.with_name(f"{data.name}.log")
        self._lock = data.with_name(f"{data.name}.lock")
        self._pid_file = data / "postmaster.pid"

    def make_place(self) -> None:
        """Make the directory that holds all this."""
        with self._explained():
            self.data.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def major(self) -> str | None:
        """Return the version that wrote the data (`18`; `9.6` of old), None when there is none yet."""
        with self._explained():
            try:
                return (self.data / "PG_VERSION").read_text().strip()
            except FileNotFoundError:
                return None

    def running(self) -> Running | None:
        """Return the server that serves this directory and accepts connections, whoever started it."""
        with self._explained():
            try:
                lines = os.fsdecode(self._pid_file.read_bytes()).splitlines()
            except FileNotFoundError:
                return None
        if len(lines) < 8 or not lines[7].startswith("ready"):  # noqa: PLR2004  # the eighth line is its state
            return None
        found = Running(pid=int(lines[0]), port=int(lines[3]), socket_directory=lines[4])
        return found if listens(found) else None

    def try_lock(self) -> IO[bytes] | None:
        """Return the lock, held until it is closed everywhere; None when somebody else has it.

        The server inherits it, so it is free only when no process of a server is left, not even a backend that
        outlived a killed postmaster. That makes it a better witness than the number in postmaster.pid.
        """
        with self._explained():
            file = open(self._lock, "ab", opener=private)  # noqa: SIM115  # it outlives this call
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        except OSError as err:
            file.close()
            raise DataDirectoryUnusable(self.data, f"files cannot be locked there ({err.strerror})") from err
        return file

    def forget_dead_server(self, sockets: Path) -> None:
        """Remove the marks of a server whose number is a stranger's now, or of a dead process that nobody has buried.

        PostgreSQL itself would take either for its predecessor and refuse to start: for ever in a container, where
        numbers repeat and the first process may not care for orphans. Call it with the lock held, so no process of
        ours is left; a server started by hand holds no lock and is told by the directory it works in.
        """
        if sys.platform != "linux":
            return
        with self._explained():
            for mark in (self._pid_file, sockets / f"{SOCKET}.lock"):
                pid = number_in(mark)
                if pid is not None and cannot_be_server(pid, self.data):
                    mark.unlink(missing_ok=True)

    def begin(self) -> Path:
        """Return an empty directory to make the data in."""
        with self._explained():
            if self.data.exists() and any(self.data.iterdir()):
                raise DataDirectoryUnusable(self.data, "it is not empty and holds no PostgreSQL data")
            if self.unfinished.exists():
                shutil.rmtree(self.unfinished)
            self.unfinished.mkdir(mode=0o700)
        return self.unfinished

    def complete(self) -> None:
        """Let what was made be the data directory, at once and for good."""
        with self._explained():
            self.unfinished.rename(self.data)
            parent = os.open(self.data.parent, os.O_RDONLY)
            try:
                os.fsync(parent)
            finally:
                os.close(parent)

    def give_to(self, uid: int, gid: int) -> None:
        """Let this user own the data. Only root can, and only root runs its server as another."""
        with self._explained():
            for directory in (self.data, self.unfinished):
                if directory.exists() and directory.stat().st_uid != uid:
                    for path in (directory, *directory.rglob("*")):
                        os.chown(path, uid, gid, follow_symlinks=False)

    def open_log(self) -> IO[bytes]:
        with self._explained():
            if self.log.exists() and self.log.stat().st_size > LOG_KEPT:
                self.log.replace(self.log.with_name(f"{self.log.name}.1"))
            return open(self.log, "ab", opener=private)

    def log_tail(self, since: int = 0, lines: int = 8) -> str:
        """Return the last lines written after the first `since` bytes."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(since, self.log.stat().st_size - 8192))
                return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
        except OSError as err:
            return f"(the log cannot be read: {err.strerror})"

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as err:
            raise DataDirectoryUnusable(self.data, f"{err.strerror} ({err.filename or self.data})") from err


def private(path: str, flags: int) -> int:
    """Open for us alone: what a server logs may quote what was in a statement."""
    return os.open(path, flags, mode=0o600)


def listens(server: Running) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(f"{server.socket_directory}/.s.PGSQL.{server.port}")
        except OSError:
            return False
    return True


def number_in(mark: Path) -> int | None:
    try:
        return int(mark.read_bytes().split(maxsplit=1)[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def cannot_be_server(pid: int, data: Path) -> bool:
    """Tell whether this process exists and is not the server of `data`: all of a server's processes work in it."""
    process = Path("/proc", str(pid))
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        return state in "ZX" or not (process / "cwd").samefile(data)
    except OSError:  # gone, or not ours to look at; PostgreSQL takes both for dead itself
        return False
