"""Which server a command speaks to: one that was named, else the one that runs here, else one in this process."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import httpx
import msgspec

from app.accounts.local import prove
from app.cli.api import BASE, Api, speaking
from app.config.sources import API_KEY_VARIABLE, SERVER_VARIABLE
from app.errors import InvalidInput
from app.web.running import Running, database_of, read

if TYPE_CHECKING:
    from app.config import Settings

PATIENCE = httpx.Timeout(5, connect=2)
"""Seconds for a server of this machine to prove itself; one that is too busy to is passed over."""

HERE = "http://127.0.0.1"
"""What a server in this process is called."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another machine's server, and the API key of an administrator there."""

    url: str
    api_key: str | None

    @classmethod
    def named(cls, server: str | None, api_key: str | None, environ: Mapping[str, str]) -> Self | None:
        """Return what the words name, else the environment; None where neither names anything.

        Raises:
            InvalidInput: it is no address, or a key without a server to show it to.
        """
        url = environ.get(SERVER_VARIABLE) if server is None else server
        if not url:
            if api_key is not None:
                raise InvalidInput("api-key", "is for another machine's server; name it with --server")
            return None
        return cls(_address(url), api_key or environ.get(API_KEY_VARIABLE) or None)


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_fine = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or not port_is_fine:
        raise InvalidInput("server", "must be an address such as https://media.example.org or http://192.0.2.7:8484")
    if parts.username is not None:
        raise InvalidInput("server", "must hold no name and password; give a key with REVENGE_API_KEY or --api-key")
    return url.rstrip("/")


@asynccontextmanager
async def reach_elsewhere(server: Elsewhere) -> AsyncIterator[Api]:
    async with speaking(server.url, server.api_key) as api:
        yield api


@asynccontextmanager
async def reach_here(settings: "Settings") -> AsyncIterator[Api]:
    """Open the API of the server that runs over this data directory and database; where none does, one of our own."""
    found = await find_running(settings)
    if found is not None:
        # What the environment says about proxies is about other machines.
        async with speaking(found.url, found.token, trust_env=False) as api:
            yield api
        return
    from app.main import application

    async with application(settings) as opened:
        transport = httpx.ASGITransport(opened.api)
        async with speaking(HERE, opened.token, transport=transport, trust_env=False) as api:
            yield api


async def find_running(settings: "Settings") -> Running | None:
    """Return the server that runs here, once it has proven that it holds the credential we are about to show it."""
    found = read(settings.data_dir)
    if found is None or found.database != database_of(settings):
        return None
    challenge = secrets.token_hex(32)
    try:
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
            answer = await http.get(f"{found.url}{BASE}/proof", params={"challenge": challenge})
        proof = msgspec.json.decode(answer.content, type=dict[str, object]).get("proof")
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError):
        return None
    right = prove(found.token, challenge)
    return found if secrets.compare_digest(str(proof).encode(), right.encode()) else None
