"""What Matroska says and the library does not pass on: whether it has an index, rotation, Dolby Vision."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from struct import unpack

from app.library.probing.dolby_vision import KINDS, read_dolby_vision
from app.library.probing.reading import CountedFile

SEGMENT, SEEK_HEAD, CUES, TRACKS, CLUSTER = 0x18538067, 0x114D9B74, 0x1C53BB6B, 0x1654AE6B, 0x1F43B675
SEEK, SEEK_ID = 0x4DBB, 0x53AB
TRACK, TYPE, VIDEO, PROJECTION, ROLL = 0xAE, 0x83, 0xE0, 0x7670, 0x7675
IS_VIDEO = b"\1"
ADDITION, ADDITION_KIND, ADDITION_DATA = 0x41E4, 0x41E7, 0x41ED

MAX_ELEMENTS = 10_000
MAX_HEADER = 12
MAX_TRACKS = 4 * 2**20
"""Bytes of all track descriptions; codecs' own headers are most of it."""
UNKNOWN = -1
FLOATS = {4: ">f", 8: ">d"}


@dataclass(slots=True)
class VideoTrack:
    rotation: int | None = None
    """Degrees clockwise that a player turns the picture by."""
    dolby_vision: dict[str, float | str] = field(default_factory=dict)


@dataclass(slots=True)
class Matroska:
    has_cues: bool = False
    """Whether there is an index: times of keyframes, for seeking."""
    videos: list[VideoTrack] = field(default_factory=list)
    """In the file's order."""


@dataclass(frozen=True, slots=True)
class Element:
    kind: int
    start: int
    """Of its content."""
    end: int


def read_matroska(source: CountedFile, size: int) -> Matroska:
    """Read the elements before the first cluster, and what they say lies elsewhere."""
    found = Matroska()
    segment = next((element for element in elements(source, 0, size) if element.kind == SEGMENT), None)
    if segment is None:
        return found
    for element in elements(source, segment.start, segment.end):
        if element.kind == CLUSTER:
            break
        if element.kind == CUES:
            found.has_cues = True
        elif element.kind == SEEK_HEAD:
            found.has_cues |= _points_to_cues(source, element)
        elif element.kind == TRACKS and element.end - element.start <= MAX_TRACKS:
            for track in elements(source, element.start, element.end):
                if track.kind == TRACK:
                    _read_track(found, source, track)
    return found


def elements(source: CountedFile, start: int, end: int) -> Iterator[Element]:
    """Give the elements from here to there, until one makes no sense. One of unknown size goes to the end."""
    for _ in range(MAX_ELEMENTS):
        if start >= end:
            return
        header = source.header(start, MAX_HEADER)
        kind, width = _number(header, keep_marker=True)
        length, more = _number(header[width:], keep_marker=False)
        if kind is None or length is None:
            return
        content = start + width + more
        stop = end if length == UNKNOWN else min(content + length, end)
        yield Element(kind, content, stop)
        start = stop


def _number(data: bytes, *, keep_marker: bool) -> tuple[int | None, int]:
    if not data or data[0] == 0:
        return None, 0
    width = 9 - data[0].bit_length()
    if len(data) < width:
        return None, 0
    value = int.from_bytes(data[:width], "big")
    if keep_marker:
        return value, width
    value &= (1 << 7 * width) - 1
    return (UNKNOWN if value == (1 << 7 * width) - 1 else value), width


def _read(source: CountedFile, element: Element, limit: int = 1_000) -> bytes:
    return source.header(element.start, min(element.end - element.start, limit))


def _points_to_cues(source: CountedFile, head: Element) -> bool:
    return any(
        target.kind == SEEK_ID and int.from_bytes(_read(source, target), "big") == CUES
        for entry in elements(source, head.start, head.end)
        if entry.kind == SEEK
        for target in elements(source, entry.start, entry.end)
    )


def _read_track(found: Matroska, source: CountedFile, track: Element) -> None:
    is_video, video = False, VideoTrack()
    for element in elements(source, track.start, track.end):
        if element.kind == TYPE:
            is_video = _read(source, element, 8).lstrip(b"\0") == IS_VIDEO
        elif element.kind == ADDITION:
            video.dolby_vision = _dolby_vision(source, element) or video.dolby_vision
        elif element.kind == VIDEO:
            video.rotation = _rotation(source, element)
    if is_video:
        found.videos.append(video)


def _dolby_vision(source: CountedFile, mapping: Element) -> dict[str, float | str]:
    parts = {element.kind: _read(source, element) for element in elements(source, mapping.start, mapping.end)}
    kind = parts.get(ADDITION_KIND, b"").lstrip(b"\0")
    return read_dolby_vision(parts.get(ADDITION_DATA, b"")) if kind in KINDS else {}


def _rotation(source: CountedFile, video: Element) -> int | None:
    """Return a roll of quarter turns. The element counts against the clock, players are told with it."""
    for projection in elements(source, video.start, video.end):
        if projection.kind == PROJECTION:
            for element in elements(source, projection.start, projection.end):
                data = _read(source, element, 8)
                if element.kind == ROLL and len(data) in FLOATS:
                    roll = unpack(FLOATS[len(data)], data)[0]
                    turn = -round(roll) % 360 if isfinite(roll) else 0
                    return turn if turn % 90 == 0 and turn else None
    return None
