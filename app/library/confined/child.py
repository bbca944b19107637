"""The child's side: take a descriptor and a request over a socket, answer with bytes, under limits.

It is in a session of its own, may use so much memory and time, may write nothing, and dies with the process that made
it. It never answers for a file that kills it; whoever waits at the other end sees the socket close. What it was asked
meanwhile waits in the socket: it takes one request at a time, and answers in their order.
"""

import ctypes
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
MAX_OPEN_FILES = 32
NICE = 5

HEADER = struct.Struct("!II")
"""Before every request and every answer: the request's number, and how many bytes follow. A number that is not the
next one's tells that something else than us has written to the socket."""
READY = b"ready"
MAX_REQUEST = 4_096


def serve(channel: int, seconds: int, answer: Callable[[int, bytes], bytes]) -> None:
    """Answer until the other end closes. Limits must be in force by now."""
    with socket.socket(fileno=channel) as connection:
        connection.sendall(READY)
        while (received := _receive(connection)) is not None:
            number, file, request = received
            try:
                limit_time(seconds)
                content = answer(file, request)
            finally:
                os.close(file)
            connection.sendall(HEADER.pack(number, len(content)) + content)


def framed(number: int, request: bytes) -> bytes:
    """Return the request as it is sent."""
    if len(request) > MAX_REQUEST - HEADER.size:
        raise ValueError("a request is a few words, not the thing itself")
    return HEADER.pack(number, len(request)) + request


def _receive(connection: socket.socket) -> tuple[int, int, bytes] | None:
    """Return the next request's number, its descriptor and what to do with it; None when the other end has closed."""
    header, files, _, _ = socket.recv_fds(connection, HEADER.size, 1)
    if not header:
        return None
    number, length = HEADER.unpack(header)
    request = connection.recv(length, socket.MSG_WAITALL) if length else b""
    if not files or len(request) != length:
        raise RuntimeError("a request without a file, or not a whole one")
    return number, files[0], request


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
