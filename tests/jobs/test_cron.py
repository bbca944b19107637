"""Cron expressions: robfig/cron's answers as goldens, and what holds for any of them (conformance 5.3)."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.jobs.cron_expression import cron
from app.jobs.go_duration import parse_duration
from app.jobs.periodic import NEVER

GOLDENS = json.loads((Path(__file__).parent.parent / "compat" / "cron.json").read_text("utf-8"))
NOW = datetime(2026, 11, 23, 12, 30, 15, 500_000, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def go_text(time):
    return time.isoformat().removesuffix("+00:00") + "Z" if not time.utcoffset() else time.isoformat()


@pytest.mark.parametrize("case", GOLDENS["cases"], ids=lambda case: f"{case['expression']!r} {case['zone']}")
def test_the_next_times_are_those_of_robfig(case):
    schedule = cron(case["expression"])
    time = datetime.fromisoformat(case["after"]).replace(tzinfo=ZoneInfo(case["zone"]))
    found = []
    for _ in range(5):
        time = schedule.next(time)
        if time == NEVER:
            break
        found.append(time)
    assert [go_text(time) for time in found] == case["next"]


@pytest.mark.parametrize("expression", GOLDENS["invalid"])
def test_what_robfig_refuses_is_refused_with_the_expression_in_the_text(expression):
    with pytest.raises(InvalidInput) as refused:
        cron(expression)
    assert refused.value.field == "cron"
    assert repr(expression) in refused.value.message


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("* * * *", "has 4 fields instead of 5 (minute, hour, day of the month, month, weekday)"),
        ("0 0 * * 7", "the weekday '7' is not within 0 to 6"),
        ("0 0 * * funday", "the weekday 'funday' is no number and no name"),
        ("5-1 * * * *", "the minute '5-1' ends before it begins"),
        ("*/0 * * * *", "the minute '*/0' has a step of nothing"),
        (", * * * *", "the minute ',' names no value"),
        ("@reboot", "not '@reboot'"),
        ("@every 5x", "'5x' is no duration; write it as 1h30m or 90s"),
        ("TZ=Nowhere/Land @daily", "there is no time zone 'Nowhere/Land'"),
        ("CRON_TZ=Europe @daily", "there is no time zone 'Europe'"),
    ],
)
def test_the_text_says_what_is_wrong(expression, problem):
    with pytest.raises(InvalidInput) as refused:
        cron(expression)
    assert problem in refused.value.message


def test_a_date_that_no_year_has_never_comes():
    assert cron("0 0 30 2 *").next(NOW) is NEVER


@pytest.mark.parametrize("expression", ["0 0 1 1 *", "@every 1h"])
def test_where_the_calendar_ends_nothing_comes_any_more(expression):
    assert cron(expression).next(NEVER) is NEVER


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(InvalidInput, match="after: needs a time zone"):
        cron("@daily").next(datetime(2026, 1, 1))  # noqa: DTZ001  the point of it


def test_a_day_that_a_zone_left_out_is_passed_over():
    """Samoa had no 30th of December 2011. robfig/cron searches for it for ever."""
    samoa = ZoneInfo("Pacific/Apia")
    assert cron("0 0 30 12 *").next(datetime(2011, 12, 1, tzinfo=samoa)) == datetime(2012, 12, 30, tzinfo=samoa)


def test_the_answer_is_in_the_zone_of_the_question():
    found = cron("CRON_TZ=Europe/Berlin 0 6 * * *").next(NOW)
    assert found.tzinfo is UTC
    assert found == datetime(2026, 11, 24, 6, tzinfo=BERLIN)


FIELDS = [(0, 59), (0, 23), (1, 28), (1, 12), (0, 6)]


@st.composite
def expressions(draw):
    """Expressions that come true every year: a few values a field, or none in particular."""
    fields = []
    for lowest, highest in FIELDS:
        values = draw(st.lists(st.integers(lowest, highest), max_size=3))
        fields.append(",".join(map(str, values)) or draw(st.sampled_from(["*", "?"])))
    return fields


@given(
    fields=expressions(), after=st.integers(0, 50 * 366 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds))
)
def test_in_utc_the_next_time_fits_and_none_before_it_does(fields, after):
    """Against the definition: walk day by day, and within the day by its minutes, and take the first that fits."""
    minutes, hours, days, months, weekdays = (
        set(range(low, high + 1 if high != 28 else 32)) if text in "*?" else set(map(int, text.split(",")))
        for text, (low, high) in zip(fields, FIELDS, strict=True)
    )
    either = fields[2] not in "*?" and fields[4] not in "*?"

    def fits(day):
        by_day, by_weekday = day.day in days, day.isoweekday() % 7 in weekdays
        return day.month in months and (by_day or by_weekday if either else by_day and by_weekday)

    first = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    day = first.replace(hour=0, minute=0)
    expected = None
    for _ in range(4 * 366 + 1):
        if fits(day):
            times = [day.replace(hour=hour, minute=minute) for hour in hours for minute in minutes]
            expected = min((time for time in times if time >= first), default=None)
        if expected is not None:
            break
        day += timedelta(days=1)

    found = cron(" ".join(fields)).next(after)

    if expected is not None:
        assert found == expected
    else:  # a day and a weekday that meet more rarely than every four years
        assert found > after + timedelta(days=4 * 365)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("-0", 0),
        ("1h30m", 5400 * 10**9),
        ("1.5s", 15 * 10**8),
        (".5m", 30 * 10**9),
        ("1.h", 3600 * 10**9),
        ("-1.5h", -5400 * 10**9),
        ("+7µs", 7000),
        ("7μs3ns", 7003),
        ("0.0000000000000000000001s", 0),
        ("2562047h47m16.854775807s", 2**63 - 1),
    ],
)
def test_durations_are_read_as_go_reads_them(text, nanoseconds):
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "-", "+", "5", "s", ".s", "1h ", "1d", "1s1", "--1s", "1S", "2562047h47m16.9s"])
def test_what_is_no_duration_in_go_is_none_here(text):
    with pytest.raises(ValueError, match=r"duration|longer"):
        parse_duration(text)


def test_zones_are_known_on_a_machine_that_has_none():
    program = (
        "from datetime import UTC, datetime; from app.jobs import cron; "
        "print(cron('CRON_TZ=Europe/Berlin 0 6 * * *').next(datetime(2026, 7, 1, tzinfo=UTC)))"
    )
    nowhere = {**os.environ, "PYTHONTZPATH": ""}
    said = subprocess.run([sys.executable, "-c", program], env=nowhere, check=True, capture_output=True, timeout=60)
    assert said.stdout == b"2026-07-01 04:00:00+00:00\n"
