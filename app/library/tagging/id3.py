"""ID3 of versions 2.2 to 2.4 and 1: frames → fields. They are in MP3, AIFF, WAV, DSF, DFF, TTA and bare AAC."""

from typing import Any

from mutagen.id3 import ID3, ID3NoHeaderError

from app.library.tagging.fields import Fields, add, name_of

FRAMES = {
    "TIT2": "title", "TSOT": "title_sort", "TPE1": "artist", "TSOP": "artist_sort", "TALB": "album",
    "TSOA": "album_sort", "TPE2": "album_artist", "TSO2": "album_artist_sort", "TRCK": "track", "TPOS": "disc",
    "TSST": "disc_title", "TDRC": "date", "TDRL": "release_date", "TDOR": "original_date", "TCMP": "compilation",
    "TPUB": "label", "TSRC": "isrc", "TMED": "media", "TCOM": "composer", "TEXT": "lyricist", "TPE3": "conductor",
    "TLAN": "language", "TCOP": "copyright", "TBPM": "bpm",
}  # fmt: skip
MUSICBRAINZ = "http://musicbrainz.org"
SLASHED = ("artists", "artists_sort", "album_artists", "album_artists_sort", "release_type", "label", "composer")
"""Before 2.4 a frame had one value; writers join several by a slash, which names may have too."""

PEOPLE = {"performer": "performer", "conductor": "conductor", "lyricist": "lyricist"}


def read_id3(source: Any) -> tuple[Fields, bool]:
    """Return the fields of the tag at the file's start (version 1: end), and whether a slash may join values."""
    try:
        return fields_of(ID3(source))
    except ID3NoHeaderError:
        return {}, False


def fields_of(tags: Any) -> tuple[Fields, bool]:
    fields: Fields = {}
    for frame in list(tags.values()):
        _read_frame(fields, frame)
    version: tuple[int, ...] = getattr(tags, "version", (2, 4, 0))
    return fields, version < (2, 4)


def _read_frame(fields: Fields, frame: Any) -> None:
    kind = frame.FrameID
    if kind in FRAMES:
        add(fields, FRAMES[kind], frame.text)
    elif kind == "TCON":
        add(fields, "genre", frame.genres)  # numbers are words by then
    elif kind == "TXXX":
        add(fields, name_of(frame.desc), frame.text)
    elif kind == "UFID" and frame.owner == MUSICBRAINZ:
        add(fields, "recording_id", [frame.data.decode("ascii", "replace")])
    elif kind == "USLT":
        add(fields, "lyrics", [frame.text])
    elif kind == "SYLT":
        add(fields, "lyrics", [_timed(frame)])
    elif kind == "COMM" and frame.desc in ("", "description"):
        add(fields, "comment", frame.text)
    elif kind in ("TIPL", "TMCL"):
        _read_people(fields, frame.people)


def _read_people(fields: Fields, people: list[Any]) -> None:
    for person in people:
        if len(person) == 2:  # noqa: PLR2004  a role and a name
            role, name = str(person[0]).lower(), person[1]
            add(fields, PEOPLE.get(role, "performer" if role not in STAFF else None), [name])


STAFF = frozenset({"arranger", "engineer", "producer", "dj-mix", "mix", "mixer", "dj mixer", "remixer"})


def _timed(frame: Any) -> str:
    """Return timed lyrics as LRC; nothing when they are timed by MPEG frames, or are no lyrics."""
    if frame.format != 2 or frame.type != 1:  # noqa: PLR2004  milliseconds; lyrics
        return ""
    lines = ((text.strip("\n"), at) for text, at in frame.text)
    return "\n".join(f"[{at // 60_000:02d}:{at % 60_000 / 1000:05.2f}]{text}" for text, at in lines)
