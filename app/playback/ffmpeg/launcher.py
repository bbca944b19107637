"""Our end of the process that starts FFmpegs: see `launch.py`, which is what it runs.

States: none → running → none. It starts with the first run, and anew when it has died; its runs die with it.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import sys
from asyncio import StreamReader
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from app.playback.ffmpeg import launch

log = structlog.get_logger("playback.ffmpeg")

BUFFER = 2**20
"""Bytes of output that wait for us; with as many in the pipe, what FFmpeg may be ahead of its reader."""

LARGEST_REQUEST = 2**20


@dataclass(frozen=True, slots=True)
class Program:
    """FFmpeg, and who starts it."""

    path: str
    launcher: "Launcher"


class Launcher:
    def __init__(self) -> None:
        self._process: Process | None = None
        self._channel: socket.socket | None = None
        self._changing = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def stop(self) -> None:
        """End the process and with it all runs there are. The next run starts another."""
        async with self._changing:
            await self._end()

    async def launch(self, command: Sequence[str], *, keep_open: Sequence[int], nice: int, memory: int) -> "Run":
        """Start a program, which finds `keep_open` under the same numbers as they have here.

        Raises:
            OSError: it cannot be started.
        """
        request = _request(command, keep_open, nice, memory)
        connection, theirs = socket.socketpair()
        connection.setblocking(False)
        run = Run(connection)
        try:
            with theirs:
                stdout, stderr = await run.open_pipes()
                try:
                    await self._pass_on([theirs.fileno(), stdout, stderr, *keep_open])
                finally:
                    os.close(stdout)
                    os.close(stderr)
            await asyncio.get_running_loop().sock_sendall(connection, request)
            await run.begin()
        except BaseException:
            run.close()
            raise
        return run

    async def _pass_on(self, descriptors: Sequence[int]) -> None:
        async with self._changing:
            while True:
                channel = await self._serving()
                try:
                    socket.send_fds(channel, [b"\0"], descriptors)
                except BlockingIOError:
                    await _writable(channel)
                except (BrokenPipeError, ConnectionResetError):
                    await self._end()
                else:
                    return

    async def _serving(self) -> socket.socket:
        if self._channel is not None and self._process is not None and self._process.returncode is None:
            return self._channel
        await self._end()
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                # From the loop's own thread: the signal that ends it with us follows the thread that made it.
                self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(theirs.fileno())),
                    stdin=DEVNULL,
                    stdout=DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                    env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath), "HOME": "/nonexistent"},
                )
        except BaseException:
            ours.close()
            raise
        ours.setblocking(False)
        self._channel = ours
        return ours

    async def _end(self) -> None:
        process, self._process = self._process, None
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()
        if process is not None:
            status = await process.wait()
            if status != 0:
                log.warning("the process that starts ffmpeg has died", status=status)


class Run:
    """A program that runs: what it writes, and how it ends. Closing it ends it."""

    def __init__(self, connection: socket.socket) -> None:
        self.pid = 0
        self.stdout = StreamReader(limit=BUFFER)
        self.stderr = StreamReader(limit=BUFFER)
        self._connection = connection
        self._pipes: list[asyncio.ReadTransport] = []
        self._ended: asyncio.Task[int] | None = None

    async def open_pipes(self) -> tuple[int, int]:
        """Return where it is to write, and to complain; whoever gets these closes them."""
        stdout = await self._open(self.stdout)
        try:
            return stdout, await self._open(self.stderr)
        except BaseException:
            os.close(stdout)
            raise

    async def _open(self, reader: StreamReader) -> int:
        ours, theirs = os.pipe()
        file = open(ours, "rb", buffering=0)  # noqa: ASYNC230, PTH123, SIM115  a pipe; its transport closes it
        try:
            if sys.platform == "linux":
                with contextlib.suppress(PermissionError):  # too much in all pipes of an ordinary user; less will do
                    fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, BUFFER)
            protocol = asyncio.StreamReaderProtocol(reader)
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, file)
        except BaseException:
            file.close()
            os.close(theirs)
            raise
        self._pipes.append(transport)
        return theirs

    async def begin(self) -> None:
        """Hear which process it is. Raises: OSError."""
        number = await self._hear()
        if number is None:
            raise OSError("the process that starts ffmpeg has died")
        if number <= 0:
            raise OSError(-number, os.strerror(-number))
        self.pid = number
        self._ended = asyncio.create_task(self._status(), name="ffmpeg.end")

    async def wait(self) -> int:
        """Return its exit status, negative for a signal, when it has ended."""
        if self._ended is None:
            return -signal.SIGKILL
        return await asyncio.shield(self._ended)

    async def end(self) -> None:
        """Kill it and all that it has started, and wait until it is gone."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
        self._close_pipes()
        await self.wait()
        self.close()

    def close(self) -> None:
        self._close_pipes()
        self._connection.close()

    def _close_pipes(self) -> None:
        for pipe in self._pipes:
            pipe.close()

    async def _status(self) -> int:
        status = await self._hear()
        return -signal.SIGKILL if status is None else status  # whoever started it is dead, and it with them

    async def _hear(self) -> int | None:
        loop, said = asyncio.get_running_loop(), b""
        with contextlib.suppress(ConnectionResetError):
            while len(said) < launch.ANSWER.size:
                piece = await loop.sock_recv(self._connection, launch.ANSWER.size - len(said))
                if not piece:
                    return None
                said += piece
            return int(launch.ANSWER.unpack(said)[0])
        return None


def _request(command: Sequence[str], keep_open: Sequence[int], nice: int, memory: int) -> bytes:
    words = [",".join(map(str, keep_open)).encode(), *map(os.fsencode, command)]
    if any(b"\0" in word for word in words):
        raise ValueError("an argument holds a NUL")
    body = b"".join(word + b"\0" for word in words)
    if len(body) > LARGEST_REQUEST:
        raise ValueError(f"arguments of {len(body)} bytes")
    return launch.REQUEST.pack(len(body), nice, memory) + body


async def _writable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(connection, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(connection)
