"""`revenge jobs bench`: how many jobs a second."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from app.cli.session import AsJson, GivenSession, Session

if TYPE_CHECKING:
    from app.jobs.bench import BenchConfig, Interval, Summary


def bench(
    *,
    num_total_jobs: Annotated[
        int | None,
        Parameter(
            name=("--num-total-jobs", "-n"),
            validator=Number(gte=1),
            help="Insert so many first, then work them all. Otherwise inserting and working go on side by side.",
        ),
    ] = None,
    duration: Annotated[str | None, Parameter(help="End after so long, such as 30s or 5m; else with Ctrl-C.")] = None,
    workers: Annotated[int, Parameter(validator=Number(gte=1, lte=10_000), help="Jobs worked at once.")] = 2_000,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Measure how many jobs a second this machine works, as `river bench` does for Go. Yours are not touched.

    It works in a schema that it makes for itself and drops at the end. What it measures includes whatever else the
    database has to do meanwhile.
    """
    from app.jobs.bench import BenchConfig

    session.set_up_logs(quiet=True)
    config = BenchConfig(num_total_jobs=num_total_jobs, duration=_duration(duration), workers=workers)
    config.check()
    session.run_node(_run(session, config, as_json=json))


def _duration(text: str | None) -> timedelta | None:
    from app.config.durations import parse_duration
    from app.errors import InvalidInput

    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as err:
        raise InvalidInput("duration", str(err)) from err


async def _run(session: Session, config: "BenchConfig", *, as_json: bool) -> None:
    from app.cli.output import print_json
    from app.db.server import DatabaseServer

    server = DatabaseServer(session.settings)
    await server.start()
    try:
        intervals, summary = await _measure(server.conninfo, config, as_json=as_json)
    finally:
        await server.stop()
    if as_json:
        print_json({"intervals": intervals, "summary": summary})
    else:
        _print(_summed_up(summary))


async def _measure(conninfo: str, config: "BenchConfig", *, as_json: bool) -> "tuple[list[Interval], Summary]":
    from app.jobs.bench import Bench, bench_schema
    from app.jobs.driver.psycopg_driver import PsycopgDriver
    from app.lifecycle import Signals, settle_memory

    intervals: list[Interval] = []

    def tell(interval: "Interval") -> None:
        intervals.append(interval)
        if not as_json:
            _print(_told(interval))

    async with bench_schema(conninfo) as schema:
        driver = PsycopgDriver(lambda: conninfo, schema)
        await driver.open()
        try:
            bench = Bench(driver, config)
            await settle_memory()
            with Signals(bench.stop):
                return intervals, await bench.run(tell)
        finally:
            await driver.close()


def _told(interval: "Interval") -> str:
    return (
        f"bench: jobs worked [ {interval.worked:10} ], inserted [ {interval.inserted:10} ],"
        f" job/sec [ {interval.jobs_per_second:10.1f} ], memory [ {_mib(interval.memory_mib)} ]"
        f" [{interval.seconds:.1f}s]"
    )


def _summed_up(summary: "Summary") -> str:
    return (
        f"bench: total jobs worked [ {summary.worked:10} ], total jobs inserted [ {summary.inserted:10} ],"
        f" overall job/sec [ {summary.jobs_per_second:10.1f} ], running {summary.seconds:.3f}s"
    )


def _mib(memory: float | None) -> str:
    return "-" if memory is None else f"{memory:.0f} MiB"


def _print(text: str) -> None:
    """At once, also into a pipe: whoever watches wants to see it go."""
    import sys

    from app.cli.output import print_line

    print_line(text)
    sys.stdout.flush()
