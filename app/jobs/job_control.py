"""What may be done to a job from outside: look, cancel, retry, delete, note (contract 2.7, 12.5)."""

from collections.abc import Sequence
from typing import Any

from app.clock import Clock
from app.jobs.driver.driver import Connection, Driver, JobDeleteManyParams, JobListParams
from app.jobs.driver.job_list import LARGEST_ID, time_field
from app.jobs.errors import JobNotFound
from app.jobs.go_time import go_time
from app.jobs.job_list_cursor import JobListCursor
from app.jobs.staged import encode_patch
from app.jobs.types import JobListPage, JobRow


class JobControl:
    """Each verb exists twice; the one ending in `_tx` works in the caller's transaction and is seen when it commits.

    Every one of them but `list` and `delete_many` raises `JobNotFound`.
    """

    def __init__(self, driver: Driver, clock: Clock) -> None:
        self._driver = driver
        self._clock = clock

    async def get(self, job_id: int) -> JobRow:
        return _found(job_id, await self._driver.job_get_by_id(_possible(job_id)))

    async def list(self, params: JobListParams | None = None) -> JobListPage:
        """List a page of jobs; the page's cursor, as `after`, asks for the next one in the same order.

        Raises:
            InvalidInput: a limit, an order or a cursor that makes no sense.
        """
        params = params or JobListParams()
        jobs = await self._driver.job_list(params)
        return JobListPage(jobs, _cursor(jobs[-1], params) if jobs else None)

    async def cancel(self, job_id: int) -> JobRow:
        """Cancel a job; a running one is asked to stop, wherever it runs, and stays running until it has.

        A finished job comes back as it is.
        """
        return _found(
            job_id, await self._driver.job_cancel(_possible(job_id), cancel_attempted_at=go_time(self._clock.now()))
        )

    async def retry(self, job_id: int) -> JobRow:
        """Make a job available now, finished or not; one that used up its attempts gets one more.

        A running job comes back as it is. Nobody is notified: it is found by the next poll.

        Raises:
            UniqueConflict: another job of the same unique key has taken its place.
        """
        return _found(job_id, await self._driver.job_retry(_possible(job_id)))

    async def delete(self, job_id: int) -> JobRow:
        """Delete a job.

        Raises:
            JobRunning: somebody is working it.
        """
        return _found(job_id, await self._driver.job_delete(_possible(job_id)))

    async def delete_many(self, params: JobDeleteManyParams) -> Sequence[JobRow]:
        """Delete jobs by what they have in common, and return them in the order of their ids.

        One call deletes up to its limit; while as many come back there may be more. Running jobs stay, and so do rows
        that somebody holds.

        Raises:
            InvalidInput: a limit that makes no sense, or no filter and no `unsafe_all`.
        """
        return await self._driver.job_delete_many(params)

    async def update(self, job_id: int, *, output: Any) -> JobRow:
        """Set what the job has to show, in any state.

        Raises:
            InvalidInput: no JSON, or more than 32 MiB of it.
        """
        return _found(job_id, await self._driver.job_set_metadata(_possible(job_id), encode_patch({"output": output})))

    async def get_tx(self, connection: Connection, job_id: int) -> JobRow:
        return await self._on(connection).get(job_id)

    async def list_tx(self, connection: Connection, params: JobListParams | None = None) -> JobListPage:
        return await self._on(connection).list(params)

    async def cancel_tx(self, connection: Connection, job_id: int) -> JobRow:
        return await self._on(connection).cancel(job_id)

    async def retry_tx(self, connection: Connection, job_id: int) -> JobRow:
        return await self._on(connection).retry(job_id)

    async def delete_tx(self, connection: Connection, job_id: int) -> JobRow:
        return await self._on(connection).delete(job_id)

    async def delete_many_tx(self, connection: Connection, params: JobDeleteManyParams) -> Sequence[JobRow]:
        return await self._on(connection).delete_many(params)

    async def update_tx(self, connection: Connection, job_id: int, *, output: Any) -> JobRow:
        return await self._on(connection).update(job_id, output=output)

    def _on(self, connection: Connection) -> "JobControl":
        return JobControl(self._driver.using(connection), self._clock)


def _possible(job_id: int) -> int:
    """No job has an id that its column cannot hold; asking for one would be an error of ours."""
    if not 0 < job_id <= LARGEST_ID:
        raise JobNotFound(job_id)
    return job_id


def _found(job_id: int, job: JobRow | None) -> JobRow:
    if job is None:
        raise JobNotFound(job_id)
    return job


def _cursor(job: JobRow, params: JobListParams) -> str:
    field = time_field(params)
    time = None if field is None else getattr(job, field)
    return JobListCursor(job.id, job.kind, job.queue, params.order_by, time).encode()
