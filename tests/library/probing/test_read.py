"""What is read from real media, made by ffmpeg; and from what only pretends to be media."""

import os
import random
from pathlib import Path

import pytest

from app.library.media import MediaInfo, Problem
from app.library.probing.read import probe
from app.library.probing.values import LONGEST_MS, MAX_TEXT, milliseconds, number, rate, tags_of, text
from tests.fixtures.media import Media


def read(path: Path) -> MediaInfo:
    file = os.open(path, os.O_RDONLY)
    try:
        return probe(file)
    finally:
        os.close(file)


def read_bytes(tmp_path: Path, content: bytes, name: str = "x.mkv") -> MediaInfo:
    path = tmp_path / name
    path.write_bytes(content)
    return read(path)


def test_a_film(media: Media) -> None:
    info = read(media.film())

    video, audio = info.streams
    assert info.problem is None
    assert (info.container, info.tags["title"]) == ("matroska,webm", "A Film")
    assert 1_900 <= (info.duration_ms or 0) <= 2_200
    assert (video.kind, video.codec, video.width, video.height) == ("video", "h264", 128, 72)
    assert (video.pixel_format, video.bit_depth, video.frame_rate) == ("yuv420p", 8, 24.0)
    assert (video.sample_aspect_ratio, video.hdr) == ("1:1", None)
    assert (audio.kind, audio.codec, audio.profile) == ("audio", "aac", "LC")
    assert (audio.channels, audio.channel_layout, audio.sample_rate) == (1, "mono", 48_000)


def test_streams_of_every_kind_chapters_and_an_attachment(media: Media) -> None:
    info = read(media.everything())

    kinds = [(stream.kind, stream.codec, stream.language) for stream in info.streams]
    assert kinds[:4] == [
        ("video", "h264", None),
        ("audio", "aac", "eng"),
        ("audio", "ac3", "deu"),
        ("subtitle", "subrip", "fra"),
    ]
    assert info.streams[2].title == "Kommentar"
    assert "comment" in info.streams[2].dispositions
    assert "default" in info.streams[1].dispositions
    assert "forced" in info.streams[3].dispositions
    assert (info.streams[2].channels, info.streams[2].channel_layout) == (6, "5.1(side)")
    assert info.streams[4].kind == "attachment"
    # The hostile name is data like any other: nothing is ever written under it.
    assert info.streams[4].tags["filename"] == "../../evil.ttf"
    assert [(chapter.start_ms, chapter.end_ms, chapter.title) for chapter in info.chapters] == [
        (0, 1_000, "The Beginning"),
        (1_000, 2_000, "The End"),
    ]


def test_hdr10_is_told_with_its_light(media: Media) -> None:
    (video,) = read(media.hdr10()).streams

    assert (video.codec, video.profile, video.bit_depth, video.hdr) == ("hevc", "Main 10", 10, "hdr10")
    assert (video.color_primaries, video.color_transfer, video.color_space) == ("bt2020", "smpte2084", "bt2020nc")
    assert video.hdr_metadata is not None
    assert video.hdr_metadata["max_luminance"] == 1000.0
    assert (video.hdr_metadata["max_content_light"], video.hdr_metadata["max_frame_average_light"]) == (1000.0, 400.0)


def test_hlg_is_told(media: Media) -> None:
    (video,) = read(media.hlg()).streams

    assert (video.hdr, video.color_transfer) == ("hlg", "arib-std-b67")


def test_a_cover_is_weighed_and_is_no_stream(media: Media) -> None:
    info = read(media.song())

    assert [stream.kind for stream in info.streams] == ["audio"]
    (picture,) = info.pictures
    assert (picture.codec, picture.width, picture.height) == ("png", 64, 64)
    assert (picture.size or 0) > 50
    assert info.tags["artist"] == "Somebody"


