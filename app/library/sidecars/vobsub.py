"""VobSub: subtitles as pictures of words, in two files. `.idx` says when which is shown, `.sub` holds them. Pure.

One index may tell of several languages, each of which is a track of its own. A `.sub` alone is something else most
often: text, in one of several old formats.
"""

import re
from dataclasses import dataclass, field

from app.library.naming.languages import language_of
from app.library.naming.text import LONGEST, clean_text

MAX_INDEX = 16 * 2**20
"""Bytes of an `.idx`. Thirty languages of a long film have a quarter of it."""

MOST_TRACKS = 32
"""As many as its format can tell apart."""

PICTURES_BEGIN = b"\x00\x00\x01\xba"
"""How a `.sub` begins that holds pictures."""

NO_PICTURES = "its pictures are missing: there is no .sub of this name beside it"
NO_INDEX = "pictures of words without their index: there is no .idx of this name beside it"
NO_TRACKS = "no index of subtitles"

_TRACK = re.compile(r"id:\s*([^,]{0,63})(?:,\s*index:\s*(\d{1,3}))?")
_TIME = re.compile(r"timestamp:\s*\d{1,3}:\d{1,2}:\d{1,2}:\d{1,3},\s*filepos:\s*[0-9a-fA-F]{1,16}")
_DELAY = re.compile(r"delay:\s*-?\d{1,3}:\d{1,2}:\d{1,2}:\d{1,3}")
_SETTING = re.compile(r"[a-z ]{1,40}:[^\x00-\x1f]{1,400}")


@dataclass(slots=True)
class Track:
    number: int
    """What its pictures are marked with."""
    language: str | None
    title: str | None = None
    lines: list[str] = field(default_factory=list)
    """Times and places of its pictures."""


@dataclass(slots=True)
class Index:
    settings: list[str] = field(default_factory=list)
    """What holds for all: the size of the pictures, their colours."""
    tracks: list[Track] = field(default_factory=list)
    """Those that show anything, in the index's order."""


def read_index(text: str) -> Index:
    """Read an `.idx`. What makes no sense is passed by; an index without tracks is none."""
    index = Index()
    tracks: dict[int, Track] = {}
    now: Track | None = None
    for line in map(str.strip, text.splitlines()):
        if line.startswith("id:"):
            now = _track(tracks, line)
        elif now is None:
            if _SETTING.fullmatch(line):
                index.settings.append(line)
        elif _TIME.fullmatch(line) or _DELAY.fullmatch(line):
            now.lines.append(line)
        elif line.startswith("alt:") and now.title is None:
            now.title = clean_text(line[4:])[:LONGEST].strip() or None
    index.tracks = [one for one in tracks.values() if any(map(_TIME.fullmatch, one.lines))]
    return index


def text_of(index: Index, place: int) -> str:
    """Return the index of one of the tracks alone."""
    track = index.tracks[place]
    return "\n".join([*index.settings, f"id: und, index: {track.number}", *track.lines, ""])


def _track(tracks: dict[int, Track], line: str) -> Track | None:
    found = _TRACK.match(line)
    number = int(found[2]) if found is not None and found[2] is not None else 0
    if found is None or number >= MOST_TRACKS:
        return None
    return tracks.setdefault(number, Track(number, language_of(found[1].strip())))
