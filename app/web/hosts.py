"""The names that requests may call us by.

A page whose name was pointed at our address (DNS rebinding) still sends its own name as Host. So a name has to be known
to us; an address written in digits cannot be rebound, and is always fine.
"""

import ipaddress
import re
from collections.abc import Collection

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^:\[\]/@\s]+)(?::[0-9]{1,5})?")


def is_known_host(host: str, names: Collection[str]) -> bool:
    """Accept addresses, `localhost` and names below it, and the names of the configuration; with any port."""
    name = name_of(host)
    return name is not None and (_address(name) is not None or _is_localhost(name) or name in names)


def is_loopback_host(host: str) -> bool:
    name = name_of(host)
    if name is None:
        return False
    address = _address(name)
    return _is_localhost(name) if address is None else address.is_loopback


def name_of(host: str) -> str | None:
    """Return a Host header's name without its port, in lower case; None when it is no Host header."""
    match = _HOST.fullmatch(host)
    return match["name"].strip("[]").rstrip(".").lower() if match else None


def _is_localhost(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
