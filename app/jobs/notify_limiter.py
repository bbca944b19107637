"""Keeps a burst of inserts from becoming a burst of notifications (contract 4.3)."""

import time
from collections.abc import Callable


class NotifyLimiter:
    """Lets one notification through per queue and period, in this process.

    The first passes at once. One held back is not sent later: the one before it has woken the producers, and they
    fetch until the queue is empty. A slot is used up even when the transaction rolls back.
    """

    def __init__(self, period: float, now: Callable[[], float] = time.monotonic) -> None:
        self._period = period
        self._now = now
        self._last: dict[str, float] = {}

    def should_notify(self, queue: str) -> bool:
        now = self._now()
        last = self._last.get(queue)
        if last is not None and now - last < self._period:
            return False
        self._last[queue] = now
        return True
