"""Hooks, middleware and plugins: who is called, in which order, and what each may change (contract 8.4, 12.6)."""

import asyncio
from datetime import timedelta

import pytest

from app.errors import InvalidInput
from app.jobs.args import JobArgs
from app.jobs.errors import JobCancel, JobError, JobSnooze
from app.jobs.extended_insert import ExtendedInsert
from app.jobs.extensions import Extensions
from app.jobs.hooks import MetricName
from app.jobs.insert_opts import InsertOpts
from app.jobs.inserter import Inserter
from app.jobs.periodic import IntervalSchedule, PeriodicJob
from app.jobs.subscription import EventKind
from app.jobs.types import JobState
from app.jobs.worker import Worker
from app.observability import Metrics
from tests.fixtures.clients import PlainFunction, WorkArgs, WorkFunction, do_nothing, until, until_state

HOUR = timedelta(hours=1)
MOMENT = timedelta(milliseconds=20)


class Traced:
    """Everything at once, noting by name when it is called; subclasses leave out what they are not."""

    def __init__(self, name, trace):
        self.name = name
        self.trace = trace

    def note(self, what):
        self.trace.append(f"{self.name}:{what}")


class TracedHook(Traced):
    async def insert_begin(self, params):
        self.note("insert_begin")

    async def work_begin(self, job):
        assert job.args is None
        self.note("work_begin")

    async def work_end(self, job, err):
        self.note("work_end")
        return err

    async def periodic_jobs_start(self, jobs):
        self.note(f"periodic_start {len(jobs)}")


class TracedMiddleware(Traced):
    async def insert_many(self, jobs, do_inner):
        self.note("insert_before")
        results = await do_inner()
        self.note("insert_after")
        return results

    async def work(self, job, do_inner):
        self.note("work_before")
        await do_inner()
        self.note("work_after")


class TracedPlugin(TracedHook, TracedMiddleware):
    pass


KIND_TRACE = []


class OwnArgs(JobArgs, kind="test.own"):
    """A kind that brings its own."""

    number: int = 0

    @classmethod
    def hooks(cls):
        return [TracedHook("kind_hook", KIND_TRACE)]

    @classmethod
    def plugins(cls):
        return [TracedPlugin("kind_plugin", KIND_TRACE)]


class OwnWorker(Worker[OwnArgs]):
    async def work(self, job):
        KIND_TRACE.append(f"worker {job.args.number}")

    def middleware(self, row):
        return [TracedMiddleware(f"worker_middleware {row.kind}", KIND_TRACE)]


@pytest.fixture
def trace():
    KIND_TRACE.clear()
    return KIND_TRACE


async def work_one(client, args=None, opts=None):
    """Start the client, insert one job and return its row when an attempt at it has ended, with the event of that."""
    await client.start()
    events = client.subscribe()
    inserted = await client.insert(args or WorkArgs(number=1), opts)
    async with asyncio.timeout(60):
        event = await events.get()
    return await client.jobs.get(inserted.job.id), event


# -- order


async def test_the_order_is_rivers(make_client, trace):
    client = make_client(
        OwnWorker(),
        hooks=[TracedHook("hook", trace)],
        middleware=[TracedMiddleware("outer", trace), TracedMiddleware("inner", trace)],
        plugins=[TracedPlugin("plugin", trace)],
    )
    await client.insert(OwnArgs(number=7))
    assert trace == [
        "plugin:insert_before",
        "outer:insert_before",
        "inner:insert_before",
        "kind_plugin:insert_before",
        "plugin:insert_begin",
        "hook:insert_begin",
        "kind_plugin:insert_begin",
        "kind_hook:insert_begin",
        "kind_plugin:insert_after",
        "inner:insert_after",
        "outer:insert_after",
        "plugin:insert_after",
    ]
    trace.clear()
    events = client.subscribe()
    await client.start()
    assert (await events.get()).kind is EventKind.JOB_COMPLETED
    assert [one for one in trace if "periodic" not in one] == [
        "worker_middleware test.own:work_before",
        "plugin:work_before",
        "outer:work_before",
        "inner:work_before",
        "kind_plugin:work_before",
        "plugin:work_begin",
        "hook:work_begin",
        "kind_plugin:work_begin",
        "kind_hook:work_begin",
        "worker 7",
        "plugin:work_end",
        "hook:work_end",
        "kind_plugin:work_end",
        "kind_hook:work_end",
        "kind_plugin:work_after",
        "inner:work_after",
        "outer:work_after",
        "plugin:work_after",
        "worker_middleware test.own:work_after",
    ]


