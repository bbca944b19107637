"""Pictures of every sort → sRGB in eight bits, the right way up. Decoded here, as a renderer's process does it."""

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from app.library.artwork.rendering.answers import Made, Seen
from app.library.artwork.rendering.blurhash import blurhash
from app.library.artwork.rendering.render import render, see
from app.library.artwork.rendering.renderer import in_memory
from app.library.artwork.rendering.wish import Fit, Format, Wish
from tests.fixtures.pictures import BLUE, GREEN, RED, decoded, encoded, is_near, quarters

EXIF_ORIENTATION = 0x0112


def made(content: bytes, **wish: object) -> Made:
    with in_memory(content) as file:
        return render(file, Wish(**{"format": Format.JPEG, **wish}))


def seen(content: bytes) -> Seen:
    with in_memory(content) as file:
        return see(file)


def shown(content: bytes, **wish: object) -> Image.Image:
    rendition = made(content, **wish)
    assert rendition.problem is None
    image = decoded(rendition.content)
    assert image.size == (rendition.width, rendition.height)
    return image


def is_upright(image: Image.Image) -> bool:
    width, height = image.size
    places = ((0.2, 0.2, RED), (0.8, 0.2, GREEN), (0.2, 0.8, BLUE), (0.8, 0.8, BLUE))
    return all(
        is_near(image.convert("RGB").getpixel((int(width * x), int(height * y))), colour) for x, y, colour in places
    )


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("form", [Format.JPEG, Format.WEBP, Format.AVIF])
def test_every_format_becomes_every_format(source: str, form: Format) -> None:
    image = shown(encoded(quarters(), source), width=240, format=form)

    assert image.format == form.upper()
    assert image.size == (240, 360)
    assert is_upright(image)


@pytest.mark.parametrize("wish", [{"width": 3840}, {"height": 3840}, {"width": 3840, "height": 3840}, {}])
def test_nothing_is_made_larger_than_it_is(wish: dict[str, int]) -> None:
    assert shown(encoded(quarters(), "PNG"), **wish).size == (400, 600)


def test_a_box_holds_the_whole_and_a_cover_is_filled() -> None:
    content = encoded(quarters((400, 600)), "PNG")

    assert shown(content, width=240, height=240).size == (160, 240)
    assert shown(content, width=240, height=240, fit=Fit.COVER).size == (240, 240)
    assert shown(content, width=1920, height=1080, fit=Fit.COVER).size == (400, 225)
    wide = shown(encoded(quarters((900, 300)), "PNG"), width=160, height=240, fit=Fit.COVER)
    assert wide.size == (160, 240)
    assert is_upright(wide)  # cut at both sides alike


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("source", ["JPEG", "WEBP"])
def test_it_comes_the_way_the_camera_was_held(orientation: int, source: str) -> None:
    undone = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what makes of an upright one what is turned back by it
    image = quarters()
    if orientation > 1:
        image = image.transpose(Image.Transpose(undone[orientation]))
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    content = encoded(image, source, exif=exif)

    result = shown(content, width=240)

    assert result.size == (240, 360)
    assert is_upright(result)
    assert EXIF_ORIENTATION not in result.getexif()
    assert (seen(content).width, seen(content).height) == (400, 600)


def test_nothing_else_that_stood_in_the_file_comes_along() -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 0.0)}  # where it was taken
    content = encoded(quarters(), "JPEG", exif=exif, comment=b"secret", icc_profile=_profile("sRGB"))

    for form in (Format.JPEG, Format.WEBP, Format.AVIF):
        result = decoded(made(content, format=form).content)
        assert not result.getexif()
        assert not {"icc_profile", "comment", "xmp"} & set(result.info)
    assert b"secret" not in made(content).content


def _profile(name: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def test_colours_are_turned_into_srgb() -> None:
    """In a profile with red and blue exchanged, what is stored as red is blue."""
    profile = bytearray(_profile("sRGB"))
    count = struct.unpack(">I", profile[128:132])[0]
    for place in range(132, 132 + 12 * count, 12):
        if profile[place : place + 4] in (b"rXYZ", b"bXYZ"):
            profile[place : place + 1] = b"b" if profile[place : place + 1] == b"r" else b"r"
    image = shown(encoded(Image.new("RGB", (50, 50), RED), "PNG", icc_profile=bytes(profile)))

    assert is_near(image.getpixel((25, 25)), BLUE, within=20)


@pytest.mark.parametrize("profile", [b"no profile at all", b"\0" * 200])
def test_a_profile_that_is_none_changes_nothing(profile: bytes) -> None:
    assert is_upright(shown(encoded(quarters(), "PNG", icc_profile=profile), width=240))


def test_printers_pictures_are_shown() -> None:
    assert is_near(shown(encoded(Image.new("CMYK", (50, 50), (0, 255, 255, 0)), "JPEG")).getpixel((9, 9)), (255, 0, 0))


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_every_kind_of_pixel_is_shown(mode: str) -> None:
    if mode == "I;16":
        image = Image.new("I;16", (50, 50), 0xC000)
        expected = (192, 192, 192)
    else:
        image = Image.new("RGB", (50, 50), (255, 255, 255)).convert(mode)
        expected = (255, 255, 255)

    for form in (Format.JPEG, Format.WEBP, Format.AVIF):
        result = shown(encoded(image, "PNG"), format=form)
        assert is_near(result.convert("RGB").getpixel((20, 20)), expected)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_stays_where_a_format_has_it_and_is_black_elsewhere(mode: str) -> None:
    image = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    image.paste((255, 255, 255, 255), (0, 0, 32, 64))
    content = encoded(image.convert(mode) if mode != "P" else image.quantize(4), "PNG")

    for form in (Format.WEBP, Format.AVIF, Format.ANY):
        result = shown(content, format=form)
        assert result.mode == "RGBA"
        assert (result.getpixel((8, 8))[3], result.getpixel((56, 8))[3]) == (255, 0)
    flat = shown(content, format=Format.JPEG)
    assert is_near(flat.getpixel((8, 8)), (255, 255, 255))
    assert is_near(flat.getpixel((56, 8)), (0, 0, 0))
    assert made(content, format=Format.ANY).media_type == "image/webp"
    assert made(encoded(quarters(), "PNG"), format=Format.ANY).media_type == "image/jpeg"


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF"])
def test_of_what_moves_the_first_frame_is_shown(form: str) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in (RED, GREEN, BLUE)]
    content = encoded(frames[0], form, save_all=True, append_images=frames[1:], duration=100)

    image = shown(content)

    assert getattr(image, "n_frames", 1) == 1
    assert is_near(image.getpixel((30, 30)), RED, within=20)


