"""Headers of any shape: judged, never a crash."""

import os
import time
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.web.conditions import Outcome, Validators, evaluate, range_applies
from app.web.media_types import inline_disposition, media_type

NOW = datetime(2026, 1, 1, tzinfo=UTC)
texts = st.text(max_size=60) | st.sampled_from(["*", '"', 'W/"a"', "Sun, 13 Sep 2020 12:26:40 GMT", "0", "Mon, 99 Jan"])
NAMES = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]


def stat(mtime_ns: int) -> os.stat_result:
    fields: list[Any] = [0o100644, 7, 1, 1, 0, 0, 10, 0, 0, 0, 0.0, 0.0, 0.0, 0, mtime_ns, 0]
    return os.stat_result(fields)


@given(st.dictionaries(st.sampled_from(NAMES), texts), st.integers(-(2**63), 2**63 - 1))
def test_any_headers_are_judged(headers: dict[str, str], mtime_ns: int) -> None:
    validators = Validators.of(stat(mtime_ns), NOW)

    assert evaluate(headers, validators) in Outcome
    assert all(value.isascii() for value in validators.headers().values())


@given(texts)
def test_any_if_range_applies_only_when_it_names_this_very_file(if_range: str) -> None:
    validators = Validators.of(stat(1_600_000_000 * 10**9), NOW)

    applies = range_applies(if_range, validators)

    assert not applies or if_range in (validators.etag, "Sun, 13 Sep 2020 12:26:40 GMT")


@given(st.text(max_size=80) | st.binary(max_size=80).map(os.fsdecode))
def test_any_name_is_told_in_plain_ascii_without_a_line_break(name: str) -> None:
    told = inline_disposition(name)

    assert told.isascii()
    assert told.isprintable()
    assert told.count('"') == 2
    assert "/" in media_type(name)


def test_a_date_in_another_zone_or_without_one_is_read_in_utc() -> None:
    validators = Validators.of(stat(1_600_000_000 * 10**9), NOW)

    for same in ("Sun, 13 Sep 2020 14:26:40 +0200", "Sun, 13 Sep 2020 12:26:40 -0000", "Sun, 13 Sep 2020 12:26:40 GMT"):
        assert evaluate({"if-modified-since": same}, validators) is Outcome.NOT_MODIFIED
    assert time.gmtime(1_600_000_000).tm_hour == 12
