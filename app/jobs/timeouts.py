"""Who has worked too long: one timer for all attempts of one limit."""

import asyncio
from collections.abc import Callable

from app.jobs.attempt import Attempt


class Timeouts:
    """Calls `time_out` for every attempt that is still watched when its limit is over.

    Attempts of one limit run out of time in the order in which they began, so only the first of them needs a timer.
    It is left to run when that attempt ends before it, as nearly all do, and then looks who is first by now: a timer
    of the loop's own for each cost a fifteenth of all that this process does for a job.
    """

    def __init__(self, time_out: Callable[[Attempt], None]) -> None:
        self._time_out = time_out
        self._watched: dict[float, dict[Attempt, float]] = {}
        """By limit in seconds: attempts in order, each with the loop's time at which it is over."""

    def watch(self, attempt: Attempt, limit: float) -> None:
        loop = asyncio.get_running_loop()
        attempts = self._watched.get(limit)
        if attempts is None:
            attempts = self._watched[limit] = {}
            loop.call_later(limit, self._look, limit)
        attempts[attempt] = loop.time() + limit

    def forget(self, attempt: Attempt, limit: float) -> None:
        if (attempts := self._watched.get(limit)) is not None:
            attempts.pop(attempt, None)

    def _look(self, limit: float) -> None:
        loop = asyncio.get_running_loop()
        attempts = self._watched[limit]
        for attempt, over_at in list(attempts.items()):
            if over_at > loop.time():
                loop.call_at(over_at, self._look, limit)
                return
            del attempts[attempt]
            self._time_out(attempt)
        del self._watched[limit]
