"""Jobs that insert themselves, over and over (contract 10)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.errors import InvalidInput
from app.jobs.args import JobArgs
from app.jobs.insert_opts import InsertOpts
from app.jobs.names import check_kind

JobConstructor = Callable[[], "JobArgs | tuple[JobArgs, InsertOpts | None] | None"]


class PeriodicSchedule(Protocol):
    def next(self, after: datetime) -> datetime:
        """Return the first time later than `after`."""
        ...


@dataclass(frozen=True, slots=True)
class IntervalSchedule:
    interval: timedelta

    def __post_init__(self) -> None:
        if self.interval <= timedelta(0):
            raise InvalidInput("interval", "a periodic job needs an interval longer than nothing")

    def next(self, after: datetime) -> datetime:
        return after + self.interval


@dataclass(frozen=True, slots=True, eq=False)
class PeriodicJob:
    """A schedule and what it inserts.

    The schedule lives in the memory of whoever leads: a restart or a new leader counts from its own start. Uniqueness
    by period is what keeps two leaders from inserting the same run twice.
    """

    schedule: PeriodicSchedule
    constructor: JobConstructor
    """Called for each run. Returns args, or args and opts; None skips this run."""
    id: str | None = None
    run_on_start: bool = False
    """Insert one as soon as somebody leads, once per leadership."""

    def __post_init__(self) -> None:
        if self.id is not None:
            check_kind(self.id, "id")  # River gives both names one rule

    def construct(self) -> tuple[JobArgs, InsertOpts] | None:
        made = self.constructor()
        if made is None:
            return None
        args, opts = made if isinstance(made, tuple) else (made, None)
        return args, opts or InsertOpts()


class PeriodicJobs:
    """The client's periodic jobs. Effective where the client leads, so change them on every node alike."""

    def __init__(self, jobs: tuple[PeriodicJob, ...] = ()) -> None:
        self._jobs: list[PeriodicJob] = []
        self._on_change: list[Callable[[], None]] = []
        for job in jobs:
            self.add(job)

    def __iter__(self) -> Iterator[PeriodicJob]:
        return iter(tuple(self._jobs))

    def __len__(self) -> int:
        return len(self._jobs)

    def on_change(self, changed: Callable[[], None]) -> None:
        self._on_change.append(changed)

    def add(self, job: PeriodicJob) -> None:
        """Add one; its first run is counted from now.

        Raises:
            InvalidInput: another one has its id.
        """
        if job.id is not None and any(other.id == job.id for other in self._jobs):
            raise InvalidInput("id", f"there is a periodic job {job.id} already")
        self._jobs.append(job)
        self._changed()

    def remove(self, job: PeriodicJob) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
            self._changed()

    def remove_by_id(self, job_id: str) -> bool:
        found = [job for job in self._jobs if job.id == job_id]
        for job in found:
            self.remove(job)
        return bool(found)

    def clear(self) -> None:
        self._jobs.clear()
        self._changed()

    def _changed(self) -> None:
        for tell in self._on_change:
            tell()
