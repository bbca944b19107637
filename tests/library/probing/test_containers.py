"""What containers say and the library does not pass on. What no encoder here writes is put into a file by hand."""

import os
import struct
from pathlib import Path

import pytest

from app.library.media import MediaInfo, StreamInfo
from app.library.probing.boxes import children
from app.library.probing.dolby_vision import read_dolby_vision
from app.library.probing.matroska import TRACK, TRACKS, elements
from app.library.probing.read import probe
from app.library.probing.reading import CountedFile
from tests.fixtures.media import CHAPTERS, PICTURE, SUBTITLES, TONE, X264, Media

PROFILE_8_1 = bytes([1, 0, 8 << 1, 6 << 3 | 0b101, 1 << 4]) + bytes(19)
PROFILE_5 = bytes([1, 0, 5 << 1, 6 << 3 | 0b101, 0]) + bytes(19)
PATH = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")


def read(path: Path) -> MediaInfo:
    file = os.open(path, os.O_RDONLY)
    try:
        return probe(file)
    finally:
        os.close(file)


def video_of(path: Path) -> StreamInfo:
    info = read(path)
    assert info.problem is None
    return next(stream for stream in info.streams if stream.kind == "video")


def grow_mp4(content: bytes, added: bytes, *path: bytes) -> bytes:
    """Add to the end of the box at a path, and to the size of all it lies in. The index is at the end of the file."""
    made = bytearray(content)
    at = end = 0
    for kind in (*PATH, *path):
        at = made.index(kind, at) - 4
        end = at + int.from_bytes(made[at : at + 4], "big")
        made[at : at + 4] = (end - at + len(added)).to_bytes(4, "big")
    return bytes(made[:end] + added + made[end:])


def box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def element(kind: bytes, content: bytes) -> bytes:
    return kind + (1 << 14 | len(content)).to_bytes(2, "big") + content


def wide(content: bytes) -> bytes:
    """Put a size of eight bytes before it."""
    return (1 << 56 | len(content)).to_bytes(8, "big") + content


def grow_matroska(path: Path, added: bytes) -> bytes:
    """Add to the only track. What follows moves, and what points to it points beside it: nobody minds."""
    content = path.read_bytes()
    file = os.open(path, os.O_RDONLY)
    try:
        source = CountedFile(file)
        segment = list(elements(source, 0, len(content)))[1]
        parts = list(elements(source, segment.start, segment.end))
        number = next(number for number, part in enumerate(parts) if part.kind == TRACKS)
        track = next(part for part in elements(source, parts[number].start, parts[number].end) if part.kind == TRACK)
    finally:
        os.close(file)
    tracks = wide(b"\xae" + wide(content[track.start : track.end] + added))
    inner = content[segment.start : parts[number - 1].end] + TRACKS.to_bytes(4, "big") + tracks
    return content[: segment.start - 8] + wide(inner + content[parts[number].end :])


def test_a_record_is_read_by_ffmpegs_names() -> None:
    assert read_dolby_vision(PROFILE_8_1) == {
        "dv_profile": 8,
        "dv_level": 6,
        "dv_rpu_present": 1,
        "dv_el_present": 0,
        "dv_bl_present": 1,
        "dv_bl_signal_compatibility_id": 1,
    }
    assert read_dolby_vision(b"") == {}
    assert read_dolby_vision(b"\xff" * 24) == {}


@pytest.mark.parametrize(("record", "hdr"), [(PROFILE_8_1, "hlg"), (PROFILE_5, "dolby_vision")])
def test_dolby_vision_in_mp4(media: Media, tmp_path: Path, record: bytes, hdr: str) -> None:
    """A stream that others can show keeps the word they know it by."""
    whole = media.make("hlg.mp4", "-i", str(media.hlg()), "-c", "copy", "-tag:v", "hvc1").read_bytes()
    path = tmp_path / "film.mp4"
    path.write_bytes(grow_mp4(whole, box(b"dvvC" if record is PROFILE_8_1 else b"dvcC", record), b"hvc1"))

    video = video_of(path)

    assert (video.hdr, video.codec_tag) == (hdr, "hvc1")
    assert video.hdr_metadata is not None
    assert (video.hdr_metadata["dv_profile"], video.hdr_metadata["dv_level"]) == (record[2] >> 1, 6)


@pytest.mark.parametrize("record", [PROFILE_8_1, PROFILE_5])
def test_dolby_vision_in_matroska(media: Media, tmp_path: Path, record: bytes) -> None:
    mapping = element(b"\x41\xe4", element(b"\x41\xe7", b"dvvC") + element(b"\x41\xed", record))
    path = tmp_path / "film.mkv"
    path.write_bytes(grow_matroska(media.hdr10(), mapping))

    video = video_of(path)

    assert video.hdr == ("hdr10" if record is PROFILE_8_1 else "dolby_vision")
    assert video.hdr_metadata is not None
    assert video.hdr_metadata["dv_profile"] == record[2] >> 1
    assert video.hdr_metadata["max_luminance"] == 1000.0


