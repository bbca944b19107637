"""Attempts that go on although their time is over (contract 12.1, JobStuckHandler)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.jobs.attempt import Attempt

log = structlog.get_logger("jobs.stuck")

STUCK_AFTER = timedelta(seconds=10)
"""How long beyond its timeout an attempt may take to end before it counts as stuck. River's number."""


@dataclass(frozen=True, slots=True)
class StuckJob:
    """Which job does not end although its time is over."""

    id: int
    kind: str
    queue: str
    total_stuck_jobs: int
    """Of this client, in all queues, this one included."""


JobStuckHandler = Callable[[StuckJob], bool]
"""Told once of each stuck job, and must not wait for anything. True: let another job run in its place.

The stuck one goes on all the same, so that the queue has more at work than its `max_workers` allow: say yes to a few,
and when there are many have the process restarted.
"""


class StuckJobs:
    """Looks at an attempt once, when it has had time to heed its timeout. What ends after all is stuck no more."""

    def __init__(
        self,
        threshold: timedelta = STUCK_AFTER,
        handler: JobStuckHandler | None = None,
        give_up_slot: Callable[[Attempt], None] = lambda _: None,
    ) -> None:
        self._threshold = threshold.total_seconds()
        self._handler = handler
        self._give_up_slot = give_up_slot
        self._stuck: set[Attempt] = set()

    @property
    def total(self) -> int:
        return len(self._stuck)

    def timed_out(self, attempt: Attempt) -> None:
        asyncio.get_running_loop().call_later(self._threshold, self.look, attempt)

    def look(self, attempt: Attempt) -> None:
        if not attempt.is_working:
            return
        self._stuck.add(attempt)
        row = attempt.row
        log.warning(
            "a job does not end although its time is over",
            job=row.id,
            kind=row.kind,
            queue=row.queue,
            total_stuck_jobs=self.total,
        )
        if self._handler is not None and self._wants_a_slot(self._handler, attempt):
            self._give_up_slot(attempt)

    def _wants_a_slot(self, handler: JobStuckHandler, attempt: Attempt) -> bool:
        row = attempt.row
        try:
            return handler(StuckJob(row.id, row.kind, row.queue, self.total))
        except Exception:  # its defect must not cost us the count, nor the loop its peace
            log.exception("the handler of stuck jobs failed", job=row.id, kind=row.kind)
            return False

    def ended(self, attempt: Attempt) -> None:
        if attempt in self._stuck:
            self._stuck.remove(attempt)
            log.info("a stuck job has ended", job=attempt.row.id, kind=attempt.row.kind, queue=attempt.row.queue)
