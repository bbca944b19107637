"""Keyframes out of the containers' own indexes, beside what reading every packet says."""

import itertools
import os
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.library.keyframes import COARSE_MS, MAX_KEYFRAMES, pack, thinned, unpack
from app.library.media import MediaInfo
from app.library.probing.matroska import cue_entries
from app.library.probing.read import probe
from tests.fixtures.media import PICTURE, TONE, X264, Media

LONG = ("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=24:duration=10")
B_FRAMES = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bf", "3", "-g", "1000")
IRREGULAR = (*B_FRAMES, "-keyint_min", "1", "-sc_threshold", "0", "-force_key_frames", "0,1.3,4,4.5,9")
VARYING = ("-vf", "select='if(lt(t,3),1,not(mod(n,5)))'", "-fps_mode", "vfr")
OPEN_GROUPS = (*B_FRAMES, "-x264-params", "open-gop=1:keyint=24:scenecut=0")

COPIES = {
    "index-last.mp4": (),
    "index-first.mp4": ("-movflags", "+faststart"),
    "quicktime.mov": (),
    "negative-offsets.mp4": ("-movflags", "+negative_cts_offsets"),
    "begins-late.mp4": ("-output_ts_offset", "7"),
    "fragments.mp4": ("-movflags", "frag_keyframe+empty_moov"),
    "fragments-with-edit.mp4": ("-movflags", "frag_keyframe+delay_moov"),
    "fragments-negative.mp4": ("-movflags", "frag_keyframe+empty_moov+negative_cts_offsets"),
    "segments.mp4": ("-movflags", "dash+global_sidx+frag_keyframe"),
    "segments-with-edit.mp4": ("-movflags", "dash+global_sidx+frag_keyframe+delay_moov"),
    "matroska.mkv": (),
    "matroska-late.mkv": ("-output_ts_offset", "7"),
}


def read(path: Path) -> MediaInfo:
    file = os.open(path, os.O_RDONLY)
    try:
        return probe(file)
    finally:
        os.close(file)


def keyframes(path: Path) -> list[int] | None:
    found = read(path).keyframes
    if found is None:
        return None
    times = unpack(found.times)
    assert found.count == len(times)
    return times


def truth(path: Path) -> list[int]:
    """Read the whole file, packet by packet."""
    with av.open(path) as container:
        video = container.streams.video[0]
        times = [packet.pts for packet in container.demux(video) if packet.is_keyframe and packet.pts is not None]
        return sorted(round(time * video.time_base * 1000) for time in times)


@pytest.fixture
def film(media: Media) -> Path:
    """Ten seconds with B-frames, sound, and keyframes where nobody would guess them."""
    return media.make("irregular.mkv", *LONG, *TONE, *IRREGULAR, "-c:a", "aac")


@pytest.mark.parametrize("name", COPIES)
def test_an_index_says_what_the_packets_say(media: Media, film: Path, name: str) -> None:
    copy = media.make(name, "-i", str(film), "-c", "copy", *COPIES[name])

    expected = truth(copy)

    assert len(expected) == 5
    assert keyframes(copy) == expected


def test_a_copy_that_begins_inside_a_group_has_a_keyframe_before_its_beginning(media: Media, film: Path) -> None:
    copy = media.make("inside.mp4", "-ss", "2.5", "-i", str(film), "-c", "copy")

    times = keyframes(copy)

    assert times == truth(copy)
    assert times is not None
    assert times[0] < 0


@pytest.mark.parametrize("name", ["varying.mp4", "varying.mkv"])
def test_a_varying_rate(media: Media, name: str) -> None:
    film = media.make(name, *LONG, *VARYING, *IRREGULAR)

    assert keyframes(film) == truth(film)
    assert len(truth(film)) == 5


def test_open_groups(media: Media) -> None:
    """Frames shown before such a keyframe are stored after it: decoding times are of no use at all."""
    film = media.make("open.mp4", *LONG, *OPEN_GROUPS)

    assert keyframes(film) == truth(film)
    assert len(truth(film)) == 10


def test_every_frame_is_one(media: Media) -> None:
    film = media.make("intra.mov", *PICTURE, "-c:v", "mjpeg")

    assert keyframes(film) == truth(film)
    assert len(truth(film)) == 48


