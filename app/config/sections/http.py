"""`http`: where we listen, whom we believe, how much anybody may ask."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, IPvAnyNetwork
from pydantic.dataclasses import dataclass

from app.config.sections.checks import STRICT_KEYS, PositiveDuration


def _address(host: str) -> str:
    """What a socket can be bound to, on this machine or in general: a name is looked up when we listen."""
    if not re.fullmatch(r"[0-9A-Za-z.:_-]{1,253}", host):
        raise ValueError("must be an address (127.0.0.1, ::1, 0.0.0.0 for all) or a name of this machine")
    return host


def _host_name(name: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,63}(\.[0-9A-Za-z_-]{1,63})*", name):
        raise ValueError("must be a host name alone, such as media.example.org")
    return name.lower()


def _origin(origin: str) -> str:
    """A browser writes an origin in one way only, and it is compared as a whole."""
    match = re.fullmatch(r"(https?)://([0-9a-z_.-]{1,253}|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", origin)
    if match is None:
        raise ValueError(
            "must be an origin as browsers write it, such as https://films.example.org or http://127.0.0.1:3000: "
            "in lower case, without a path; there is no wildcard"
        )
    if match[3] in (("443",) if match[1] == "https" else ("80",)):
        raise ValueError("must not name the scheme's own port: browsers leave it out")
    return origin


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class RateLimitSettings:
    """Requests that one asker may make within the window, on each node. None: as many as they like."""

    viewer: Annotated[int, Field(ge=1)] | None = 12_000
    address: Annotated[int, Field(ge=1)] | None = 24_000
    """A household behind one router, or behind a proxy that is not trusted, is one address."""
    media: Annotated[int, Field(ge=1)] | None = 60_000
    """Bytes of media, for a viewer as for an address: streams, segments, pictures. They do not count elsewhere."""
    window: PositiveDuration = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class HttpSettings:
    host: Annotated[str, AfterValidator(_address)] = "127.0.0.1"
    """Others than loopback addresses only once there is an account: until then whoever reaches us may do everything."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8484
    """0: any free one."""
    names: tuple[Annotated[str, AfterValidator(_host_name)], ...] = ()
    """What else requests may call us by, beside addresses and localhost."""
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    """Networks whose X-Forwarded-* headers are believed."""
    cors_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    """Whose pages may use this server from a browser."""
    rate_limit: RateLimitSettings = RateLimitSettings()
    max_requests: Annotated[int, Field(ge=1, le=100_000)] = 256
    """Requests that wait for an answer at once; further ones are asked to come back."""