@pytest.mark.parametrize("name", ["film", "mp4", "avi"])
def test_whole_files_are_whole_and_cut_ones_are_not(media: Media, tmp_path: Path, name: str) -> None:
    whole = getattr(media, name)().read_bytes()
    cut = read_bytes(tmp_path, whole[: len(whole) * 9 // 10], f"x.{name}")

    assert read(getattr(media, name)()).problem is None
    assert cut.problem in (Problem.TRUNCATED, Problem.CORRUPT)
    assert cut.detail


def test_of_a_cut_film_the_rest_is_told(media: Media, tmp_path: Path) -> None:
    info = read_bytes(tmp_path, media.film().read_bytes()[:-1000])

    assert (info.problem, info.detail) == (Problem.TRUNCATED, "1000 bytes are missing at its end")
    assert [stream.kind for stream in info.streams] == ["video", "audio"]


def test_bytes_after_the_end_are_no_problem(media: Media, tmp_path: Path) -> None:
    assert read_bytes(tmp_path, media.film().read_bytes() + bytes(1000)).problem is None


def test_content_counts_not_the_extension(media: Media, tmp_path: Path) -> None:
    info = read_bytes(tmp_path, media.film().read_bytes(), "film.mp4")

    assert (info.problem, info.container) == (None, "matroska,webm")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", Problem.CORRUPT),
        (b"\0", Problem.CORRUPT),
        (bytes(100_000), Problem.CORRUPT),
        (b"plain text\n" * 1000, Problem.CORRUPT),
        (b"<html><body>404 not found</body></html>", Problem.CORRUPT),
    ],
)
def test_what_is_no_media_is_a_problem(tmp_path: Path, content: bytes, problem: Problem) -> None:
    info = read_bytes(tmp_path, content)

    assert info.problem in (problem, Problem.UNSUPPORTED)


@pytest.mark.parametrize("descriptor", [b"\1CD001\1", b"\0BEA01\1"], ids=["dvd", "blu-ray"])
def test_a_disc_image_is_not_called_damaged(tmp_path: Path, descriptor: bytes) -> None:
    info = read_bytes(tmp_path, bytes(16 * 2048) + descriptor + bytes(100_000))

    assert (info.problem, info.detail) == (Problem.UNSUPPORTED, "a disc image: its films are not opened here")
    assert info.detail
    assert info.streams == []


def test_random_bytes_and_damaged_films_never_get_out_of_hand(media: Media, tmp_path: Path) -> None:
    film = media.everything().read_bytes()
    dice = random.Random(7)
    for _ in range(60):
        damaged = bytearray(film)
        for _ in range(dice.choice([1, 20, 400])):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        info = read_bytes(tmp_path, bytes(damaged[: dice.randrange(1, len(film) + 1)]))
        assert info.problem is None or info.problem in Problem
    assert read_bytes(tmp_path, dice.randbytes(200_000)).problem is not None


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{film}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {film}\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
        "[playlist]\nFile1={film}\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    ],
    ids=["hls-file", "hls-media", "concat", "dash", "pls", "sdp"],
)
@pytest.mark.parametrize("name", ["film.mkv", "film.m3u8", "film.mp4"])
def test_a_playlist_in_disguise_is_not_followed(media: Media, tmp_path: Path, content: str, name: str) -> None:
    info = read_bytes(tmp_path, content.format(film=media.film()).encode(), name)

    assert info.problem in (Problem.CORRUPT, Problem.UNSUPPORTED)
    assert info.streams == []
    assert "etc" not in (info.detail or "")


def test_a_control_shows_that_the_list_is_what_refuses(media: Media, tmp_path: Path) -> None:
    """Without it the library follows a concat script to another file: the test above could not pass by chance."""
    import av

    script = tmp_path / "film.mkv"
    script.write_text(f"ffconcat version 1.0\nfile {media.film()}\n")

    with av.open(str(script), options={"safe": "0"}) as container:
        assert len(container.streams) == 2


def test_values_stay_within_what_a_column_takes() -> None:
    from fractions import Fraction

    assert text("a\0b") == "ab"
    assert text("\ud800") == "?"
    assert text("  ") is None
    assert len(text("x" * 10_000) or "") == MAX_TEXT
    assert number(2**63) is None
    assert number(2**63 - 1) == 2**63 - 1
    assert number(2**31, bits=31) is None
    assert number(-99, positive=True) is None
    assert number(float("nan")) is None
    assert milliseconds(1, Fraction(1, 1)) == 1000
    assert milliseconds(LONGEST_MS, Fraction(1, 1)) is None
    assert milliseconds(None, Fraction(1, 1)) is None
    assert rate(Fraction(24000, 1001)) == 23.976
    assert rate(float("inf")) is None
    assert rate(0) is None
    assert tags_of({"TITLE": "x", "empty": "", "nul\0": "y\0"}) == {"title": "x", "nul": "y"}
