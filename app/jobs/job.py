"""A job in a worker's hands: its row, its args, and what the worker may say while working."""

import asyncio
import concurrent.futures
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec

from app.errors import InvalidInput
from app.jobs.args import JobArgs
from app.jobs.resumable import PREFIX, ResumableSteps
from app.jobs.staged import encode_staged
from app.jobs.types import JobRow

A_co = TypeVar("A_co", bound=JobArgs, covariant=True)

PROGRESS_INTERVAL = 2.0
"""Seconds between two writes of one job's progress: people look at it, nothing waits for it."""

ReportProgress = Callable[[JobRow, msgspec.Raw], Awaitable[bool]]
"""Writes progress to the row. Returns whether it got there."""


async def _nowhere(_row: JobRow, _value: msgspec.Raw) -> bool:
    """Where progress goes when nobody runs the job, as in a test."""
    return False


class Job(Generic[A_co]):
    """One attempt at one row.

    `staged_metadata` is merged into the row's metadata when the attempt ends, whatever its outcome (contract 2.2).
    Its values are JSON already: what cannot be stored is refused where it is said, not when the attempt has ended.
    """

    __slots__ = (
        "_cancelled",
        "_loop",
        "_report",
        "_reported_at",
        "_steps",
        "_thread",
        "args",
        "row",
        "staged_metadata",
        "unwritten_progress",
    )

    def __init__(self, row: JobRow, args: A_co, report: ReportProgress = _nowhere) -> None:
        self.row = row
        self.args = args
        self.staged_metadata: dict[str, Any] = {}
        self.unwritten_progress: msgspec.Raw | None = None
        """The last progress told, unless it is on the row already; written with the end of the attempt otherwise."""
        self._reported_at = float("-inf")
        self._cancelled: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: int | None = None
        self._report = report
        self._steps: ResumableSteps | None = None

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def attempt(self) -> int:
        return self.row.attempt

    @property
    def cancelled(self) -> asyncio.Event:
        """Set when the attempt is to end: cancelled from anywhere, out of time, or stopped. For plain `def` workers,
        which may ask `is_set()` from their thread, and for those that must not be interrupted between two steps; an
        `async def` worker is interrupted as well."""
        if self._cancelled is None:
            self._cancelled = asyncio.Event()
        return self._cancelled

    @property
    def steps(self) -> ResumableSteps:
        """Stretches of work that a later attempt need not repeat: `await job.steps.step("download", self._download)`.

        Raises:
            JobError: what an earlier attempt left cannot be read.
        """
        if self._steps is None:
            self._steps = ResumableSteps(self.row)
        return self._steps

    def begin(self) -> None:
        """Take up what an earlier attempt left; for whoever runs the worker, before it does.

        Raises:
            JobError: it cannot be read.
        """
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        if PREFIX in self.row.metadata:
            self._steps = ResumableSteps(self.row)

    def end_well(self) -> None:
        """Make sure that the worker, which has just returned, has really been through its steps.

        Raises:
            JobError: it has not.
        """
        if self._steps is not None:
            self._steps.check_resumed()

    def end_badly(self) -> None:
        """Stage what the next attempt need not repeat."""
        if self._steps is not None:
            self.staged_metadata.update(self._steps.progress())

    def record_output(self, value: Any) -> None:
        """Keep a result on the row under `output`; any JSON, the last call wins.

        Raises:
            InvalidInput: it is no JSON, or larger than 32 MiB.
        """
        self.staged_metadata["output"] = encode_staged("output", value)

    def metadata_set(self, key: str, value: Any) -> None:
        """Stage a metadata key.

        Raises:
            InvalidInput: the key is one of River's own, or the value is no JSON.
        """
        if key.startswith("river:"):
            raise InvalidInput(key, "metadata keys that start with river: belong to River")
        self.staged_metadata[key] = encode_staged(key, value)

    async def report_progress(self, value: Any) -> None:
        """Show how far the attempt is, on the row, while it runs. Written at most once in 2 s; keep it small.

        Progress is a courtesy: a database that is away costs the report, never the attempt.
        """
        progress = self.unwritten_progress = encode_staged("output", value)
        if self._is_report_due():
            await self._write_progress(progress)

    def report_progress_from_thread(self, value: Any) -> None:
        """The same for a plain `def` worker, from its thread or any that it has started. Waits while it is written.

        Raises:
            RuntimeError: called in the queue's own thread, which would wait for itself for ever.
        """
        if threading.get_ident() == self._thread:
            raise RuntimeError("await report_progress here: this is no thread of a plain worker")
        progress = self.unwritten_progress = encode_staged("output", value)
        if self._loop is None or not self._is_report_due():
            return
        report = self._write_progress(progress)
        try:
            asyncio.run_coroutine_threadsafe(report, self._loop).result()
        except (RuntimeError, concurrent.futures.CancelledError):  # the loop has ended, or ends: nobody can write it
            report.close()

    def _is_report_due(self) -> bool:
        now = time.monotonic()
        if now - self._reported_at < PROGRESS_INTERVAL:
            return False
        self._reported_at = now
        return True

    async def _write_progress(self, progress: msgspec.Raw) -> None:
        if await self._report(self.row, progress) and self.unwritten_progress is progress:
            self.unwritten_progress = None
