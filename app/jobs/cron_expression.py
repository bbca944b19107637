"""Cron expressions with the meaning robfig/cron gives them, which River's Go users write (conformance 5.3).

Five fields: minute, hour, day of the month, month, weekday. Each is a list of `n`, `n-m`, `*` or `?`, with `/step`; for
months and weekdays there are English names of three letters. Sunday is 0 only. When both days are restricted, either
will do; `*/2` is a restriction, `*/1` is none. Besides: `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`,
`@midnight`, `@hourly`, and `@every 1h30m`, which counts whole seconds. `CRON_TZ=Europe/Berlin ` in front sets the zone.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.errors import InvalidInput
from app.jobs.cron_fields import parse_fields
from app.jobs.cron_schedule import CronSchedule
from app.jobs.go_duration import parse_duration
from app.jobs.periodic import NEVER, PeriodicSchedule

SECOND = 10**9

EVERY = "@every "
MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class EverySchedule:
    """Counts from whenever it is asked, in whole seconds. At least one: less would be a loop."""

    def __init__(self, nanoseconds: int) -> None:
        self.interval = timedelta(seconds=max(nanoseconds // SECOND, 1))

    def next(self, after: datetime) -> datetime:
        try:
            found = after.astimezone(UTC).replace(microsecond=0) + self.interval
            return found.astimezone(after.tzinfo)
        except OverflowError:
            return NEVER


def cron(expression: str) -> PeriodicSchedule:
    """Make a schedule of a cron expression.

    Without a zone of its own it follows the zone of the time it is asked about, and the queue asks in UTC.

    Raises:
        InvalidInput: says what of it cannot be understood.
    """
    spec, zone = _take_zone(expression)
    if spec.startswith(EVERY):
        try:
            return EverySchedule(parse_duration(spec.removeprefix(EVERY)))
        except ValueError as err:
            raise _invalid(expression, str(err)) from err
    if spec.startswith("@"):
        if spec not in MACROS:
            raise _invalid(expression, f"knows {', '.join(MACROS)} and {EVERY}1h30m, not {spec!r}")
        spec = MACROS[spec]
    try:
        minutes, hours, days, months, weekdays = parse_fields(spec)
    except ValueError as err:
        raise _invalid(expression, str(err)) from err
    return CronSchedule(
        minutes=minutes.numbers,
        hours=hours.numbers,
        days=days.numbers,
        months=months.numbers,
        weekdays=weekdays.numbers,
        is_either_day=not (days.is_open or weekdays.is_open),
        zone=zone,
    )


def _take_zone(expression: str) -> tuple[str, tzinfo | None]:
    if not expression.startswith(("TZ=", "CRON_TZ=")):
        return expression, None
    prefix, _, spec = expression.partition(" ")
    name = prefix.partition("=")[2]
    try:
        return spec.strip(), _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        raise _invalid(expression, f"there is no time zone {name!r}") from err


def _zone(name: str) -> tzinfo | None:
    """Find a zone as Go does: nothing is UTC, and `Local` is that of the time asked about."""
    if name == "Local":
        return None
    return ZoneInfo(name or "UTC")


def _invalid(expression: str, problem: str) -> InvalidInput:
    return InvalidInput("cron", f"{expression!r}: {problem}")
