"""One picture attached to a media file → its bytes. Runs in a prober's process only, as `read` does."""

import av
import av.error
import av.stream

from app.library.probing.read import open_container
from app.library.probing.reading import CountedFile

MAX_BYTES = 24 * 2**20
"""More than any cover that somebody wants to look at, and less than an answer may have."""

MAX_PACKETS = 256
"""Packets read in search of it. Attached pictures come before everything else."""


def read_picture(file: int, index: int) -> bytes:
    """Return the bytes as they are attached, undecoded. Empty: there is none at this index, or it cannot be read."""
    try:
        return _read(file, index)
    except (av.error.FFmpegError, OSError, ValueError, IndexError, MemoryError):
        # Whatever is wrong with a file, probing it has said; here it only has no picture.
        return b""


def _read(file: int, index: int) -> bytes:
    with open_container(CountedFile(file)) as container:
        stream = container.streams[index]
        if av.stream.Disposition.attached_pic not in stream.disposition:
            return b""
        for number, packet in enumerate(container.demux(stream)):
            if number >= MAX_PACKETS or packet.size > MAX_BYTES:
                break
            if packet.stream.index == index and packet.size:
                return bytes(packet)
    return b""
