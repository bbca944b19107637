"""Token buckets: so many requests at once, and as many again evenly within a window. Pure."""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from app.errors import AppError

KEPT = 10_000
"""Askers remembered, those last seen; about a megabyte. One that is forgotten has a full bucket again."""


class TooManyRequests(AppError):
    code = "too_many_requests"

    def __init__(self, retry_after: int, standing: "Standing") -> None:
        super().__init__(f"too many requests; try again in {retry_after} s")
        self.retry_after = retry_after
        """Seconds."""
        self.standing = standing


@dataclass(frozen=True, slots=True)
class Policy:
    """So many requests in a window; a bucket of as many fills itself again evenly within one."""

    name: str
    quota: int
    window: float
    """Seconds."""

    def __str__(self) -> str:
        return f'"{self.name}";q={self.quota};w={max(1, math.ceil(self.window))}'


@dataclass(frozen=True, slots=True)
class Standing:
    """How an asker stands after asking."""

    policy: Policy
    remaining: int
    full_in: int
    """Seconds."""

    def __str__(self) -> str:
        return f'"{self.policy.name}";r={self.remaining};t={self.full_in}'


class Buckets:
    """One bucket for each asker under one policy."""

    def __init__(self, policy: Policy, now: Callable[[], float]) -> None:
        self.policy = policy
        self._now = now
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> Standing:
        """Take one request out of an asker's bucket.

        Raises:
            TooManyRequests: it is empty. Asking on does not make the wait longer.
        """
        now, policy = self._now(), self.policy
        level, at = self._levels.pop(key, (float(policy.quota), now))
        level = min(policy.quota, level + (now - at) * policy.quota / policy.window)
        taken = level >= 1
        self._levels[key] = (level - 1 if taken else level, now)
        if len(self._levels) > KEPT:
            self._levels.popitem(last=False)  # never this one, which came last
        left = self._levels[key][0]
        standing = Standing(policy, int(left), math.ceil((policy.quota - left) * policy.window / policy.quota))
        if not taken:
            raise TooManyRequests(max(1, math.ceil((1 - level) * policy.window / policy.quota)), standing)
        return standing
