"""What a walk passes by: hidden things, recycle bins, snapshots, downloads that are not finished."""

import re

_JUNK_NAMES = frozenset(
    {
        b"$recycle.bin",
        b"#recycle",
        b"#snapshot",
        b"@eadir",
        b"lost+found",
        b"system volume information",
        b"thumbs.db",
        b"@recently-snapshot",
        b"__macosx",
    }
)
_JUNK_STARTS = (b".", b"@recycle", b"_unpack_", b"_failed_", b"~syncthing~", b"~$")
_UNFINISHED = (
    b".part",
    b".partial",
    b".!qb",
    b".!ut",
    b".crdownload",
    b".aria2",
    b".download",
    b".!sync",
    b".bc!",
    b".tmp",
)

_SAMPLE = re.compile(rb"(?:^|[-._ ])sample\.[^.]+$", re.IGNORECASE)
SAMPLE_MAX = 50 * 2**20
"""Bytes. Above it, what is called a sample is taken for a film about one."""

_SUSPECT_FIRST = frozenset(start[0] for start in (*_JUNK_STARTS, *_JUNK_NAMES))
"""First bytes of everything above: most names are cleared by looking at theirs alone."""


def is_junk(lower: bytes) -> bool:
    """Whether a file or folder of this name, in lower case, is to be passed by."""
    return lower.endswith(_UNFINISHED) or (
        lower[0] in _SUSPECT_FIRST and (lower.startswith(_JUNK_STARTS) or lower in _JUNK_NAMES)
    )


def is_sample(lower: bytes, size: int) -> bool:
    return size < SAMPLE_MAX and b"sample" in lower and _SAMPLE.search(lower) is not None
