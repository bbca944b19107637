"""What is asked of a picture, held to a ladder."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.library.artwork.rendering.wish import (
    MAX_SIDE,
    QUALITIES,
    SHAPES,
    STEPS,
    Fit,
    Format,
    negotiated,
    on_the_ladder,
)

LENGTHS = some.integers(1, MAX_SIDE)


@given(width=LENGTHS, quality=some.integers(1, 100), shape=some.none() | some.floats(0.1, 10))
def test_a_width_is_raised_to_the_next_step(width: int, quality: int, shape: float | None) -> None:
    wish = on_the_ladder(width, None, Fit.INSIDE, quality=quality, form=Format.WEBP, shape=shape)

    assert wish.width in STEPS
    assert wish.width >= min(width, STEPS[-1])
    assert wish.height is None
    assert wish.quality in QUALITIES


@given(width=LENGTHS, height=LENGTHS)
def test_a_box_of_a_known_picture_comes_down_to_a_width(width: int, height: int) -> None:
    wish = on_the_ladder(width, height, Fit.INSIDE, quality=None, form=Format.WEBP, shape=2 / 3)

    assert wish.height is None
    assert wish.width in STEPS


@given(width=LENGTHS, height=LENGTHS)
def test_what_is_cut_out_has_one_of_a_few_shapes(width: int, height: int) -> None:
    wish = on_the_ladder(width, height, Fit.COVER, quality=None, form=Format.WEBP)

    assert wish.width in STEPS
    assert wish.height in {max(1, round(wish.width / shape)) for shape in SHAPES}


def test_of_ten_thousand_sizes_few_are_made() -> None:
    """One viewer, one picture, whose shape is known: what they may cost us is what they could ask for honestly."""
    asked = [(width, height) for width in range(30, 4_000, 40) for height in range(30, 4_000, 40)]
    inside = {on_the_ladder(*one, Fit.INSIDE, quality=7, form=Format.AVIF, shape=2 / 3) for one in asked}
    cut = {on_the_ladder(*one, Fit.COVER, quality=7, form=Format.AVIF, shape=2 / 3) for one in asked}

    assert len(asked) == 10_000
    assert len(inside) <= len(STEPS)
    assert len(cut) <= len(STEPS) * len(SHAPES)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, Format.ANY),
        ("", Format.ANY),
        ("*/*", Format.ANY),
        ("image/*", Format.ANY),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", Format.WEBP),
        ("image/avif, image/png;q=0.5", Format.AVIF),
        ("image/jpeg", Format.JPEG),
        ("IMAGE/WEBP;Q=0.1, image/jpeg;q=0.9", Format.JPEG),
        ("image/webp;q=0, image/avif;q=0", Format.ANY),
        ("image/webp;q=x", Format.ANY),
        (",;,;q=1,image/avif" * 100, Format.AVIF),
    ],
)
def test_the_format_is_what_the_client_names(accept: str | None, form: Format) -> None:
    assert negotiated(accept) is form
