"""One attempt at one job, while it is in our hands."""

import asyncio
import enum
from typing import Any

from app.jobs.job import Job
from app.jobs.types import JobRow


class Cause(enum.Enum):
    """Why an attempt was interrupted. The first cause stands, as in a Go context."""

    TIMEOUT = "timeout"
    REMOTE_CANCEL = "remote cancel"
    STOP = "stop"
    SUPERSEDED = "superseded"
    """The same job was rescued and came back to us as a newer attempt; whatever this one says is fenced out."""


class Attempt:
    """States: claimed → working → ended. An interruption before `working` is remembered and met at its start."""

    __slots__ = ("cause", "is_abandoned", "is_interruptible", "is_working", "job", "row", "task")

    def __init__(self, row: JobRow) -> None:
        self.row = row
        self.job: Job[Any] | None = None
        self.cause: Cause | None = None
        self.task: asyncio.Task[None] | None = None
        self.is_working = False
        self.is_interruptible = True
        """False for a plain `def` in its thread: nothing can end it but itself."""
        self.is_abandoned = False
        """The client stopped without it; nobody waits for its end any more."""

    def interrupt(self, cause: Cause) -> None:
        """Ask the worker to end. Says so through `job.cancelled`, and cancels the task where that can be done."""
        if self.cause is not None:
            return
        self.cause = cause
        if self.is_working:
            self.deliver()

    def deliver(self) -> None:
        """Pass the interruption on to the worker, which is working now."""
        if self.job is not None:
            self.job.cancelled.set()
        if self.is_interruptible and self.task is not None:
            self.task.cancel()
