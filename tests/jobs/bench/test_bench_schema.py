"""The tables of a bench are its own: nothing that was there is touched, nothing of its stays."""

import pytest

from app.jobs.bench import Bench, BenchConfig, bench_schema
from app.jobs.bench.bench_schema import MARK, PREFIX
from app.jobs.driver.psycopg_driver import PsycopgDriver


async def schemas(connection):
    answer = await connection.execute(
        "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s) ORDER BY nspname", [PREFIX]
    )
    return [row["nspname"] for row in await answer.fetchall()]


async def test_it_is_there_while_it_is_used_and_gone_afterwards(database_url, connection, factory):
    mine = await factory.job(kind="benchmark")

    async with bench_schema(database_url) as name:
        assert await schemas(connection) == [name]
        driver = PsycopgDriver(lambda: database_url, name)
        await driver.open()
        try:
            summary = await Bench(driver, BenchConfig(num_total_jobs=10)).run(lambda _interval: None)
        finally:
            await driver.close()

    assert summary.worked == 10
    assert await schemas(connection) == []
    assert await factory.read(mine.id) == mine


async def test_it_goes_when_the_bench_fails(database_url, connection):
    with pytest.raises(ZeroDivisionError):
        async with bench_schema(database_url):
            raise ZeroDivisionError

    assert await schemas(connection) == []


async def test_it_goes_when_its_connection_was_lost(database_url, connection):
    async with bench_schema(database_url):
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )

    assert await schemas(connection) == []


async def test_what_a_killed_bench_left_is_dropped_by_the_next_but_not_what_lives_or_is_not_ours(
    database_url, connection
):
    for name in ("dead", "stranger"):
        await connection.execute(f"CREATE SCHEMA {PREFIX}{name}")
    await connection.execute(f"COMMENT ON SCHEMA {PREFIX}dead IS '{MARK}'")

    async with bench_schema(database_url) as first, bench_schema(database_url) as second:
        assert await schemas(connection) == sorted([first, second, f"{PREFIX}stranger"])

    assert await schemas(connection) == [f"{PREFIX}stranger"]


async def test_the_table_of_presence_is_as_the_migrations_make_it(database_url, connection):
    query = (
        "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns"
        " WHERE table_name = 'revenge_client' AND table_schema = %s ORDER BY column_name"
    )
    async with bench_schema(database_url) as name:
        ours = await (await connection.execute(query, [name])).fetchall()
        theirs = await (await connection.execute(query, ["river"])).fetchall()

    assert ours == theirs
    assert len(ours) == 6
