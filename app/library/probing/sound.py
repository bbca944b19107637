"""Which sound has objects (Atmos): a player that knows them wants it untouched, another hears what lies below."""

import contextlib
from typing import Any

import av.error

from app.library.media import MediaInfo, StreamInfo
from app.library.probing.mp4 import has_objects
from app.library.probing.reading import CountedFile
from app.library.probing.values import text

OBJECTS = frozenset({"eac3", "truehd"})
ATMOS = "Dolby Digital Plus + Dolby Atmos"
"""FFmpeg's word for the profile."""

PACKETS = 64
"""Packets of sound read in search of a first whole frame; TrueHD begins one with every eighth or so."""


def read_sound(info: MediaInfo, container: Any, source: CountedFile, size: int) -> None:
    """Find objects where neither the stream's start nor its description told the library."""
    waiting = {stream.index: stream for stream in info.streams if stream.codec in OBJECTS and not stream.profile}
    if waiting and "mov" in (info.container or "").split(","):
        for index, stream in list(waiting.items()):
            if has_objects(source, size, container.streams[index].id):
                stream.profile = ATMOS
                del waiting[index]
    if waiting:
        with contextlib.suppress(av.error.FFmpegError):
            _decode(container, waiting)


def _decode(container: Any, waiting: dict[int, StreamInfo]) -> None:
    """Ask the decoders, who know after one frame, whichever it is: there is no need to go back for the first."""
    for count, packet in enumerate(container.demux([container.streams[index] for index in waiting])):
        if packet.stream.index in waiting and packet.size and packet.decode():
            stream = waiting.pop(packet.stream.index)
            stream.profile = text(packet.stream.profile)
        if not waiting or count >= PACKETS:
            return
