"""Where this server is, told to commands of the same data directory: a file with its address and its credential.

A server that is killed leaves its file behind, and its port may be another program's by then. So whoever reads the
file first has the server prove itself, and shows the credential to nobody else (`app.cli.reaching`).
"""

import asyncio
import contextlib
import hashlib
import ipaddress
import os
import tempfile
from pathlib import Path

import msgspec
import structlog

from app.config import Settings
from app.web.listening import authority

log = structlog.get_logger("web")

FILE = "server.json"


class Running(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    token: str
    database: str
    """Which database it serves, as `database_of` says it."""


def database_of(settings: Settings) -> str:
    """Name the database of a configuration, without telling it: a server of another one is none to ask."""
    url = settings.database.url.get_secret_value() if settings.database.url is not None else ""
    return hashlib.sha256(f"{url}\0{settings.jobs.schema}".encode()).hexdigest()


def url_nearby(host: str, port: int) -> str:
    """Return where this machine reaches a server that listens on an address: on all of them means on loopback too."""
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"  # noqa: PLR2004
    return f"http://{authority(host, port)}"


def read(data_dir: Path) -> Running | None:
    """Return what a server has left here; None where there is nothing, or nothing that we may read."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((data_dir / FILE).read_bytes(), type=Running)
    return None


def write(data_dir: Path, running: Running) -> None:
    """Tell where we are, to the owner alone. Seen whole or not at all. Of several servers, the last one is found."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=f".{FILE}.", dir=data_dir)  # readable by the owner alone, whatever the umask
    try:
        with os.fdopen(number, "wb") as file:
            file.write(msgspec.json.encode(running))
        Path(name).replace(data_dir / FILE)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def remove(data_dir: Path, token: str) -> None:
    """Take back what we told; what another server has told since stays."""
    found = read(data_dir)
    if found is not None and found.token == token:
        (data_dir / FILE).unlink(missing_ok=True)


class Announcement:
    """The file's life: from when the server answers until it stops."""

    def __init__(self, settings: Settings, token: str) -> None:
        self._settings = settings
        self._token = token

    async def tell(self, host: str, port: int) -> None:
        running = Running(url=url_nearby(host, port), token=self._token, database=database_of(self._settings))
        try:
            await asyncio.to_thread(write, self._settings.data_dir, running)
        except OSError as err:
            # On a disk that is full or read-only the server still serves; commands then ask the database themselves.
            log.warning("commands on this machine will not find this server", error=str(err))

    async def take_back(self) -> None:
        try:
            await asyncio.to_thread(remove, self._settings.data_dir, self._token)
        except OSError as err:
            log.warning("the file that tells of this server stays behind, and is worth nothing", error=str(err))
