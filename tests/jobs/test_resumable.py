"""Steps that are not repeated: what one attempt leaves on the row and the next one does with it (contract 12.3)."""

import asyncio
from datetime import timedelta

import msgspec
import psycopg
import pytest

from app.jobs.completion import resumable_set_step_cursor_tx, resumable_set_step_tx
from app.jobs.errors import JobError, JobNotFound, JobSnooze
from app.jobs.insert_opts import InsertOpts
from app.jobs.job import Job
from app.jobs.testing import make_job, work_one
from app.jobs.types import JobState
from tests.fixtures.clients import WorkArgs, WorkFunction, until, until_state


class AtOnce:
    def next_retry(self, job, now):
        return now


def left(job: Job) -> dict:
    """What the attempt leaves for the next one."""
    return {key: msgspec.json.decode(value) for key, value in job.staged_metadata.items()}


def job_with(**metadata) -> Job:
    keyed = {f"river:resumable_{key}": value for key, value in metadata.items()}
    return make_job(WorkArgs(), InsertOpts(metadata=keyed))


class Walk:
    """Three steps that say when they run; one of them may fail."""

    def __init__(self, fails: str = "", error: Exception | None = None) -> None:
        self.ran: list[object] = []
        self.fails = fails
        self.error = error or JobError("failed on the way")

    async def run(self, name: str, said: object = None) -> None:
        self.ran.append(name if said is None else (name, said))
        if name == self.fails:
            raise self.error

    async def __call__(self, job: Job) -> None:
        await job.steps.step("first", lambda: self.run("first"))
        await job.steps.step_cursor("second", int, lambda cursor: self.run("second", cursor))
        await job.steps.step("third", lambda: self.run("third"))


async def work(walk, job) -> list[object]:
    await work_one(WorkFunction(walk), job)
    return walk.ran


async def fail(walk, job) -> None:
    with pytest.raises(type(walk.error)):
        await work_one(WorkFunction(walk), job)


async def test_a_success_runs_every_step_and_leaves_nothing():
    job = make_job(WorkArgs())
    assert await work(Walk(), job) == ["first", "second", "third"]
    assert left(job) == {}


async def test_a_failure_leaves_the_last_completed_step_and_the_next_attempt_skips_up_to_it():
    job = make_job(WorkArgs())
    walk = Walk(fails="third")
    await fail(walk, job)
    assert walk.ran == ["first", "second", "third"]
    assert left(job) == {"river:resumable_step": "second"}

    assert await work(Walk(), job_with(step="second")) == ["third"]


async def test_a_cursor_of_the_first_step_is_kept_though_no_step_was_completed():
    job = make_job(WorkArgs())

    async def set_and_fail(_cursor):
        job.steps.set_cursor(1)
        raise JobSnooze(timedelta(hours=1))

    with pytest.raises(JobSnooze):
        await work_one(WorkFunction(lambda job: job.steps.step_cursor("second", int, set_and_fail)), job)
    assert left(job) == {"river:resumable_cursor": {"second": 1}}

    resumed, third_fails = job_with(cursor={"second": 1}), Walk(fails="third")
    await fail(third_fails, resumed)
    assert third_fails.ran == ["first", ("second", 1), "third"]
    assert left(resumed) == {"river:resumable_step": "second", "river:resumable_cursor": None}


async def test_a_step_left_with_only_a_cursor_must_be_come_by_before_anything_else_is_said():
    fails_before = job_with(cursor={"second": 1, "third": 2})
    await fail(Walk(fails="second"), fails_before)
    assert left(fails_before) == {}

    async def only_first(job):
        await job.steps.step("first", lambda: asyncio.sleep(0))

    is_gone = job_with(cursor={"second": 1})
    with pytest.raises(JobError, match="'second', left half done"):
        await work_one(WorkFunction(only_first), is_gone)
    assert left(is_gone) == {}

    async def takes_none(job):
        await job.steps.step("second", lambda: asyncio.sleep(0))

    with pytest.raises(JobError, match="must take one"):
        await work_one(WorkFunction(takes_none), job_with(cursor={"second": 1}))


