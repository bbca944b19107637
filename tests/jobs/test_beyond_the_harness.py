"""What River's earlier harness asked of an implementation and its present one does not, where nothing else shows it."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from app.jobs.elector import Elector
from app.jobs.errors import JobError, UniqueConflict
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.notifier import Notifier
from app.jobs.types import JobState
from app.observability import Metrics
from tests.fixtures.clients import WorkArgs, WorkFunction, until, until_state

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def fail(_job):
    raise JobError("no such film")


async def test_by_default_the_second_try_comes_after_a_second_and_the_third_after_sixteen(make_client, connection):
    """Counted from when the attempt had failed, which is between its start and now."""
    client = make_client(WorkFunction(fail), fetch_poll_interval=timedelta(milliseconds=50))
    await client.start()
    events = client.subscribe()
    job_id = (await client.insert(WorkArgs(number=1))).job.id

    first = (await events.get()).job
    assert (first.state, len(first.errors)) == (JobState.AVAILABLE, 1)
    assert first.scheduled_at - first.attempted_at >= 0.9 * SECOND
    assert first.scheduled_at - datetime.now(UTC) <= 1.1 * SECOND

    await connection.execute("UPDATE river.river_job SET scheduled_at = now() WHERE id = %s", [job_id])
    second = (await events.get()).job
    assert (second.state, len(second.errors)) == (JobState.RETRYABLE, 2)
    assert second.scheduled_at - second.attempted_at >= 14.4 * SECOND
    assert second.scheduled_at - datetime.now(UTC) <= 17.6 * SECOND


async def test_a_leader_goes_on_leading_while_its_cleaner_waits_for_a_lock(
    make_client, driver, factory, database_url, monkeypatch
):
    monkeypatch.setattr("app.jobs.elector.INTERVAL", 0.05)
    await factory.id_of(state="completed", finalized_at=datetime.now(UTC) - 365 * DAY)
    await factory.connection.execute(
        """
        CREATE FUNCTION river.wait_for_us() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN old; END';
        CREATE TRIGGER wait_for_us BEFORE DELETE ON river.river_job
        FOR EACH ROW EXECUTE FUNCTION river.wait_for_us();
        """
    )
    async with await psycopg.AsyncConnection.connect(database_url) as blocker:
        await blocker.execute("SELECT pg_advisory_xact_lock(7)")
        await make_client(WorkFunction(fail)).start()
        await factory.until_somebody_waits()
        before = await driver.leader_get()
        await until(lambda: renewed_since(driver, before))
    await until(lambda: is_empty(factory))


async def is_empty(factory):
    return await factory.count() == 0


async def renewed_since(driver, before):
    now = await driver.leader_get()
    assert now.elected_at == before.elected_at
    return now.expires_at > before.expires_at


async def test_a_newer_term_under_our_own_name_is_not_ours(driver, connection, monkeypatch):
    """As when a node is restarted under the same id: the older process must not live on the younger one's lease."""
    monkeypatch.setattr("app.jobs.elector.INTERVAL", 0.05)

    class Office:
        async def start(self):
            pass

        async def stop(self):
            pass

        def leave(self):
            pass

    notifier = Notifier(driver)
    elector = Elector(driver, "node", notifier, Office(), Metrics())
    elector.elected.init()
    elector.stepped_down.init()
    await notifier.start()
    try:
        await elector.start()
        await elector.elected.wait()
        await connection.execute(
            "UPDATE river.river_leader SET elected_at = elected_at + interval '1 us', expires_at = now() + '1 h'"
        )
        newer = await driver.leader_get()
        await elector.stepped_down.wait()
        assert not elector.is_leader
    finally:
        await elector.stop()
        await notifier.stop()
    assert await driver.leader_get() == newer


async def test_a_hard_stop_leaves_who_tried_last_and_when(make_client):
    async def wait_for_ever(job):
        await until(lambda: False, patience=600)

    client = make_client(WorkFunction(wait_for_ever))
    await client.start()
    job_id = (await client.insert(WorkArgs(number=1))).job.id
    running = await until_state(client, job_id, JobState.RUNNING)
    await client.stop_and_cancel()

    job = await client.jobs.get(job_id)
    assert (job.state, job.attempt, job.errors) == (JobState.AVAILABLE, 0, [])
    assert (job.attempted_at, job.attempted_by) == (running.attempted_at, [client.id])


async def test_a_queue_named_with_a_bar_is_worked_paused_and_resumed(make_client):
    name = "tenant|emails"
    client = make_client(queues={name: 1})
    await client.start()
    await client.queues.pause(name)
    await until(lambda: client.crew.producers[name].is_paused)
    job_id = (await client.insert(WorkArgs(number=1), InsertOpts(queue=name))).job.id
    await client.queues.resume(name)
    assert (await until_state(client, job_id, JobState.COMPLETED)).queue == name


async def test_a_statement_that_fails_leaves_the_callers_transaction_only_to_be_rolled_back(make_client, connection):
    client = make_client()
    unique = InsertOpts(unique=UniqueOpts(by_args=True), scheduled_at=datetime.now(UTC) + MINUTE)
    taken = (await client.insert(WorkArgs(number=1), unique)).job.id
    await client.jobs.cancel(taken)
    await client.insert(WorkArgs(number=1), unique)

    with pytest.raises(UniqueConflict):
        async with connection.transaction():
            lost = (await client.insert_tx(connection, WorkArgs(number=2))).job.id
            try:
                await client.jobs.retry_tx(connection, taken)
            finally:
                assert connection.info.transaction_status is TransactionStatus.INERROR
                with pytest.raises(psycopg.errors.InFailedSqlTransaction):
                    await client.insert_tx(connection, WorkArgs(number=3))

    assert (await client.jobs.get(taken)).state is JobState.CANCELLED
    assert [job.args_value()["number"] for job in (await client.jobs.list()).jobs] == [1, 1]
    assert lost
