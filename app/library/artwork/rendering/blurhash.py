"""BlurHash: a picture in some thirty characters, drawn by clients while the picture itself is on its way.

Made after the published description of the algorithm (blurha.sh): the picture as a few cosines in linear light, the
lowest of them quantised and written in base 83. BlurHash rather than ThumbHash because Jellyfin's clients know it.
Pure Python: for the 32×32 pixels it is given that takes a few milliseconds, once in a picture's life.
"""

from collections.abc import Sequence
from math import copysign, cos, pi

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"

Pixel = tuple[int, int, int]
_Colour = tuple[float, float, float]


def _to_linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  sRGB's own


def _from_linear(value: float) -> int:
    share = min(max(value, 0.0), 1.0)
    curved = share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055  # noqa: PLR2004  as above
    return int(curved * 255 + 0.5)


_LINEAR = [_to_linear(value) for value in range(256)]


def blurhash(pixels: Sequence[Pixel], width: int, height: int, across: int, down: int) -> str:
    """Return the hash of pixels given row by row, with so many cosines across and down (1 to 9 each)."""
    rows = [pixels[start : start + width] for start in range(0, width * height, width)]
    linear = [[(_LINEAR[red], _LINEAR[green], _LINEAR[blue]) for red, green, blue in row] for row in rows]
    waves_across = [[cos(pi * i * x / width) for x in range(width)] for i in range(across)]
    waves_down = [[cos(pi * j * y / height) for y in range(height)] for j in range(down)]
    # A cosine of the plane is one across times one down: sum the rows once for each of the first.
    summed = [[_weighted(row, wave) for row in linear] for wave in waves_across]
    parts = []
    for j, wave in enumerate(waves_down):
        for i in range(across):
            scale = (1 if i == j == 0 else 2) / (width * height)
            red, green, blue = _weighted(summed[i], wave)
            parts.append((red * scale, green * scale, blue * scale))
    return _written(parts, across, down)


def _weighted(colours: Sequence[_Colour], weights: Sequence[float]) -> _Colour:
    return (
        sum(colour[0] * weight for colour, weight in zip(colours, weights, strict=True)),
        sum(colour[1] * weight for colour, weight in zip(colours, weights, strict=True)),
        sum(colour[2] * weight for colour, weight in zip(colours, weights, strict=True)),
    )


def _written(parts: Sequence[_Colour], across: int, down: int) -> str:
    mean, *others = parts
    largest = max((abs(value) for colour in others for value in colour), default=0.0)
    step = min(max(int(largest * 166 - 0.5), 0), 82) if others else 0
    scale = (step + 1) / 166 if others else 1.0
    red, green, blue = (_from_linear(value) for value in mean)
    text = _digits((across - 1) + (down - 1) * 9, 1) + _digits(step, 1) + _digits(red << 16 | green << 8 | blue, 4)
    for colour in others:
        red, green, blue = (_rooted(value / scale) for value in colour)
        text += _digits(red * 361 + green * 19 + blue, 2)
    return text


def _rooted(value: float) -> int:
    """Return one of nineteen steps, closer together near none."""
    return int(min(max(copysign(abs(value) ** 0.5, value) * 9 + 9.5, 0), 18))


def _digits(number: int, length: int) -> str:
    return "".join(DIGITS[number // 83**place % 83] for place in reversed(range(length)))
