"""Indexes rebuilt beside the work, leftovers left or cleaned up, and when it happens (contract 6.6)."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from psycopg import sql
from structlog.testing import capture_logs

from app.db import migrate
from app.errors import InvalidInput
from app.jobs.client_config import ClientConfig
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.maintenance.reindexer import DEFAULT_INDEX_NAMES, MidnightSchedule, Reindexer
from app.jobs.periodic import NEVER, NeverSchedule
from tests.fixtures.clients import until

KIND = "river_job_kind"
NO_TIMEOUT = timedelta(-1)


class Once:
    """Comes when it is first asked about, and never again."""

    def __init__(self):
        self.asked = []

    def next(self, after):
        self.asked.append(after)
        return after if len(self.asked) == 1 else NEVER


@pytest.fixture
def reindexer_of(driver, clock, monkeypatch):
    monkeypatch.setattr(Reindexer, "start_delay", 0)

    def make(*, index_names=DEFAULT_INDEX_NAMES, schedule=None, timeout=NO_TIMEOUT, may_run=lambda: True, on=driver):
        reindexer = Reindexer(
            on, clock, index_names=index_names, schedule=schedule or Once(), timeout=timeout, may_run=may_run
        )
        reindexer.stepped.init()
        return reindexer

    return make


@pytest.fixture
def indexes(connection):
    """The indexes of the queue by name, each with what changes when it is rebuilt."""

    async def read():
        rows = await connection.execute(
            "SELECT relname, oid, indisvalid FROM pg_class JOIN pg_index ON indexrelid = oid"
            " WHERE relnamespace = 'river'::regnamespace"
        )
        return {row["relname"]: (row["oid"], row["indisvalid"]) for row in await rows.fetchall()}

    return read


@pytest.fixture
async def writer(database_url):
    """Somebody whose transaction has written jobs and goes on: no rebuild gets to its end before it does."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute("INSERT INTO river.river_job (kind, args, max_attempts) VALUES ('test', '{}', 25)")
        yield connection
        await connection.rollback()


async def test_every_index_is_rebuilt_and_goes_on_under_its_name(reindexer_of, indexes, factory):
    job = await factory.job()
    before = await indexes()

    await reindexer_of().run_once()

    after = await indexes()
    assert set(after) == set(before)
    assert {name for name in after if after[name] != before[name]} == set(DEFAULT_INDEX_NAMES)
    assert all(is_valid for _, is_valid in after.values())
    assert await factory.read(job.id) == job


async def test_a_missing_index_is_reported_and_the_others_are_rebuilt(reindexer_of, indexes):
    before = await indexes()
    with capture_logs() as logs:
        await reindexer_of(index_names=["river_job_gone", KIND]).run_once()

    assert (await indexes())[KIND] != before[KIND]
    assert [(line["log_level"], line["indexes"]) for line in logs if "missing" in line["event"]] == [
        ("warning", ["river_job_gone"])
    ]


@pytest.mark.parametrize("suffix", ["_ccnew", "_ccold", "_ccnew1", "_ccold27"])
async def test_an_index_with_leftovers_is_left_alone_and_so_are_they(reindexer_of, indexes, connection, suffix):
    leftover = KIND + suffix
    await connection.execute(f"CREATE INDEX {leftover} ON river.river_job (kind)")
    before = await indexes()

    with capture_logs() as logs:
        await reindexer_of(index_names=[KIND, "river_job_args_index"]).run_once()

    after = await indexes()
    assert [name for name in after if after[name] != before[name]] == ["river_job_args_index"]
    (warning,) = [line for line in logs if line["log_level"] == "warning"]
    assert (warning["index"], warning["leftovers"]) == (KIND, [leftover])


@pytest.mark.parametrize("name", ["river_job_kind_ccnewer", "river_job_kind2_ccnew", "riverxjob_kind_ccnew"])
async def test_an_index_that_only_looks_like_a_leftover_is_none(reindexer_of, indexes, connection, name):
    await connection.execute(f"CREATE INDEX {name} ON river.river_job (kind)")
    before = await indexes()

    assert await reindexer_of().reindex(KIND)

    assert (await indexes())[KIND] != before[KIND]


async def test_a_stop_while_it_builds_leaves_nothing_behind(reindexer_of, indexes, writer, factory):
    before = await indexes()
    reindexer = reindexer_of(index_names=[KIND])
    await reindexer.start()

    async def is_building():
        return f"{KIND}_ccnew" in await indexes()

    await until(is_building)
    stopping = asyncio.create_task(reindexer.stop())

    async def is_dropping():
        rows = await factory.connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%%DROP INDEX CONCURRENTLY%%' AND wait_event_type = 'Lock'"
            " AND pid <> pg_backend_pid()"
        )
        return await rows.fetchone()

    await until(is_dropping)
    await writer.rollback()
    await stopping

    assert await indexes() == before


