"""The one worker: does what a job's args tell it to, so that a scenario can have any outcome it likes."""

import asyncio
from datetime import timedelta

from app.jobs.args import JobArgs
from app.jobs.errors import JobCancel, JobError, JobSnooze
from app.jobs.job import Job
from app.jobs.worker import Worker
from tests.conformance.barriers import Barriers
from tests.conformance.observations import Observations


class EchoArgs(JobArgs, kind="conformance_echo"):
    behavior: str = ""
    duration_ms: int = 0
    message: str = ""


class PeerArgs(EchoArgs, kind="conformance_echo_peer"):
    pass


class RenamedArgs(EchoArgs, kind="conformance_echo_renamed"):
    kind_aliases = ("conformance_echo",)


class EchoWorker(Worker[EchoArgs]):
    """A failure that a worker foresees is a `JobError`, River's returned error: it leaves no trace on the row."""

    def __init__(self, barriers: Barriers, observations: Observations) -> None:
        self._barriers = barriers
        self._observations = observations
        self._behaviours = {
            "": self._complete,
            "barrier_output": self._wait_and_record,
            "barrier_wait": self._wait,
            "cancel": self._cancel,
            "cooperative_cancel": self._await_cancellation,
            "error": self._fail,
            "output": self._record,
            "resumable_cursor": self._resume,
            "sleep": self._sleep,
            "snooze_once": self._snooze_once,
        }

    async def work(self, job: Job[EchoArgs]) -> None:
        behaviour = self._behaviours.get(job.args.behavior)
        if behaviour is None:
            raise JobError(f"unknown behavior {job.args.behavior!r}")
        await behaviour(job)

    async def _complete(self, _job: Job[EchoArgs]) -> None:
        """There is nothing to do."""

    async def _wait(self, job: Job[EchoArgs]) -> None:
        await self._barriers.wait(job.args.message)

    async def _wait_and_record(self, job: Job[EchoArgs]) -> None:
        await self._wait(job)
        job.record_output({"race": "worker"})

    async def _cancel(self, _job: Job[EchoArgs]) -> None:
        raise JobCancel("cancelled by conformance worker")

    async def _await_cancellation(self, job: Job[EchoArgs]) -> None:
        if job.cancelled.is_set():
            self._observations.cancelled_at_start += 1
        await asyncio.Event().wait()

    async def _fail(self, _job: Job[EchoArgs]) -> None:
        raise JobError("conformance retryable error")

    async def _record(self, job: Job[EchoArgs]) -> None:
        job.record_output({"message": job.args.message})

    async def _sleep(self, job: Job[EchoArgs]) -> None:
        await asyncio.sleep(job.args.duration_ms / 1000)

    async def _snooze_once(self, job: Job[EchoArgs]) -> None:
        if "snoozes" not in job.row.metadata_value():
            raise JobSnooze(timedelta(milliseconds=max(job.args.duration_ms, 1)))

    async def _resume(self, job: Job[EchoArgs]) -> None:
        async def first() -> None:
            job.metadata_set("first_attempt", job.attempt)

        async def second(cursor: int | None) -> None:
            if job.attempt == 1:
                job.steps.set_cursor(7)
                raise JobError("retry with cursor")
            if cursor != 7:
                raise JobError(f"expected cursor 7, got {cursor}")
            job.metadata_set("cursor_observed", cursor)

        async def third() -> None:
            if job.attempt == 2:
                raise JobError("retry after consuming cursor")

        await job.steps.step("first", first)
        await job.steps.step_cursor("second", int, second)
        await job.steps.step("third", third)


class PeerWorker(EchoWorker):
    args_type = PeerArgs


class RenamedWorker(EchoWorker):
    args_type = RenamedArgs


WORKERS: dict[str, type[EchoWorker]] = {
    worker.args_type.kind: worker for worker in (EchoWorker, PeerWorker, RenamedWorker)
}
