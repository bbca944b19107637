"""What somebody wants of a picture, held to a ladder of steps. Pure.

Whoever may see a picture could ask for it in ten thousand sizes, and each would cost a decoding and a place on the
disk. So lengths are raised to the next of a few steps, qualities and shapes taken to the nearest, and all that can be
made of one picture are some hundreds of renditions. What comes is at least as large as was asked for.
"""

from bisect import bisect_left
from enum import StrEnum
from math import log

import msgspec

STEPS = (48, 96, 160, 240, 320, 480, 640, 800, 1080, 1280, 1600, 1920, 2560, 3840)
"""Widths and heights. Up to 40 % more pixels than a screen needs; more steps would fill the cache with twins."""

MAX_SIDE = 4_096
"""The most that may be asked for; beyond the last step it is that step."""

QUALITIES = (35, 50, 65, 80, 90)

SHAPES = (9 / 16, 2 / 3, 3 / 4, 1.0, 4 / 3, 3 / 2, 16 / 9, 2.0, 64 / 27, 1000 / 185)
"""Width by height of what is cut out to fill a space: phones, posters, covers, stills, films, banners."""


class Fit(StrEnum):
    INSIDE = "inside"
    """The whole picture, no larger than width and height, in its own shape."""
    COVER = "cover"
    """The middle of it in the shape of width and height, both of which must be given."""


class Format(StrEnum):
    WEBP = "webp"
    AVIF = "avif"
    JPEG = "jpeg"
    ANY = "any"
    """JPEG, or WebP where there is transparency: for a client that did not say what it takes."""


MEDIA_TYPES = {Format.WEBP: "image/webp", Format.AVIF: "image/avif", Format.JPEG: "image/jpeg"}


class Wish(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """On the ladder; `key` tells apart all that differ."""

    width: int | None = None
    height: int | None = None
    fit: Fit = Fit.INSIDE
    quality: int = 80
    format: Format = Format.ANY

    @property
    def key(self) -> str:
        return f"{self.width or 0}x{self.height or 0}-{self.fit}-{self.quality}-{self.format}"


def on_the_ladder(
    width: int | None, height: int | None, fit: Fit, *, quality: int | None, form: Format, shape: float | None = None
) -> Wish:
    """Return the step that stands for what was asked.

    Args:
        width: what was asked for, None for whatever follows from the rest; height likewise.
        fit: COVER without both of them is INSIDE.
        quality: 1 to 100, None for what looks well.
        form: which format.
        shape: width by height of the whole picture, where that is known: then a box comes down to its width, and two
            boxes that end in the same picture are one.
    """
    quality = 80 if quality is None else _nearest(quality)
    if width and height and fit is Fit.COVER:
        wanted = log(width / height)
        nearest = min(SHAPES, key=lambda one: abs(log(one) - wanted))
        across = _step(max(width, round(height * nearest)))
        return Wish(width=across, height=max(1, round(across / nearest)), fit=fit, quality=quality, format=form)
    if height and shape:
        across = max(1, round(height * shape))
        width, height = (min(width, across) if width else across), None
    return Wish(
        width=_step(width) if width else None,
        height=_step(height) if height else None,
        quality=quality,
        format=form,
    )


def _nearest(quality: int) -> int:
    return min(QUALITIES, key=lambda step: abs(step - quality))


def _step(length: int) -> int:
    return STEPS[min(bisect_left(STEPS, length), len(STEPS) - 1)]


def negotiated(accept: str | None) -> Format:
    """Return the format for an `Accept` header: of those it names with the highest weight the first of ours.

    WebP before AVIF: at the sizes of posters they weigh the same, and AVIF takes longer to show.
    """
    weights: dict[str, float] = {}
    for part in (accept or "").lower().split(",")[:64]:
        name, *parameters = (word.strip() for word in part.split(";"))
        weight = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        try:
            weights[name] = float(weight)
        except ValueError:
            weights[name] = 0.0
    named = [one for one in (Format.WEBP, Format.AVIF, Format.JPEG) if weights.get(MEDIA_TYPES[one], 0) > 0]
    return max(named, key=lambda one: weights[MEDIA_TYPES[one]], default=Format.ANY)
