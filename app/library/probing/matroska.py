"""What Matroska says and the library does not pass on: rotation, Dolby Vision, and its index without a search for more.

The library reads the index when it is asked to go somewhere, and where there are few entries goes on through the whole
film for others.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from struct import unpack

from app.library.probing.dolby_vision import KINDS, read_dolby_vision
from app.library.probing.peaks import peak_bit_rate
from app.library.probing.reading import CountedFile

SEGMENT, SEEK_HEAD, CUES, TRACKS, CLUSTER = 0x18538067, 0x114D9B74, 0x1C53BB6B, 0x1654AE6B, 0x1F43B675
SEEK, SEEK_ID = 0x4DBB, 0x53AB
SEEK_POSITION, INFO, SCALE = 0x53AC, 0x1549A966, 0x2AD7B1
TRACK, NUMBER, TYPE, VIDEO, PROJECTION, ROLL = 0xAE, 0xD7, 0x83, 0xE0, 0x7670, 0x7675
CUE, CUE_TIME, CUE_PLACE, CUE_TRACK, CUE_CLUSTER = 0xBB, 0xB3, 0xB7, 0xF7, 0xF1
IS_VIDEO = b"\1"
ADDITION, ADDITION_KIND, ADDITION_DATA = 0x41E4, 0x41E7, 0x41ED

MAX_ELEMENTS = 10_000
MAX_HEADER = 12
MAX_TRACKS = 4 * 2**20
"""Bytes of all track descriptions; codecs' own headers are most of it."""
MAX_CUES = 4 * 2**20
"""Bytes of the index: a day and a half of film, a keyframe every second."""
USUAL_SCALE = 1_000_000
"""Nanoseconds of a tick where nothing else is said."""
UNKNOWN = -1
FLOATS = {4: ">f", 8: ">d"}


@dataclass(slots=True)
class VideoTrack:
    number: int = 0
    rotation: int | None = None
    """Degrees clockwise that a player turns the picture by."""
    dolby_vision: dict[str, float | str] = field(default_factory=dict)


@dataclass(slots=True)
class Matroska:
    keyframes: list[int] = field(default_factory=list)
    """Of the first video, in milliseconds; none when there is no index."""
    peak_bit_rate: int | None = None
    videos: list[VideoTrack] = field(default_factory=list)
    """In the file's order."""


@dataclass(frozen=True, slots=True)
class Element:
    kind: int
    start: int
    """Of its content."""
    end: int


def read_matroska(source: CountedFile, size: int) -> Matroska:
    """Read the elements before the first cluster, and the index wherever they say that it is."""
    found, scale = Matroska(), USUAL_SCALE
    segment = next((element for element in elements(source, 0, size) if element.kind == SEGMENT), None)
    if segment is None:
        return found
    parts = list(_before_clusters(source, segment))
    for part in parts:
        if part.kind == INFO:
            scale = _scale(source, part) or scale
        elif part.kind == TRACKS and part.end - part.start <= MAX_TRACKS:
            for track in elements(source, part.start, part.end):
                if track.kind == TRACK:
                    _read_track(found, source, track)
    cues = next((part for part in parts if part.kind == CUES), None) or _pointed_at(source, segment, parts)
    if cues is not None and found.videos and cues.end - cues.start <= MAX_CUES:
        entries = cue_entries(source.at(cues.start, cues.end - cues.start), found.videos[0].number)
        found.keyframes = [round(time * scale / USUAL_SCALE) for time, _ in entries]
        places = [place for _, place in entries]
        if places == sorted(places):
            found.peak_bit_rate = peak_bit_rate(list(zip(found.keyframes, places, strict=True)))
    return found


def _before_clusters(source: CountedFile, segment: Element) -> Iterator[Element]:
    for element in elements(source, segment.start, segment.end):
        if element.kind == CLUSTER:
            return
        yield element


def _pointed_at(source: CountedFile, segment: Element, parts: list[Element]) -> Element | None:
    """Follow what points to the index, or to another list of pointers."""
    heads = [part for part in parts if part.kind == SEEK_HEAD]
    for _ in range(2):
        targets = [target for head in heads for target in _targets(source, segment, head)]
        cues = next((target for target in targets if target.kind == CUES), None)
        if cues is not None:
            return cues
        heads = [target for target in targets if target.kind == SEEK_HEAD]
    return None


def _targets(source: CountedFile, segment: Element, head: Element) -> Iterator[Element]:
    for entry in elements(source, head.start, head.end):
        if entry.kind == SEEK:
            parts = {part.kind: _read(source, part, 8) for part in elements(source, entry.start, entry.end)}
            kind = int.from_bytes(parts.get(SEEK_ID, b""), "big")
            if kind in (CUES, SEEK_HEAD) and SEEK_POSITION in parts:
                place = segment.start + int.from_bytes(parts[SEEK_POSITION], "big")
                target = next(elements(source, place, segment.end), None)
                if target is not None and target.kind == kind:
                    yield target


def _scale(source: CountedFile, info: Element) -> int:
    scales = (part for part in elements(source, info.start, info.end) if part.kind == SCALE)
    return next((int.from_bytes(_read(source, part, 8), "big") for part in scales), 0)


def cue_entries(cues: bytes, track: int) -> list[tuple[int, int]]:
    """Return times of the entries for a track, in ticks, and where their clusters are.

    Thousands, so each with as little as can be done.
    """
    entries: list[tuple[int, int]] = []
    at = 0
    while at < len(cues):
        kind, start, end = _part(cues, at)
        if kind == CUE:
            time, place = None, None
            while start < end:
                kind, inner, start = _part(cues, start)
                if kind == CUE_TIME:
                    time = int.from_bytes(cues[inner:start], "big")
                elif kind == CUE_PLACE and place is None:
                    place = _place_of(cues, inner, start, track)
            if time is not None and place is not None:
                entries.append((time, place))
        at = end
    return entries


def _place_of(cues: bytes, at: int, end: int, track: int) -> int | None:
    """Return where an entry's cluster is; None for an entry of another track."""
    place, is_ours = 0, False
    while at < end:
        kind, start, at = _part(cues, at)
        if kind == CUE_TRACK:
            is_ours = int.from_bytes(cues[start:at], "big") == track
        elif kind == CUE_CLUSTER:
            place = int.from_bytes(cues[start:at], "big")
    return place if is_ours else None


def _part(data: bytes, at: int) -> tuple[int, int, int]:
    """Return an element's kind, where its content starts and ends. Of kinds longer than a byte nothing is wanted."""
    first, size = data[at], 1
    if first < 0x80:  # noqa: PLR2004  the marker of one byte
        size = 9 - first.bit_length() if first else len(data)
    at += size
    first = data[at]
    if first >= 0x80:  # noqa: PLR2004  as above: nearly all are
        return data[at - size], at + 1, at + 1 + (first & 0x7F)
    width = 9 - first.bit_length() if first else len(data)
    length = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
    return data[at - size], at + width, at + width + length


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


def _read_track(found: Matroska, source: CountedFile, track: Element) -> None:
    is_video, video = False, VideoTrack()
    for element in elements(source, track.start, track.end):
        if element.kind == TYPE:
            is_video = _read(source, element, 8).lstrip(b"\0") == IS_VIDEO
            if not is_video:
                return
        elif element.kind == NUMBER:
            video.number = int.from_bytes(_read(source, element, 8), "big")
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