async def test_the_names_of_rivers_own_suite_come_in_its_order(make_client):
    """One hook and one middleware, as River's harness instruments a client."""
    trace = []
    client = make_client(
        hooks=[TracedHook("hook", trace)],
        middleware=[TracedMiddleware("middleware", trace)],
        periodic_jobs=(PeriodicJob(IntervalSchedule(HOUR), WorkArgs),),
    )
    await client.start()
    await until(lambda: "hook:periodic_start 1" in trace)
    trace.clear()
    events = client.subscribe()
    await client.insert(WorkArgs())
    await events.get()
    assert [one for one in trace if "work" in one] == [
        "middleware:work_before",
        "hook:work_begin",
        "hook:work_end",
        "middleware:work_after",
    ]
    assert [one for one in trace if "insert" in one] == [
        "middleware:insert_before",
        "hook:insert_begin",
        "middleware:insert_after",
    ]


@pytest.mark.parametrize("field", ["hooks", "middleware", "plugins"])
def test_what_nobody_would_ever_call_is_refused(make_client, field):
    class Misspelt:
        async def work_began(self, job):
            """Never called."""

    with pytest.raises(InvalidInput, match="Misspelt has none of the methods"):
        make_client(**{field: [Misspelt()]})


def test_a_hook_is_no_middleware(make_client, trace):
    with pytest.raises(InvalidInput):
        make_client(middleware=[TracedHook("hook", trace)])


def test_a_kind_without_anything_of_its_own_shares_the_clients():
    own = Extensions()
    assert own.plus(WorkArgs) is own
    extended = ExtendedInsert(own)
    extended.learn(WorkArgs)
    assert not extended.concerns([])


# -- inserting


class Inserting:
    """Middleware and hook made of functions."""

    def __init__(self, *, around=None, each=None):
        self.around = around
        self.each = each

    async def insert_many(self, jobs, do_inner):
        return await (self.around(jobs, do_inner) if self.around else do_inner())

    async def insert_begin(self, params):
        if self.each is not None:
            self.each(params)


def inserter_with(driver, clock, *plugins):
    return Inserter(driver, None, clock, metrics=Metrics(), extensions=Extensions(plugins=plugins))


async def test_a_hook_may_change_what_is_inserted(driver, clock):
    def move(params):
        params.queue = "moved"
        params.priority = 4

    inserter = inserter_with(driver, clock, Inserting(each=move))
    for result in [await inserter.insert(WorkArgs()), *await inserter.insert_many([WorkArgs(), WorkArgs()])]:
        assert (result.job.queue, result.job.priority) == ("moved", 4)


async def test_a_hook_that_raises_inserts_none(driver, clock, factory):
    def refuse(params):
        if params.encoded_args == b'{"number":2}':
            raise JobError("not this one")

    inserter = inserter_with(driver, clock, Inserting(each=refuse))
    with pytest.raises(JobError, match="not this one"):
        await inserter.insert_many([WorkArgs(number=1), WorkArgs(number=2)])
    assert await factory.count() == 0


async def test_copy_goes_through_hooks_and_middleware_too(driver, clock, factory):
    sizes = []

    async def around(jobs, do_inner):
        results = await do_inner()
        sizes.append((len(jobs), results))
        return results

    def mark(params):
        params.metadata = b'{"marked": true}'

    inserter = inserter_with(driver, clock, Inserting(around=around, each=mark))
    assert await inserter.insert_many_fast([WorkArgs(), WorkArgs()]) == 2
    assert sizes == [(2, [])]
    assert await factory.count() == 2


async def test_middleware_may_keep_jobs_from_being_inserted(driver, clock, factory):
    async def drop(_jobs, _do_inner):
        return []

    inserter = inserter_with(driver, clock, Inserting(around=drop))
    assert await inserter.insert_many([WorkArgs()]) == []
    assert await inserter.insert_many_fast([WorkArgs()]) == 0
    with pytest.raises(RuntimeError, match="0 results of the insert of one job"):
        await inserter.insert(WorkArgs())
    assert await factory.count() == 0


async def test_two_kinds_in_one_insert_bring_each_its_own(driver, clock, trace):
    inserter = Inserter(driver, None, clock, metrics=Metrics())
    await inserter.insert_many([WorkArgs(), OwnArgs(), OwnArgs()])
    assert trace == [
        "kind_plugin:insert_before",
        *["kind_plugin:insert_begin", "kind_hook:insert_begin"] * 2,
        "kind_plugin:insert_after",
    ]


async def test_periodic_jobs_go_through_hooks_of_the_client_and_of_their_kind(make_client, trace):
    client = make_client(
        OwnWorker(),
        hooks=[TracedHook("hook", trace)],
        periodic_jobs=(PeriodicJob(IntervalSchedule(HOUR), OwnArgs, run_on_start=True),),
    )
    await client.start()
    await until(lambda: "kind_hook:insert_begin" in trace)
    assert trace.index("hook:periodic_start 1") < trace.index("hook:insert_begin")


# -- working


