"""Names that are no text, shown safely; keys in the order they were made."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from app.ids import uuid7
from app.library.paths import absolute, display_path, join, parent_of


@given(st.binary(min_size=1, max_size=300))
def test_any_name_can_be_shown_and_stored(name: bytes) -> None:
    shown = display_path(name)

    assert "\0" not in shown
    assert shown.encode()  # no lone surrogate, which PostgreSQL would refuse
    assert "\n" not in shown
    assert "\x1b" not in shown


def test_ordinary_names_are_shown_as_they_are() -> None:
    for name in ("Amélie (2001).mkv", "千と千尋の神隠し.mkv", "Film 👩‍🚀.mkv", "a b/c.mkv"):
        assert display_path(name.encode()) == name


def test_what_would_deceive_is_spelt_out() -> None:
    assert display_path(b"a\nb\x1b[31m\xff") == "a\\nb\\x1b[31m\\xff"
    assert display_path("gpj\u202e.exe".encode()) == "gpj\\u202e.exe"


def test_paths_join_and_part() -> None:
    assert join(b"", b"a") == b"a"
    assert join(b"a/b", b"c") == b"a/b/c"
    assert parent_of(b"a/b/c") == b"a/b"
    assert parent_of(b"a") == b""
    assert absolute(b"/media", b"a/b") == b"/media/a/b"
    assert absolute(b"/media", b"") == b"/media"
    assert absolute(b"/", b"a") == b"/a"


def test_keys_sort_as_they_were_made_and_say_their_version() -> None:
    keys = [uuid7() for _ in range(20_000)]

    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert {key.version for key in keys} == {7}
    assert {key.variant for key in keys} == {"specified in RFC 4122"}


def test_keys_made_by_many_threads_at_once_are_all_different() -> None:
    made: list[list[object]] = [[] for _ in range(8)]
    threads = [threading.Thread(target=lambda mine=mine: mine.extend(uuid7() for _ in range(2_000))) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({key for mine in made for key in mine}) == 16_000
