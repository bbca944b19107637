"""Whatever happens to a job, in whatever order, its row stays one that River would have written."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.clock import SystemClock
from app.jobs.attempt import Attempt
from app.jobs.completer import Completer
from app.jobs.errors import JobCancel, JobError, JobSnooze
from app.jobs.executor import Executor
from app.jobs.job_control import JobControl
from app.jobs.maintenance.client_rescuer import ClientRescuer
from app.jobs.maintenance.job_rescuer import JobRescuer
from app.jobs.maintenance.job_scheduler import JobScheduler
from app.jobs.notify_limiter import NotifyLimiter
from app.jobs.presence import Presence
from app.jobs.retry_policy import RiverRetryPolicy
from app.jobs.subscription import SubscriptionManager
from app.jobs.types import JobRow, JobState
from app.jobs.worker import Workers
from app.observability import Metrics
from tests.fixtures.clients import WorkFunction

HOUR = timedelta(hours=1)
FOREIGN = {"deps": '["é"]', "workflow_id": "12345678901234567890.10"}
"""What others keep in the metadata: it stays, to the last digit, whatever else comes and goes beside it."""
METADATA = "{" + ", ".join(f'"{key}": {value}' for key, value in FOREIGN.items()) + "}"
VERDICTS = {
    "success": None,
    "failure": JobError("no"),
    "crash": ZeroDivisionError("oh"),
    "cancel": JobCancel("never"),
    "short snooze": JobSnooze(timedelta(seconds=1)),
    "long snooze": JobSnooze(HOUR),
}
EVENTS = [*VERDICTS, "left running", "late success", "cancelled", "retried", "rescued", "client gone", "time passes"]

FAILED = {JobState.AVAILABLE, JobState.RETRYABLE, JobState.DISCARDED, JobState.CANCELLED}
AFTER_VERDICT = {
    "success": {JobState.COMPLETED},
    "late success": {JobState.COMPLETED},
    "failure": FAILED,
    "crash": FAILED,
    "cancel": {JobState.CANCELLED},
    "short snooze": {JobState.AVAILABLE, JobState.CANCELLED},
    "long snooze": {JobState.SCHEDULED, JobState.CANCELLED},
}

ALLOWED = {
    JobState.AVAILABLE: {JobState.RUNNING, JobState.CANCELLED},
    JobState.SCHEDULED: {JobState.AVAILABLE, JobState.CANCELLED},
    JobState.RETRYABLE: {JobState.AVAILABLE, JobState.CANCELLED},
    JobState.RUNNING: set(JobState) - {JobState.PENDING},
    JobState.COMPLETED: {JobState.AVAILABLE},
    JobState.CANCELLED: {JobState.AVAILABLE},
    JobState.DISCARDED: {JobState.AVAILABLE},
}


class World:
    """One job and everybody who may do something to it."""

    def __init__(self, driver, factory, connection, job_id: int) -> None:
        self.driver, self.factory, self.connection, self.job_id = driver, factory, connection, job_id
        self.completer = Completer(driver, SubscriptionManager(), SystemClock(), Metrics())
        self.control = JobControl(driver, SystemClock())
        self.claimed: list[JobRow] = []

    async def happen(self, event: str) -> None:
        if event in VERDICTS:
            await self.fetch()
            if self.claimed:
                await self.work(self.claimed.pop(), VERDICTS[event])
        elif event == "left running":
            await self.fetch()
        elif event == "late success":
            if self.claimed:
                await self.work(self.claimed.pop(0), None)
        elif event == "cancelled":
            await self.control.cancel(self.job_id)
        elif event == "retried":
            await self.control.retry(self.job_id)
        else:
            await self.maintain(event)

    async def fetch(self) -> None:
        await self.connection.execute(
            "UPDATE river.river_job SET scheduled_at = now() WHERE id = %s AND state = 'available'", [self.job_id]
        )
        self.claimed += await self.driver.job_get_available(queue="default", client_id="us", limit=1)

    async def work(self, row: JobRow, error: BaseException | None) -> None:
        async def end(_job) -> None:
            if error is not None:
                raise error

        executor = Executor(
            Workers([WorkFunction(end)]),
            self.completer,
            SystemClock(),
            job_timeout=HOUR,
            retry_policy=RiverRetryPolicy(),
            report_progress=None,
        )
        await executor.execute(Attempt(row), lambda _attempt: None)
        await self.completer.flush()

    async def maintain(self, event: str) -> None:
        clock = SystemClock()
        if event == "time passes":
            await self.connection.execute(
                "UPDATE river.river_job SET scheduled_at = now() WHERE id = %s AND state IN ('scheduled', 'retryable')",
                [self.job_id],
            )
            await JobScheduler(self.driver, NotifyLimiter(1), clock, may_run=bool).run_once()
        elif event == "client gone":
            presence = Presence(self.driver, "leader", tuple)
            await ClientRescuer(self.driver, presence, clock, may_run=bool).rescue_jobs_of(["us"])
        else:
            rescuer = JobRescuer(
                self.driver,
                Workers(),
                clock,
                rescue_after=timedelta(0),
                job_timeout=HOUR,
                retry_policy=RiverRetryPolicy(),
                leave_unknown_kinds=False,
                may_run=bool,
            )
            await rescuer.run_once()


def check(row: JobRow, raw: dict[str, object]) -> None:
    assert row.undecodable is None
    assert (row.finalized_at is not None) == row.state.is_final
    assert 0 <= row.attempt <= row.max_attempts
    assert len(row.attempted_by) >= row.attempt
    assert row.max_attempts >= 3
    assert raw["errors"] is None or len(row.errors) > 0
    for error in row.errors:
        assert 0 < error.attempt <= row.max_attempts
        assert error.error
        assert error.at <= datetime.now(UTC)
    if row.state is JobState.DISCARDED:
        assert row.errors
    if row.state is JobState.RUNNING:
        assert row.attempt > 0
    assert row.snoozes >= 0
    metadata = msgspec.json.decode(row.metadata, type=dict[str, msgspec.Raw])
    assert {key: bytes(metadata[key]).decode() for key in FOREIGN} == FOREIGN


def allowed(event: str, before: JobRow) -> set[JobState]:
    if event not in AFTER_VERDICT:
        return {before.state, *ALLOWED[before.state]}
    if before.state is JobState.AVAILABLE and event in VERDICTS:
        return AFTER_VERDICT[event]
    if before.state is JobState.RUNNING:  # by this claim or by one that is fenced out
        return {JobState.RUNNING, *AFTER_VERDICT[event]}
    return {before.state}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=25))
async def test_any_history_leaves_a_row_river_would_have_written(driver, factory, connection, events):
    await connection.execute("DELETE FROM river.river_job")
    world = World(driver, factory, connection, await factory.id_of(kind="test.work", max_attempts=3, metadata=METADATA))
    before = await factory.read(world.job_id)
    for event in events:
        await world.happen(event)
        after = await factory.read(world.job_id)
        check(after, await factory.raw(world.job_id))
        assert after.state in allowed(event, before), f"{event}: {before.state} became {after.state}"
        before = after