def test_what_it_looks_like_from_afar() -> None:
    mostly_blue = seen(encoded(quarters((400, 600)), "JPEG"))
    assert (mostly_blue.width, mostly_blue.height) == (400, 600)
    assert is_near(bytes.fromhex(mostly_blue.color[1:]), BLUE, within=20)
    assert len(mostly_blue.placeholder) == 6 + 2 * (3 * 5 - 1)

    one = seen(encoded(Image.new("RGB", (1, 1), GREEN), "PNG"))
    assert (one.width, one.height) == (1, 1)
    assert is_near(bytes.fromhex(one.color[1:]), GREEN)


GRADIENT = [(x * 8, y * 8, 128) for y in range(32) for x in range(32)]
CHECKS = [((255, 255, 255) if (x // 4 + y // 4) % 2 else (20, 60, 200)) for y in range(32) for x in range(32)]


def test_placeholders_are_those_of_other_encoders() -> None:
    """Written by blurhash-python, which follows the published reference."""
    assert blurhash(GRADIENT, 32, 32, 4, 4) == "UxH2cX2swxX8l}WDjte;gJfjfQfjnmWpjtfQ"
    assert blurhash(CHECKS, 32, 32, 4, 4) == "U7Lqn=?dfQ?d?dIWfQIWfQfQfQfQ?dIWfQE3"
    assert blurhash([(0, 0, 0)] * 1024, 32, 32, 4, 4) == "U00000fQfQfQfQfQfQfQfQfQfQfQfQfQfQfQ"


# -- what is no picture, or a trap


def _png_of(width: int, height: int) -> bytes:
    """Return a picture that claims so many pixels and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1_000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _texted() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("comment", "x" * 80_000_000, zip=True)
    return encoded(quarters(), "PNG", pnginfo=notes)


BAD: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "html": lambda: b"<html><script>alert(1)</script></html>",
    "another format": lambda: encoded(quarters(), "TIFF"),
    "bitmap": lambda: encoded(quarters(), "BMP"),
    "postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
    "too wide": lambda: _png_of(60_000, 10),
    "too many pixels": lambda: _png_of(20_000, 20_000),
    "many pixels": lambda: _png_of(10_000, 10_000),
    "a bomb of text": _texted,
    "cut off": lambda: encoded(quarters(), "JPEG")[:3_000],
    "cut off png": lambda: encoded(quarters(), "PNG")[:-400],
    "cut off webp": lambda: encoded(quarters(), "WEBP")[:200],
    "cut off avif": lambda: encoded(quarters(), "AVIF")[:300],
    "a header and nothing": lambda: encoded(quarters(), "JPEG")[:30],
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_has_a_problem_and_is_nothing_else(name: str) -> None:
    content = BAD[name]()

    rendition = made(content, width=240)

    assert rendition.problem
    assert rendition.content == b""
    assert seen(content).problem


def test_only_formats_of_the_list_are_decoded(tmp_path: Path) -> None:
    """Called by a name of the list, or not: what it is decides."""
    path = tmp_path / "poster.jpg"
    path.write_bytes(encoded(quarters(), "TIFF"))
    file = os.open(path, os.O_RDONLY)
    try:
        assert "no JPEG" in (render(file, Wish()).problem or "")
    finally:
        os.close(file)


def test_what_is_two_things_at_once_is_sent_as_pixels() -> None:
    """A picture with a page behind it: what comes out of the renderer holds nothing of the page."""
    content = encoded(quarters(), "GIF") + b"<html><script>alert(1)</script></html>" + b"PK\x03\x04"

    for form in (Format.JPEG, Format.WEBP, Format.AVIF):
        result = made(content, format=form)
        assert result.problem is None
        assert b"script" not in result.content
        Image.open(io.BytesIO(result.content)).verify()