async def test_what_takes_too_long_stays_as_a_mark_that_it_does(reindexer_of, indexes, writer, monkeypatch):
    """Its time is up when it is under way, however long the machine takes until then."""
    an_hour, limits, timeout = timedelta(hours=1), {}, asyncio.timeout

    def noted(delay):
        limits[delay] = made = timeout(delay)
        return made

    async def is_under_way():
        return f"{KIND}_ccnew" in await indexes()

    monkeypatch.setattr(asyncio, "timeout", noted)
    reindexer = reindexer_of(index_names=[KIND], timeout=an_hour)
    with capture_logs() as logs:
        rebuilding = asyncio.create_task(reindexer.run_once())
        await until(is_under_way)
        limits[an_hour.total_seconds()].reschedule(asyncio.get_running_loop().time())
        await rebuilding

    assert [line["index"] for line in logs if line["log_level"] == "error"] == [KIND]
    assert (await indexes())[f"{KIND}_ccnew"][1] is False
    await writer.rollback()
    assert not await reindexer_of().reindex(KIND)


async def test_who_does_not_lead_any_more_rebuilds_nothing_further(reindexer_of, indexes):
    before = await indexes()
    answers = iter([True, False, False])

    await reindexer_of(
        index_names=[KIND, "river_job_args_index", "river_job_pkey"], may_run=answers.__next__
    ).run_once()

    after = await indexes()
    assert [name for name in after if after[name] != before[name]] == [KIND]


async def test_the_next_run_is_counted_from_the_planned_one(reindexer_of, clock):
    schedule = Once()
    reindexer = reindexer_of(schedule=schedule, index_names=[KIND])
    planned = clock.now()
    await reindexer.start()
    await reindexer.stepped.wait()
    await until(lambda: len(schedule.asked) == 2)
    await reindexer.stop()

    assert schedule.asked == [planned, planned]


async def test_with_a_schedule_that_never_comes_nothing_happens(reindexer_of, driver, monkeypatch):
    asked = []
    schedule = NeverSchedule()
    monkeypatch.setattr(NeverSchedule, "next", lambda _, after: asked.append(after) or NEVER)
    reindexer = reindexer_of(schedule=schedule)
    await reindexer.start()
    await until(lambda: asked)
    await reindexer.stop()

    assert len(asked) == 1


async def test_in_a_schema_of_an_odd_name(empty_database_url, reindexer_of):
    schema = 'o%s "d'
    await migrate.upgrade(empty_database_url, schema)
    driver = PsycopgDriver(lambda: empty_database_url, schema)
    await driver.open()
    try:
        assert await driver.indexes_exist([KIND, "other"]) == {KIND}
        assert await reindexer_of(on=driver).reindex(KIND)
        async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
            await connection.execute(
                sql.SQL("ALTER INDEX {0}.river_job_kind RENAME TO {1}").format(
                    sql.Identifier(schema), sql.Identifier('5% "of" kinds')
                )
            )
        assert await reindexer_of(on=driver).reindex('5% "of" kinds')
        await driver.index_drop_if_exists('5% "of" kinds')
        await driver.index_drop_if_exists('5% "of" kinds')
        assert await driver.indexes_exist(['5% "of" kinds']) == set()
    finally:
        await driver.close()


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-11-23T00:00:00+00:00", "2026-11-24T00:00:00+00:00"),
        ("2026-11-23T00:00:00.000001+00:00", "2026-11-24T00:00:00+00:00"),
        ("2026-12-31T23:59:59.999999+00:00", "2027-01-01T00:00:00+00:00"),
    ],
)
def test_by_default_it_is_midnight_in_utc(after, expected):
    assert MidnightSchedule().next(datetime.fromisoformat(after)) == datetime.fromisoformat(expected)


def test_midnight_in_utc_wherever_the_question_comes_from():
    night = datetime(2026, 11, 24, 1, tzinfo=timezone(timedelta(hours=2)))
    assert MidnightSchedule().next(night) == datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"reindexer_index_names": [""]}, "reindexer_index_names"),
        ({"reindexer_index_names": ["x" * 56]}, "reindexer_index_names"),
        ({"reindexer_index_names": ["nul\x00"]}, "reindexer_index_names"),
        ({"reindexer_timeout": timedelta(0)}, "reindexer_timeout"),
    ],
)
def test_settings_that_make_no_sense_are_refused(config, field):
    with pytest.raises(InvalidInput) as refused:
        ClientConfig(**config).check()
    assert refused.value.field == field


async def test_a_client_that_leads_rebuilds_what_it_was_told_to(make_client, indexes, monkeypatch):
    monkeypatch.setattr(Reindexer, "start_delay", 0)
    before = await indexes()
    client = make_client(reindexer_index_names=[KIND], reindexer_schedule=Once())
    await client.start()

    async def is_rebuilt():
        return (await indexes()).get(KIND, before[KIND]) != before[KIND]

    await until(is_rebuilt)
    await client.stop()
    assert {name for name, was in before.items() if (await indexes())[name] != was} == {KIND}
