"""What lies in a container and the library does not pass on: its index of keyframes, rotation, Dolby Vision.

Only of films in MP4 and Matroska, and an index also of AVI: the others have none that can be trusted without reading
the film, which is done for those that are played (`packets`).
"""

import struct
from typing import Any

from app.library.keyframes import pack, thinned
from app.library.media import KeyframeIndex, MediaInfo, StreamInfo
from app.library.probing.matroska import read_matroska
from app.library.probing.mp4 import Mp4Track, read_mp4
from app.library.probing.reading import CountedFile
from app.library.probing.values import LONGEST_MS, milliseconds, number

MAX_VIDEOS = 8
"""A file may claim thousands of streams."""


def read_container(info: MediaInfo, container: Any, source: CountedFile, size: int) -> None:
    """Add to what is known of the streams with pictures, and find the keyframes of the first."""
    videos = [stream for stream in info.streams if stream.kind == "video"][:MAX_VIDEOS]
    names = (info.container or "").split(",")
    try:
        if videos and "mov" in names:
            _read_mp4(info, videos, container, source, size)
        elif videos and "matroska" in names:
            _read_matroska(info, videos, source, size)
        elif videos and "avi" in names:
            _keep(info, videos[0], _entries(container, videos[0]))
    except (ArithmeticError, IndexError, ValueError, struct.error):
        return  # the bytes made no sense here; they may have made enough for the library


def _read_mp4(info: MediaInfo, videos: list[StreamInfo], container: Any, source: CountedFile, size: int) -> None:
    for stream in videos:
        track = read_mp4(source, size, container.streams[stream.index].id)
        if track is not None:
            stream.rotation = track.rotation
            _add_dolby_vision(stream, track.dolby_vision)
            if stream is videos[0]:
                _keep(info, stream, _aligned(track, stream.start_ms), track.peak_bit_rate)


def _aligned(track: Mp4Track, start: int | None) -> list[int]:
    if not track.is_fragmented or start is None or not track.keyframes:
        return track.keyframes
    shift = start - track.keyframes[0]
    return [time + shift for time in track.keyframes]


def _read_matroska(info: MediaInfo, videos: list[StreamInfo], source: CountedFile, size: int) -> None:
    found = read_matroska(source, size)
    for stream, track in zip(videos, found.videos, strict=False):  # in the file's order, both
        stream.rotation = track.rotation
        _add_dolby_vision(stream, track.dolby_vision)
    _keep(info, videos[0], found.keyframes, found.peak_bit_rate)


def _entries(container: Any, stream: StreamInfo) -> list[int]:
    video = container.streams[stream.index]
    entries = (entry.timestamp for entry in video.index_entries if entry.is_keyframe)
    times = (milliseconds(ticks, video.time_base) for ticks in entries)
    return [time for time in times if time is not None]


def _keep(info: MediaInfo, stream: StreamInfo, times: list[int], peak: int | None = None) -> None:
    times = thinned(time for time in times if abs(time) < LONGEST_MS)
    peak = number(peak, positive=True)
    if times:
        info.keyframes = KeyframeIndex(
            stream_index=stream.index, count=len(times), times=pack(times), peak_bit_rate=peak
        )


def _add_dolby_vision(stream: StreamInfo, record: dict[str, float | str]) -> None:
    if record:
        stream.hdr_metadata = {**(stream.hdr_metadata or {}), **record}
        if record["dv_bl_signal_compatibility_id"] == 0:
            stream.hdr = "dolby_vision"
