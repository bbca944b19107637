"""Tags of everything but ID3: Vorbis comments, MP4's atoms, APEv2, ASF, and what FFmpeg read of a container."""

from collections.abc import Callable, Mapping
from typing import Any

from mutagen.aiff import AIFF
from mutagen.apev2 import APENoHeaderError, APEv2
from mutagen.asf import ASF
from mutagen.dsdiff import DSDIFF
from mutagen.dsf import DSF
from mutagen.flac import FLAC
from mutagen.mp4 import Atoms, MP4Tags
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggtheora import OggTheora
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from app.library.tagging.fields import Fields, add, complete, name_of
from app.library.tagging.id3 import fields_of, read_id3

ATOMS = {
    "©nam": "title", "sonm": "title_sort", "©ART": "artist", "soar": "artist_sort", "©alb": "album",
    "soal": "album_sort", "aART": "album_artist", "soaa": "album_artist_sort", "©day": "date", "©gen": "genre",
    "©wrt": "composer", "cprt": "copyright", "©cpy": "copyright", "©lyr": "lyrics", "©cmt": "comment",
    "tmpo": "bpm", "©wrk": "work", "©pub": "label",
}  # fmt: skip
ITUNES = "----:"
OGG = {"opus": OggOpus, "vorbis": OggVorbis, "flac": OggFLAC, "speex": OggSpeex, "theora": OggTheora}

Read = tuple[Fields, bool]
"""The fields, and whether their values may be several that a slash joins."""


def read_vorbis(tags: Any) -> Read:
    fields: Fields = {}
    for key, value in tags or ():
        add(fields, name_of(key), [value])
    return fields, False


def read_flac(source: Any) -> Read:
    return read_vorbis(FLAC(source).tags)


def read_mp4(source: Any) -> Read:
    """Read the tags alone: a sound in it that mutagen does not know is none of their business."""
    atoms = Atoms(source)
    fields: Fields = {}
    if not MP4Tags._can_load(atoms):  # noqa: SLF001  the only way to ask
        return fields, False
    for key, value in MP4Tags(atoms, source).items():
        _read_atom(fields, key, value)
    return fields, False


def _read_atom(fields: Fields, key: str, value: Any) -> None:
    if key.startswith(ITUNES):
        texts = [bytes(part).decode("utf-8", "replace") for part in value]
        add(fields, name_of(key.rpartition(":")[2]), texts)
    elif key in ("trkn", "disk"):
        name = "track" if key == "trkn" else "disc"
        for number, total in value[:1]:
            add(fields, name, [number])
            add(fields, f"{name}_total", [total])
    elif key == "cpil":
        add(fields, "compilation", [int(bool(value))])
    elif key in ATOMS:
        add(fields, ATOMS[key], value)


def read_ape(source: Any) -> Read:
    fields: Fields = {}
    try:
        tags = APEv2(source)
    except APENoHeaderError:
        return fields, False
    for key, value in tags.items():
        if value.kind == 0:  # text; the others are pictures and links
            add(fields, name_of(key), list(value))
    return fields, False


def read_asf(source: Any) -> Read:
    fields: Fields = {}
    for key, value in ASF(source).tags or ():
        name = name_of(key)
        # Windows counts tracks from 0 in one attribute and from 1 in the other.
        if key != "WM/Track":
            add(fields, name, [value])
    return fields, False


def read_mp3(source: Any) -> Read:
    """ID3, completed by APEv2, in which mp3gain leaves its figures."""
    fields, is_slashed = read_id3(source)
    source.seek(0)
    complete(fields, read_ape(source)[0])
    return fields, is_slashed


def _inner_id3(kind: Any) -> Callable[[Any], Read]:
    def read(source: Any) -> Read:
        tags = kind(source).tags
        return ({}, False) if tags is None else fields_of(tags)

    return read


READERS: dict[str, Callable[[Any], Read]] = {
    "flac": read_flac, "mp4": read_mp4, "mp3": read_mp3, "aac": read_mp3, "asf": read_asf, "ape": read_ape,
    "mpc": read_ape, "mpc8": read_ape, "wv": read_ape, "tta": read_mp3, "wav": _inner_id3(WAVE),
    "aiff": _inner_id3(AIFF), "dsf": _inner_id3(DSF), "iff": _inner_id3(DSDIFF),
}  # fmt: skip


def reader_for(container: str, codec: str | None) -> Callable[[Any], Read] | None:
    """Return what reads the tags of a container that FFmpeg calls so; None: FFmpeg's own reading must do."""
    names = container.split(",")
    if "ogg" in names:
        kind = OGG.get(codec or "")
        return None if kind is None else lambda source: read_vorbis(kind(source).tags)
    return next((READERS[name] for name in names if name in READERS), None)


def read_plain(*tags: Mapping[str, str]) -> Fields:
    """Read what FFmpeg made of a container's tags: one value each, of some formats less than there is."""
    fields: Fields = {}
    for mapping in tags:
        found: Fields = {}
        for key, value in mapping.items():
            add(found, name_of(key), [value])
        complete(fields, found)
    return fields
