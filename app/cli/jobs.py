"""`revenge jobs`: what runs in the background, and interfering with it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from app.cli import bench
from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    import msgspec

    from app.jobs.statistics import JobStatistics
    from app.web.api_v1.job_view import Job

State = Literal["available", "cancelled", "completed", "discarded", "pending", "retryable", "running", "scheduled"]
A_NUMBER = Number(gte=1, lte=2**63 - 1)
"""What the column holds."""

Id = Annotated[int, Parameter(validator=A_NUMBER, help="Its number.")]
Ids = Annotated[list[Annotated[int, Parameter(validator=A_NUMBER)]], Parameter(help="The jobs' numbers.")]

SHOWN_ARGS = 60


def group() -> App:
    app = App(
        name="jobs",
        help="List jobs, look at one, insert one, cancel it, run it again, delete it; measure how fast they go.",
    )
    app.command(list_, name="list")
    for command in (get, insert, kinds, cancel, retry, delete, stats, schedule, bench.bench):
        app.command(command)
    return app


async def list_(
    *,
    state: Annotated[tuple[State, ...], Parameter(help="Only in this state. May be given again.")] = (),
    kind: Annotated[tuple[str, ...], Parameter(help="Only of this kind. May be given again.")] = (),
    queue: Annotated[tuple[str, ...], Parameter(help="Only of this queue. May be given again.")] = (),
    priority: Annotated[
        tuple[Annotated[int, Parameter(validator=Number(gte=1, lte=4))], ...],
        Parameter(help="Only of this priority, 1 to 4. May be given again."),
    ] = (),
    tag: Annotated[tuple[str, ...], Parameter(help="Only with this tag. May be given again.")] = (),
    oldest_first: Annotated[bool, Parameter(help="Begin with the oldest, not with the newest.")] = False,
    limit: Annotated[int, Parameter(help="How many at most, 1 to 1000; 100 unless told otherwise.")] = 100,
    cursor: Annotated[str | None, Parameter(help="Where the last listing ended.")] = None,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """List jobs, the newest first."""
    from app.cli.output import print_answer, print_note, print_table
    from app.web.api_v1.job_view import JobPage

    async with session.api() as api:
        answer = await api.get(
            "/jobs", JobPage,
            state=state, kind=kind, queue=queue, priority=priority, tag=tag,
            oldest_first=oldest_first, limit=limit, cursor=cursor,
        )  # fmt: skip
    if json:
        print_answer(answer.content)
    else:
        page = answer.value
        print_table(("ID", "STATE", "KIND", "QUEUE", "ATTEMPT", "SCHEDULED", "ARGS"), map(_row, page.jobs))
        if page.next_cursor is not None:
            print_note(f"there may be more: --cursor {page.next_cursor}")


def _row(job: "Job") -> tuple[object, ...]:
    args = bytes(job.args).decode("utf-8", "backslashreplace")
    short = args if len(args) <= SHOWN_ARGS else f"{args[:SHOWN_ARGS]}…"
    return (job.id, job.state, job.kind, job.queue, f"{job.attempt}/{job.max_attempts}", job.scheduled_at, short)


async def get(job_id: Id, /, *, json: AsJson = False, session: GivenSession) -> None:
    """Show one job, its errors and its output."""
    from app.cli.output import print_answer
    from app.web.api_v1.job_view import Job

    async with session.api() as api:
        answer = await api.get(f"/jobs/{job_id}", Job)
    if json:
        print_answer(answer.content)
    else:
        _print_details(answer.value)


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


async def insert(
    kind: str,
    args: str = "{}",
    /,
    *,
    queue: Annotated[str | None, Parameter(help="Another queue than the kind's own.")] = None,
    priority: Annotated[int | None, Parameter(validator=Number(gte=1, lte=4), help="1 comes first.")] = None,
    at: Annotated[
        datetime | None, Parameter(help="Not before then, such as 2027-01-01T03:00; UTC unless said.")
    ] = None,
    max_attempts: Annotated[int | None, Parameter(validator=Number(gte=1), help="How often it may be tried.")] = None,
    tag: Annotated[list[str] | None, Parameter(help="To find it by. May be given again.")] = None,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Insert a job of any kind that the server knows. What is not said is as the kind has it.

    Parameters
    ----------
    kind
        One of `revenge jobs kinds`.
    args
        Its args, as a JSON object; its fields stand in `revenge jobs kinds --json`.
    """
    from app.cli.output import print_answer, print_line
    from app.web.api_v1.job_view import JobInserted

    body: dict[str, object] = {"kind": kind, "args": _read_args(args), "queue": queue, "priority": priority}
    body |= {"max_attempts": max_attempts, "tags": tag}
    if at is not None:
        body["scheduled_at"] = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    async with session.api() as api:
        answer = await api.send("POST", "/jobs", JobInserted, body)
    if json:
        print_answer(answer.content)
        return
    job = answer.value.job
    already = ", and was there already" if answer.value.duplicate else ""
    print_line(f"job {job.id}: {job.state}{already}")


