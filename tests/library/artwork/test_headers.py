"""What a picture is, by its first bytes: real ones made by ffmpeg, and whatever else may stand there."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.library.artwork.headers import AVIF, GIF, HEAD_BYTES, JPEG, MAX_PIXELS, PNG, WEBP, picture_of
from tests.fixtures.media import Media

UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SOURCE = ("-f", "lavfi", "-i", "testsrc2=size=322x182:rate=1:duration=1", "-frames:v", "1")

ENCODERS = {
    "a.jpg": (JPEG, ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p")),
    "a.png": (PNG, ("-c:v", "png")),
    "a.gif": (GIF, ("-c:v", "gif")),
    "lossy.webp": (WEBP, ("-c:v", "libwebp")),
    "lossless.webp": (WEBP, ("-c:v", "libwebp", "-lossless", "1")),
    "a.avif": (AVIF, ("-c:v", "libaom-av1", "-still-picture", "1", "-cpu-used", "8")),
}


@pytest.mark.parametrize("name", list(ENCODERS))
def test_a_real_picture_is_known_by_its_content(media: Media, name: str) -> None:
    media_type, arguments = ENCODERS[name]
    content = media.make(name, *SOURCE, *arguments).read_bytes()

    found = picture_of(content[:HEAD_BYTES])

    assert found is not None
    assert (found.media_type, found.width, found.height) == (media_type, 322, 182)


def test_a_webp_with_extensions_tells_its_canvas() -> None:
    head = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0" + (1919).to_bytes(3, "little") + (1079).to_bytes(3, "little")

    found = picture_of(head)

    assert found is not None
    assert (found.media_type, found.width, found.height) == (WEBP, 1920, 1080)


def test_a_jpeg_with_much_before_its_size_is_known() -> None:
    profile = b"\xff\xe2" + (65_000).to_bytes(2, "big") + bytes(64_998)
    frame = b"\xff\xc2" + (17).to_bytes(2, "big") + b"\x08" + (1500).to_bytes(2, "big") + (1000).to_bytes(2, "big")

    found = picture_of(b"\xff\xd8" + profile * 3 + b"\xff" + frame + bytes(10))

    assert found is not None
    assert (found.width, found.height) == (1000, 1500)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml version='1.0'?><svg/>",
        b"\xef\xbb\xbf<svg/>",
        b"<html><script>alert(1)</script>",
        b"BM" + bytes(100),
        b"II*\0" + bytes(100),
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9" + bytes(50),
        b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IHDR",
        b"RIFF\0\0\0\0WAVE" + bytes(30),
        b"\0\0\0\x18ftypisom" + bytes(50),
    ],
)
def test_what_we_do_not_show_is_none(content: bytes) -> None:
    assert picture_of(content) is None


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes(9)


@pytest.mark.parametrize(("width", "height"), [(0, 10), (10, 0), (40_000, 10), (MAX_PIXELS // 10_000, 10_001)])
def test_a_picture_of_impossible_size_is_none(width: int, height: int) -> None:
    assert picture_of(png(10, 10)) is not None
    assert picture_of(png(width, height)) is None


MAGIC = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"\0\0\0\x10ftypavif"]


@UNHURRIED
@given(st.sampled_from(MAGIC), st.binary(max_size=200))
def test_whatever_follows_there_is_an_answer(magic: bytes, rest: bytes) -> None:
    found = picture_of(magic + rest)

    assert found is None or found.width * found.height <= MAX_PIXELS
