"""Comparing and sorting titles."""

from hypothesis import given, settings
from hypothesis import strategies as st

from app.library.naming import anchor_of, parse_movie, readable, sort_key, title_key


def test_spellings_of_one_title_are_one() -> None:
    assert title_key("Amélie") == title_key("AMELIE") == title_key("Amelie!")
    assert title_key("Mr. & Mrs. Smith") == title_key("Mr and Mrs Smith")
    assert title_key("X-Men") == title_key("X Men")
    assert title_key("Alien") != title_key("Aliens")


def test_titles_that_are_nothing_but_signs_stay_apart() -> None:
    assert title_key("!") != title_key("?")


def test_a_name_is_the_same_text_whatever_system_wrote_it() -> None:
    composed, apart = "Amélie – Ça va…", "Ame\u0301lie – C\u0327a va…"
    assert composed != apart

    assert readable(composed.encode()) == readable(apart.encode()) == readable(composed.encode("cp1252")) == composed
    assert parse_movie("Amélie (2001)/Amélie.2001.mkv".encode("latin-1")).title == "Amélie"


def test_what_is_no_letter_is_replaced_and_damage_does_not_make_other_letters_of_the_rest() -> None:
    assert readable(b"Am\xe9lie \x81\x9d") == "Amélie \ufffd\ufffd"
    cut = "Amélie – Ça".encode()[:-2]
    assert readable(cut) == "Amélie – \ufffd"
    assert readable("映画館".encode()[:-1]) == "映画\ufffd"
    assert readable(b"a\xe9\x00b") == "aé b"


def test_lists_are_in_the_order_people_expect() -> None:
    titles = ["Rocky 10", "The Abyss", "Rocky 2", "Élite", "zodiac", "An Education", "[REC]", "8½", "L.A. Confidential"]

    assert sorted(titles, key=sort_key) == [
        "8½", "The Abyss", "An Education", "Élite", "L.A. Confidential", "[REC]", "Rocky 2", "Rocky 10", "zodiac",
    ]  # fmt: skip


def test_an_article_alone_is_a_title() -> None:
    assert sort_key("The") == "the"
    assert sort_key("A") == "a"
    assert sort_key("Theatre") == "theatre"


@settings(deadline=None)
@given(st.text(min_size=1, max_size=50))
def test_every_title_has_its_keys(title: str) -> None:
    assert isinstance(sort_key(title), str)
    assert title_key(title) == title_key(title)


def test_the_anchor_is_the_films_folder() -> None:
    assert anchor_of(b"Film (2001)") == b"Film (2001)"
    assert anchor_of(b"Film (2001)/Trailers") == b"Film (2001)"
    assert anchor_of(b"Film (2001)/Extras/Disc 1") == b"Film (2001)"
    assert anchor_of(b"Shelf/Film (2001)/VIDEO_TS") == b"Shelf/Film (2001)"
    assert anchor_of(b"Shelf/Film (2001)/BDMV/STREAM") == b"Shelf/Film (2001)"
    assert anchor_of(b"Kids/Shorts/Film (2001)") == b"Kids/Shorts/Film (2001)"
    assert anchor_of(b"Shorts") == b"Shorts"
    assert anchor_of(b"VIDEO_TS") == b""
    assert anchor_of(b"") == b""
