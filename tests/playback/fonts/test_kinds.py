"""What attachments claim, and what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from app.playback.fonts.kinds import LONGEST_NAME, claimed_type, shown_name, type_of


def real_font() -> bytes:
    """Return the font that comes with Pillow."""
    content: bytes = ImageFont.load_default(20).path.getvalue()
    return content


def test_a_font_is_one_by_its_content() -> None:
    font = real_font()
    assert type_of(font) == "font/ttf"
    assert type_of(b"OTTO" + font[4:]) == "font/otf"
    assert type_of(b"ttcf\0\1") == "font/collection"


@pytest.mark.parametrize("length", [0, 3, 11, 12, 40, 12_000])
def test_half_a_font_is_none(length: int) -> None:
    assert type_of(real_font()[:length]) is None


@given(st.binary(max_size=200))
def test_any_other_bytes_are_none(content: bytes) -> None:
    assert type_of(b"<html>" + content) is None
    assert type_of(b"\0\1\0\0" + content) is None or len(content) >= 24


def test_no_claim_is_believed_but_that_of_being_a_font() -> None:
    claims = [("ttf", None, None), (None, "a.OTF", None), (None, "a", "application/vnd.ms-opentype"),
              (None, "a.jpg", "image/jpeg"), (None, None, None), (None, "a.html", "text/html")]  # fmt: skip
    assert [claimed_type(*one) for one in claims] == ["font/ttf", "font/otf", "font/otf", None, None, None]


@given(st.text() | st.none(), st.integers(0, 10_000))
def test_a_shown_name_has_no_place_in_it(filename: str | None, index: int) -> None:
    name = shown_name(filename, index)
    assert 1 <= len(name) <= LONGEST_NAME
    assert not set(name) & set("/\\\0\r\n")
    assert name.isprintable()
    assert not name.startswith(".")


def test_names_keep_what_is_harmless() -> None:
    names = ["../../Aile ron.otf", "C:\\Fonts\\Gothic.ttf", "..", None]
    assert [shown_name(name, 7) for name in names] == ["Aile ron.otf", "Gothic.ttf", "font-7", "font-7"]
