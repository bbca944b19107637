"""Keyframes of a film whose container has no index, from its packets. Runs in a prober's process only, as `read` does.

Nothing is decoded, and the file is read once, from beginning to end. What is told is all of them or none: half an index
would cut half a film.
"""

from itertools import pairwise
from typing import Any

import av.error

from app.library.keyframes import pack, thinned
from app.library.media import KeyframeIndex
from app.library.probing.peaks import peak_bit_rate
from app.library.probing.read import BUFFER, open_container
from app.library.probing.reading import CountedFile
from app.library.probing.values import LONGEST_MS, milliseconds

ROOM = 32 * 2**20
"""Bytes that may be read beyond the file's size: opening it reads its beginning and its end once more."""


def scan_keyframes(file: int, index: int) -> KeyframeIndex | None:
    """Return where decoding of this stream can begin; None where its packets do not tell, or not to be relied on.

    Never raises: what is wrong with a file, probing it has said.
    """
    source = CountedFile(file)
    try:
        size = source.size()
        source = CountedFile(file, allowed=size + ROOM, calls=4 * (size + ROOM) // BUFFER)
        with open_container(source) as container:
            entries = _entries(container, index)
    except (av.error.FFmpegError, OSError, ValueError, IndexError, MemoryError):
        return None
    times = [time for time, _ in entries]
    if not times or source.is_spent or source.error is not None or not _ascend(times):
        return None
    times = thinned(times)
    return KeyframeIndex(stream_index=index, count=len(times), times=pack(times), peak_bit_rate=peak_bit_rate(entries))


def _entries(container: Any, index: int) -> list[tuple[int, int]]:
    """Return the times of the keyframes, and how many bytes of the stream lie before each."""
    stream, before = container.streams[index], 0
    found: list[tuple[int, int]] = []
    for packet in container.demux(stream):
        time = milliseconds(packet.pts, stream.time_base) if packet.is_keyframe else None
        if time is not None and abs(time) < LONGEST_MS:
            found.append((time, before))
        before += packet.size
    return found


def _ascend(times: list[int]) -> bool:
    """Whether time only goes on. In recordings that were put together it begins anew, and no place is found by it."""
    return all(earlier < later for earlier, later in pairwise(times))
