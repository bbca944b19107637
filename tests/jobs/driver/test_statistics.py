"""What waits, what fails, how fast it goes; and that asking does not read the table from end to end."""

from datetime import UTC, datetime, timedelta

from app.jobs.driver.statements import Statements
from app.jobs.statistics import Statistics
from app.jobs.types import FailureStatistics, JobState, ThroughputStatistics

HOUR = timedelta(hours=1)


def error(text):
    return f'{{"at":"2026-01-01T00:00:00Z","attempt":1,"error":"{text}","trace":""}}'


async def test_waiting_jobs_by_queue_and_state_with_the_age_of_the_oldest(driver, factory):
    now = datetime.now(UTC)
    await factory.id_of(scheduled_at=now - HOUR)
    await factory.id_of(scheduled_at=now - HOUR / 2)
    await factory.id_of(scheduled_at=now + HOUR, queue="later")
    await factory.id_of(state="running", scheduled_at=now - 2 * HOUR)
    await factory.id_of(state="retryable", queue="later")
    await factory.id_of(state="completed")

    default, later = await driver.job_count_by_queue_and_state()

    assert (default.queue, default.by_state) == ("default", {JobState.AVAILABLE: 2, JobState.RUNNING: 1})
    assert HOUR.total_seconds() <= default.oldest_available_seconds < HOUR.total_seconds() + 60
    assert (later.queue, later.by_state) == ("later", {JobState.AVAILABLE: 1, JobState.RETRYABLE: 1})
    assert later.oldest_available_seconds is None


async def test_failures_by_kind_with_the_last_words_of_the_newest(driver, factory, clock):
    now = clock.now()
    base = {"attempted_at": now - HOUR / 2, "scheduled_at": now, "attempt": 1}
    await factory.id_of(kind="a", state="retryable", errors=[error("old")], **base)
    newest = base | {"attempted_at": now - HOUR / 4}
    job_id = await factory.id_of(kind="a", state="discarded", errors=[error("first"), error("last")], **newest)
    odd = await factory.id_of(kind="b", state="available", errors=["[1]"], **base)
    await factory.id_of(kind="c", state="retryable", errors=[error("x")], **(base | {"attempted_at": now - 2 * HOUR}))
    await factory.id_of(kind="c", state="completed", errors=[error("recovered")], **base)
    await factory.id_of(kind="c", state="running", errors=[error("under way")], **base)
    await factory.id_of(kind="c", **base)

    assert await Statistics(driver, clock).failures() == [
        FailureStatistics("a", 2, "last", job_id),
        FailureStatistics("b", 1, "[1]", odd),
    ]


async def test_throughput_by_minute(driver, factory, clock):
    minute = clock.now().replace(second=0, microsecond=0) - timedelta(minutes=10)
    for seconds in (0, 59.999999, 60):
        await factory.id_of(state="completed", finalized_at=minute + timedelta(seconds=seconds))
    await factory.id_of(state="cancelled", finalized_at=minute)
    await factory.id_of(state="completed", finalized_at=minute - HOUR)

    assert await Statistics(driver, clock).throughput() == [
        ThroughputStatistics(minute, 2),
        ThroughputStatistics(minute + timedelta(minutes=1), 1),
    ]


async def test_no_statistic_reads_the_whole_table(factory):
    await factory.connection.execute(
        "INSERT INTO river.river_job (kind, args, max_attempts, state, finalized_at, attempted_at)"
        " SELECT 'test', '{}', 1, 'completed', now() - interval '2 h', now() - interval '2 h'"
        " FROM generate_series(1, 20000)"
    )
    await factory.connection.execute("VACUUM ANALYZE river.river_job")
    since = datetime.now(UTC) - HOUR

    for name in ("job_count_by_queue_and_state", "job_failed_since", "job_completed_by_minute"):
        query = Statements("river")[name].decode()
        cursor = await factory.connection.execute(f"EXPLAIN (FORMAT JSON) {query}", {"since": since})
        plan = str(await cursor.fetchone())
        assert "Seq Scan" not in plan, name
        assert "river_job_" in plan, name
