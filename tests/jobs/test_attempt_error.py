"""What an attempt leaves on its row must be readable by everybody, whatever the worker raised."""

import json
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from app.jobs.attempt_error import LONGEST_TEXT, MAX_FRAMES, encode_attempt_error, text_of, trace_of

AT = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)


def test_an_element_has_rivers_four_keys_and_gos_time():
    encoded = encode_attempt_error(AT.astimezone(timezone(timedelta(hours=-5))), 3, 'said "no"', "one\ntwo\n")
    assert encoded == (b'{"at":"2026-01-02T03:04:05.6789Z","attempt":3,"error":"said \\"no\\"","trace":"one\\ntwo\\n"}')


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_can_be_stored(text):
    encoded = encode_attempt_error(AT, 1, text, text)
    assert b"\\u0000" not in encoded
    element = json.loads(encoded.decode("utf-8", errors="strict"))
    assert "\x00" not in element["error"]


def test_an_endless_text_is_cut():
    element = json.loads(encode_attempt_error(AT, 1, "x" * (2 * LONGEST_TEXT)))
    assert len(element["error"]) == LONGEST_TEXT + 1


class Speechless(Exception):
    def __str__(self) -> str:
        raise ValueError


def test_an_exception_without_words_gives_its_name():
    assert text_of(KeyError()) == "KeyError"
    assert text_of(Speechless()).startswith("Speechless")


def test_a_trace_keeps_the_newest_frames_only():
    def dive(depth: int) -> None:
        if depth == 0:
            raise ValueError("the bottom")
        dive_further(depth - 1)

    def dive_further(depth: int) -> None:
        dive(depth)

    try:
        dive(3 * MAX_FRAMES)
    except ValueError as err:
        trace = trace_of(err)
    assert trace.count('File "') == MAX_FRAMES
    assert trace.rstrip().endswith("ValueError: the bottom")


def test_an_exception_that_cannot_be_said_has_a_trace_all_the_same():
    assert "Speechless" in trace_of(Speechless())
