"""Running PostgreSQL's programs: as whom, in a session of their own, and never longer than we live."""

import asyncio
import os
import pwd
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.db.embedded import launch
from app.db.embedded.errors import ServerFailed

SERVER_USERS = ("postgres", "nobody")
"""Whom a server runs as when we are root and no user namespace can be had."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom PostgreSQL runs as. It refuses to be root, so root needs another.

    `plain`: an ordinary user runs it as itself. `namespace`: root outside, an ordinary user inside, so files stay
    root's and nothing needs opening to others. `user`: another user, where namespaces are forbidden (Docker).
    """

    kind: str
    uid: int
    gid: int

    @property
    def argument(self) -> str:
        return f"{self.uid}:{self.gid}" if self.kind == "user" else self.kind

    def reaches(self, directory: Path) -> str:
        """Return how a program started in `directory` names it: another user may not pass the directories above.

        Not as its working directory: older programs leave that for a moment and cannot come back.
        """
        in_hand = self.kind == "user" and sys.platform == "linux"
        return f"/proc/self/fd/{launch.DIRECTORY}" if in_hand else str(directory)


async def choose_identity() -> Identity:
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0:
        return Identity("plain", uid, gid)
    namespace = Identity("namespace", uid, gid)
    if sys.platform == "linux":
        status, _ = await run(namespace, ["/proc/self/exe", "-I", "-S", "-c", ""], directory=Path("/"))
        if status == 0:
            return namespace
    return unprivileged_user()


def unprivileged_user() -> Identity:
    for name in SERVER_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity("user", entry.pw_uid, entry.pw_gid)
    raise ServerFailed(
        "PostgreSQL refuses to run as root, user namespaces are not allowed here and there is no user "
        f"{' or '.join(SERVER_USERS)}: run as an ordinary user",
        output="",
    )


async def run(
    identity: Identity, command: Sequence[str | Path], *, directory: Path, keep_open: Sequence[int] = ()
) -> tuple[int, str]:
    """Run a program to its end and return its status and what it said. Cancelled, it takes the program with it."""
    process = await spawn(
        identity, command, directory=directory, output=PIPE, death_signal=signal.SIGTERM, keep_open=keep_open
    )
    try:
        said, _ = await process.communicate()
    except BaseException:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        raise
    return await process.wait(), said.decode(errors="replace").strip()


async def spawn(
    identity: Identity,
    command: Sequence[str | Path],
    *,
    directory: Path,
    output: int | IO[bytes],
    death_signal: signal.Signals,
    keep_open: Sequence[int] = (),
) -> Process:
    """Start a program that dies with the thread calling this: the loop must run in the main one, or one that stays."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        launch.__file__,
        str(os.getpid()),
        str(int(death_signal)),
        identity.argument,
        str(directory),
        *map(str, command),
        stdin=DEVNULL,
        stdout=output,
        stderr=STDOUT,
        env=environment(),
        pass_fds=tuple(keep_open),
        start_new_session=True,
    )


def environment() -> dict[str, str]:
    """Return ours without what would steer PostgreSQL or translate its messages, which we read."""
    foreign = ("PG", "LC_", "LANG")
    return {key: value for key, value in os.environ.items() if not key.startswith(foreign)} | {"LC_ALL": "C"}
