"""What the database has said a moment ago, for as long as it says nothing: whoever watches goes on watching.

Never used while the database answers, so that what is taken away is gone at once. While it does not, nothing can be
taken away either, but by another node that reaches it.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from app.jobs.verdict import lost_database

V = TypeVar("V")

SECONDS = 600.0
"""After so long it is not true any more."""

MOST = 256
"""Answers: those of a rendition with its cuts may have fifty kilobytes."""


class Remembered(Generic[V]):
    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()

    async def ask(self, key: Hashable, ask: Callable[[], Awaitable[V]]) -> V:
        """Return what `ask` returns, or has returned for this key, where it loses the database now.

        Raises: as `ask`.
        """
        try:
            answer = await ask()
        except Exception as err:
            if not lost_database(err):
                self._known.pop(key, None)  # it is not so any more
                raise
            if (known := self._recall(key)) is None:
                raise
            return known
        self._known[key] = self._now(), answer
        self._known.move_to_end(key)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return answer

    def _recall(self, key: Hashable) -> V | None:
        at, answer = self._known.get(key, (0.0, None))
        return answer if self._now() - at < SECONDS else None
