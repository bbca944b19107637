"""What a working client saw since it was started."""

from typing import Any

from app.jobs.subscription import EventKind, EventStream
from app.jobs.types import JobRow

RECORDED = (
    EventKind.JOB_CANCELLED,
    EventKind.JOB_COMPLETED,
    EventKind.JOB_FAILED,
    EventKind.JOB_SNOOZED,
    EventKind.QUEUE_PAUSED,
    EventKind.QUEUE_RESUMED,
)


class Observations:
    def __init__(self) -> None:
        self.cancelled_at_start = 0
        self.error_handler_calls = 0
        self.events: list[str] = []
        self.periodic_starts = 0

    async def record(self, events: EventStream) -> None:
        async for event in events:
            self.events.append(event.kind.value)

    def view(self) -> dict[str, Any]:
        return {
            "cancelled_at_start": self.cancelled_at_start,
            "error_handler_calls": self.error_handler_calls,
            "events": self.events,
            "periodic_starts": self.periodic_starts,
        }


class CancellingErrorHandler:
    """Wants every failed job cancelled, and counts how often it was asked."""

    def __init__(self, observations: Observations) -> None:
        self._observations = observations

    async def handle_error(self, job: JobRow, err: BaseException) -> bool:
        self._observations.error_handler_calls += 1
        return True

    async def handle_panic(self, job: JobRow, err: BaseException, trace: str) -> bool:
        return await self.handle_error(job, err)
