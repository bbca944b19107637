"""Who is told of failed attempts (contract 2.5)."""

from typing import Protocol

from app.jobs.types import JobRow


class ErrorHandler(Protocol):
    """Told of every failed attempt; not of cancellations, snoozes and interruptions.

    Both return True to cancel the job instead of retrying it (River's `SetCancelled`). What they raise is logged and
    changes nothing.
    """

    async def handle_error(self, job: JobRow, err: BaseException) -> bool:
        """A worker failed in a way that was foreseen: an `AppError`, a timeout, an unknown kind, undecodable args."""
        ...

    async def handle_panic(self, job: JobRow, err: BaseException, trace: str) -> bool:
        """A worker crashed: any other exception."""
        ...