async def test_a_stale_cursor_of_a_step_before_does_not_make_it_run_again():
    assert await work(Walk(), job_with(step="third", cursor={"second": 3})) == []


async def test_a_cursor_is_kept_until_its_step_is_completed_and_then_cleared():
    job = make_job(WorkArgs())

    async def set_and_fail(_cursor):
        job.steps.set_cursor({"last_id": 2**60 + 1})
        raise JobError("half way")

    async def walk(job):
        await job.steps.step("first", lambda: asyncio.sleep(0))
        await job.steps.step_cursor("second", dict, set_and_fail)

    with pytest.raises(JobError, match="half way"):
        await work_one(WorkFunction(walk), job)
    assert left(job) == {
        "river:resumable_step": "first",
        "river:resumable_cursor": {"second": {"last_id": 2**60 + 1}},
    }

    resumed, third_fails = job_with(step="first", cursor={"second": 7}), Walk(fails="third")
    await fail(third_fails, resumed)
    assert third_fails.ran == [("second", 7), "third"]
    assert left(resumed) == {"river:resumable_step": "second", "river:resumable_cursor": None}


async def test_a_completed_step_that_still_has_a_cursor_runs_again_with_it():
    assert await work(Walk(), job_with(step="second", cursor={"second": 3})) == [("second", 3), "third"]


async def test_an_empty_cursor_value_is_a_value():
    assert await work(Walk(), job_with(step="first", cursor={"second": 0})) == [("second", 0), "third"]


async def test_a_step_that_is_no_more_fails_an_attempt_that_would_have_succeeded():
    job = job_with(step="gone")
    with pytest.raises(JobError, match="gone"):
        await work(Walk(), job)
    assert left(job) == {}


async def test_a_worker_without_any_step_must_not_pass_over_one_that_was_left():
    async def nothing(_job):
        """Forget that there were steps."""

    with pytest.raises(JobError, match="first"):
        await work_one(WorkFunction(nothing), job_with(step="first"))


@pytest.mark.parametrize("step", [None, "", "second"])
async def test_a_name_is_used_once_even_where_it_would_be_skipped(step):
    async def twice(job):
        await job.steps.step("first", lambda: asyncio.sleep(0))
        await job.steps.step("first", lambda: asyncio.sleep(0))

    with pytest.raises(JobError, match="duplicate resumable step"):
        await work_one(WorkFunction(twice), job_with(step=step))


async def test_after_a_failed_step_no_other_runs_though_its_error_was_swallowed():
    walk = Walk(fails="first")
    later = []

    async def deaf(job):
        with pytest.raises(JobError):
            await walk(job)
        with pytest.raises(JobError, match="failed on the way"):
            await job.steps.step("later", lambda: walk.run("later"))
        later.append(job)

    with pytest.raises(JobError, match="failed on the way"):
        await work_one(WorkFunction(deaf), make_job(WorkArgs()))
    assert (walk.ran, len(later)) == (["first"], 1)


async def test_steps_do_not_nest_and_have_names_that_a_row_can_hold():
    async def nested(job):
        await job.steps.step("outer", lambda: job.steps.step("inner", lambda: asyncio.sleep(0)))

    for name in ("", "a\x00b"):
        job = make_job(WorkArgs())
        with pytest.raises(JobError, match="called"):
            await job.steps.step(name, lambda: asyncio.sleep(0))
    with pytest.raises(JobError, match="within"):
        await work_one(WorkFunction(nested), make_job(WorkArgs()))
    with pytest.raises(JobError, match="within a step"):
        make_job(WorkArgs()).steps.set_cursor(1)


@pytest.mark.parametrize("cursor", [[1], {"second": "seven"}])
async def test_a_cursor_that_is_none_fails_the_attempt(cursor):
    walk = Walk()
    with pytest.raises(JobError, match="none"):
        await work(walk, job_with(step="first", cursor=cursor))
    assert walk.ran == []


async def test_what_is_no_step_or_no_cursor_at_all_counts_as_none():
    assert await work(Walk(), job_with(step=5, cursor="x")) == ["first", "second", "third"]


