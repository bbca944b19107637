"""Jobs that insert themselves, over and over (contract 10)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from app.errors import InvalidInput
from app.jobs.args import JobArgs
from app.jobs.insert_opts import InsertOpts
from app.jobs.names import check_kind

JobConstructor = Callable[[], "JobArgs | tuple[JobArgs, InsertOpts | None] | None"]


NEVER = datetime.max.replace(tzinfo=UTC)
"""The next time of what does not come again."""


class PeriodicSchedule(Protocol):
    """Says when next. Asked with the time planned before, so that a late run puts off no other."""

    def next(self, after: datetime) -> datetime:
        """Return the first time later than `after`; NEVER when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class IntervalSchedule:
    """Every so often, counted from the start of a leadership."""

    interval: timedelta

    def __post_init__(self) -> None:
        if self.interval <= timedelta(0):
            raise InvalidInput("interval", "a periodic job needs an interval longer than nothing")

    def next(self, after: datetime) -> datetime:
        return after + self.interval


@dataclass(frozen=True, slots=True)
class NeverSchedule:
    """For what is to run at the start of a leadership only, or to be switched off where a schedule is asked for."""

    def next(self, after: datetime) -> datetime:  # noqa: ARG002  whenever one asks
        return NEVER


@dataclass(frozen=True, slots=True, eq=False)
class PeriodicJob:
    """A schedule and what it inserts.

    The schedule lives in the memory of whoever leads: a restart or a new leader counts from its own start. Uniqueness
    by period is what keeps two leaders from inserting the same run twice. A remembered one counts on where the last
    leader was, and a run that nobody was there for happens once, as soon as somebody leads.
    """

    schedule: PeriodicSchedule
    constructor: JobConstructor
    """Called for each run. Returns args, or args and opts; None skips this run."""
    id: str | None = None
    run_on_start: bool = False
    """Insert one as soon as somebody leads, once per leadership."""
    is_remembered: bool = False
    """Keep its last and next time in a table of ours beside River's. It needs an id."""

    def __post_init__(self) -> None:
        if self.is_remembered and self.id is None:
            raise InvalidInput("id", "a periodic job that is to be remembered needs one")
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
        self.add_many(jobs)

    def __iter__(self) -> Iterator[PeriodicJob]:
        return iter(tuple(self._jobs))

    def __len__(self) -> int:
        return len(self._jobs)

    def on_change(self, changed: Callable[[], None]) -> None:
        self._on_change.append(changed)

    def add(self, job: PeriodicJob) -> None:
        """Add one; its first run is counted from now.

        Raises:
            InvalidInput: it is there already, or another one has its id.
        """
        self.add_many([job])

    def add_many(self, jobs: Iterable[PeriodicJob]) -> None:
        """Add all of them or, when one is refused, none.

        Raises:
            InvalidInput: one is there already, or shares its id with another one.
        """
        together = list(self._jobs)
        for job in jobs:
            if job in together:
                raise InvalidInput("jobs", f"this periodic job was added already: {job.id or 'it has no id'}")
            if job.id is not None and any(other.id == job.id for other in together):
                raise InvalidInput("id", f"there is a periodic job {job.id} already")
            together.append(job)
        self._jobs = together
        self._changed()

    def remove(self, job: PeriodicJob) -> bool:
        """Remove one. False: it was not there."""
        return self._keep(lambda other: other is not job)

    def remove_many(self, jobs: Iterable[PeriodicJob]) -> bool:
        """Remove those of them that are there. False: none was."""
        unwanted = set(jobs)
        return self._keep(lambda other: other not in unwanted)

    def remove_by_id(self, job_id: str) -> bool:
        return self.remove_many_by_id([job_id])

    def remove_many_by_id(self, job_ids: Iterable[str]) -> bool:
        """Remove those of these ids. False: nobody had one of them."""
        unwanted = set(job_ids)
        return self._keep(lambda other: other.id not in unwanted)

    def clear(self) -> None:
        self._keep(lambda _: False)

    def _keep(self, is_wanted: Callable[[PeriodicJob], bool]) -> bool:
        kept = [job for job in self._jobs if is_wanted(job)]
        has_changed = len(kept) < len(self._jobs)
        if has_changed:
            self._jobs = kept
            self._changed()
        return has_changed

    def _changed(self) -> None:
        for tell in self._on_change:
            tell()