def test_another_addition_is_no_dolby_vision(media: Media, tmp_path: Path) -> None:
    mapping = element(b"\x41\xe4", element(b"\x41\xe7", b"\0\4") + element(b"\x41\xed", PROFILE_5))
    path = tmp_path / "film.mkv"
    path.write_bytes(grow_matroska(media.hdr10(), mapping))

    assert video_of(path).hdr == "hdr10"


@pytest.mark.parametrize("extension", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize(("turned", "rotation"), [("90", 270), ("180", 180), ("-90", 90), ("0", None), ("45", None)])
def test_rotation(media: Media, extension: str, turned: str, rotation: int | None) -> None:
    """Players turn clockwise by it; ffmpeg's option counts the other way."""
    film = media.make(f"turned.{extension}", "-display_rotation", turned, "-i", str(media.mp4()), "-c", "copy")

    assert video_of(film).rotation == rotation


def test_atmos_is_told_where_mp4_says_so(media: Media, tmp_path: Path) -> None:
    whole = media.make("song.mp4", *TONE, "-c:a", "eac3").read_bytes()
    path = tmp_path / "atmos.mp4"
    path.write_bytes(grow_mp4(whole, b"\1\20", b"ec-3", b"dec3"))

    (plain,) = read(media.make("song.mp4", *TONE, "-c:a", "eac3")).streams
    (atmos,) = read(path).streams

    assert plain.profile is None
    assert atmos.profile == "Dolby Digital Plus + Dolby Atmos"


@pytest.mark.parametrize(
    ("name", "codec", "bits"),
    [
        ("song.flac", ("-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"), 24),
        ("cd.flac", ("-c:a", "flac", "-sample_fmt", "s16"), 16),
        ("song.m4a", ("-c:a", "alac", "-sample_fmt", "s16p"), 16),
        ("song.wav", ("-c:a", "pcm_s24le"), 24),
        ("song.mp3", (), None),
    ],
)
def test_bits_of_a_sample_where_nothing_is_lost(
    media: Media, name: str, codec: tuple[str, ...], bits: int | None
) -> None:
    (audio,) = read(media.make(name, *TONE, *codec)).streams

    assert audio.bit_depth == bits


def test_what_players_ask_for_besides(media: Media) -> None:
    """Field order, shape of the pixels, and which name the codec has in its container."""
    fields = ("-vf", "tinterlace=interleave_top,fieldorder=tff", "-c:v", "mpeg2video", "-flags", "+ildct+ilme")
    woven = video_of(media.make("woven.mkv", *PICTURE, *fields))
    broad = video_of(media.make("broad.mp4", *PICTURE, "-vf", "setsar=4/3", *X264))
    named = video_of(media.make("named.mp4", *PICTURE, "-c:v", "libx265", "-x265-params", "log-level=none"))

    assert (woven.field_order, broad.field_order) == ("tb", "progressive")
    assert (broad.sample_aspect_ratio, broad.width, broad.height) == ("4:3", 128, 72)
    assert (broad.codec_tag, named.codec_tag) == ("avc1", "hev1")


def test_subtitles_of_every_kind_fonts_and_pictures_of_films(media: Media) -> None:
    film = media.make(
        "film.mkv",
        *(*PICTURE, "-f", "srt", "-i", "{0}", "-map", "0", "-map", "1", "-map", "1", *X264),
        *("-c:s:0", "srt", "-c:s:1", "ass", "-metadata:s:s:1", "title=Signs", "-disposition:s:1", "hearing_impaired"),
        *("-attach", "{0}", "-metadata:s:t", "mimetype=font/ttf", "-metadata:s:t", "filename=Sans.ttf"),
        texts=(SUBTITLES,),
    )

    streams = read(film).streams

    assert [(stream.kind, stream.codec) for stream in streams] == [
        ("video", "h264"),
        ("subtitle", "subrip"),
        ("subtitle", "ass"),
        ("attachment", None),  # fonts are told by their type below: nothing decodes them
    ]
    assert (streams[2].title, streams[2].dispositions) == ("Signs", ["hearing_impaired"])
    assert streams[3].tags == {"filename": "Sans.ttf", "mimetype": "font/ttf"}


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4", "book.m4b", "book.mp3"])
def test_chapters(media: Media, name: str) -> None:
    inputs = (*PICTURE, *X264) if name.startswith("film") else (*TONE,)
    path = media.make(
        name, *inputs[:4], "-f", "ffmetadata", "-i", "{0}", "-map_chapters", "1", *inputs[4:], texts=(CHAPTERS,)
    )

    chapters = read(path).chapters

    assert [(chapter.index, chapter.start_ms, chapter.title) for chapter in chapters] == [
        (0, 0, "The Beginning"),
        (1, 1_000, "The End"),
    ]
    assert chapters[0].end_ms == 1_000


def test_a_tables_count_is_believed_only_as_far_as_there_are_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(box(b"moov", box(b"trak", b"")) + struct.pack(">I4s", 1_000_000, b"mdat"))
    file = os.open(path, os.O_RDONLY)
    try:
        source = CountedFile(file)
        assert [found.kind for found in children(source, 0, source.size())] == [b"moov"]
    finally:
        os.close(file)