class Around:
    """Worker middleware made of a function."""

    def __init__(self, function):
        self.function = function

    async def work(self, job, do_inner):
        await self.function(job, do_inner)


class Ends:
    """A hook that decides how it ends."""

    def __init__(self, decide):
        self.decide = decide
        self.told = []

    async def work_end(self, job, err):
        self.told.append(err)
        return self.decide(err)


async def crash(_job):
    raise ZeroDivisionError("by nothing")


async def fail(_job):
    raise JobError("no such film")


async def test_middleware_may_stage_metadata_and_output(make_client):
    async def around(job, do_inner):
        job.metadata_set("before", job.row.kind)
        await do_inner()
        job.record_output(job.args.number)

    job, _ = await work_one(make_client(middleware=[Around(around)]))
    assert job.metadata_value() == {"before": "test.work", "output": 1}


async def test_middleware_may_decide_the_outcome(make_client):
    async def around(_job, do_inner):
        try:
            await do_inner()
        except ZeroDivisionError as err:
            raise JobCancel(err) from err

    job, event = await work_one(make_client(WorkFunction(crash), middleware=[Around(around)]))
    assert job.state is JobState.CANCELLED
    assert event.kind is EventKind.JOB_CANCELLED


async def test_middleware_may_leave_the_worker_out(make_client):
    async def around(_job, _do_inner):
        raise JobSnooze(HOUR)

    job, _ = await work_one(make_client(WorkFunction(crash), middleware=[Around(around)]))
    assert job.state is JobState.SCHEDULED


async def test_a_hook_that_fails_at_the_begin_ends_the_attempt_without_the_worker(make_client):
    class Begins:
        async def work_begin(self, job):
            raise JobError("not today")

    ends = Ends(lambda err: err)
    job, _ = await work_one(make_client(WorkFunction(crash), hooks=[Begins(), ends]))
    assert [error.error for error in job.errors] == ["not today"]
    assert ends.told == []


async def test_hooks_pass_the_error_on_and_may_replace_it(make_client):
    first, second = Ends(lambda err: JobError(f"{err}, said the first")), Ends(lambda err: err)
    job, _ = await work_one(make_client(WorkFunction(fail), hooks=[first, second]))
    assert [error.error for error in job.errors] == ["no such film, said the first"]
    assert [str(err) for err in second.told] == ["no such film, said the first"]


async def test_a_hook_may_forgive(make_client):
    job, _ = await work_one(make_client(WorkFunction(fail), hooks=[Ends(lambda _err: None)]))
    assert job.state is JobState.COMPLETED
    assert job.errors == []


async def test_a_hook_that_raises_at_the_end_has_the_last_word_but_one(make_client):
    def break_down(_err):
        raise KeyError("a defect")

    second = Ends(lambda err: err)
    job, _ = await work_one(make_client(hooks=[Ends(break_down), second]))
    assert isinstance(second.told[0], KeyError)
    assert "break_down" in job.errors[0].trace


async def test_a_crash_comes_by_the_hooks_and_keeps_its_trace(make_client):
    ends = Ends(lambda err: err)
    job, _ = await work_one(make_client(WorkFunction(crash), hooks=[ends]))
    assert isinstance(ends.told[0], ZeroDivisionError)
    assert "in crash" in job.errors[0].trace


async def test_undecodable_args_fail_within_middleware_and_before_the_end_hooks(make_client, factory):
    seen = []

    async def around(_job, do_inner):
        try:
            await do_inner()
        except JobError as err:
            seen.append(type(err).__name__)
            raise

    begins, ends = TracedHook("hook", []), Ends(lambda err: err)
    client = make_client(middleware=[Around(around)], hooks=[begins, ends])
    job_id = await factory.id_of(kind=WorkArgs.kind, args='{"number": "many"}', max_attempts=1)
    await client.start()
    assert (await until_state(client, job_id)).state is JobState.DISCARDED
    assert seen == ["UndecodableArgs"]
    assert [one for one in begins.trace if "work" in one] == ["hook:work_begin"]
    assert ends.told == []


async def test_nobody_is_called_for_an_unknown_kind(make_client, factory):
    trace = []
    client = make_client(hooks=[TracedHook("hook", trace)], middleware=[TracedMiddleware("middleware", trace)])
    job_id = await factory.id_of(kind="unheard.of", max_attempts=1)
    await client.start()
    assert (await until_state(client, job_id)).state is JobState.DISCARDED
    assert [one for one in trace if "work" in one] == []


# -- interruptions


async def wait_for_ever(_job):
    await asyncio.Event().wait()


async def test_an_interruption_reaches_middleware_as_the_worker(make_client):
    waiting, seen = asyncio.Event(), []

    async def queue_up(_job, do_inner):
        waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        await do_inner()

    client = make_client(middleware=[Around(queue_up)])
    await client.start()
    job_id = (await client.insert(WorkArgs())).job.id
    await waiting.wait()
    await client.stop_and_cancel()
    job = await client.jobs.get(job_id)
    assert (job.state, job.attempt, seen) == (JobState.AVAILABLE, 0, ["cancelled"])