async def test_attempts_resume_on_the_row(make_client, factory):
    """The whole way through the database: failed, snoozed, completed."""
    walks = [Walk("second"), Walk("third", JobSnooze(timedelta(0))), Walk()]
    remaining = iter(walks)

    async def run(job):
        await next(remaining)(job)

    client = make_client(WorkFunction(run), retry_policy=AtOnce())
    await client.start()
    inserted = await client.insert(WorkArgs(), InsertOpts(metadata={"mine": 1}))
    job = await until_state(client, inserted.job.id, JobState.COMPLETED)

    assert [walk.ran for walk in walks] == [["first", "second"], ["second", "third"], ["third"]]
    assert job.metadata_value() == {"mine": 1, "snoozes": 1, "river:resumable_step": "second"}


async def test_an_interrupted_attempt_leaves_its_progress(make_client, driver):
    waiting = asyncio.Event()

    async def wait():
        waiting.set()
        await asyncio.Event().wait()

    async def run(job):
        await job.steps.step("first", lambda: asyncio.sleep(0))
        await job.steps.step("second", wait)

    client = make_client(WorkFunction(run))
    await client.start()
    inserted = await client.insert(WorkArgs())
    await waiting.wait()
    await client.stop_and_cancel()

    job = await driver.job_get_by_id(inserted.job.id)
    assert (job.state, job.attempt) == (JobState.AVAILABLE, 0)
    assert job.metadata_value() == {"river:resumable_step": "first"}


async def test_a_step_written_in_a_transaction_is_there_before_the_attempt_ends(make_client, database_url, factory):
    """So that a kill between the commit and the end of the attempt repeats neither."""
    written, end = asyncio.Event(), asyncio.Event()

    async def run(job):
        async def import_all(_cursor):
            async with await psycopg.AsyncConnection.connect(database_url) as connection, connection.transaction():
                await resumable_set_step_cursor_tx(client.driver, connection, job, 41)
            async with await psycopg.AsyncConnection.connect(database_url) as connection:
                await resumable_set_step_cursor_tx(client.driver, connection, job, 42)
                await connection.rollback()
            written.set()
            await end.wait()

        async def publish():
            async with await psycopg.AsyncConnection.connect(database_url) as connection:
                await resumable_set_step_tx(client.driver, connection, job)

        await job.steps.step_cursor("import", int, import_all)
        await job.steps.step("publish", publish)

    client = make_client(WorkFunction(run))
    await client.start()
    inserted = await client.insert(WorkArgs())
    await written.wait()
    row = await client.jobs.get(inserted.job.id)
    assert row.state is JobState.RUNNING
    assert row.metadata_value() == {"river:resumable_step": "import", "river:resumable_cursor": {"import": 41}}
    end.set()
    await until(lambda: client.crew.completer.held_ids() == set())
    await until_state(client, inserted.job.id, JobState.COMPLETED)


async def test_a_step_is_written_only_within_one_and_only_to_a_row(driver, connection):
    job = make_job(WorkArgs(), job_id=999)
    with pytest.raises(JobError, match="within a step"):
        await resumable_set_step_tx(driver, connection, job)
    with pytest.raises(JobNotFound):
        await job.steps.step("lost", lambda: resumable_set_step_tx(driver, connection, job))


async def test_a_checkpoint_that_was_rolled_back_is_not_told_again(driver, connection, factory):
    """Its work is gone with it: told again at the end of the attempt, the step would never be done."""
    row = await factory.job(state="running", kind="test.work")

    async def roll_back(job):
        async with connection.transaction(force_rollback=True):
            await resumable_set_step_tx(driver, connection, job)
        raise JobError("after the roll-back")

    async def walk(job):
        await job.steps.step("first", lambda: asyncio.sleep(0))
        await job.steps.step("second", lambda: roll_back(job))

    job = Job(row, WorkArgs())
    with pytest.raises(JobError, match="after"):
        await work_one(WorkFunction(walk), job)

    assert left(job) == {}
    assert (await factory.read(row.id)).metadata == b"{}"


async def test_no_checkpoint_before_what_was_left_half_done(driver, connection):
    job = job_with(cursor={"second": 1})
    with pytest.raises(JobError, match="before resumable step 'second'"):
        await job.steps.step("first", lambda: resumable_set_step_tx(driver, connection, job))
