"""The ends of attempts on their way to the table: batched, fenced, and never lost while the database is away."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.clock import SystemClock
from app.jobs.attempt_error import encode_attempt_error
from app.jobs.completer import FULL, ROOM_AGAIN, Completer, Completion, Outcome
from app.jobs.driver.driver import JobSetState
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.subscription import EventKind, SubscriptionManager
from app.jobs.types import JobState
from app.observability import Metrics
from tests.fixtures.clients import until


def completer_over(driver, subscriptions=None) -> Completer:
    completer = Completer(driver, subscriptions or SubscriptionManager(), SystemClock(), Metrics())
    completer.written.init()
    return completer


@pytest.fixture
async def completer(driver):
    completer = completer_over(driver)
    yield completer
    await completer.stop()


def success(row, **change) -> Completion:
    now = datetime.now(UTC)
    outcome = Outcome.COMPLETED
    values = {"state": JobState.COMPLETED, "finalized_at": now, **change}
    change = JobSetState(id=row.id, attempt=row.attempt, attempted_at=row.attempted_at, **values)
    return Completion(row, change, outcome, now, 0.01)


def failure(row, error: bytes | None = None) -> Completion:
    now = datetime.now(UTC)
    change = JobSetState(
        id=row.id,
        attempt=row.attempt,
        attempted_at=row.attempted_at,
        state=JobState.RETRYABLE,
        scheduled_at=now + timedelta(minutes=1),
        error=error or encode_attempt_error(now, row.attempt, "no"),
    )
    return Completion(row, change, Outcome.RETRYABLE, now, 0.01)


async def running(factory, connection, count):
    """Write rows that this client runs, many at once."""
    await connection.execute(
        "INSERT INTO river.river_job (kind, args, state, attempt, max_attempts, attempted_at, attempted_by)"
        " SELECT 'test', '{}', 'running', 1, 25, now(), '{us}' FROM generate_series(1, %s)",
        [count],
    )
    answer = await connection.execute("SELECT id FROM river.river_job ORDER BY id")
    return await factory._driver.job_get_by_ids([row["id"] for row in await answer.fetchall()])


async def states(connection) -> dict[str, int]:
    answer = await connection.execute("SELECT state::text, count(*) AS n FROM river.river_job GROUP BY state")
    return {row["state"]: row["n"] for row in await answer.fetchall()}


async def test_few_results_are_written_together_after_a_moment(completer, factory, connection):
    rows = await running(factory, connection, 3)
    await completer.start()
    for row in rows:
        completer.offer(success(row))
    assert completer.held_ids() == {row.id for row in rows}
    assert len(await completer.written.wait()) == 3
    assert await states(connection) == {"completed": 3}
    assert completer.held_ids() == set()


async def test_every_kind_of_result_is_written_in_the_same_round(completer, factory, connection):
    good, bad = await running(factory, connection, 2)
    await completer.start()
    completer.offer(success(good))
    completer.offer(failure(bad))
    assert {len(await completer.written.wait()), len(await completer.written.wait())} == {1}
    assert await states(connection) == {"completed": 1, "retryable": 1}


async def test_a_thousand_results_cost_few_statements(completer, factory, connection):
    rows = await running(factory, connection, 1000)
    before = await transactions(connection)
    await completer.start()
    for row in rows:
        completer.offer(success(row))
    await completer.stop()
    assert await states(connection) == {"completed": 1000}
    assert await transactions(connection) - before < 20


async def transactions(connection) -> int:
    answer = await connection.execute("SELECT pg_current_xact_id()::text::bigint AS id")
    return (await answer.fetchone())["id"]


async def test_too_many_results_leave_no_room_until_half_are_written(completer, factory, connection):
    rows = await running(factory, connection, FULL)
    await completer.start()
    for row in rows[:-1]:
        completer.offer(success(row))
    assert completer.room.is_set()
    completer.offer(success(rows[-1]))
    assert not completer.room.is_set()
    await completer.room.wait()
    assert len(completer.held_ids()) < ROOM_AGAIN
    await completer.stop()
    assert await states(connection) == {"completed": FULL}


async def test_results_wait_while_the_database_is_away(wire, factory, connection, monkeypatch):
    monkeypatch.setattr("app.jobs.completer.STATEMENT_PAUSES", (0.01,))
    far = PsycopgDriver(lambda: wire.conninfo, "river")
    await far.open()
    completer = completer_over(far)
    rows = await running(factory, connection, 250)
    await completer.start()
    wire.cut()
    for row in rows[:120]:
        completer.offer(success(row))
    await until(lambda: wire.refused >= 3)
    for row in rows[120:]:
        completer.offer(success(row))
    assert completer.held_ids() == {row.id for row in rows}
    wire.mend()
    await until(lambda: not completer.held_ids())
    assert await states(connection) == {"completed": 250}
    await completer.stop()
    await far.close()


async def test_a_stop_does_not_wait_for_ever_and_keeps_what_it_could_not_write(
    wire, factory, connection, monkeypatch, driver
):
    monkeypatch.setattr("app.jobs.completer.FLUSH_TIMEOUT", 0.2)
    far = PsycopgDriver(lambda: wire.conninfo, "river")
    await far.open()
    completer = completer_over(far)
    (row,) = await running(factory, connection, 1)
    await completer.start()
    wire.cut()
    completer.offer(success(row))
    await completer.stop()
    assert completer.held_ids() == {row.id}
    wire.mend()
    await completer.start()
    await completer.written.wait()
    assert await states(connection) == {"completed": 1}
    await completer.stop()
    await far.close()


async def test_a_result_that_comes_too_late_changes_nothing(driver, factory, connection):
    subscriptions = SubscriptionManager()
    events = subscriptions.subscribe()
    completer = completer_over(driver, subscriptions)
    rescued, worked_again, finished, deleted = await running(factory, connection, 4)
    await connection.execute("UPDATE river.river_job SET state = 'available' WHERE id = %s", [rescued.id])
    await connection.execute("UPDATE river.river_job SET attempt = 2 WHERE id = %s", [worked_again.id])
    await connection.execute(
        "UPDATE river.river_job SET state = 'discarded', finalized_at = now() WHERE id = %s", [finished.id]
    )
    await connection.execute("DELETE FROM river.river_job WHERE id = %s", [deleted.id])
    for row in (rescued, worked_again, finished, deleted):
        completer.offer(success(row))
    await completer.flush()
    assert await states(connection) == {"available": 1, "running": 1, "discarded": 1}
    assert completer.held_ids() == set()
    subscriptions.close()
    assert [(event.kind, event.job.id) async for event in events] == [(EventKind.JOB_FAILED, finished.id)]


async def test_a_result_the_database_refuses_does_not_hold_up_the_others(completer, factory, connection):
    """A foreign writer's unique mask without `completed` can do that; so could a defect of ours."""
    rows = await running(factory, connection, 7)
    for row in rows:
        completer.offer(failure(row, error=b"not json" if row is rows[3] else None))
    await completer.flush()
    assert await states(connection) == {"retryable": 6, "running": 1}
    assert completer.held_ids() == set()


async def test_a_newer_end_of_the_same_job_wins(completer, factory, connection):
    (older,) = await running(factory, connection, 1)
    completer.offer(success(older))
    await connection.execute("UPDATE river.river_job SET attempt = 2")
    newer = await factory.read(older.id)
    completer.offer(failure(newer))
    await completer.flush()
    assert await states(connection) == {"retryable": 1}


async def test_batches_are_counted(driver, factory, connection):
    metrics = Metrics()
    completer = Completer(driver, SubscriptionManager(), SystemClock(), metrics)
    for row in await running(factory, connection, 3):
        completer.offer(success(row))
    await completer.flush()
    text = metrics.exposition().decode()
    assert "revenge_job_completion_batch_size_sum 3.0" in text
    assert 'revenge_jobs_completed_total{kind="test",queue="default",status="completed"} 3.0' in text


async def test_ten_tasks_starting_and_stopping_fifty_times_leave_nothing(completer):
    async def stress() -> None:
        for _ in range(50):
            await completer.start()
            await completer.stop()

    await asyncio.gather(*(stress() for _ in range(10)))
    assert not completer.is_running
