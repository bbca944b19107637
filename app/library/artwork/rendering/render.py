"""One picture → what is wanted of it. Runs in a renderer's process only: here alone are strangers' pixels decoded.

Colours come out as sRGB, turned as the camera was held, without anything else that stood in the file: no EXIF, no
place where it was taken, no profile, no comment. Of what moves, the first frame.
"""

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError

from app.library.artwork.headers import MAX_PIXELS, MAX_SIDE
from app.library.artwork.rendering.answers import Made, Seen
from app.library.artwork.rendering.blurhash import Pixel, blurhash
from app.library.artwork.rendering.wish import MEDIA_TYPES, Fit, Format, Wish

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
"""All that is ever decoded. The library can do thirty more, each with a parser of its own."""

DECODED_PIXELS = 80_000_000
"""Of a picture in memory, four bytes each; of a JPEG after it was decoded at an eighth, a quarter or half its size."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF's orientations and what undoes them."""
_ON_ITS_SIDE = frozenset({5, 6, 7, 8})
_ORIENTATION = 0x0112

_SRGB = ImageCms.createProfile("sRGB")


class Bad(Exception):
    """The picture cannot be decoded; the text is its problem."""


def render(file: int, wish: Wish) -> Made:
    """Make a rendition. Never raises for what the file holds, only dies of it."""
    try:
        with _opened(file) as image:
            return _encoded(_shaped(image, wish), wish)
    except Bad as err:
        return Made(problem=str(err))


def see(file: int) -> Seen:
    """Say how large a picture is and what it looks like from afar."""
    try:
        with _opened(file) as image:
            width, height = _size(image)
            small = _flat(_shaped(image, Wish(width=64, height=64)))
    except Bad as err:
        return Seen(problem=str(err))
    across, down = _cosines(width, height)
    tiny = small.resize((32, 32), Image.Resampling.BOX)
    text = blurhash(cast("list[Pixel]", list(tiny.get_flattened_data())), 32, 32, across, down)
    return Seen(width=width, height=height, placeholder=text, color=_dominant(small))


@contextmanager
def _opened(file: int) -> Iterator[ImageFile.ImageFile]:
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            open(file, "rb", closefd=False) as stream,
        ):
            os.lseek(file, 0, os.SEEK_SET)
            with Image.open(stream, formats=FORMATS) as image:
                width, height = image.size
                if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
                    raise Bad("it has too many pixels")
                yield image
    except UnidentifiedImageError as err:
        raise Bad("it is no JPEG, PNG, WebP, GIF or AVIF") from err
    except Image.DecompressionBombError as err:
        raise Bad("it has too many pixels") from err
    except MemoryError as err:
        raise Bad("it wants more memory than a renderer may have") from err
    except (OSError, ValueError, SyntaxError, ArithmeticError, LookupError, TypeError, EOFError, RuntimeError) as err:
        # What Pillow's decoders raise for bytes that make no sense is whatever happened to go wrong there.
        raise Bad(f"it is damaged: {str(err)[:200] or type(err).__name__}") from err


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001  a camera's notes that make no sense turn nothing
        return 1


def _size(image: Image.Image) -> tuple[int, int]:
    """Return its size as it is shown."""
    width, height = image.size
    return (height, width) if _orientation(image) in _ON_ITS_SIDE else (width, height)


def _shaped(image: ImageFile.ImageFile, wish: Wish) -> Image.Image:
    turn = _orientation(image)
    whole = _size(image)
    size, cut = _target(whole, wish)
    if turn in _ON_ITS_SIDE:
        size, cut = (size[1], size[0]), (cut[1], cut[0])
    if image.format in ("JPEG", "MPO"):
        # Decoded at an eighth, a quarter or half where that is enough: a fraction of the time and memory.
        share = max(size[0] / cut[0], size[1] / cut[1])
        image.draft(None, (max(1, int(image.width * share)), max(1, int(image.height * share))))
    if image.width * image.height > DECODED_PIXELS:
        raise Bad("it has too many pixels")
    before = image.size
    image.load()
    profile = image.info.get("icc_profile")
    shown = _in_eight_bits(image)
    scale = before[0] / (whole[1] if turn in _ON_ITS_SIDE else whole[0])
    box = _middle(shown.size, (cut[0] * scale, cut[1] * scale))
    if shown.size != size:
        shown = shown.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)
    shown = _in_srgb(shown, profile)
    return shown.transpose(_TURNS[turn]) if turn in _TURNS else shown


def _target(whole: tuple[int, int], wish: Wish) -> tuple[tuple[int, int], tuple[float, float]]:
    """Return the size to come and the part of the whole it is made of, which is never smaller."""
    width, height = whole
    if wish.fit is Fit.COVER and wish.width and wish.height:
        shape = wish.width / wish.height
        cut = (width, width / shape) if width / height < shape else (height * shape, height)
        share = min(1.0, wish.width / cut[0])
        return (max(1, round(cut[0] * share)), max(1, round(cut[1] * share))), cut
    share = min(1.0, (wish.width or width) / width, (wish.height or height) / height)
    return (max(1, round(width * share)), max(1, round(height * share))), (width, height)


def _middle(size: tuple[int, int], part: tuple[float, float]) -> tuple[float, float, float, float]:
    width, height = min(part[0], size[0]), min(part[1], size[1])
    left, top = (size[0] - width) / 2, (size[1] - height) / 2
    return left, top, left + width, top + height


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Return it as RGB or RGBA, or as the CMYK that a profile may still say the meaning of."""
    if image.mode == "CMYK" and image.info.get("icc_profile"):
        return image.copy()
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = image.point(lambda value: value / 256).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    if not profile:
        return image if image.mode == target else image.convert(target)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(image, source, _SRGB, outputMode=target)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        turned = None  # a profile of another kind of picture, or none at all: as if there were none
    return turned if turned is not None else image.convert(target)


def _flat(image: Image.Image) -> Image.Image:
    """Return it without transparency: upon black, as the pages it is shown on are dark."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _encoded(image: Image.Image, wish: Wish) -> Made:
    form = wish.format
    if form is Format.ANY:
        form = Format.WEBP if image.mode == "RGBA" else Format.JPEG
    if form is Format.JPEG:
        image = _flat(image)
    image.info = {}  # what stood in the file stays there
    content = io.BytesIO()
    match form:
        case Format.WEBP:
            image.save(content, "WEBP", quality=wish.quality, method=3)
        case Format.AVIF:
            image.save(content, "AVIF", quality=max(1, wish.quality - 15), speed=8, max_threads=1)
        case _:
            image.save(content, "JPEG", quality=wish.quality, optimize=True, progressive=True)
    return Made(content=content.getvalue(), media_type=MEDIA_TYPES[form], width=image.width, height=image.height)


def _cosines(width: int, height: int) -> tuple[int, int]:
    """Return how many across and down: twelve or so, more the longer way."""
    if width > height * 1.3:
        return 5, 3
    return (3, 5) if height > width * 1.3 else (4, 4)


def _dominant(image: Image.Image) -> str:
    few = image.quantize(8, Image.Quantize.MEDIANCUT)
    counts = few.getcolors() or [(1, 0)]
    palette = few.getpalette() or [0, 0, 0]
    _, index = max(counts, key=lambda one: one[0])
    red, green, blue = palette[int(index) * 3 : int(index) * 3 + 3]  # type: ignore[call-overload]
    return f"#{red:02x}{green:02x}{blue:02x}"
