"""Where the system tells of changes. On network disks it tells only of our own; others change them unheard."""

import os
import re
from pathlib import Path

UNHEARD = frozenset(
    {
        "9p", "acfs", "afs", "aufs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse", "gfs2", "glusterfs", "lustre",
        "ncpfs", "nfs", "nfs4", "ocfs2", "prl_fs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs",
    }
)  # fmt: skip
"""Types of file system that others may change behind this machine's back. `fuse.*` counts as fuse."""

_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(rb"\\([0-7]{3})")


def file_system_of(path: bytes, mounts: bytes | None = None) -> str | None:
    """Return the type of the file system a real path lies on; None if it cannot be told.

    `mounts` is what the system says of its mounts, for who has read it already.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_bytes()
        except OSError:
            return None
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        before, _, after = line.partition(b" - ")
        fields, kinds = before.split(b" "), after.split(b" ")
        if len(fields) > 4 and kinds[0]:  # noqa: PLR2004  the fifth is the mount point
            point = _ESCAPED.sub(lambda code: bytes([int(code[1], 8)]), fields[4])
            # A later mount over the same point hides the earlier one.
            if _is_within(path, point) and (found is None or len(point) >= found[0]):
                found = len(point), os.fsdecode(kinds[0])
    return found[1] if found is not None else None


def is_heard(kind: str | None) -> bool:
    """Whether the system tells of all changes on a file system of this type."""
    return kind is None or kind.partition(".")[0] not in UNHEARD


def _is_within(path: bytes, point: bytes) -> bool:
    return path == point or path.startswith(point.rstrip(b"/") + b"/")
