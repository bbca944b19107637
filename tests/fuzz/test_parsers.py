"""Whatever strangers write, parsers answer as they say they do: with a value, or with the one error they name.

How long an example takes on a busy machine says nothing, so there is no deadline; atheris has one (`make fuzz`).
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import PARSERS
from tests.fuzz.seeds import WORDS

BYTES = st.one_of(st.lists(st.sampled_from(WORDS), max_size=12).map(b"".join), st.binary(max_size=200))


@pytest.mark.parametrize("name", PARSERS)
@settings(deadline=None, max_examples=150)
@given(data=st.lists(BYTES, max_size=3).map(b"".join))
def test_whatever_strangers_write_is_read_or_refused(name: str, data: bytes) -> None:
    PARSERS[name](data)


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize("piece", [b"", b"9", b"(", b"[", b"<a>", b"&", b"-", b"\xff", b"\0", b"e", b" .", b"1,"])
def test_a_great_deal_of_it_is_no_worse(name: str, piece: bytes) -> None:
    PARSERS[name](piece * 20_000)


def test_a_duration_of_a_million_digits_is_refused() -> None:
    PARSERS["durations"](b"9" * 1_000_100 + b"d")
    PARSERS["durations"](b"1." + b"9" * 1_000_100 + b"h")


def test_all_that_the_page_on_security_promises_is_here() -> None:
    assert {
        "names", "side_files", "languages", "nfo", "tags", "ranges", "authorization", "media_tokens", "item_cursors",
        "job_cursors", "last_event_ids", "durations",
    } <= PARSERS.keys()  # fmt: skip
