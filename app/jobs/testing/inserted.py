"""Was it inserted? By the queue's own listing, in the test's transaction or outside of any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypedDict, TypeVar, Unpack

import msgspec

from app.jobs.args import JobArgs
from app.jobs.driver.driver import Connection, Driver, JobListParams
from app.jobs.job import Job
from app.jobs.types import JobRow, JobState

A = TypeVar("A", bound=JobArgs)

MOST = 10_000
"""Jobs looked at; a test that inserts more asks the driver itself."""


class Attributes(TypedDict, total=False):
    """What may be expected of a job; what is not named may be anything. Times are compared as the database keeps them,
    to the microsecond."""

    queue: str
    priority: int
    max_attempts: int
    scheduled_at: datetime
    state: JobState
    tags: Sequence[str]


@dataclass(frozen=True, slots=True)
class Expected(Generic[A]):
    """One job of `require_many_inserted`: a kind, or args that must be these, and attributes by name."""

    args: type[A] | A
    attributes: Attributes = field(default_factory=Attributes)

    @property
    def kind(self) -> str:
        return self.args.kind

    @property
    def wanted(self) -> str:
        return f"kind {self.kind}" if isinstance(self.args, type) else f"kind {self.kind} with {self.args!r}"

    def differences(self, row: JobRow) -> list[str]:
        found = [] if self.has_args_of(row) else [f"args are {self.decoded(row).args!r} instead of {self.args!r}"]
        wanted: Mapping[str, Any] = self.attributes
        return found + [
            f"{name} is {getattr(row, name)!r} instead of {value!r}"
            for name, value in wanted.items()
            if getattr(row, name) != (list(value) if name == "tags" else value)
        ]

    def has_args_of(self, row: JobRow) -> bool:
        return isinstance(self.args, type) or self.decoded(row).args == self.args

    def decoded(self, row: JobRow) -> Job[A]:
        args_type = self.args if isinstance(self.args, type) else type(self.args)
        return Job(row, msgspec.json.decode(row.encoded_args, type=args_type))


async def require_inserted(
    driver: Driver, args: type[A] | A, *, connection: Connection | None = None, **expected: Unpack[Attributes]
) -> Job[A]:
    """Return the one job of this kind, or with these very args, checked against what is expected of it.

    Raises:
        AssertionError: there is none, there are several, or it differs; says how.
    """
    one = Expected(args, expected)
    rows = [row for row in await _rows(driver, [args.kind], connection) if one.has_args_of(row)]
    if len(rows) != 1:
        raise AssertionError(f"expected one job of {one.wanted}, found {len(rows)}")
    _compare(one, rows[0])
    return one.decoded(rows[0])


async def require_many_inserted(
    driver: Driver, expected: Sequence[Expected[Any]], *, connection: Connection | None = None
) -> list[Job[Any]]:
    """Return the jobs of all these kinds, which must be these and no others, in the order of their insertion.

    Raises:
        AssertionError: there are more or fewer, or one differs; says how.
    """
    kinds = sorted({one.kind for one in expected})
    rows = await _rows(driver, kinds, connection)
    if [row.kind for row in rows] != [one.kind for one in expected]:
        raise AssertionError(
            f"expected jobs of kinds {[one.kind for one in expected]}, found {[row.kind for row in rows]}"
        )
    for row, one in zip(rows, expected, strict=True):
        _compare(one, row)
    return [one.decoded(row) for row, one in zip(rows, expected, strict=True)]


async def require_not_inserted(
    driver: Driver,
    args: type[JobArgs] | JobArgs,
    *,
    connection: Connection | None = None,
    **expected: Unpack[Attributes],
) -> None:
    """Check that there is no job of this kind; with args or attributes, none that has all of them.

    Raises:
        AssertionError: there is.
    """
    unwanted = Expected(args, expected)
    rows = await _rows(driver, [args.kind], connection)
    if found := [row.id for row in rows if not unwanted.differences(row)]:
        raise AssertionError(f"expected no such job of {unwanted.wanted}, found {len(found)}: {found[:10]}")


def _compare(expected: Expected[Any], row: JobRow) -> None:
    if wrong := expected.differences(row):
        raise AssertionError(f"job {row.id} of kind {row.kind}: {'; '.join(wrong)}")


async def _rows(driver: Driver, kinds: Sequence[str], connection: Connection | None) -> list[JobRow]:
    source = driver if connection is None else driver.using(connection)
    return await source.job_list(JobListParams(kinds=kinds, limit=MOST))
