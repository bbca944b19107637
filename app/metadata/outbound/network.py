"""Connections that look before they leap: a name is resolved once, what it stands for is checked, and that is where the
connection goes. Checking first and connecting by name would ask twice, and be told something else the second time.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpcore

from app.metadata.outbound.addresses import is_public
from app.metadata.outbound.errors import AddressRefused

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

PORTS = frozenset({80, 443})


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a name, in the order in which the system would try them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Everything that connects passes here, redirects too."""

    def __init__(self, allowed: frozenset[tuple[str, int]], resolve_name: Resolve) -> None:
        self._allowed = allowed
        self._resolve = resolve_name
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the seam's own
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._checked(host.strip("[]"), port)
        problem: Exception = httpcore.ConnectError("the name has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as err:
                problem = err
        raise problem

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        if (host, port) in self._allowed:
            return [host]
        if port not in PORTS:
            raise AddressRefused(host, f"port {port} is not one of the web's")
        try:
            addresses = await self._resolve(host, port)
        except OSError as err:
            raise httpcore.ConnectError(f"the name cannot be resolved: {err.strerror}") from err
        except UnicodeError as err:
            raise AddressRefused(host, "it is no name of a host") from err
        # One of several is enough to refuse: which one is tried is not ours to say.
        for address in addresses:
            if not is_public(address):
                raise AddressRefused(host, "it is an address of this machine or of a network around it")
        return addresses

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  the seam's own
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefused(path, "it is a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
