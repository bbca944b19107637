"""When something counts as begun and as watched."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.playback.watching.rules import Progress, WatchRules, progress

RULES = WatchRules(begun_percent=5, watched_percent=90, shortest=timedelta(minutes=5))
FILM = 6_000_000


@pytest.mark.parametrize(
    ("position", "duration", "found"),
    [
        (0, FILM, Progress(0, is_watched=False)),
        (299_999, FILM, Progress(0, is_watched=False)),
        (300_000, FILM, Progress(300_000, is_watched=False)),
        (5_399_999, FILM, Progress(5_399_999, is_watched=False)),
        (5_400_000, FILM, Progress(0, is_watched=True)),
        (9_999_999, FILM, Progress(0, is_watched=True)),
        (150_000, 299_999, Progress(0, is_watched=False)),
        (150_000, 300_000, Progress(150_000, is_watched=False)),
        (290_000, 299_999, Progress(0, is_watched=True)),
        (150_000, None, Progress(150_000, is_watched=False)),
        (150_000, 0, Progress(150_000, is_watched=False)),
    ],
)
def test_what_a_position_means(position: int, duration: int | None, found: Progress) -> None:
    assert progress(position, duration, RULES) == found


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_nobody_goes_on_with_what_was_watched(position: int, duration: int) -> None:
    found = progress(position, duration, RULES)
    assert not (found.is_watched and found.position_ms)
    assert found.position_ms in (0, position)
