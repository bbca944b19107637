"""Which addresses belong to the world, and which to this machine and the networks around it. Pure."""

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""NAT64: the last 32 bits are the address that is really spoken with."""


_NOT_OF_THE_WORLD = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "100::/64", "2001:10::/28", "3fff::/20", "5f00::/16",
         "fec0::/10"),
    )
)  # fmt: skip
"""What IANA keeps for special purposes and not every Python we run on knows of."""


def is_public(address: str) -> bool:
    """Tell whether an address, and every one hidden in it, is one of the public internet."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_is_global(one) for one in _hidden_in(ip))


def _is_global(ip: IPAddress) -> bool:
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return not any(ip in network for network in _NOT_OF_THE_WORLD)


def _hidden_in(ip: IPAddress) -> list[IPAddress]:
    """Return the addresses that packets to this one may reach."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    if ip.ipv4_mapped is not None:
        return [ip.ipv4_mapped]
    if ip in _TRANSLATED:
        return [ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)]
    found: list[IPAddress] = [ip]
    if ip.sixtofour is not None:
        found.append(ip.sixtofour)
    if ip.teredo is not None:
        found += ip.teredo
    return found
