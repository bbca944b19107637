"""A transport stream as FFmpeg writes it → segments, each of which can be played by itself.

A segment begins with the tables, then the packet in which a keyframe begins; of sound alone, any packet of its will do.
"""

from asyncio import IncompleteReadError, StreamReader
from collections.abc import AsyncIterator, Callable

PACKET = 188
SYNC = 0x47
PAT = 0

_PMT_PID = 0x1000
"""Where FFmpeg puts its only program."""
_FIRST_PID = 0x100
"""Of its first stream, which is the picture where there is one."""


async def split(
    stdout: StreamReader, place: Callable[[int], int], first: int, *, has_picture: bool
) -> AsyncIterator[tuple[int, bytes]]:
    """Yield (number, bytes) from the segment `first` on; `place` tells the number by a time of 90,000 a second."""
    tables: dict[int, bytes] = {}
    collected, number, begun = bytearray(), first, False
    async for packet in _packets(stdout):
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        if pid in (PAT, _PMT_PID):
            tables[pid] = packet
            if begun:
                collected += packet
            continue
        time = _begins_at(packet, pid) if pid == _FIRST_PID and (not has_picture or _is_keyframe(packet)) else None
        if time is not None and (found := place(time)) >= first and (found > number or not begun):
            if begun:
                yield number, bytes(collected)
            collected, number, begun = bytearray(b"".join(tables[pid] for pid in sorted(tables))), found, True
        if begun:
            collected += packet
    if begun:
        yield number, bytes(collected)


async def _packets(stdout: StreamReader) -> AsyncIterator[bytes]:
    while True:
        try:
            block = await stdout.readexactly(PACKET)
        except IncompleteReadError:
            return
        if block[0] == SYNC:
            yield block


def _is_keyframe(packet: bytes) -> bool:
    """Whether decoding can begin with this packet: the encoder's own word."""
    return bool(packet[3] & 0x20) and packet[4] > 0 and bool(packet[5] & 0x40)


def _begins_at(packet: bytes, pid: int) -> int | None:  # noqa: ARG001  named by its caller
    """Return when what begins in this packet is shown; None where nothing begins."""
    if not packet[1] & 0x40:
        return None
    start = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
    pes = packet[start : start + 14]
    if len(pes) < 14 or pes[:3] != b"\0\0\1" or not pes[7] & 0x80:  # noqa: PLR2004  a header with a time
        return None
    return (pes[9] >> 1 & 7) << 30 | pes[10] << 22 | pes[11] >> 1 << 15 | pes[12] << 7 | pes[13] >> 1
