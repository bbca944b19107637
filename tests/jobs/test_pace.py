"""How often an idle producer looks (contract 3.2): a little late each time, so that many do not look at once."""

from datetime import timedelta

import pytest


@pytest.mark.parametrize(
    ("interval", "longest"),
    [(timedelta(seconds=1), 1.1), (timedelta(milliseconds=5), 0.015), (timedelta(minutes=10), 660)],
)
def test_polls_are_spread_by_a_tenth_and_by_ten_milliseconds_at_least(make_client, interval, longest):
    producer = make_client(fetch_poll_interval=interval).crew.producers["default"]

    delays = [producer._poll_delay() for _ in range(200)]

    assert interval.total_seconds() <= min(delays) < max(delays) <= longest
