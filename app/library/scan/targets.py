"""Which folders a scan of some folders looks into, and what is known of them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from app.db.tx import Tx
from app.library.paths import parent_of
from app.library.repository import folders
from app.library.scan.walk import Target


async def known_targets(
    tx: Tx, root_id: UUID, asked: Iterable[Target]
) -> tuple[Sequence[Target], dict[bytes, bytes | None]]:
    """Return where to look, each once, and the recorded signatures there.

    A folder that no scan has met is looked for from the nearest one above that is recorded: a look there finds what is
    new in it, with everything below.
    """
    asked = list(asked)
    lines = {target: _upwards(target.path) for target in asked}
    known = await folders.find(tx, root_id, {path for line in lines.values() for path in line})
    nearest = {target: next((path for path in line if path in known), b"") for target, line in lines.items()}
    targets = without_covered(Target(path, target.is_deep and path == target.path) for target, path in nearest.items())
    deep = [known[target.path].id for target in targets if target.is_deep]
    shallow = [known[target.path].id for target in targets if not target.is_deep]
    return targets, await folders.signatures_around(tx, deep, shallow)


def without_covered(targets: Iterable[Target]) -> list[Target]:
    """Leave out what lies within another target."""
    wanted = set(targets)
    deep = {target.path for target in wanted if target.is_deep}
    return sorted(
        target for target in wanted if not any(path in deep for path in _upwards(target.path)[target.is_deep :])
    )


def _upwards(path: bytes) -> list[bytes]:
    """Return a path and all folders above it, the root's last."""
    line = [path]
    while line[-1]:
        line.append(parent_of(line[-1]))
    return line
