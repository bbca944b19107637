"""When a failed job runs again: bounds, growth, and no overflow however long it has failed (contract 9)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.jobs.retry_policy import LONGEST_DELAY, ExponentialRetryPolicy, RiverRetryPolicy
from app.jobs.types import AttemptError, JobRow, JobState

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_900, UTC)


def job(errors, attempt=1):
    return JobRow(
        id=1,
        state=JobState.RUNNING,
        attempt=attempt,
        max_attempts=25,
        attempted_at=NOW,
        created_at=NOW,
        finalized_at=None,
        scheduled_at=NOW,
        priority=1,
        encoded_args=b"{}",
        attempted_by=["me"],
        errors=[AttemptError(at=NOW, attempt=1, error="x")] * errors,
        kind="test",
        metadata=b"{}",
        queue="default",
        tags=[],
        unique_key=None,
        unique_states=None,
    )


def delay(policy, errors, **values):
    return policy.next_retry(job(errors, **values), NOW) - NOW


@pytest.mark.parametrize(
    ("failure", "low", "high"),
    [(1, 0.9, 1.1), (2, 14.4, 17.6), (3, 72.9, 89.1), (11, 13_176.9, 16_105.1), (25, 351_562.5, 429_687.5)],
)
def test_rivers_delay_is_the_fourth_power(failure, low, high):
    delays = [delay(RiverRetryPolicy(), failure - 1).total_seconds() for _ in range(200)]

    assert low <= min(delays) < max(delays) <= high
    assert len(set(delays)) > 100


def test_rivers_delay_ends_at_gos_longest_duration():
    assert timedelta(seconds=8.2049592249e9) <= delay(RiverRetryPolicy(), 308) <= LONGEST_DELAY
    assert delay(RiverRetryPolicy(), 309) == delay(RiverRetryPolicy(), 32_766) == LONGEST_DELAY
    assert LONGEST_DELAY // timedelta(microseconds=1) == 9_223_372_036_854_775


@pytest.mark.parametrize("policy", [RiverRetryPolicy(), ExponentialRetryPolicy()])
def test_errors_count_not_attempts(policy):
    """A snooze gives its attempt back, and a job may have been snoozed a hundred times before it first fails."""
    assert delay(policy, 0, attempt=100) <= timedelta(seconds=1.1)


@pytest.mark.parametrize(("errors", "seconds"), [(0, 1), (1, 2), (5, 32), (11, 2048), (12, 3600), (10_000, 3600)])
def test_the_configured_delay_doubles_up_to_an_hour(errors, seconds):
    delays = [delay(ExponentialRetryPolicy(), errors).total_seconds() for _ in range(200)]

    assert 0.9 * seconds - 1e-5 <= min(delays) < max(delays) <= 1.1 * seconds + 1e-5
    assert len(set(delays)) > 100


INTERVALS = st.timedeltas(timedelta(microseconds=1), timedelta(days=300_000))


@given(INTERVALS, INTERVALS, st.floats(1, 1e300), st.integers(0, 40_000))
def test_the_configured_delay_stays_within_its_bounds(initial, longest, multiplier, errors):
    initial, longest = min(initial, longest), max(initial, longest)
    policy = ExponentialRetryPolicy(initial, multiplier, longest)

    found = delay(policy, min(errors, 50)) if errors % 2 else delay(policy, errors)

    slack = timedelta(microseconds=2)
    assert min(initial, LONGEST_DELAY) * 0.9 - slack <= found <= min(longest * 1.1 + slack, LONGEST_DELAY)


def test_a_multiplier_of_one_waits_equally_long():
    policy = ExponentialRetryPolicy(timedelta(seconds=10), 1, timedelta(hours=1))

    assert timedelta(seconds=9) <= delay(policy, 500) <= timedelta(seconds=11)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("initial_interval", {"initial_interval": timedelta(0)}),
        ("multiplier", {"multiplier": 0.99}),
        ("multiplier", {"multiplier": float("nan")}),
        ("max_interval", {"initial_interval": timedelta(hours=2)}),
    ],
)
def test_what_makes_no_sense_is_named(field, values):
    with pytest.raises(InvalidInput) as caught:
        ExponentialRetryPolicy(**values)

    assert caught.value.field == field
