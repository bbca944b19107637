"""A prober's process: takes descriptors over a socket, answers what they are, or with a picture that is in one.

`python -m app.library.probing.process`.

It is in a session of its own, may use so much memory and time, may write nothing, and dies with the process that made
it. It never answers for a file that kills it; whoever waits at the other end sees the socket close.
"""

import ctypes
import os
import resource
import signal
import socket
import sys

import msgspec

PR_SET_PDEATHSIG = 1
MAX_OPEN_FILES = 32
NICE = 5

LENGTH_BYTES = 4
READY = b"ready"
PROBE = b"p"
PICTURE = b"i"
INDEX_BYTES = 4
"""A request is one of the two and a number, which for a probe means nothing."""


def main(channel: int, parent: int, memory: int, seconds: int) -> None:
    """Serve until the other end closes."""
    die_with(parent)
    confine(memory)
    import av.logging  # noqa: PLC0415  under the limits from here on

    from app.library.probing.picture import read_picture  # noqa: PLC0415  as above
    from app.library.probing.read import probe  # noqa: PLC0415  as above

    av.logging.set_level(av.logging.PANIC)
    encoder = msgspec.json.Encoder()
    with socket.socket(fileno=channel) as connection:
        connection.sendall(READY)
        while (request := receive(connection)) is not None:
            file, what, index = request
            try:
                limit_time(seconds)
                answer = read_picture(file, index) if what == PICTURE else encoder.encode(probe(file))
            finally:
                os.close(file)
            connection.sendall(len(answer).to_bytes(LENGTH_BYTES, "big") + answer)


def receive(connection: socket.socket) -> tuple[int, bytes, int] | None:
    """Return the next descriptor and what to do with it; None when the other end has closed."""
    message, files, _, _ = socket.recv_fds(connection, 1 + INDEX_BYTES, 1)
    if not message:
        return None
    if not files or len(message) != 1 + INDEX_BYTES:
        raise RuntimeError("a request without a file, or not a whole one")
    return files[0], message[:1], int.from_bytes(message[1:], "big")


def die_with(parent: int) -> None:
    """Be killed when the thread that started us ends; leave at once if it has ended before we could say so.

    Where there is no such signal (anywhere but Linux) the closed socket ends us, after the file in hand.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def confine(memory: int) -> None:
    limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, MAX_OPEN_FILES)]
    if sys.platform == "linux":  # elsewhere the address space says nothing about memory, or cannot be limited
        limits.append((resource.RLIMIT_AS, memory))
    for kind, limit in limits:
        _, hard = resource.getrlimit(kind)
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)  # noqa: PLW2901  only lower
        resource.setrlimit(kind, (limit, limit))
    os.nice(NICE)


def limit_time(seconds: int) -> None:
    """Give the next file so many seconds of the processor, on top of what was used for those before it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