async def test_middleware_and_hooks_may_await_while_an_interrupted_worker_is_left(make_client):
    """The cancellation was for the worker; what closes behind it must be able to."""
    closed = []

    async def around(_job, do_inner):
        try:
            await do_inner()
        finally:
            async with asyncio.timeout(60):
                await asyncio.sleep(0)
            closed.append("middleware")

    client = make_client(WorkFunction(wait_for_ever, timeout=MOMENT), middleware=[Around(around)])
    job, _ = await work_one(client)
    assert job.errors[0].error == "context deadline exceeded"
    assert closed == ["middleware"]


async def test_a_job_cancelled_before_its_start_is_met_by_its_worker_as_cancelled(make_client, connection):
    started = []

    async def cancel_first(job, do_inner):
        client.crew.producers["default"].cancel(job.id)
        await do_inner()

    def work(job):
        started.append(job.cancelled.is_set())
        raise JobError("cancelled, so I leave")

    client = make_client(PlainFunction(work), middleware=[Around(cancel_first)])
    job, _ = await work_one(client)
    assert started == [True]
    assert job.state is JobState.CANCELLED


async def test_steps_are_resumed_under_middleware_too(make_client):
    async def around(_job, do_inner):
        await do_inner()

    async def work(job):
        await job.steps.step("first", lambda: do_nothing(job))
        await job.steps.step("second", lambda: fail(job) if job.attempt == 1 else do_nothing(job))

    client = make_client(WorkFunction(work), middleware=[Around(around)])
    job, _ = await work_one(client)
    assert job.metadata_value()["river:resumable_step"] == "first"
    assert (await until_state(client, job.id)).state is JobState.COMPLETED


async def test_a_success_that_never_met_its_step_fails_with_and_without_middleware(make_client, factory):
    async def around(_job, do_inner):
        await do_inner()

    for middleware in ([], [Around(around)]):
        client = make_client(middleware=middleware)
        job_id = await factory.id_of(kind=WorkArgs.kind, metadata='{"river:resumable_step": "gone"}', max_attempts=1)
        await client.start()
        job = await until_state(client, job_id)
        assert "gone" in job.errors[0].error
        await client.stop()


# -- metrics


async def test_fetches_are_measured_for_whoever_asks(make_client):
    class Meter:
        def __init__(self):
            self.metrics = []

        async def metric_emit(self, metric):
            self.metrics.append(metric)

    class Broken:
        async def metric_emit(self, metric):
            raise KeyError("a defect")

    meter = Meter()
    job, _ = await work_one(make_client(hooks=[Broken(), meter]))
    assert job.state is JobState.COMPLETED
    counts = [one for one in meter.metrics if one.name is MetricName.JOB_GET_AVAILABLE_COUNT]
    durations = [one for one in meter.metrics if one.name is MetricName.JOB_GET_AVAILABLE_DURATION]
    assert sum(one.value for one in counts) == 1
    assert len(durations) == len(counts)
    assert all(one.value > 0 for one in durations)
    assert {one.queue for one in meter.metrics} == {"default"}


async def test_a_paused_queue_measures_nothing(make_client):
    class Meter(list):
        async def metric_emit(self, metric):
            self.append(metric)

    meter = Meter()
    client = make_client(hooks=[meter], fetch_poll_interval=MOMENT)
    await client.start()
    await client.queues.pause("default")
    producer = client.crew.producers["default"]
    await until(lambda: producer.is_paused and producer._cancelled_in_flight is None)  # what was asked for has come
    meter.clear()
    await producer._fetch()
    assert meter == []


# -- periodic jobs


async def test_a_hook_may_add_periodic_jobs_when_the_leadership_begins(make_client):
    class Adds:
        async def periodic_jobs_start(self, jobs):
            jobs.add(PeriodicJob(IntervalSchedule(HOUR), lambda: (WorkArgs(number=9), InsertOpts()), run_on_start=True))

    client = make_client(hooks=[Adds()])
    events = client.subscribe(EventKind.JOB_COMPLETED)
    await client.start()
    async with asyncio.timeout(60):
        event = await events.get()
    assert event.job.args_value() == {"number": 9}


async def test_a_hook_that_raises_gives_the_leadership_up(make_client):
    """After the third time: what was in the way may pass."""
    asked = []

    class Refuses:
        async def periodic_jobs_start(self, jobs):
            asked.append(len(jobs))
            raise JobError("not here")

    client = make_client(hooks=[Refuses()])
    client.crew.elector.stepped_down.init()
    await client.start()
    await client.crew.elector.stepped_down.wait()
    assert asked[:3] == [0, 0, 0]
