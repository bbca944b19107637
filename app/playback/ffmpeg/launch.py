"""Becomes FFmpeg: what has to happen between fork and exec, in an interpreter of its own.

Run by path with `python -I -S`, so only the standard library is here. Doing this in `preexec_fn` would run Python in
the fork of a process with threads, where any lock may be held for ever.

    launch.py PARENT_PID NICE MEMORY PROGRAM [ARGUMENT…]
"""

import os
import resource
import sys

PR_SET_PDEATHSIG = 1
SIGKILL = 9

ORPHANED = 118
"""Exit status: whoever started us is gone already."""


def main(parent: int, nice: int, memory: int, command: list[str]) -> None:
    limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)]  # it writes into pipes only
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  a third of this start, and of use only here

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL)
        limits.append((resource.RLIMIT_AS, memory))
    if os.getppid() != parent:
        sys.exit(ORPHANED)
    for kind, limit in limits:
        _, hard = resource.getrlimit(kind)
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)  # noqa: PLW2901  only lower
        resource.setrlimit(kind, (limit, limit))
    os.nice(nice)
    os.execv(command[0], command)  # noqa: S606  # no shell wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
