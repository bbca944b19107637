from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config.durations import LONGEST, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("1s", timedelta(seconds=1)),
        ("1h30m", timedelta(minutes=90)),
        ("1.5h", timedelta(minutes=90)),
        ("0.1s", timedelta(milliseconds=100)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("250us", timedelta(microseconds=250)),
        ("250µs", timedelta(microseconds=250)),
        ("250\N{GREEK SMALL LETTER MU}s", timedelta(microseconds=250)),
        ("1500ns", timedelta(microseconds=1)),
        (" 30s ", timedelta(seconds=30)),
        ("0", timedelta(0)),
        ("36500d", LONGEST),
    ],
)
def test_go_durations_and_days_and_weeks(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "10", "s", "1 s", "-1s", "+1s", "1s1", "1.s", ".5s", "1S", "P7D", "7 days", "1e3s", "٣s", "36501d"],
)
def test_everything_else_is_refused(text):
    with pytest.raises(ValueError, match="must"):
        parse_duration(text)


@given(st.timedeltas(min_value=timedelta(0), max_value=LONGEST))
def test_what_is_written_reads_as_the_same(duration):
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize("text", ["9" * 1_000_100 + "d", "1." + "9" * 1_000_100 + "h"])
def test_more_digits_than_a_decimal_holds_are_refused(text):
    with pytest.raises(ValueError, match="must be a duration"):
        parse_duration(text)