def test_avi(media: Media) -> None:
    film = media.make("long.avi", *LONG, "-c:v", "mpeg4", "-g", "30")

    assert keyframes(film) == truth(film)
    assert len(truth(film)) >= 8


@pytest.mark.parametrize(
    ("name", "options"),
    [("live.mkv", ("-live", "1")), ("film.ts", ()), ("film.flv", ())],
)
def test_what_has_no_index_is_not_read_for_one(media: Media, film: Path, name: str, options: tuple[str, ...]) -> None:
    """A Matroska file without Cues still has the few entries that opening it brought along: they are no index."""
    copy = media.make(name, "-i", str(film), "-c", "copy", *options)

    assert len(truth(copy)) == 5
    assert read(copy).problem is None
    assert keyframes(copy) is None


def test_sound_has_none(media: Media) -> None:
    assert read(media.song()).keyframes is None
    assert read(media.make("song.m4a", *TONE, "-c:a", "aac")).keyframes is None


def test_a_film_whose_index_lies_is_still_described(media: Media, tmp_path: Path) -> None:
    """Tables that claim four thousand million entries, or end before they begin."""
    whole = media.make("long.mp4", *PICTURE, *TONE, *X264, "-c:a", "aac").read_bytes()
    for kind in (b"stss", b"stts", b"ctts", b"elst", b"mdhd", b"tkhd"):
        at = whole.find(kind)
        if at < 0:
            continue
        for garbage in (b"\xff" * 12, bytes(12)):
            path = tmp_path / "damaged.mp4"
            path.write_bytes(whole[: at + 4] + garbage + whole[at + 4 + len(garbage) :])
            info = read(path)
            assert info.streams or info.problem
            assert info.keyframes is None or info.keyframes.count <= MAX_KEYFRAMES


@given(st.lists(st.integers(-(2**53), 2**53), max_size=200))
def test_packed_times_come_back(times: list[int]) -> None:
    ordered = thinned(times)

    assert unpack(pack(ordered)) == ordered == sorted(set(times))


def test_a_film_of_two_hours_takes_seven_kilobytes() -> None:
    assert len(pack(range(0, 7_200_000, 2_000))) < 7_500
    assert pack([]) == b""
    assert unpack(b"") == []


def test_too_many_are_thinned_evenly() -> None:
    times = thinned(range(0, 3 * 60 * 60_000, 17))

    assert len(times) <= MAX_KEYFRAMES
    assert times[0] == 0
    assert all(later - time >= COARSE_MS for time, later in itertools.pairwise(times))


def test_an_index_before_the_film_and_one_in_other_ticks(media: Media, film: Path) -> None:
    front = media.make("front.mkv", "-i", str(film), "-c", "copy", "-cues_to_front", "1")
    reserved = media.make("reserved.mkv", "-i", str(film), "-c", "copy", "-reserve_index_space", "5000")

    assert keyframes(front) == keyframes(reserved) == truth(film)


def test_entries_of_other_tracks_and_of_unusual_shape_are_told_apart() -> None:
    """Times of several bytes, sizes written wider than need be, what nobody knows between them, and a wrong end."""

    def element(kind: bytes, content: bytes, width: int = 1) -> bytes:
        size = len(content) | 1 << 7 * width
        return kind + size.to_bytes(width, "big") + content

    def cue(time: int, *tracks: int, width: int = 1) -> bytes:
        at = element(b"\xb3", time.to_bytes(3, "big"))
        places = b"".join(
            element(b"\xb7", element(b"\xf1", b"\1\2") + element(b"\xf7", bytes([track])), width) for track in tracks
        )
        return element(b"\xbb", element(b"\x53\x78", b"\1") + at + places, width)

    cues = (
        cue(0, 1) + cue(500, 2) + element(b"\xec", bytes(200), 2) + cue(1_000, 2, 1, width=4) + cue(70_000, 1, width=8)
    )

    assert cue_entries(cues, 1) == [(time, 0x102) for time in (0, 1_000, 70_000)]
    assert cue_entries(cues, 2) == [(500, 0x102), (1_000, 0x102)]
    assert cue_entries(b"", 1) == []
    with pytest.raises(IndexError):
        cue_entries(cues[:-60] + b"\xbb", 1)
