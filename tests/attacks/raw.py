"""Bytes on a socket, as no client would send them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.fixtures.web import Web


@dataclass(frozen=True, slots=True)
class Raw:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            with contextlib.suppress(ConnectionError):  # it may have been closed on us: that is an answer too
                await self.writer.drain()

    async def rest(self) -> bytes:
        """Return all that comes until the server closes."""
        with contextlib.suppress(ConnectionError):
            return await self.reader.read()
        return b""

    async def answer(self) -> tuple[int, bytes]:
        """Return the status and the head of the next answer, whose body is not taken."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), head


@contextlib.asynccontextmanager
async def connected(web: Web) -> AsyncIterator[Raw]:
    reader, writer = await asyncio.open_connection("127.0.0.1", web.server.port)
    try:
        yield Raw(reader, writer)
    finally:
        writer.transport.abort()


async def exchange(web: Web, request: bytes) -> list[int]:
    """Send bytes; return the statuses of all answers until the server, which is impatient, closes."""
    async with connected(web) as raw:
        await raw.send(request)
        return statuses(await raw.rest())


async def get(web: Web, address: str) -> tuple[int, bytes]:
    """Ask for an address as it stands, which clients would tidy up; return the status and all that was said."""
    async with connected(web) as raw:
        await raw.send(f"GET {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        said = await raw.rest()
    return int(said.split(b" ", 2)[1]), said


def statuses(said: bytes) -> list[int]:
    """Return the status of every answer in it."""
    return [int(part[:3]) for part in said.split(b"HTTP/1.1 ")[1:]]
