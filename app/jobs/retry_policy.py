"""When a failed job runs again (contract 9).

Both policies count the errors on the row, not its attempts: a snooze gives its attempt back, and must not make the next
failure wait longer or shorter. Jitter keeps jobs that failed together from coming back together.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from app.errors import InvalidInput
from app.jobs.types import JobRow

JITTER = 0.1

LONGEST_DELAY = timedelta(microseconds=(2**63 - 1) // 1_000)
"""About 292 years: the longest duration Go has, and so the longest River waits."""


Uniform = Callable[[float, float], float]
"""Chance between two numbers. A test gives its own (`app.jobs.testing.seeded_uniform`)."""


class RetryPolicy(Protocol):
    """Says when a job that failed is tried again."""

    def next_retry(self, job: JobRow, now: datetime) -> datetime:
        """Return when the job is to be tried again. `job.errors` does not hold the present failure yet."""
        ...


class RiverRetryPolicy:
    """River's own: n⁴ seconds after the n-th failure, which spreads 25 attempts over about three weeks."""

    def __init__(self, *, uniform: Uniform = random.uniform) -> None:
        self._uniform = uniform

    def next_retry(self, job: JobRow, now: datetime) -> datetime:
        failures = len(job.errors) + 1
        if failures**4 >= LONGEST_DELAY.total_seconds():
            return now + LONGEST_DELAY
        return now + _with_jitter(timedelta(seconds=failures**4), self._uniform)


@dataclass(frozen=True, slots=True)
class ExponentialRetryPolicy:
    """The configured one: `initial_interval`, then `multiplier` times as long after each failure, up to a maximum."""

    initial_interval: timedelta = timedelta(seconds=1)
    multiplier: float = 2
    max_interval: timedelta = timedelta(hours=1)
    uniform: Uniform = field(default=random.uniform, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.initial_interval <= timedelta(0):
            raise InvalidInput("initial_interval", "must be longer than nothing")
        if not self.multiplier >= 1:  # NaN too
            raise InvalidInput("multiplier", "must be at least 1: otherwise each retry would come sooner")
        if self.max_interval < self.initial_interval:
            raise InvalidInput("max_interval", "must not be shorter than initial_interval")

    def next_retry(self, job: JobRow, now: datetime) -> datetime:
        longest = min(self.max_interval, LONGEST_DELAY)
        try:
            seconds = self.initial_interval.total_seconds() * self.multiplier ** len(job.errors)
        except OverflowError:
            return now + _with_jitter(longest, self.uniform)
        delay = min(timedelta(seconds=min(seconds, longest.total_seconds())), longest)
        return now + _with_jitter(delay, self.uniform)


def _with_jitter(delay: timedelta, uniform: Uniform) -> timedelta:
    return min(delay * uniform(1 - JITTER, 1 + JITTER), LONGEST_DELAY)
