"""Watching a job until it has ended: a bar on a terminal, plain lines in a pipe."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
import rich.progress
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from app.cli.output import print_line, print_note
from app.jobs.types import JobState
from app.observability.logs import escaped
from app.web.api_v1.job_view import Job

POLL = 0.5
"""Seconds. A running job writes its progress at most every 2 s; its end should be seen sooner."""

LONELY_AFTER = 5.0
"""Seconds a job may wait before we say that nobody seems to work."""

GetJob = Callable[[int], Awaitable[Job]]


@dataclass(frozen=True, slots=True)
class Progress:
    """What a running job says of itself in its `output`: a word for the phase, counts by name, how many in all."""

    phase: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    total: int | None = None

    @classmethod
    def of(cls, job: Job) -> "Progress":
        output = output_of(job)
        if not isinstance(output, dict):
            return cls()
        phase = output.pop("phase", None)
        counts = {name: output[name] for name in sorted(output, key=_rank) if type(output[name]) is int}
        total = counts.pop("total", None)
        return cls(phase if isinstance(phase, str) else "", counts, total)

    @property
    def done(self) -> int:
        """What the rate is counted in: whatever of the disk was looked at."""
        return self.counts.get("files", 0) + self.counts.get("folders", 0)

    @property
    def text(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in self.counts.items() if count)


def output_of(job: Job) -> object:
    """Return what a job has said of itself, be it running or done."""
    metadata = msgspec.json.decode(job.metadata)
    return metadata.get("output") if isinstance(metadata, dict) else None


def _rank(name: str) -> tuple[bool, str]:
    """What was looked at comes before what became of it; the database keeps no order."""
    return (name not in ("files", "folders"), name)


class Display(Protocol):
    def show(self, job: Job, progress: Progress) -> None: ...
    def close(self) -> None: ...


async def watch(get: GetJob, job_id: int, *, quiet: bool = False) -> tuple[Job, int]:
    """Show a job's progress until it has ended; return it, and 0 when it was completed, else 1."""
    display: Display = Silence() if quiet else Bar() if sys.stdout.isatty() else Lines()
    began, lonely = time.monotonic(), False
    try:
        while not JobState((job := await get(job_id)).state).is_final:
            display.show(job, Progress.of(job))
            if job.state == JobState.AVAILABLE and not lonely and time.monotonic() - began > LONELY_AFTER:
                lonely = True
                print_note(f"no node has taken job {job.id} yet; is `revenge serve` or `revenge work` running?")
            await asyncio.sleep(POLL)
        display.show(job, Progress.of(job))
    finally:
        display.close()
    return job, _tell_end(job, time.monotonic() - began, quiet=quiet)


def _tell_end(job: Job, seconds: float, *, quiet: bool) -> int:
    if job.state == JobState.COMPLETED:
        if not quiet:
            text = Progress.of(job).text
            print_line(f"job {job.id} completed in {seconds:.1f} s" + (f": {text}" if text else ""))
        return 0
    reason = f": {job.errors[-1].error}" if job.errors else ""
    print_note(f"job {job.id} was {job.state}{reason}")
    return 1


class Silence:
    def show(self, job: Job, progress: Progress) -> None:
        """Say nothing: JSON follows."""

    def close(self) -> None:
        """Nothing was opened."""


class Lines:
    """One line whenever something has changed."""

    def __init__(self) -> None:
        self._last = ""

    def show(self, job: Job, progress: Progress) -> None:
        line = " ".join(filter(None, (f"job {job.id}: {job.state}", progress.phase, progress.text)))
        if line != self._last:
            self._last = line
            print_line(line)
            sys.stdout.flush()

    def close(self) -> None:
        """Every line has been written."""


class Bar:
    """rich's bar, with counts and rate. Without a total it pulses."""

    def __init__(self) -> None:
        self._rich = rich.progress.Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[counts]}", markup=False),
            TextColumn("{task.fields[rate]}", markup=False),
            TimeElapsedColumn(),
        )
        self._rich.start()
        self._task = self._rich.add_task("waiting", total=None, counts="", rate="")

    def show(self, job: Job, progress: Progress) -> None:
        speed = self._rich.tasks[0].speed
        self._rich.update(
            self._task,
            description=escaped(progress.phase or job.state),
            completed=progress.done,
            total=progress.total,
            counts=escaped(progress.text),
            rate=f"{speed:,.0f} files and folders/s" if speed else "",
        )

    @property
    def tasks(self) -> Sequence[rich.progress.Task]:
        return self._rich.tasks

    def close(self) -> None:
        self._rich.stop()
