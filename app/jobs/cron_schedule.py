"""When a cron expression comes true next, on the wall clock of a zone with daylight saving.

A time that the spring skips does not come that day; one that the autumn repeats comes twice. The steps are those of
robfig/cron, also where they are odd (where midnight is skipped, a run may be lost or land on the day after): two
clients of one queue, one of them Go's, must agree on the instant.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from app.errors import InvalidInput
from app.jobs.periodic import NEVER

YEARS_SEARCHED = 5
"""An expression that does not come true within so many years never does: the 30th of February."""

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
NOON = 12
HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSchedule:
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """Sunday is 0."""
    is_either_day: bool
    """Both the days and the weekdays are restricted: one of them is enough."""
    zone: tzinfo | None = None
    """None: that of the time asked about."""

    def next(self, after: datetime) -> datetime:
        """Return the first time later than `after`, in its zone; NEVER when there is none.

        Raises:
            InvalidInput: `after` has no zone.
        """
        if after.tzinfo is None:
            raise InvalidInput("after", "needs a time zone: without one nobody knows when it is")
        try:
            search = _Search((after.astimezone(UTC) + SECOND).replace(microsecond=0), self.zone or after.tzinfo)
            last_year = search.wall.year + YEARS_SEARCHED
            while search.wall.year <= last_year:
                if self._reach(search):
                    return search.instant.astimezone(after.tzinfo)
        except OverflowError:  # the calendar ends
            pass
        return NEVER

    def _reach(self, search: "_Search") -> bool:
        """Go on, field by field, until all of them fit. False: a larger unit began meanwhile, so begin again."""
        return (
            self._reach_month(search)
            and self._reach_day(search)
            and self._reach_hour(search)
            and self._reach_minute(search)
            and search.is_on_the_minute()
        )

    def _reach_month(self, search: "_Search") -> bool:
        while search.wall.month not in self.months:
            search.align(day=1, hour=0)
            search.next_month()
            if search.wall.month == 1:
                return False
        return True

    def _reach_day(self, search: "_Search") -> bool:
        while not self._is_day(search.wall):
            search.align(hour=0)
            search.next_day()
            if search.wall.day == 1:
                return False
        return True

    def _is_day(self, wall: datetime) -> bool:
        is_day, is_weekday = wall.day in self.days, wall.isoweekday() % 7 in self.weekdays
        return is_day or is_weekday if self.is_either_day else is_day and is_weekday

    def _reach_hour(self, search: "_Search") -> bool:
        while search.wall.hour not in self.hours:
            search.align()
            search.go_on(HOUR)
            if search.wall.hour == 0:
                return False
        return True

    def _reach_minute(self, search: "_Search") -> bool:
        while search.wall.minute not in self.minutes:
            search.align_minute()
            search.go_on(MINUTE)
            if search.wall.minute == 0:
                return False
        return True


class _Search:
    """A moment that only moves on, and what the wall clock shows then.

    Its smaller units are cut off by the first step alone: after that it stands at the beginning of one anyway.
    """

    def __init__(self, instant: datetime, zone: tzinfo) -> None:
        self._zone = zone
        self._is_aligned = False
        self._move(instant)

    def _move(self, instant: datetime) -> None:
        self.instant = instant
        self.wall = instant.astimezone(self._zone)

    def go_on(self, by: timedelta) -> None:
        self._move(self.instant + by)

    def align(self, *, day: int | None = None, hour: int | None = None) -> None:
        """Go back to the beginning of the month, the day or the hour, whichever is given; unless done already."""
        if self._is_aligned:
            return
        self._is_aligned = True
        wall = self.wall
        self._show(
            datetime(wall.year, wall.month, day or wall.day, wall.hour if hour is None else hour)  # noqa: DTZ001  a wall
        )

    def align_minute(self) -> None:
        if not self._is_aligned:
            self._is_aligned = True
            self._move(self.instant.replace(second=0))

    def is_on_the_minute(self) -> bool:
        """Tell whether the clock shows no seconds; if it does, go on to where it shows none."""
        if self.wall.second == 0:
            return True
        self._is_aligned = True
        self.go_on(SECOND * (60 - self.wall.second))
        return False

    def next_month(self) -> None:
        wall = self.wall.replace(tzinfo=None, fold=0)
        first = wall.replace(day=1) + 31 * DAY
        self._show(first.replace(day=1) + (wall.day - 1) * DAY)

    def next_day(self) -> None:
        """Go to the next midnight, or as near to it as a clock comes that skips it."""
        before = self.instant
        self._show(self.wall.replace(tzinfo=None, fold=0) + DAY)
        if self.instant <= before:  # a day that the zone left out, as Samoa did in 2011; robfig/cron never gets past it
            self.go_on(before - self.instant + DAY)
        hour = self.wall.hour
        if hour:
            self.go_on(HOUR * (HOURS_A_DAY - hour if hour > NOON else -hour))

    def _show(self, wall: datetime) -> None:
        """Go to where the clock shows this. In a gap or an overlap of the zone it is the moment that Go chooses."""
        as_utc = wall.replace(tzinfo=UTC)
        self._move(as_utc - self._offset(as_utc - self._offset(as_utc)))

    def _offset(self, instant: datetime) -> timedelta:
        return instant.astimezone(self._zone).utcoffset() or timedelta(0)
