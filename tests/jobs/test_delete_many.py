"""Deleting many jobs at once: what is taken, what is left, and what is not even tried (contract 2.7)."""

import asyncio

import pytest
from psycopg import sql

from app.errors import InvalidInput
from app.jobs.driver.driver import JobDeleteManyParams
from app.jobs.job_control import JobControl
from app.jobs.types import JobState


@pytest.fixture
def control(driver, clock):
    return JobControl(driver, clock)


@pytest.fixture
async def jobs(factory):
    """Nine jobs by name; one is running."""
    return {
        name: await factory.id_of(**columns)
        for name, columns in {
            "plain": {},
            "other kind": {"kind": "other"},
            "low": {"queue": "low"},
            "urgent": {"priority": 3},
            "done": {"state": "completed"},
            "discarded": {"state": "discarded"},
            "other, low, done": {"kind": "other", "queue": "low", "state": "completed"},
            "parked": {"state": "pending"},
            "running": {"state": "running", "queue": "low"},
        }.items()
    }


async def left(factory):
    rows = await factory.connection.execute(sql.SQL("SELECT id FROM river.river_job ORDER BY id"))
    return [row["id"] for row in await rows.fetchall()]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"kinds": ["other"]}, ["other kind", "other, low, done"]),
        ({"queues": ["low", "nobody's"]}, ["low", "other, low, done"]),
        ({"priorities": [3, 4, 10**9]}, ["urgent"]),
        ({"states": [JobState.COMPLETED, JobState.PENDING]}, ["done", "other, low, done", "parked"]),
        ({"kinds": ["other"], "queues": ["low"], "states": [JobState.COMPLETED]}, ["other, low, done"]),
        ({"states": [JobState.RUNNING]}, []),
        ({"kinds": ["no such\x00kind"]}, []),
        ({"kinds": ["other"], "states": []}, []),
        ({"kinds": ["other"], "ids": []}, []),
        ({"ids": [2**63, -1, 10**30]}, []),
        ({"unsafe_all": True}, [
            "plain", "other kind", "low", "urgent", "done", "discarded", "other, low, done", "parked",
        ]),
    ],
    ids=str,
)  # fmt: skip
async def test_what_fits_all_filters_and_is_not_running_is_deleted(control, factory, jobs, filters, expected):
    gone = [jobs[name] for name in expected]

    deleted = await control.delete_many(JobDeleteManyParams(**filters))

    assert [job.id for job in deleted] == gone
    assert await left(factory) == [job_id for job_id in jobs.values() if job_id not in gone]


async def test_by_ids_in_their_order_whatever_the_order_asked(control, factory, jobs):
    before = await factory.read(jobs["parked"])

    deleted = await control.delete_many(
        JobDeleteManyParams(ids=[jobs["parked"], jobs["running"], jobs["plain"], 10**9, jobs["plain"]])
    )

    assert [job.id for job in deleted] == [jobs["plain"], jobs["parked"]]
    assert deleted[1] == before


async def test_one_call_deletes_up_to_its_limit_the_oldest_first(control, factory, jobs):
    everything = sorted(set(jobs.values()) - {jobs["running"]})
    batches = []
    while deleted := await control.delete_many(JobDeleteManyParams(unsafe_all=True, limit=3)):
        batches.append([job.id for job in deleted])

    assert batches == [everything[:3], everything[3:6], everything[6:]]
    assert await left(factory) == [jobs["running"]]


async def test_the_limit_is_a_hundred_unless_said_otherwise(control, factory):
    for _ in range(101):
        await factory.id_of()

    assert len(await control.delete_many(JobDeleteManyParams(kinds=["test"]))) == 100


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({}, "give one of ids, kinds, priorities, queues, states, or unsafe_all"),
        ({"limit": 5}, "unsafe_all to delete whatever is not running"),
        ({"kinds": ["a"], "unsafe_all": True}, "contradicts kinds"),
        ({"ids": [], "unsafe_all": True}, "contradicts ids"),
        ({"unsafe_all": True, "limit": 0}, "limit: must be between 1 and 10000"),
        ({"unsafe_all": True, "limit": 10_001}, "limit: must be between 1 and 10000"),
    ],
)
async def test_what_is_unclear_deletes_nothing(control, factory, jobs, params, problem):
    async with factory.connection.transaction():  # refused before the database hears of it, so that this is not spoilt
        with pytest.raises(InvalidInput, match=problem):
            await control.delete_many_tx(factory.connection, JobDeleteManyParams(**params))
        assert await left(factory) == list(jobs.values())


async def test_in_the_callers_transaction_it_happens_when_that_commits(control, factory, jobs, connection):
    async with connection.transaction(force_rollback=True):
        assert len(await control.delete_many_tx(connection, JobDeleteManyParams(unsafe_all=True))) == 8

    assert await left(factory) == list(jobs.values())


async def test_a_row_that_somebody_holds_is_passed_over_at_once(control, factory, jobs, connection):
    async with connection.transaction():
        await connection.execute("SELECT 1 FROM river.river_job WHERE id = %s FOR UPDATE", [jobs["plain"]])
        async with asyncio.timeout(60):
            deleted = await control.delete_many(JobDeleteManyParams(ids=[jobs["plain"], jobs["low"]]))

    assert [job.id for job in deleted] == [jobs["low"]]


async def test_jobs_by_their_ids_are_found_by_the_primary_key(factory, driver):
    await factory.connection.execute(
        "INSERT INTO river.river_job (kind, args, max_attempts) SELECT 'test', '{}', 25 FROM generate_series(1, 20000)"
    )
    await factory.connection.execute("ANALYZE river.river_job")
    query = driver._statements.fragment("job_delete_many", conditions="job.id = ANY (%(ids)s::bigint[])").decode()

    rows = await factory.connection.execute("EXPLAIN " + query, {"ids": "{5,6}", "limit": 100})

    plan = "\n".join(row["QUERY PLAN"] for row in await rows.fetchall())
    assert "river_job_pkey" in plan
    assert "Seq Scan" not in plan
