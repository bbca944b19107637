"""Starts FFmpegs: one small process for each node, told over sockets what to start, and when to end it.

Run by path with `python -I -S`, so only the standard library is here. What has to happen between fork and exec is
Python, and must not run in the fork of a process with threads, where any lock may be held for ever. An interpreter for
each start costs 19 ms of processor and stops the node for as long; forking this one costs 1 ms, and stops nobody.

    launch.py PARENT_PID CHANNEL

Over the channel comes a byte with descriptors for each run: its own socket, where it writes, where it complains, and
what it may read. Its socket brings the request, is told the process and in the end its status, and ends the run when
the other side closes it. All runs end when the channel closes. They, and we, are killed with whoever started them.
"""

import contextlib
import ctypes
import fcntl
import os
import resource
import select
import signal
import socket
import struct
import sys
from typing import NamedTuple, NoReturn

PR_SET_PDEATHSIG = 1

REQUEST = struct.Struct("!IiQ")
"""Bytes that follow, niceness, and bytes of address space. What follows is words that end with a NUL: the numbers of
the descriptors it reads, with commas between them, then the program and its arguments."""
ANSWER = struct.Struct("!i")
"""The process, or what its start failed of, as a negative errno; later its exit status, negative for a signal."""

MOST_DESCRIPTORS = 16
NOT_STARTED = 127
"""Exit status: what lies between fork and exec has failed."""


class Request(NamedTuple):
    keep_open: list[int]
    nice: int
    memory: int
    command: list[bytes]


class Launcher:
    def __init__(self, channel: socket.socket) -> None:
        channel.set_inheritable(False)  # it was, or it would not be here
        self._channel = channel
        self._parent = os.getpid()
        self._libc = ctypes.CDLL(None) if sys.platform == "linux" else None
        self._poll = select.poll()
        self._runs: dict[int, socket.socket] = {}
        """By process."""
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._woken, False)

    def serve(self, parent: int) -> None:
        """Start what is asked for until the channel closes."""
        self._die_with(parent)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._poll.register(self._channel, select.POLLIN)
        self._poll.register(self._woken, select.POLLIN)
        while self._step():
            pass
        for pid in self._runs:
            kill(pid)

    def _step(self) -> bool:
        ready = {descriptor for descriptor, _ in self._poll.poll()}
        if self._woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._woken, 4096)
        for pid, connection in self._runs.items():
            if connection.fileno() in ready:
                self._poll.unregister(connection)  # a socket that is closed stays ready for ever
                kill(pid)
        self._reap()
        return self._channel.fileno() not in ready or self._begin()

    def _begin(self) -> bool:
        """Start what is asked for; no when nobody will ask any more."""
        # Before anything else, so that no descriptor is left over where one of them cannot be taken.
        said, descriptors, _, _ = socket.recv_fds(self._channel, 1, MOST_DESCRIPTORS)
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        try:
            if len(descriptors) >= 3:  # noqa: PLR2004  the run's own, where it writes, where it complains
                self._launch(socket.socket(fileno=os.dup(descriptors[0])), descriptors[1:])
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return bool(said)

    def _launch(self, connection: socket.socket, descriptors: list[int]) -> None:
        connection.setblocking(True)
        request = received(connection)
        if request is None:
            connection.close()
            return
        try:
            pid = os.fork()
        except OSError as err:
            tell(connection, -(err.errno or 1))
            connection.close()
            return
        if pid == 0:
            self._become(request, descriptors)
        tell(connection, pid)
        self._runs[pid] = connection
        self._poll.register(connection, select.POLLIN)

    def _reap(self) -> None:
        for pid in list(self._runs):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                connection = self._runs.pop(pid)
                with contextlib.suppress(KeyError):
                    self._poll.unregister(connection)
                tell(connection, os.waitstatus_to_exitcode(status))
                connection.close()

    # -- between fork and exec

    def _become(self, request: Request, descriptors: list[int]) -> NoReturn:
        try:
            # A group to be killed as one, and no session: where the kernel shares the processor among sessions first,
            # what is made ahead would not give way to what somebody waits for.
            os.setpgid(0, 0)
            self._die_with(self._parent)
            place(descriptors, [1, 2, *request.keep_open])
            confine(request.memory)
            os.nice(request.nice)
            os.execv(request.command[0], request.command)  # noqa: S606  # no shell wanted
        except BaseException as err:  # noqa: BLE001  nothing of ours may go on in the child
            os.write(2, f"not started: {err}\n".encode())
        os._exit(NOT_STARTED)

    def _die_with(self, parent: int) -> None:
        """Be killed when whoever started us ends; leave at once if that was before we could say so."""
        if self._libc is not None:
            self._libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(NOT_STARTED)


def received(connection: socket.socket) -> Request | None:
    """Return what is to be started; None when whoever wanted it has thought better of it."""
    header = connection.recv(REQUEST.size, socket.MSG_WAITALL)
    if len(header) < REQUEST.size:
        return None
    length, nice, memory = REQUEST.unpack(header)
    body = connection.recv(length, socket.MSG_WAITALL)
    if len(body) < length:
        return None
    numbers, *command = body.split(b"\0")[:-1]
    return Request([int(number) for number in numbers.split(b",") if number], nice, memory, command)


def tell(connection: socket.socket, number: int) -> None:
    with contextlib.suppress(OSError):  # whoever wanted to know has gone
        connection.sendall(ANSWER.pack(number))


def kill(pid: int) -> None:
    """End a run and all that it has started. It is our child and was not waited for, so the number is still its own."""
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it has no group of its own yet
        os.killpg(pid, signal.SIGKILL)


def place(descriptors: list[int], numbers: list[int]) -> None:
    """Give descriptors these numbers; the standard input is empty."""
    above = max(numbers) + 1  # first out of each other's way
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, above) for descriptor in descriptors]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, number in zip(moved, numbers, strict=True):
        os.dup2(descriptor, number)


def confine(memory: int) -> None:
    limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)]  # it writes into pipes only
    if sys.platform == "linux":  # elsewhere the address space says nothing about memory, or cannot be limited
        limits.append((resource.RLIMIT_AS, memory))
    for kind, limit in limits:
        _, hard = resource.getrlimit(kind)
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)  # noqa: PLW2901  only lower
        resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    Launcher(socket.socket(fileno=int(sys.argv[2]))).serve(int(sys.argv[1]))
