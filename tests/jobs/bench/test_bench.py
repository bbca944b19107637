"""The bench counts what is in the table, whichever way it ends. How fast it goes is asserted nowhere."""

from datetime import timedelta

import pytest

from app.errors import InvalidInput
from app.jobs.bench import Bench, BenchConfig, bench
from tests.fixtures.clients import tasks_of_the_queue


@pytest.fixture
def small_backlog(monkeypatch):
    monkeypatch.setattr(bench, "BACKLOG", 200)
    monkeypatch.setattr(bench, "INSERT_BATCH", 100)


async def states(connection):
    answer = await connection.execute(
        "SELECT state::text, count(*) AS count FROM river.river_job GROUP BY state ORDER BY state"
    )
    return {row["state"]: row["count"] for row in await answer.fetchall()}


async def test_a_burn_down_works_every_job_and_then_ends(driver, connection, monkeypatch):
    monkeypatch.setattr(bench, "INSERT_BATCH", 100)

    summary = await Bench(driver, BenchConfig(num_total_jobs=250)).run(lambda _interval: None)

    assert (summary.inserted, summary.worked) == (250, 250)
    assert await states(connection) == {"completed": 250}
    assert summary.seconds > 0
    assert summary.jobs_per_second == pytest.approx(250 / summary.seconds)
    assert tasks_of_the_queue() == []


async def test_it_goes_on_until_it_is_told_to_stop(driver, connection, small_backlog):
    told = []

    def tell(interval):
        told.append(interval)
        if sum(one.worked for one in told) > 400:  # more than there was before the first was worked
            running.stop()

    running = Bench(driver, BenchConfig(period=0.02))
    summary = await running.run(tell)

    found = await states(connection)
    assert sum(one.worked for one in told) <= summary.worked == found["completed"]
    assert sum(found.values()) == summary.inserted >= 200 + sum(one.inserted for one in told)
    assert found.get("running", 0) == 0
    assert tasks_of_the_queue() == []


async def test_it_ends_when_its_time_is_over(driver, connection, small_backlog):
    summary = await Bench(driver, BenchConfig(duration=timedelta(milliseconds=20))).run(lambda _interval: None)

    assert (await states(connection)).get("completed", 0) == summary.worked


async def test_a_burn_down_may_be_cut_short_too(driver, connection):
    running = Bench(driver, BenchConfig(num_total_jobs=100))
    running.stop()

    summary = await running.run(lambda _interval: None)

    assert (summary.inserted, summary.worked, summary.jobs_per_second) == (0, 0, 0)
    assert await states(connection) == {}


async def test_what_breaks_the_inserting_ends_the_bench(driver, connection, small_backlog, monkeypatch):
    running = Bench(driver, BenchConfig(period=0.001))

    async def fail(_count):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await running.run(lambda _interval: monkeypatch.setattr(running, "_insert", fail))
    assert tasks_of_the_queue() == []


@pytest.mark.parametrize("config", [{"num_total_jobs": 0}, {"duration": timedelta(0)}])
async def test_what_makes_no_sense_is_refused(driver, config):
    with pytest.raises(InvalidInput):
        await Bench(driver, BenchConfig(**config)).run(lambda _interval: None)
