"""What two spellings of one word have in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.index.folding import folded, joined, key_of, words
from app.catalog.index.spelling import distance, meant, spellings


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Amélie", "amelie"),
        ("AMÉLIE", "ame\u0301lie"),
        ("Łódź", "lodz"),
        ("Straße", "STRASSE"),
        ("Ørsted & Æsir", "orsted and aesir"),
        ("Ёлки", "елки"),
        ("ＡＫＩＲＡ", "akira"),
        ("ガンダム", "がんだむ"),
        ("Ocean's Eleven", "oceans eleven"),
        ("Spider-Man: Homecoming", "spider man homecoming"),
    ],
)
def test_spellings_of_one_title_are_one_key(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("千と千尋", ["千", "と", "尋", "千と", "と千", "千尋"]),
        ("기생충", ["기생충"]),
        ("Akira アキラ", ["akira", "あ", "き", "ら", "あき", "きら"]),
        ("हिन्दी फ़िल्म", ["हिन्दी", "फ़िल्म"]),
        ("_ - !", []),
        ("", []),
    ],
)
def test_words_are_those_of_every_script(text: str, found: list[str]) -> None:
    assert words(text) == words(" ".join(found)) or words(text) == found


def test_hangul_stays_in_syllables_and_kana_keep_their_marks() -> None:
    assert words("기생충") == ["기생충"]
    assert folded("が") != folded("か")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AC/DC", ["acdc"]),
        ("M*A*S*H", ["mash"]),
        ("9-1-1: Lone Star", ["911"]),
        ("Spider-Man", ["spiderman"]),
        ("R.E.M.", ["rem"]),
        ("Heat", []),
    ],
)
def test_what_stands_together_is_one_word_too(text: str, found: list[str]) -> None:
    assert joined(text) == found


@given(st.text(max_size=60))
def test_words_are_fit_for_a_tsvector_and_fold_to_themselves(text: str) -> None:
    for word in [*words(text), *joined(text)]:
        assert word
        assert not set(word) & set("'\\: \0")
    assert key_of(key_of(text)) == key_of(text)


NEAR = [("amelie", "amlie"), ("matrix", "mtarix"), ("matrix", "matricx"), ("spielberg", "spilbreg"), ("dune", "done")]


@pytest.mark.parametrize(("word", "typed"), NEAR)
def test_a_slip_leaves_a_spelling_in_common(word: str, typed: str) -> None:
    assert set(spellings(word)) & set(spellings(typed))
    assert meant(typed, [word, "quite different"], is_unfinished=False, limit=5) == [word]


LETTERS = st.text("abcde", min_size=5, max_size=12)


@given(LETTERS, st.data())
def test_every_single_slip_is_found(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    slip = data.draw(st.sampled_from(["more", "less", "other", "swapped"]))
    typed = {
        "more": word[:place] + "x" + word[place:],
        "less": word[:place] + word[place + 1 :],
        "other": word[:place] + "x" + word[place + 1 :],
        "swapped": word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
    }[slip]
    assert distance(word, typed, 2) <= 1
    if len(typed) >= 4:
        assert set(spellings(word)) & set(spellings(typed))
        assert meant(typed, [word], is_unfinished=False, limit=1) == [word]


@given(st.text("abc", max_size=7), st.text("abc", max_size=7))
def test_the_distance_is_the_same_both_ways_and_nothing_between_equals(one: str, other: str) -> None:
    assert distance(one, other, 9) == distance(other, one, 9)
    assert (distance(one, other, 9) == 0) == (one == other)
    assert distance(one, other, 1) == min(distance(one, other, 9), 2)


def test_short_words_are_never_misspelt_and_long_lists_stay_short() -> None:
    assert spellings("dog") == []
    assert len(spellings("extraordinarily")) < 40
