"""`revenge jobs`: what runs in the background, and interfering with it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from app.cli import bench
from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    from app.jobs.statistics import JobStatistics
    from app.jobs.types import JobRow
    from app.web.api_v1.job_view import Job

State = Literal["available", "cancelled", "completed", "discarded", "pending", "retryable", "running", "scheduled"]
A_NUMBER = Number(gte=1, lte=2**63 - 1)
"""What the column holds."""

Id = Annotated[int, Parameter(validator=A_NUMBER, help="Its number.")]
Ids = Annotated[list[Annotated[int, Parameter(validator=A_NUMBER)]], Parameter(help="The jobs' numbers.")]

SHOWN_ARGS = 60


def group() -> App:
    app = App(name="jobs", help="List jobs, look at one, cancel it, run it again; measure how fast they go.")
    app.command(list_, name="list")
    for command in (get, cancel, retry, stats, schedule, bench.bench):
        app.command(command)
    return app


async def list_(
    *,
    state: Annotated[tuple[State, ...], Parameter(help="Only in this state. May be given again.")] = (),
    kind: Annotated[tuple[str, ...], Parameter(help="Only of this kind. May be given again.")] = (),
    queue: Annotated[tuple[str, ...], Parameter(help="Only of this queue. May be given again.")] = (),
    oldest_first: Annotated[bool, Parameter(help="Begin with the oldest, not with the newest.")] = False,
    limit: Annotated[int, Parameter(help="How many at most, 1 to 10000; 100 unless told otherwise.")] = 100,
    cursor: Annotated[str | None, Parameter(help="Where the last listing ended.")] = None,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """List jobs, the newest first."""
    from app.cli.output import print_json, print_note, print_table
    from app.jobs.driver.driver import JobListParams
    from app.jobs.types import JobState
    from app.web.api_v1.job_view import Job
    from app.web.api_v1.jobs import JobPage

    params = JobListParams(
        states=[JobState(one) for one in state],
        kinds=kind,
        queues=queue,
        descending=not oldest_first,
        after=cursor,
        limit=limit,
    )
    async with session.application() as app:
        page = await app.client.jobs.list(params)
    cursor = page.cursor if len(page.jobs) == limit else None
    if json:
        print_json(JobPage([Job.of(job) for job in page.jobs], cursor))
    else:
        print_table(("ID", "STATE", "KIND", "QUEUE", "ATTEMPT", "SCHEDULED", "ARGS"), map(_row, page.jobs))
        if cursor is not None:
            print_note(f"there may be more: --cursor {cursor}")


def _row(job: "JobRow") -> tuple[object, ...]:
    args = job.encoded_args.decode("utf-8", "backslashreplace")
    short = args if len(args) <= SHOWN_ARGS else f"{args[:SHOWN_ARGS]}…"
    return (job.id, job.state, job.kind, job.queue, f"{job.attempt}/{job.max_attempts}", job.scheduled_at, short)


async def get(job_id: Id, /, *, json: AsJson = False, session: GivenSession) -> None:
    """Show one job, its errors and its output."""
    from app.cli.output import print_json
    from app.web.api_v1.job_view import Job

    async with session.application() as app:
        job = Job.of(await app.client.jobs.get(job_id))
    if json:
        print_json(job)
    else:
        _print_details(job)


def _print_details(job: "Job") -> None:
    """One line a column; what is nested, as JSON beneath its name."""
    import msgspec

    from app.cli.output import print_line, shown

    for name in job.__struct_fields__:
        value = getattr(job, name)
        if isinstance(value, list | msgspec.Raw):
            pretty = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
            head, *rest = pretty.splitlines()
            print_line(f"{name:<13} {head}")
            for line in rest:
                print_line(f"{'':<13} {line}")
        else:
            print_line(f"{name:<13} {shown(value)}")


async def cancel(job_ids: Ids, /, *, session: GivenSession) -> None:
    """Cancel jobs. A running one is told to stop, wherever it runs."""
    from app.cli.output import print_line
    from app.jobs.types import JobState

    async with session.application() as app:
        for job_id in job_ids:
            job = await app.client.jobs.cancel(job_id)
            told = " and told to stop" if job.state is JobState.RUNNING else ""
            print_line(f"job {job.id}: {job.state}{told}")


async def retry(job_ids: Ids, /, *, session: GivenSession) -> None:
    """Run jobs again, now: finished ones too, and those that wait for their next attempt."""
    from app.cli.output import print_line

    async with session.application() as app:
        for job_id in job_ids:
            job = await app.client.jobs.retry(job_id)
            print_line(f"job {job.id}: {job.state}")


async def schedule(*, json: AsJson = False, session: GivenSession) -> None:
    """Show what comes by itself: when it ran last and how that went, and when it runs next."""
    from app.cli.output import print_json, print_table
    from app.web.api_v1.schedule import ScheduleEntries, ScheduleEntry

    async with session.application() as app:
        runs = await app.schedule.runs()
    if json:
        print_json(ScheduleEntries([ScheduleEntry.of(run) for run in runs]))
        return
    rows = ((run.id, run.last_run_at, run.last_job.state if run.last_job else None, run.next_run_at) for run in runs)
    print_table(("KIND", "LAST RUN", "ENDED AS", "NEXT RUN"), rows)


async def stats(*, json: AsJson = False, session: GivenSession) -> None:
    """Tell how the queue is doing: what waits, what failed within the hour, how many were completed by minute."""
    from app.cli.output import print_json

    async with session.application() as app:
        statistics = await app.client.statistics.all()
    if json:
        print_json(statistics)
    else:
        _print_statistics(statistics)


def _print_statistics(statistics: "JobStatistics") -> None:
    states = sorted({state for queue in statistics.queues for state in queue.by_state})
    queues = [
        (queue.queue, *(queue.by_state.get(state, 0) for state in states), _seconds(queue.oldest_available_seconds))
        for queue in statistics.queues
    ]
    failures = [(one.kind, one.failed, one.last_job_id, one.last_error) for one in statistics.failures]
    minutes = [(one.minute, one.completed) for one in statistics.throughput]
    _print_section(("QUEUE", *(state.upper() for state in states), "OLDEST AVAILABLE"), queues, "nothing waits")
    _print_section(("KIND", "FAILED", "LAST JOB", "LAST ERROR"), failures, "nothing failed within the hour")
    _print_section(("MINUTE", "COMPLETED"), minutes, "nothing was completed within the hour")


def _print_section(columns: tuple[str, ...], rows: Sequence[tuple[object, ...]], nothing: str) -> None:
    from app.cli.output import print_line, print_table

    if rows:
        print_table(columns, rows)
    else:
        print_line(nothing)


def _seconds(age: float | None) -> str | None:
    return None if age is None else f"{age:.0f} s"
