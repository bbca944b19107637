"""Where we listen: on loopback only until there is an account, and on sockets bound by ourselves.

Bound before anything else is told to serve, so that an address in use is one clear sentence and not a stack trace.
"""

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from app.errors import AppError

BACKLOG = 2048


class NotLoopback(AppError):
    """Whoever reaches the port may do everything: there are no accounts to tell people apart."""

    code = "not_loopback"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"refusing to listen on {host}: there are no accounts yet, so whoever reaches the server may do "
            "everything; make the first with `revenge user add NAME --admin`, or leave http.host (REVENGE_HTTP__HOST) "
            "at 127.0.0.1 until then"
        )
        self.host = host


class CannotListen(AppError):
    code = "cannot_listen"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {authority(host, port)}: {reason}")
        self.host = host
        self.port = port


def bind(host: str, port: int, *, loopback_only: bool = True) -> list[socket.socket]:
    """Bind every address that `host` means, to one port. The caller closes what is returned.

    Port 0 takes any that is free; an empty host, `0.0.0.0` or `::` every address of the family.

    Raises:
        NotLoopback: an address that others could reach, where only loopback may be.
        CannotListen: the port is taken or not ours to take, or the address is not of this machine.
    """
    with ExitStack() as opened:
        bound: list[socket.socket] = []
        for family, address in _addresses(host, port, loopback_only=loopback_only):
            try:
                bound.append(_bind(family, address, bound[0].getsockname()[1] if bound else port))
            except OSError as err:
                if bound and err.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    continue  # `localhost` is often listed for IPv6 on machines that have none
                raise CannotListen(address, port, _reason(err)) from err
            opened.callback(bound[-1].close)
        opened.pop_all()
        return bound


def authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _addresses(host: str, port: int, *, loopback_only: bool) -> Sequence[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as err:
        raise CannotListen(host, port, f"there is no such address ({err})") from err
    addresses = list(dict.fromkeys(_inet(found)))
    if not addresses:
        raise CannotListen(host, port, "it means no address of the internet protocols")
    if loopback_only and not all(ipaddress.ip_address(address).is_loopback for _, address in addresses):
        raise NotLoopback(host or "every address")
    return sorted(addresses, key=lambda pair: pair[0] != socket.AF_INET)


def _inet(
    found: Sequence[tuple[socket.AddressFamily, int, int, str, tuple[object, ...]]],
) -> Iterator[tuple[socket.AddressFamily, str]]:
    for family, _, _, _, address in found:
        if family in (socket.AF_INET, socket.AF_INET6):
            yield family, str(address[0])


def _bind(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # Connections of a server that has just stopped linger; on other systems this would share the port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address, port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _reason(err: OSError) -> str:
    match err.errno:
        case errno.EADDRINUSE:
            return (
                "something listens there already, perhaps another Revenge; stop it, or choose another port "
                "with http.port (REVENGE_HTTP__PORT)"
            )
        case errno.EACCES:
            return "only root may take a port below 1024; choose another with http.port (REVENGE_HTTP__PORT)"
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address; set http.host (REVENGE_HTTP__HOST) to 127.0.0.1"
        case _:
            return os.strerror(err.errno).lower() if err.errno else str(err)
