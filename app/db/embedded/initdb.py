"""Making a new data directory: UTF-8, C.UTF-8 order, checksums, trust inside a socket only we can reach."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from app.db.embedded.binaries import Binaries
from app.db.embedded.child import Identity, run
from app.db.embedded.cluster import SUPERUSER, Cluster
from app.db.embedded.errors import ServerFailed

BUILTIN_LOCALES_SINCE = 17

DEFAULTS = {
    "max_connections": "100",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_checkpoints": "off",
}
"""Written into postgresql.conf, to be changed there. What the supervisor relies on is said on the command line."""


async def make_cluster(cluster: Cluster, binaries: Binaries, identity: Identity, *, lock: int) -> None:
    """Make the data directory beside its place and move it there when it is whole."""
    for locale in locales(binaries.major):
        directory = cluster.begin()
        if identity.kind == "user":
            cluster.give_to(identity.uid, identity.gid)
        status, said = await run(
            identity, initdb(binaries, identity.reaches(directory), locale), directory=directory, keep_open=[lock]
        )
        if status == 0:
            add_defaults(directory)
            cluster.complete()
            return
        if "locale" not in said:
            break
    raise ServerFailed(f"PostgreSQL could not make its data directory {cluster.data}", output=said)


def initdb(binaries: Binaries, directory: str, locale: list[str]) -> list[str | Path]:
    return [
        binaries.program("initdb"),
        f"--pgdata={directory}",
        f"--username={SUPERUSER}",
        "--auth=trust",
        "--encoding=UTF8",
        "--data-checksums",
        *locale,
    ]


def locales(major: int) -> Iterator[list[str]]:
    """Yield what to ask for, best first: not every C library knows C.UTF-8, but PostgreSQL itself does since 17."""
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= BUILTIN_LOCALES_SINCE else []
    yield [*builtin, "--locale=C.UTF-8"]
    yield [*builtin, "--locale=C"]


def add_defaults(directory: Path, defaults: Mapping[str, str] = DEFAULTS) -> None:
    with (directory / "postgresql.conf").open("a") as file:
        file.write("\n# Revenge's own defaults; change them as you like.\n")
        file.writelines(f"{name} = {value}\n" for name, value in defaults.items())
