"""Every way an attempt can end, as the row shows it afterwards (contract 2.2)."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from app.errors import Unavailable
from app.jobs.client_config import ClientConfig
from app.jobs.errors import JobCancel, JobError, JobSnooze
from app.jobs.insert_opts import InsertOpts
from app.jobs.subscription import EventKind
from app.jobs.testing import make_job
from app.jobs.types import JobState
from app.jobs.worker import NO_TIMEOUT
from tests.fixtures.clients import PlainFunction, WorkArgs, WorkFunction, until, until_state

SECOND = timedelta(seconds=1)
MOMENT = timedelta(milliseconds=20)


class FixedRetry:
    def __init__(self, delay: timedelta) -> None:
        self.delay = delay

    def next_retry(self, job, now):
        return now + self.delay


async def work_one(client, *, opts=None, states=()):
    """Start the client, insert one job and return its row when an attempt at it has ended, with the event of that."""
    await client.start()
    events = client.subscribe()
    inserted = await client.insert(WorkArgs(number=1), opts)
    async with asyncio.timeout(60):
        event = await events.get()
    return await client.jobs.get(inserted.job.id), event


async def fail(_job):
    raise JobError("no such film")


async def test_success_completes_and_leaves_the_rest_alone(make_client, factory):
    async def work(job):
        assert (job.args.number, job.attempt, job.id) == (1, 1, job.row.id)

    job, event = await work_one(make_client(WorkFunction(work)))

    assert job.state is JobState.COMPLETED
    assert job.finalized_at is not None
    raw = await factory.raw(job.id)
    assert raw["errors"] is None  # NULL stays NULL
    assert raw["metadata_text"] == "{}"
    assert event.kind is EventKind.JOB_COMPLETED
    assert event.statistics.queue_wait >= timedelta(0)


async def test_a_failure_soon_to_be_retried_goes_straight_to_available(make_client):
    before = datetime.now(UTC)
    job, event = await work_one(make_client(WorkFunction(fail), retry_policy=FixedRetry(4 * SECOND)))

    assert job.state is JobState.AVAILABLE
    assert before + 4 * SECOND <= job.scheduled_at <= datetime.now(UTC) + 4 * SECOND
    assert job.attempt == 1
    assert job.finalized_at is None
    (error,) = job.errors
    assert (error.attempt, error.error, error.trace) == (1, "no such film", "")
    assert before <= error.at <= datetime.now(UTC)
    assert event.kind is EventKind.JOB_FAILED


async def test_a_failure_to_be_retried_later_waits_for_the_scheduler(make_client):
    job, _ = await work_one(make_client(WorkFunction(fail), retry_policy=FixedRetry(6 * SECOND)))
    assert job.state is JobState.RETRYABLE
    assert job.finalized_at is None


async def test_the_last_failure_discards(make_client):
    job, event = await work_one(make_client(WorkFunction(fail)), opts=InsertOpts(max_attempts=1))
    assert job.state is JobState.DISCARDED
    assert job.finalized_at is not None
    assert event.kind is EventKind.JOB_FAILED


async def test_a_crash_keeps_its_traceback(make_client):
    async def crash(_job):
        raise ZeroDivisionError("by a film of no length")

    job, _ = await work_one(make_client(WorkFunction(crash)))
    (error,) = job.errors
    assert error.error == "by a film of no length"
    assert "in crash" in error.trace
    assert error.trace.rstrip().endswith("ZeroDivisionError: by a film of no length")


async def test_a_worker_cannot_take_the_server_down(make_client):
    async def leave(_job):
        raise SystemExit(3)

    job, _ = await work_one(make_client(WorkFunction(leave)))
    assert "SystemExit" in job.errors[0].trace


async def test_texts_that_no_database_takes_are_stored_all_the_same(make_client):
    async def quote(_job):
        raise JobError("a\x00b\udce4c")

    job, _ = await work_one(make_client(WorkFunction(quote)))
    assert job.errors[0].error == "a\ufffdb\ufffdc"


async def test_a_worker_may_cancel_its_job(make_client):
    async def cancel(_job):
        raise JobCancel(ValueError("gone for good"))

    job, event = await work_one(make_client(WorkFunction(cancel)))
    assert job.state is JobState.CANCELLED
    assert job.finalized_at is not None
    assert job.errors[0].error == "JobCancelError: gone for good"
    assert job.errors[0].trace == ""
    assert event.kind is EventKind.JOB_CANCELLED


@pytest.mark.parametrize(
    ("duration", "state"),
    [(timedelta(0), JobState.AVAILABLE), (5 * SECOND, JobState.AVAILABLE), (10 * SECOND, JobState.SCHEDULED)],
)
async def test_a_snooze_gives_the_attempt_back(make_client, duration, state):
    rounds = []

    async def snooze(job):
        rounds.append(job.attempt)
        if len(rounds) == 1:
            raise JobSnooze(duration)
        await asyncio.Event().wait()

    client = make_client(WorkFunction(snooze))
    await client.start()
    events = client.subscribe(EventKind.JOB_SNOOZED)
    await client.insert(WorkArgs())
    async with asyncio.timeout(60):
        event = await events.get()

    assert event.job.state is state
    assert event.job.attempt == 0
    assert event.job.metadata_value() == {"snoozes": 1}
    assert event.job.errors == []
    assert event.job.finalized_at is None


@pytest.mark.parametrize(
    ("before", "after"),
    [("4", 5), ('"4"', 5), ("2.9", 3), ("true", 2), ("null", 1), ('"4.5"', 1), ("9007199254740993", 9007199254740994)],
)
async def test_snoozes_are_counted_on_from_whatever_stands_there(make_client, before, after):
    async def snooze(_job):
        raise JobSnooze(10 * SECOND)

    opts = InsertOpts(metadata=b'{"snoozes": %b, "mine": 1e400}' % before.encode())
    job, _ = await work_one(make_client(WorkFunction(snooze)), opts=opts)
    assert b'"snoozes": %d' % after in job.metadata
    assert b"1" + b"0" * 400 in job.metadata


async def test_a_job_out_of_time_fails_with_gos_words(make_client):
    async def dawdle(_job):
        await asyncio.Event().wait()

    client = make_client(WorkFunction(dawdle, timeout=timedelta(milliseconds=20)))
    job, event = await work_one(client)
    assert job.errors[0].error == "context deadline exceeded"
    assert job.errors[0].trace == ""
    assert event.kind is EventKind.JOB_FAILED


async def test_a_worker_that_succeeds_after_its_time_has_succeeded(make_client):
    async def finish(_job):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    job, _ = await work_one(make_client(WorkFunction(finish), job_timeout=timedelta(milliseconds=20)))
    assert job.state is JobState.COMPLETED


async def test_a_worker_without_a_limit_outlasts_the_clients(make_client):
    async def outlast(job):
        try:
            async with asyncio.timeout(0.2):
                await asyncio.Event().wait()
        except TimeoutError:
            job.record_output("outlasted")

    worker = WorkFunction(outlast, timeout=NO_TIMEOUT)
    job, _ = await work_one(make_client(worker, job_timeout=timedelta(milliseconds=20)))
    assert job.metadata_value() == {"output": "outlasted"}


async def test_an_unknown_kind_is_retried_in_the_hope_of_another_node(make_client, factory):
    client = make_client(WorkFunction(fail), retry_policy=FixedRetry(60 * SECOND))
    job_id = await factory.id_of(kind="test.unknown")
    await client.start()
    job = await until_state(client, job_id, JobState.RETRYABLE)
    assert job.errors[0].error == "job kind is not registered in the client's Workers bundle: test.unknown"
    assert job.errors[0].trace == ""


async def test_only_known_kinds_are_claimed_when_asked_so(make_client, factory):
    client = make_client(WorkFunction(fail), fetch_only_known_kinds=True)
    unknown = await factory.id_of(kind="test.unknown")
    await client.start()
    known = await client.insert(WorkArgs())
    await until_state(client, known.job.id, JobState.AVAILABLE)
    assert (await factory.read(unknown)).attempt == 0


async def test_args_that_do_not_fit_fail_by_the_clients_policy(make_client, factory):
    class Picky(WorkFunction):
        def next_retry(self, job):
            raise AssertionError("a worker must not be asked about a job it cannot read")

    client = make_client(Picky(fail), retry_policy=FixedRetry(60 * SECOND))
    job_id = await factory.id_of(kind="test.work", args='{"number": "many"}')
    await client.start()
    job = await until_state(client, job_id, JobState.RETRYABLE)
    assert "Expected `int`, got `str`" in job.errors[0].error
    assert job.errors[0].trace == ""


async def test_a_row_that_breaks_the_contract_fails_alone(make_client, factory):
    client = make_client(retry_policy=FixedRetry(60 * SECOND))
    bad = await factory.id_of(kind="test.work", tags=["one", None])
    good = await factory.id_of(kind="test.work")
    await client.start()
    job = await until_state(client, bad, JobState.RETRYABLE)
    assert job.errors[-1].error.startswith("job row couldn't be decoded: ")
    assert (await until_state(client, good)).state is JobState.COMPLETED


async def test_the_worker_may_say_when_to_retry(make_client):
    at = datetime.now(UTC) + timedelta(days=3)

    class Patient(WorkFunction):
        def next_retry(self, job):
            return at

    job, _ = await work_one(make_client(Patient(fail)))
    assert job.scheduled_at == at
    assert job.state is JobState.RETRYABLE


async def test_a_retry_in_the_past_falls_back_to_rivers_policy(make_client):
    class Hasty(WorkFunction):
        def next_retry(self, job):
            return datetime.now(UTC) - timedelta(days=3)

    before = datetime.now(UTC)
    job, _ = await work_one(make_client(Hasty(fail)))
    assert before + 0.9 * SECOND <= job.scheduled_at <= datetime.now(UTC) + 1.1 * SECOND


async def test_a_defect_in_next_retry_does_not_cost_the_retry(make_client):
    class Broken(WorkFunction):
        def next_retry(self, job):
            raise KeyError

    job, _ = await work_one(make_client(Broken(fail), retry_policy=FixedRetry(60 * SECOND)))
    assert job.state is JobState.RETRYABLE


async def test_metadata_is_merged_whatever_the_outcome(make_client):
    async def stage(job):
        job.metadata_set("seen", 1)
        job.record_output({"text": "a\x00b"})
        raise JobError("after all")

    job, _ = await work_one(make_client(WorkFunction(stage)), opts=InsertOpts(metadata={"mine": True}))
    assert job.metadata_value() == {"mine": True, "seen": 1, "output": {"text": "a\ufffdb"}}
    assert len(job.errors) == 1


async def test_metadata_that_cannot_be_stored_fails_the_attempt_instead_of_stranding_it(make_client):
    async def stage(job):
        job.staged_metadata["raw"] = object()

    job, _ = await work_one(make_client(WorkFunction(stage)))
    assert "is no JSON" in job.errors[0].error


async def test_progress_shows_while_the_job_runs_and_its_last_word_stays(make_client, monkeypatch):
    monkeypatch.setattr("app.jobs.job.PROGRESS_INTERVAL", 3_600)
    told, go_on = asyncio.Event(), asyncio.Event()

    async def work(job):
        for done in (1, 2, 3):
            await job.report_progress({"done": done})
        told.set()
        await go_on.wait()

    client = make_client(WorkFunction(work))
    await client.start()
    inserted = await client.insert(WorkArgs())
    await told.wait()
    running = await client.jobs.get(inserted.job.id)
    assert running.state is JobState.RUNNING
    assert running.metadata_value() == {"output": {"done": 1}}  # the others came too soon after it
    go_on.set()
    job = await until_state(client, inserted.job.id)
    assert job.metadata_value() == {"output": {"done": 3}}


async def test_a_thread_shows_its_progress_too_and_those_it_has_started(make_client, monkeypatch):
    monkeypatch.setattr("app.jobs.job.PROGRESS_INTERVAL", 3_600)
    told, go_on = threading.Event(), threading.Event()

    def work(job):
        job.report_progress_from_thread({"done": 1})
        helper = threading.Thread(target=job.report_progress_from_thread, args=({"done": 2},))
        helper.start()
        helper.join()
        told.set()
        go_on.wait(60)

    client = make_client(PlainFunction(work))
    await client.start()
    inserted = await client.insert(WorkArgs())
    await until(told.is_set)
    assert (await client.jobs.get(inserted.job.id)).metadata_value() == {"output": {"done": 1}}
    go_on.set()
    assert (await until_state(client, inserted.job.id)).metadata_value() == {"output": {"done": 2}}


async def test_a_thread_whose_queue_has_ended_tells_its_progress_to_nobody():
    """As after a stop that did not wait for it."""
    job = make_job(WorkArgs())
    await asyncio.to_thread(asyncio.run, begun(job))
    job.report_progress_from_thread(1)
    assert job.unwritten_progress == msgspec.Raw(b"1")


async def begun(job):
    job.begin()


async def test_an_async_worker_that_waits_for_its_own_thread_is_told_so(make_client):
    async def work(job):
        job.report_progress_from_thread(1)

    job, _ = await work_one(make_client(WorkFunction(work)))
    assert "await report_progress here" in job.errors[0].error


async def test_a_lost_database_costs_no_attempt(make_client):
    import psycopg

    async def work(_job):
        raise Unavailable("nowhere to write") from psycopg.OperationalError("server closed the connection")

    job, event = await work_one(make_client(WorkFunction(work)), opts=InsertOpts(max_attempts=1))
    assert job.state is JobState.SCHEDULED
    assert job.attempt == 0
    assert job.errors == []
    assert event.kind is EventKind.JOB_SNOOZED


async def test_a_plain_function_works_in_a_daemon_thread(make_client):
    seen = []

    def work(job):
        seen.append((threading.current_thread().daemon, threading.current_thread() is threading.main_thread()))
        job.record_output(job.args.number)

    job, _ = await work_one(make_client(PlainFunction(work)))
    assert seen == [(True, False)]
    assert job.metadata_value() == {"output": 1}


async def test_a_plain_function_that_fails_has_failed(make_client):
    def work(_job):
        raise StopIteration("odd")

    job, _ = await work_one(make_client(PlainFunction(work)))
    assert "StopIteration" in job.errors[0].trace


async def test_a_plain_function_out_of_time_is_told_and_decides(make_client):
    def work(job):
        while not job.cancelled.is_set():
            threading.Event().wait(0.005)
        raise JobError("gave up in time")

    job, _ = await work_one(make_client(PlainFunction(work, timeout=timedelta(milliseconds=20))))
    assert job.errors[0].error == "gave up in time"


class Judge:
    """An error handler that notes what it is told of, and cancels or not."""

    def __init__(self, *, cancels=False):
        self.cancels = cancels
        self.told = []

    async def handle_error(self, job, err):
        self.told.append(("error", job.id, str(err)))
        return self.cancels

    async def handle_panic(self, job, err, trace):
        self.told.append(("panic", job.id, str(err)))
        assert type(err).__name__ in trace
        return self.cancels


async def test_an_error_handler_may_cancel_what_it_thinks_hopeless(make_client):
    judge = Judge(cancels=True)
    job, event = await work_one(make_client(WorkFunction(fail), error_handler=judge))
    assert job.state is JobState.CANCELLED
    assert job.errors[0].error == "no such film"
    assert judge.told == [("error", job.id, "no such film")]
    assert event.kind is EventKind.JOB_CANCELLED


@pytest.mark.parametrize("cancels", [True, False])
async def test_a_crash_is_another_matter_to_an_error_handler(make_client, cancels):
    async def crash(_job):
        raise ZeroDivisionError("by nothing")

    judge = Judge(cancels=cancels)
    job, _ = await work_one(make_client(WorkFunction(crash), error_handler=judge))
    assert job.state is (JobState.CANCELLED if cancels else JobState.AVAILABLE)
    assert "ZeroDivisionError" in job.errors[0].trace
    assert judge.told == [("panic", job.id, "by nothing")]


async def test_a_timeout_and_undecodable_args_are_errors_to_an_error_handler(make_client, factory):
    judge = Judge(cancels=True)
    client = make_client(WorkFunction(lambda _job: asyncio.sleep(60), timeout=MOMENT), error_handler=judge)
    await client.start()
    late = (await client.insert(WorkArgs())).job.id
    odd = await factory.id_of(kind=WorkArgs.kind, args='{"number": "many"}')
    for job_id in (late, odd):
        assert (await until_state(client, job_id)).state is JobState.CANCELLED
    assert sorted(kind for kind, _, _ in judge.told) == ["error", "error"]


@pytest.mark.parametrize("verdict", [JobCancel("never"), JobSnooze(SECOND)])
async def test_an_error_handler_is_not_told_of_what_is_no_failure(make_client, verdict):
    async def decide(_job):
        raise verdict

    judge = Judge()
    await work_one(make_client(WorkFunction(decide), error_handler=judge))
    assert judge.told == []


async def test_an_error_handler_that_fails_changes_nothing(make_client):
    class Handler:
        async def handle_error(self, job, err):
            raise KeyError

    job, _ = await work_one(make_client(WorkFunction(fail), error_handler=Handler()))
    assert job.state is JobState.AVAILABLE


async def test_a_cancel_that_comes_while_the_worker_is_just_failing_loses_nothing(make_client):
    """The cancellation is delivered to nobody: it must not strike the error handler, and the result with it."""
    handled = []

    class Handler:
        async def handle_panic(self, job, err, trace):
            await asyncio.sleep(0)
            handled.append(str(err))
            return False

    async def fail_as_it_is_cancelled(job):
        client.crew.producers["default"].cancel(job.id)
        raise ZeroDivisionError("by chance")

    client = make_client(WorkFunction(fail_as_it_is_cancelled), error_handler=Handler())
    job, _ = await work_one(client)
    assert handled == ["by chance"]
    assert job.errors[0].error == "by chance"


async def test_a_cancel_that_comes_while_the_worker_is_just_succeeding_loses_nothing(make_client):
    async def succeed_as_it_is_cancelled(job):
        client.crew.producers["default"].cancel(job.id)

    client = make_client(WorkFunction(succeed_as_it_is_cancelled))
    job, _ = await work_one(client)
    assert job.state is JobState.COMPLETED


async def test_a_coroutine_in_disguise_is_awaited(make_client):
    import functools

    def disguise(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)

        return wrapper

    class Disguised(WorkFunction):
        @disguise
        async def work(self, job):
            job.record_output("unmasked")

    job, _ = await work_one(make_client(Disguised(fail)))
    assert job.metadata_value() == {"output": "unmasked"}


async def test_what_ends_is_counted(make_client):
    client = make_client(WorkFunction(fail))
    await work_one(client)
    registry = client.crew.completer._meter._metrics
    text = registry.exposition().decode()
    assert 'revenge_jobs_completed_total{kind="test.work",queue="default",status="retryable"} 1.0' in text
    assert 'revenge_job_duration_seconds_count{kind="test.work"} 1.0' in text


def test_the_default_rescue_comes_an_hour_after_the_timeout():
    assert ClientConfig().rescue_after == timedelta(hours=1)
    assert ClientConfig(job_timeout=timedelta(hours=2)).rescue_after == timedelta(hours=3)
