"""How attempts end in the table (contract 2.2, 2.4; conformance 6)."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from app.jobs.driver.driver import JobSetState
from app.jobs.types import JobState

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
ERROR = b'{"at":"2026-11-23T12:00:00Z","attempt":1,"error":"no \\"luck\\" \\\\ {,}","trace":"line\\n"}'


def end(job, state, **values):
    return JobSetState(id=job.id, attempt=job.attempt, attempted_at=job.attempted_at, state=state, **values)


async def apply(driver, *outcomes):
    return await driver.job_set_state_if_running_many(outcomes)


# -- plain successes


async def test_a_plain_completion_writes_two_columns(driver, factory):
    job = await factory.job(state="running", metadata='{"kept": 1.10}')
    before = await factory.raw(job.id)

    assert await driver.job_complete_many([end(job, JobState.COMPLETED, finalized_at=NOW)]) == {job.id}

    after = await factory.raw(job.id)
    assert after == before | {"state": "completed", "finalized_at": NOW}
    assert after["errors"] is None


@pytest.mark.parametrize("lost", [{"attempt": 2}, {"attempted_at": NOW}, {"state": "available"}])
async def test_a_plain_completion_is_fenced_by_the_attempt(driver, factory, lost):
    job = await factory.job(state="running")
    kept = await factory.job(state="running")
    for column, value in lost.items():
        await factory.connection.execute(f"UPDATE river.river_job SET {column} = %s WHERE id = %s", [value, job.id])
    before = await factory.raw(job.id)

    done = await driver.job_complete_many(
        [end(job, JobState.COMPLETED, finalized_at=NOW), end(kept, JobState.COMPLETED, finalized_at=NOW)]
    )

    assert done == {kept.id}
    assert await factory.raw(job.id) == before


async def test_completions_are_planned_for_their_own_batch(driver, factory):
    """A plan for batches of any length is right for none: quadratic while statistics know of no running job."""
    for _ in range(12):  # a statement is prepared at its fifth run, and planned for any values at its tenth
        job = await factory.job(state="running")
        await driver.job_complete_many([end(job, JobState.COMPLETED, finalized_at=NOW)])
        await driver.job_get_by_ids([job.id])

    async with driver._connection() as of_the_pool:
        answer = await of_the_pool.execute("SELECT statement FROM pg_prepared_statements")
        prepared = " ".join([statement for (statement,) in await answer.fetchall()])
    assert "job_get_by_ids" in prepared
    assert "job_complete_many" not in prepared


async def test_deleted_rows_are_no_error(driver, factory):
    job = await factory.job(state="running")
    await factory.connection.execute("DELETE FROM river.river_job")

    assert await driver.job_complete_many([end(job, JobState.COMPLETED, finalized_at=NOW)]) == set()
    assert await apply(driver, end(job, JobState.COMPLETED, finalized_at=NOW)) == []


async def test_thousands_are_completed_at_once(driver, factory):
    await factory.connection.execute(
        "INSERT INTO river.river_job (kind, args, max_attempts) SELECT 'test', '{}', 1 FROM generate_series(1, 7000)"
    )
    jobs = await driver.job_get_available(queue="default", client_id="me", limit=7000)

    done = await driver.job_complete_many([end(job, JobState.COMPLETED, finalized_at=NOW) for job in jobs])

    assert len(done) == 7000


# -- the full form


@pytest.mark.parametrize(
    ("state", "values"),
    [
        (JobState.COMPLETED, {"finalized_at": NOW}),
        (JobState.AVAILABLE, {"scheduled_at": NOW, "error": ERROR}),
        (JobState.RETRYABLE, {"scheduled_at": NOW, "error": ERROR}),
        (JobState.DISCARDED, {"finalized_at": NOW, "error": ERROR}),
        (JobState.CANCELLED, {"finalized_at": NOW, "error": ERROR}),
        (JobState.SCHEDULED, {"scheduled_at": NOW, "new_attempt": 0, "metadata": b'{"snoozes": 1}'}),
        (JobState.AVAILABLE, {"scheduled_at": NOW, "new_attempt": 0}),
    ],
)
async def test_every_outcome_writes_its_columns_and_no_other(driver, factory, state, values):
    job = await factory.job(state="running", metadata='{"a": 1}')
    before = await factory.raw(job.id)

    (returned,) = await apply(driver, end(job, state, **values))

    expected = before | {"state": state.value} | {k: v for k, v in values.items() if k.endswith("_at")}
    if "new_attempt" in values:
        expected["attempt"] = values["new_attempt"]
    if "error" in values:
        expected["errors"] = [json.loads(ERROR)]
    if "metadata" in values:
        expected |= {"metadata": {"a": 1, "snoozes": 1}, "metadata_text": '{"a": 1, "snoozes": 1}'}
    assert await factory.raw(job.id) == expected
    assert returned == await factory.read(job.id)


async def test_errors_are_appended(driver, factory):
    job = await factory.job(state="running", errors=['{"first": 1}'])

    await apply(driver, end(job, JobState.RETRYABLE, scheduled_at=NOW, error=ERROR))

    assert (await factory.raw(job.id))["errors"] == [{"first": 1}, json.loads(ERROR)]


@pytest.mark.parametrize("state", [JobState.AVAILABLE, JobState.RETRYABLE, JobState.SCHEDULED])
@pytest.mark.parametrize("flag", ['"2026-11-23T00:00:00Z"', "null"])
async def test_a_cancel_that_came_meanwhile_wins_over_another_try(driver, factory, state, flag):
    """River lets `available` slip through here; its newer harness asks for more (conformance 6, row 9)."""
    job = await factory.job(state="running", metadata=f'{{"cancel_attempted_at": {flag}}}')

    (returned,) = await apply(
        driver, end(job, state, scheduled_at=NOW, new_attempt=0, error=ERROR, metadata=b'{"more": 1}')
    )

    assert returned.state is JobState.CANCELLED
    assert returned.finalized_at is not None
    assert (returned.attempt, returned.scheduled_at) == (1, job.scheduled_at)
    assert len(returned.errors) == 1
    assert returned.metadata_value()["more"] == 1


@pytest.mark.parametrize("state", [JobState.COMPLETED, JobState.DISCARDED, JobState.CANCELLED])
async def test_a_cancel_does_not_undo_an_end(driver, factory, state):
    job = await factory.job(state="running", metadata='{"cancel_attempted_at": "2026-11-23T00:00:00Z"}')

    (returned,) = await apply(driver, end(job, state, finalized_at=NOW))

    assert (returned.state, returned.finalized_at) == (state, NOW)


async def test_on_a_row_that_ended_otherwise_only_metadata_is_merged(driver, factory):
    job = await factory.job(state="running", metadata='{"shared": "theirs"}')
    await factory.connection.execute(
        "UPDATE river.river_job SET state = 'completed', finalized_at = now() WHERE id = %s", [job.id]
    )
    before = await factory.raw(job.id)

    (returned,) = await apply(
        driver, end(job, JobState.RETRYABLE, scheduled_at=NOW, error=ERROR, new_attempt=0, metadata=b'{"output": 1}')
    )

    expected = {"metadata": {"output": 1, "shared": "theirs"}, "metadata_text": '{"output": 1, "shared": "theirs"}'}
    assert await factory.raw(job.id) == before | expected
    assert returned.state is JobState.COMPLETED


@pytest.mark.parametrize("newer", [{"attempt": 2}, {"attempted_at": NOW}])
async def test_a_newer_attempt_is_not_touched_at_all(driver, factory, newer):
    job = await factory.job(state="running")
    for column, value in newer.items():
        await factory.connection.execute(f"UPDATE river.river_job SET {column} = %s WHERE id = %s", [value, job.id])
    before = await factory.raw(job.id)

    (returned,) = await apply(driver, end(job, JobState.COMPLETED, finalized_at=NOW, metadata=b'{"snoozes": 9}'))

    assert await factory.raw(job.id) == before
    assert returned.state is JobState.RUNNING


async def test_foreign_keys_and_every_digit_survive_a_merge(driver, factory):
    kept = f'"big": 123456789012345678901234567890, "long": 1.{"9" * 34}, "huge": 1{"0" * 400}'
    job = await factory.job(state="running", metadata=f'{{{kept}, "workflow_id": {{"a": [1.50]}}}}')

    (returned,) = await apply(driver, end(job, JobState.COMPLETED, finalized_at=NOW, metadata=b'{"output": 2.50}'))

    text = returned.metadata.decode()
    for part in (*kept.split(", "), '"workflow_id": {"a": [1.50]}', '"output": 2.50'):
        assert part in text


async def test_metadata_that_is_no_object_is_left_alone(driver, factory):
    job = await factory.job(state="running", metadata="[1]")

    (returned,) = await apply(driver, end(job, JobState.DISCARDED, finalized_at=NOW, error=ERROR, metadata=b'{"a":1}'))

    assert (returned.state, returned.metadata) == (JobState.DISCARDED, b"[1]")


async def test_many_outcomes_go_in_one_statement_each_to_its_own_row(driver, factory):
    jobs = [await factory.job(state="running") for _ in range(4)]
    gone = await factory.job(state="running")
    await factory.connection.execute("DELETE FROM river.river_job WHERE id = %s", [gone.id])

    returned = await apply(
        driver,
        end(jobs[3], JobState.SCHEDULED, scheduled_at=NOW, new_attempt=0),
        end(jobs[0], JobState.COMPLETED, finalized_at=NOW, metadata=b'{"output": "a,b\\"{}"}'),
        end(gone, JobState.COMPLETED, finalized_at=NOW),
        end(jobs[2], JobState.DISCARDED, finalized_at=NOW, error=ERROR),
        end(jobs[1], JobState.RETRYABLE, scheduled_at=NOW, error=ERROR),
    )

    states = {row.id: row.state.value for row in returned}
    assert [states[job.id] for job in jobs] == ["completed", "retryable", "discarded", "scheduled"]
    assert gone.id not in states
    assert (await factory.read(jobs[0].id)).metadata_value() == {"output": 'a,b"{}'}


async def test_it_waits_for_a_lock_and_returns_what_the_other_committed(driver, factory):
    job = await factory.job(state="running")
    async with factory.connection.transaction():
        await factory.connection.execute(
            "UPDATE river.river_job SET state = 'cancelled', finalized_at = now() WHERE id = %s", [job.id]
        )
        waiting = asyncio.create_task(apply(driver, end(job, JobState.COMPLETED, finalized_at=NOW)))
        await factory.until_somebody_waits()
    (returned,) = await waiting

    assert returned.state is JobState.CANCELLED
    assert returned.finalized_at != NOW


# -- metadata alone


@pytest.mark.parametrize("state", list(JobState))
async def test_metadata_can_be_set_in_any_state(driver, factory, state):
    job = await factory.job(state=state, metadata='{"a": {"b": 1}}')

    returned = await driver.job_set_metadata(job.id, b'{"output": {"progress": 0.50}}')

    assert returned.metadata == b'{"a": {"b": 1}, "output": {"progress": 0.50}}'
    assert returned.state is state
    assert await driver.job_set_metadata(0, b"{}") is None
