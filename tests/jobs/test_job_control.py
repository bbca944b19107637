"""The verbs on jobs, alone and in the caller's transaction."""

import pytest

from app.errors import InvalidInput
from app.jobs.driver.driver import JobListParams
from app.jobs.errors import JobNotFound
from app.jobs.job_control import JobControl
from app.jobs.types import JobState


@pytest.fixture
def control(driver, clock):
    return JobControl(driver, clock)


@pytest.mark.parametrize("job_id", [7, 0, -1, 2**63 - 1, 2**63, 10**30])
@pytest.mark.parametrize("verb", ["get", "cancel", "retry", "delete"])
async def test_a_missing_job_is_told(control, connection, verb, job_id):
    with pytest.raises(JobNotFound):
        await getattr(control, verb)(job_id)
    with pytest.raises(JobNotFound):
        await getattr(control, f"{verb}_tx")(connection, job_id)
    with pytest.raises(JobNotFound):
        await control.update(job_id, output=1)


async def test_cancel_stamps_the_clients_time_as_go_writes_it(control, factory, clock):
    clock.time = clock.time.replace(microsecond=120_000)
    job = await control.cancel(await factory.id_of(state="running"))

    stamp = f"{clock.time:%Y-%m-%dT%H:%M:%S}.12Z"
    assert job.metadata == f'{{"cancel_attempted_at": "{stamp}"}}'.encode()


async def test_every_verb_works_in_the_callers_transaction(control, factory, connection):
    job_id = await factory.id_of()
    async with connection.transaction(force_rollback=True):
        assert (await control.cancel_tx(connection, job_id)).state is JobState.CANCELLED
        assert (await control.get_tx(connection, job_id)).state is JobState.CANCELLED
        assert (await control.retry_tx(connection, job_id)).state is JobState.AVAILABLE
        assert (await control.update_tx(connection, job_id, output=[1])).metadata_value()["output"] == [1]
        assert [job.id for job in (await control.list_tx(connection)).jobs] == [job_id]
        assert (await control.delete_tx(connection, job_id)).id == job_id
        assert (await control.list_tx(connection)).jobs == []
        assert (await control.get(job_id)).state is JobState.AVAILABLE

    assert (await control.get(job_id)).metadata == b"{}"


async def test_update_replaces_the_output_and_nothing_else(control, factory):
    job_id = await factory.id_of(state="completed", metadata='{"output": {"a": 1}, "b": 2.50}')

    job = await control.update(job_id, output={"c": 3})

    assert job.metadata == b'{"b": 2.50, "output": {"c": 3}}'
    with pytest.raises(InvalidInput):
        await control.update(job_id, output=object())


async def test_a_page_has_a_cursor_unless_it_is_empty(control, factory):
    ids = [await factory.id_of() for _ in range(3)]

    first = await control.list(JobListParams(limit=2))
    second = await control.list(JobListParams(limit=2, after=first.cursor))
    third = await control.list(JobListParams(limit=2, after=second.cursor))

    assert [[job.id for job in page.jobs] for page in (first, second, third)] == [ids[:2], ids[2:], []]
    assert second.cursor is not None
    assert third.cursor is None
