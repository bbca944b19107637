"""Only so much of a file is read, however large it is: on a network disk that is what a probe costs."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av.error
import pytest

from app.library.keyframes import unpack
from app.library.media import Problem
from app.library.probing import read
from app.library.probing.matroska import CUES, SEEK_HEAD, SEGMENT, elements
from app.library.probing.reading import CountedFile
from tests.fixtures.media import TONE, X264, Media

HUGE = 6 * 2**30
"""Sparse: it takes no room."""

AT_MOST = 24 * 2**20
"""Bytes. Transport streams have no header, so 10 MB are looked at from the front, and some at the end."""

ALLOWED, CALLS = 8 * 2**20, 50_000

VOID, WIDE = 0xEC, 0x01 << 56


@contextmanager
def counted(path: Path, **options: int) -> Iterator[CountedFile]:
    file = os.open(path, os.O_RDONLY)
    try:
        yield CountedFile(file, **options)
    finally:
        os.close(file)


def with_a_hole(path: Path, source: Path, at: int, hole: int = HUGE) -> None:
    """Write a file with nothing for gigabytes somewhere inside."""
    content = source.read_bytes()
    with path.open("wb") as file:
        file.write(content[:at])
        file.seek(hole, os.SEEK_CUR)
        file.write(content[at:])


def in_the_middle(path: Path, source: Path) -> None:
    with_a_hole(path, source, source.stat().st_size // 376 * 188)


def large_mp4(path: Path, source: Path) -> None:
    """Let the box of the film itself be huge, and the index come after it."""
    content = source.read_bytes()
    at = content.index(b"mdat") - 4
    assert content[at - 4 : at] == b"free"
    end = at + int.from_bytes(content[at : at + 4], "big")
    size = (1).to_bytes(4, "big") + b"mdat" + (end - at + 8 + HUGE).to_bytes(8, "big")
    with path.open("wb") as file:
        file.write(content[: at - 8] + size + content[at + 8 : end])
        file.seek(HUGE, os.SEEK_CUR)
        file.write(content[end:])


def void(length: int) -> bytes:
    """Begin an element that says nothing for so long."""
    return b"\xec" + (WIDE + length).to_bytes(8, "big")


def large_matroska(path: Path, source: Path) -> None:
    """Put a void between the film and its index, and say at the beginning where the index is now."""
    with counted(source) as file:
        segment = next(found for found in elements(file, 0, file.size()) if found.kind == SEGMENT)
        parts = list(elements(file, segment.start, segment.end))
    assert [part.kind for part in parts[:2]] == [SEEK_HEAD, VOID]
    content = source.read_bytes()
    cues = parts[-2].end  # the index is the last
    place = (cues - segment.start + len(void(0)) + HUGE).to_bytes(8, "big")
    entry = b"\x53\xab\x84" + CUES.to_bytes(4, "big") + b"\x53\xac\x88" + place
    head = (
        SEEK_HEAD.to_bytes(4, "big") + bytes([0x80 + 3 + len(entry)]) + b"\x4d\xbb" + bytes([0x80 + len(entry)]) + entry
    )
    rest = parts[1].end - segment.start - len(head) - len(void(0))
    length = (WIDE + segment.end - segment.start + len(void(0)) + HUGE).to_bytes(8, "big")
    with path.open("wb") as file:
        file.write(content[: segment.start - 8] + length + head + void(rest) + bytes(rest))
        file.write(content[parts[1].end : cues] + void(HUGE))
        file.seek(HUGE, os.SEEK_CUR)
        file.write(content[cues:])


NOISE = ("-f", "lavfi", "-i", "anoisesrc=duration=12:sample_rate=48000:seed=7", "-metadata", "title=A Song")
BUSY = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=24:duration=15", "-vf", "noise=alls=60:allf=t")
RECIPES = {  # long enough for what is looked at from the front
    "film.ts": (*BUSY, *X264),
    "song.flac": NOISE,
    "song.mp3": (*NOISE, "-b:a", "320k"),
    "song.ogg": (*NOISE, "-c:a", "libvorbis"),
    "song.wma": NOISE,
    "song.m4a": (*TONE, "-c:a", "aac", "-metadata", "title=A Song"),
}
LARGE: dict[str, Callable[[Path, Path], None]] = {
    "film.mkv": large_matroska,
    "film.mp4": large_mp4,
    "song.m4a": large_mp4,
    **dict.fromkeys(("film.ts", "song.flac", "song.mp3", "song.ogg", "song.wma"), in_the_middle),
}


def small(media: Media, name: str) -> Path:
    known = {"film.mkv": media.film, "film.mp4": media.mp4}
    return known[name]() if name in known else media.make(name, *RECIPES[name])


@pytest.mark.parametrize("name", LARGE)
def test_of_gigabytes_a_few_megabytes_are_read(media: Media, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    LARGE[name](path, small(media, name))

    with counted(path) as source:
        info = read._probe(source)

    assert path.stat().st_size > HUGE
    assert source.read_bytes < AT_MOST
    assert not source.is_spent
    assert info.problem is None
    assert info.streams
    if name.startswith("song"):
        assert info.music_tags is not None
        assert info.music_tags.title == "A Song"


@pytest.mark.parametrize("name", ["film.avi", "film.mkv", "film.mp4", "song.flac", "song.wav", "song.aiff"])
def test_what_was_only_half_downloaded_is_not_searched_to_its_end(media: Media, tmp_path: Path, name: str) -> None:
    """Such files have their full size and zeros inside. The next part of some is looked for byte by byte, of others in
    steps of eight: the number of reads is limited too.
    """
    made = {"film.avi": media.avi, "film.mkv": media.film, "film.mp4": media.mp4, "song.flac": media.song}
    source = made[name]() if name in made else media.make(name, *TONE)
    path = tmp_path / name
    in_the_middle(path, source)

    with counted(path, allowed=ALLOWED, calls=CALLS) as file, contextlib.suppress(av.error.FFmpegError):
        assert read._probe(file).streams

    assert 0 < file.read_bytes <= ALLOWED


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4"])
def test_an_index_behind_gigabytes_is_found(media: Media, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    LARGE[name](path, small(media, name))

    with counted(path) as source:
        info = read._probe(source)

    assert info.problem is None
    assert info.keyframes is not None
    assert unpack(info.keyframes.times) == [0, 1_000]
    assert source.read_bytes < 2**20


def test_what_wants_more_is_told_that_the_file_ends(media: Media) -> None:
    """It describes what it has seen; the little that is allowed here is enough for a film's header."""
    with counted(media.film(), allowed=20_000) as source:
        info = read._probe(source)

    assert source.read_bytes == 20_000
    assert source.is_spent
    assert [stream.codec for stream in info.streams] == ["h264", "aac"]


