"""Becomes a program of PostgreSQL: what has to happen between fork and exec, in an interpreter of its own.

Run by path with `python -I -S`, so only the standard library is here. Doing this in `preexec_fn` would run Python in
the fork of a process with threads, where any lock may be held for ever.

    launch.py PARENT_PID DEATH_SIGNAL IDENTITY DIRECTORY PROGRAM [ARGUMENT…]

IDENTITY is `plain`, `namespace` (root outside, an ordinary user inside, as PostgreSQL refuses to be root) or `UID:GID`.
"""

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
UID_INSIDE = 1000

DIRECTORY = 200
"""The number of the open directory in a program that runs as another user; high, so that nothing else has it."""

NO_NAMESPACE = 117
"""Exit status: this kernel or container allows no user namespace."""
ORPHANED = 118
"""Exit status: whoever started us is gone already."""


def main(parent: int, death_signal: int, identity: str, directory: str, command: list[str]) -> None:
    os.chdir(directory)
    if ":" in identity:
        keep_in_hand(directory)
    if identity == "namespace":
        enter_namespace()
    elif identity != "plain":
        become(*map(int, identity.split(":")))
    die_with_parent(parent, death_signal)
    os.execv(command[0], command)  # noqa: S606  # no shell wanted


def keep_in_hand(directory: str) -> None:
    """Open the directory as ourselves: whom we become may not pass the directories above it."""
    os.dup2(os.open(directory, os.O_RDONLY | os.O_DIRECTORY), DIRECTORY, inheritable=True)


def enter_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        if libc.unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "unshare")  # noqa: TRY301  # handled as its neighbours are
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{UID_INSIDE} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{UID_INSIDE} {gid} 1")
    except OSError as err:
        sys.stderr.write(f"no user namespace: {err}\n")
        sys.exit(NO_NAMESPACE)


def become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with_parent(parent: int, death_signal: int) -> None:
    """Ask the kernel to signal us when the parent's thread ends. Comes last: a change of identity forgets it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:  # it died before we could ask
        sys.exit(ORPHANED)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:])
