"""The client's set of periodic jobs while it runs, and their schedules (contract 10)."""

from datetime import UTC, datetime, timedelta

import pytest

from app.errors import InvalidInput
from app.jobs.periodic import NEVER, IntervalSchedule, NeverSchedule, PeriodicJob, PeriodicJobs
from tests.fixtures.clients import WorkArgs

HOURLY = IntervalSchedule(timedelta(hours=1))


def job(job_id=None):
    return PeriodicJob(HOURLY, WorkArgs, id=job_id)


@pytest.fixture
def changes():
    return []


@pytest.fixture
def jobs(changes):
    jobs = PeriodicJobs((job("first"), job("second"), job()))
    jobs.on_change(lambda: changes.append(len(jobs)))
    return jobs


def ids(jobs):
    return [one.id for one in jobs]


def test_they_are_added_one_by_one_and_together(jobs, changes):
    jobs.add(job("third"))
    jobs.add_many([job(), job("fourth")])

    assert ids(jobs) == ["first", "second", None, "third", None, "fourth"]
    assert changes == [4, 6]


def test_of_many_all_are_added_or_none(jobs, changes):
    same = job()
    for several in ([job("new"), job("first")], [job("new"), job("new")], [same, same], list(jobs)[-1:]):
        with pytest.raises(InvalidInput, match="already"):
            jobs.add_many(several)

    assert ids(jobs) == ["first", "second", None]
    assert changes == []


def test_they_are_removed_by_themselves_and_by_their_ids(jobs, changes):
    first, second, third = jobs

    assert jobs.remove(third)
    assert not jobs.remove(third)
    assert jobs.remove_by_id("second")
    assert not jobs.remove_many_by_id(["second", "nobody"])
    assert jobs.remove_many([first, second])
    assert not jobs.remove_many([first])

    assert len(jobs) == 0
    assert changes == [2, 1, 0]


def test_a_removed_one_may_come_back(jobs):
    first = next(iter(jobs))
    jobs.clear()
    jobs.add(first)

    assert ids(jobs) == ["first"]


def test_all_are_cleared_and_nobody_is_told_of_nothing(jobs, changes):
    jobs.clear()
    jobs.clear()

    assert changes == [0]


@pytest.mark.parametrize("job_id", ["", "a", "x" * 128, "two words", "-dash", "umlaut-ä"])
def test_an_id_follows_the_rule_for_kinds(job_id):
    with pytest.raises(InvalidInput, match="id"):
        job(job_id)


def test_what_never_comes_lies_behind_any_time():
    assert NeverSchedule().next(datetime.now(UTC)) is NEVER


def test_an_interval_of_nothing_is_refused():
    with pytest.raises(InvalidInput, match="interval"):
        IntervalSchedule(timedelta(0))