def test_what_told_nothing_within_its_limit_is_a_problem(media: Media) -> None:
    """The index of this film stands at its end."""
    with counted(media.mp4(), allowed=1_000) as source:
        info = read._probe(source)

    assert info.problem is Problem.CORRUPT
    assert (info.detail or "").startswith("1000 bytes of it told nothing")


def test_the_systems_refusal_is_not_the_files_fault(media: Media, monkeypatch: pytest.MonkeyPatch) -> None:
    """Demuxers say `Input/output error` of nonsense too, which no second look would mend."""
    real = os.pread

    def failing(file: int, size: int, offset: int) -> bytes:
        if offset > 10_000:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(file, size, offset)

    monkeypatch.setattr(os, "pread", failing)
    file = os.open(media.mp4(), os.O_RDONLY)
    try:
        info = read.probe(file)
    finally:
        os.close(file)

    assert (info.problem, info.detail) == (Problem.UNREADABLE, "Input/output error")


def test_a_counted_file_reads_as_any_other(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(range(100)))
    with counted(path) as source:
        assert source.read(3) == b"\0\1\2"
        assert source.at(50, 2) == bytes([50, 51])
        assert source.tell() == 3
        assert source.seek(-2, os.SEEK_END) == 98
        assert source.read() == bytes([98, 99])
        assert source.read(1) == b""
        assert source.seek(-1, os.SEEK_CUR) == 99
        assert source.seek(1_000) == 1_000
        assert source.read(1) == b""
        buffer = bytearray(4)
        source.seek(0)
        assert (source.readinto(buffer), buffer) == (4, b"\0\1\2\3")
        assert source.read_bytes == 3 + 2 + 2 + 4
        assert source.header(10, 4) == bytes([10, 11, 12, 13])
        assert source.header(90, 20) == bytes(range(90, 100))
        assert source.read_bytes == 11 + 90 + 10
        with pytest.raises(OSError, match="before the beginning"):
            source.seek(-1)


def test_a_sound_that_begins_late_is_waited_for(media: Media) -> None:
    """A transport stream says that there is one, and nothing of it before it begins. Only then more is read."""
    late = ("-itsoffset", "9", *TONE, "-map", "0", "-map", "1", *X264, "-c:a", "aac", "-muxdelay", "0")
    path = media.make("late.ts", *BUSY[:4], *late, *BUSY[4:])

    with counted(path) as source:
        hasty = read._read(source, source.size(), read.OPTIONS).streams[1]
        at_first = source.read_bytes
        audio = read._probe(source).streams[1]

    assert (hasty.kind, hasty.sample_rate) == ("audio", None)
    assert (audio.kind, audio.codec, audio.sample_rate) == ("audio", "aac", 48_000)
    assert at_first < source.read_bytes < 2 * AT_MOST
