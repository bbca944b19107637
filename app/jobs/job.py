"""A job in a worker's hands: its row, its args, and what the worker may say while working."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from app.errors import InvalidInput
from app.jobs.args import JobArgs
from app.jobs.types import JobRow

A_co = TypeVar("A_co", bound=JobArgs, covariant=True)

ReportProgress = Callable[[Any], Awaitable[None]]


async def _nowhere(_value: Any) -> None:
    """Where progress goes when nobody runs the job, as in a test."""


class Job(Generic[A_co]):
    """One attempt at one row.

    `staged_metadata` is merged into the row's metadata when the attempt ends, whatever its outcome (contract 2.2).
    """

    __slots__ = ("_report", "args", "cancelled", "row", "staged_metadata")

    def __init__(self, row: JobRow, args: A_co, report: ReportProgress = _nowhere) -> None:
        self.row = row
        self.args = args
        self.cancelled = asyncio.Event()
        """Set when the attempt is to end: cancelled from anywhere, out of time, or stopped. For plain `def` workers
        and for those that must not be interrupted between two steps; an `async def` worker is interrupted as well."""
        self.staged_metadata: dict[str, Any] = {}
        self._report = report

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def attempt(self) -> int:
        return self.row.attempt

    def record_output(self, value: Any) -> None:
        """Keep a result on the row under `output`; any JSON, the last call wins."""
        self.staged_metadata["output"] = value

    def metadata_set(self, key: str, value: Any) -> None:
        """Stage a metadata key.

        Raises:
            InvalidInput: the key is one of River's own.
        """
        if key.startswith("river:"):
            raise InvalidInput(key, "metadata keys that start with river: belong to River")
        self.staged_metadata[key] = value

    async def report_progress(self, value: Any) -> None:
        """Show how far the attempt is, on the row, while it runs. Written at most once in 2 s; keep it small."""
        await self._report(value)
