"""Go's times: as short as they can be, as fine as they were."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.jobs.go_time import go_time, parse_go_time, parse_go_time_exactly

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "nanosecond", "text"),
    [
        (AT, 0, "2026-01-02T03:04:05Z"),
        (AT.replace(microsecond=678900), 0, "2026-01-02T03:04:05.6789Z"),
        (AT.replace(microsecond=678901), 230, "2026-01-02T03:04:05.67890123Z"),
        (AT, 7, "2026-01-02T03:04:05.000000007Z"),
        (AT.astimezone(timezone(timedelta(hours=5))), 5, "2026-01-02T03:04:05.000000005Z"),
        (datetime(1, 1, 1, tzinfo=UTC), 0, "0001-01-01T00:00:00Z"),
    ],
)
def test_as_go_writes_them(time, nanosecond, text):
    assert go_time(time, nanosecond) == text


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 999))
def test_what_was_written_is_read_back_to_the_last_digit(time, nanosecond):
    assert parse_go_time_exactly(go_time(time, nanosecond)) == (time, nanosecond)


def test_digits_beyond_microseconds_are_never_rounded_up():
    text = "2026-01-02T03:04:05.999999999+01:00"
    at, nanosecond = parse_go_time_exactly(text)
    assert (at.microsecond, at.second, nanosecond) == (999999, 5, 999)
    assert parse_go_time_exactly("2026-01-02T03:04:05.1234567Z")[1] == 700


def test_a_time_without_an_offset_is_none():
    for parse in (parse_go_time, parse_go_time_exactly):
        with pytest.raises(ValueError, match="offset"):
            parse("2026-01-02T03:04:05.1234567")
