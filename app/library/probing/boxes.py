"""The boxes of MP4 and QuickTime: what lies where. Only headers are read; sizes are believed within their parent."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.library.probing.reading import CountedFile

MAX_BOXES = 4_000
"""Looked at inside one parent; what a fragmented film has more of comes after its index."""
MAX_TABLE = 16 * 2**20
"""Bytes of one table: ten hours of frames, each with an entry of its own."""
HEADER, LONG_HEADER = 8, 16


@dataclass(frozen=True, slots=True)
class Box:
    kind: bytes
    start: int
    """Of its content."""
    end: int


def children(source: CountedFile, start: int, end: int) -> Iterator[Box]:
    """Give the boxes from here to there, until one makes no sense."""
    for _ in range(MAX_BOXES):
        header = source.header(start, LONG_HEADER)
        if start + HEADER > end or len(header) < HEADER:
            return
        size, content = int.from_bytes(header[:4], "big"), start + HEADER
        if size == 1:
            size, content = int.from_bytes(header[8:16], "big"), start + LONG_HEADER
        stop = end if size == 0 else start + size
        if stop < content or stop > end:
            return
        yield Box(header[4:8], content, stop)
        start = stop


def find(source: CountedFile, box: Box, *path: bytes) -> Box | None:
    """Return the first box at a path of kinds below this one."""
    for kind in path:
        found = next((child for child in children(source, box.start, box.end) if child.kind == kind), None)
        if found is None:
            return None
        box = found
    return box


def content(source: CountedFile, box: Box | None) -> bytes | None:
    """Return a box's bytes; None when there is no such box, or it is too large to be honest."""
    if box is None or box.end - box.start > MAX_TABLE:
        return None
    data = source.at(box.start, box.end - box.start)
    return data if len(data) == box.end - box.start else None