def _read_args(text: str) -> "msgspec.Raw":
    """Hand on the text itself: no digit of any number is lost."""
    import msgspec

    from app.errors import InvalidInput

    try:
        msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeEncodeError) as err:
        raise InvalidInput("args", f"must be a JSON object: {err}") from None
    return msgspec.Raw(text.encode())


async def kinds(*, json: AsJson = False, session: GivenSession) -> None:
    """List the kinds of jobs that the server knows; with --json, what args each takes."""
    from app.cli.output import print_answer, print_table
    from app.web.api_v1.job_view import JobKindList

    async with session.api() as api:
        answer = await api.get("/job-kinds", JobKindList)
    if json:
        print_answer(answer.content)
        return
    rows = (
        (one.kind, one.queue, one.max_attempts, " ".join(_fields(one.args_schema)), one.description)
        for one in answer.value.kinds
    )
    print_table(("KIND", "QUEUE", "ATTEMPTS", "ARGS", ""), rows)


def _fields(schema: dict[str, Any]) -> list[str]:
    """Name the fields of a JSON Schema, which may stand among its definitions."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return list(schema.get("$defs", {}).get(name, schema).get("properties", {}))


async def cancel(job_ids: Ids, /, *, session: GivenSession) -> None:
    """Cancel jobs. A running one is told to stop, wherever it runs."""
    from app.cli.output import print_line
    from app.web.api_v1.job_view import Job

    async with session.api() as api:
        for job_id in job_ids:
            job = (await api.send("POST", f"/jobs/{job_id}/cancel", Job)).value
            told = " and told to stop" if job.state == "running" else ""
            print_line(f"job {job.id}: {job.state}{told}")


async def retry(job_ids: Ids, /, *, session: GivenSession) -> None:
    """Run jobs again, now: finished ones too, and those that wait for their next attempt."""
    from app.cli.output import print_line
    from app.web.api_v1.job_view import Job

    async with session.api() as api:
        for job_id in job_ids:
            job = (await api.send("POST", f"/jobs/{job_id}/retry", Job)).value
            print_line(f"job {job.id}: {job.state}")


async def delete(job_ids: Ids, /, *, session: GivenSession) -> None:
    """Delete jobs that do not run. One that runs has to be cancelled first."""
    from app.cli.output import print_line
    from app.web.api_v1.job_view import Job

    async with session.api() as api:
        for job_id in job_ids:
            job = (await api.send("DELETE", f"/jobs/{job_id}", Job)).value
            print_line(f"job {job.id}: deleted, it was {job.state}")


async def schedule(*, json: AsJson = False, session: GivenSession) -> None:
    """Show what comes by itself: when it ran last and how that went, and when it runs next."""
    from app.cli.output import print_answer, print_note, print_table
    from app.cli.report import Report
    from app.web.api_v1.schedule_view import ScheduleEntries

    async with session.api() as api:
        answer = await api.get("/schedule", ScheduleEntries)
    if json:
        print_answer(answer.content)
        return
    results = [(run, Report.of(run.last_job)) for run in answer.value.schedule]
    print_table(
        ("KIND", "LAST RUN", "ENDED AS", "RESULT", "NEXT RUN"),
        (
            (run.id, run.last_run_at, run.last_job.state if run.last_job else None, report.text, run.next_run_at)
            for run, report in results
        ),
    )
    for run, report in results:
        for finding in report.findings:
            print_note(f"{run.id}: {finding}")


async def stats(*, json: AsJson = False, session: GivenSession) -> None:
    """Tell how the queue is doing: what waits, what failed within the hour, how many were completed by minute."""
    from app.cli.output import print_answer
    from app.jobs.statistics import JobStatistics

    async with session.api() as api:
        answer = await api.get("/jobs/stats", JobStatistics)
    if json:
        print_answer(answer.content)
    else:
        _print_statistics(answer.value)


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
