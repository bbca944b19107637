"""Inserting, working and controlling jobs (contract 2, 3, 8)."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from app.jobs.driver import job_delete_many, job_list, unique_nonce
from app.jobs.driver.arrays import bytes_array, json_array, number_array, text_array, time_array
from app.jobs.driver.copy_rows import job_blocks
from app.jobs.driver.driver import MAX_ATTEMPTS, JobDeleteManyParams, JobInsertParams, JobListParams, JobSetState
from app.jobs.driver.prepared import Value
from app.jobs.driver.rows import job_row, new_job_row
from app.jobs.driver.statement_runner import StatementRunner
from app.jobs.errors import JobRunning
from app.jobs.types import JobInsertResult, JobRow, JobState, Topic


class JobStatements(StatementRunner):
    async def job_insert_many(
        self, jobs: Sequence[JobInsertParams], *, notify_queues: Sequence[str] = ()
    ) -> list[JobInsertResult]:
        if len(jobs) == 1 and jobs[0].unique_key is None and len(notify_queues) <= 1:
            return [await self._insert_one(jobs[0], notify_queues)]
        announcement = {
            "channel": self._channel(Topic.INSERT),
            "payloads": text_array([insert_payload(queue) for queue in notify_queues]),
        }
        if any(job.unique_key is not None for job in jobs):
            marked = jobs if self._server.has_system_columns else unique_nonce.mark(jobs)
            rows = await self._fetch("job_insert_many", _columns(marked) | _unique_columns(marked) | announcement)
            if not self._server.has_system_columns:
                return unique_nonce.compare(marked, [job_row(row[:-2]) for row in rows])
            return [JobInsertResult(job_row(row[:-2]), unique_skipped_as_duplicate=row[-2]) for row in rows]
        if are_alike(jobs):
            rows = await self._fetch("job_insert_many_alike", _common_columns(jobs) | announcement)
        else:
            rows = await self._fetch("job_insert_many_plain", _columns(jobs) | announcement)
        return [JobInsertResult(new_job_row(job, row)) for job, row in zip(jobs, rows, strict=True)]

    async def _insert_one(self, job: JobInsertParams, notify_queues: Sequence[str]) -> JobInsertResult:
        values = _shared_columns(job) | {
            "args": job.encoded_args.decode(),
            "channel": self._channel(Topic.INSERT),
            "payload": insert_payload(notify_queues[0]) if notify_queues else None,
        }
        (row,) = await self._fetch_at_once("job_insert_one", values)
        return JobInsertResult(new_job_row(job, row))

    async def job_insert_fast_many(self, jobs: Iterable[JobInsertParams], *, notify_queues: Sequence[str] = ()) -> int:
        async with self.begin() as driver:
            count = await driver._copy("job_insert_fast_many", job_blocks(jobs))  # noqa: SLF001  our own kind, in a transaction
            if notify_queues:
                await driver.notify_many(Topic.INSERT, [insert_payload(queue) for queue in notify_queues])
        return count

    async def notify_many(self, topic: Topic, payloads: Sequence[str]) -> None:
        await self._fetch("notify_many", {"channel": self._channel(topic), "payloads": text_array(payloads)})

    async def job_get_available(
        self,
        *,
        queue: str,
        client_id: str,
        limit: int,
        kinds: Sequence[str] | None = None,
        now: datetime | None = None,
    ) -> list[JobRow]:
        return await self._fetch_and_read(
            "job_get_available",
            {
                "queue": queue,
                "client_id": client_id,
                "limit": limit,
                "kinds": None if kinds is None else text_array(kinds),
                "now": now,
            },
            job_row,
        )

    async def job_complete_many(self, jobs: Sequence[JobSetState]) -> set[int]:
        """See `Driver`. Never prepared: a plan made for arrays of any length, with statistics taken while nothing ran,
        compares every running row with every element. A thousand completions took a second instead of 12 ms."""
        rows = await self._fetch(
            "job_complete_many",
            {
                "ids": number_array([job.id for job in jobs]),
                "attempts": number_array([job.attempt for job in jobs]),
                "attempted_ats": time_array([job.attempted_at for job in jobs]),
                "finalized_ats": time_array([job.finalized_at for job in jobs]),
            },
            prepare=False,
        )
        return {row[0] for row in rows}

    async def job_set_state_if_running_many(self, jobs: Sequence[JobSetState]) -> list[JobRow]:
        rows = await self._fetch(
            "job_set_state_if_running_many",
            {
                "ids": number_array([job.id for job in jobs]),
                "attempts": number_array([job.attempt for job in jobs]),
                "attempted_ats": time_array([job.attempted_at for job in jobs]),
                "states": text_array([job.state for job in jobs]),
                "new_attempts": number_array([job.new_attempt for job in jobs]),
                "scheduled_ats": time_array([job.scheduled_at for job in jobs]),
                "finalized_ats": time_array([job.finalized_at for job in jobs]),
                "errors": json_array([job.error for job in jobs]),
                "metadata": json_array([job.metadata for job in jobs]),
            },
        )
        return [job_row(row) for row in rows]

    async def job_set_metadata(self, job_id: int, metadata: bytes) -> JobRow | None:
        row = await self._fetch_one("job_set_metadata", {"id": job_id, "metadata": metadata.decode()})
        return job_row(row) if row else None

    async def job_get_by_id(self, job_id: int) -> JobRow | None:
        jobs = await self.job_get_by_ids([job_id])
        return jobs[0] if jobs else None

    async def job_get_by_ids(self, job_ids: Sequence[int]) -> list[JobRow]:
        return [job_row(row) for row in await self._fetch("job_get_by_ids", {"ids": number_array(job_ids)})]

    async def job_list(self, params: JobListParams) -> list[JobRow]:
        """List one page.

        Raises:
            InvalidInput: the order, the limit or the cursor makes no sense.
        """
        conditions, order, values = job_list.plan(params)
        query = self._statements.fragment("job_list", conditions=conditions, order=order)
        return [job_row(row) for row in await self._run(query, values, prepare=False)]

    async def job_cancel(self, job_id: int, *, cancel_attempted_at: str) -> JobRow | None:
        row = await self._fetch_one(
            "job_cancel",
            {"id": job_id, "cancel_attempted_at": cancel_attempted_at, "channel": self._channel(Topic.CONTROL)},
        )
        return job_row(row) if row else None

    async def job_retry(self, job_id: int, *, now: datetime | None = None) -> JobRow | None:
        row = await self._fetch_one("job_retry", {"id": job_id, "now": now})
        return job_row(row) if row else None

    async def job_delete(self, job_id: int) -> JobRow | None:
        row = await self._fetch_one("job_delete", {"id": job_id})
        job = job_row(row) if row else None
        if job is not None and job.state is JobState.RUNNING:
            raise JobRunning(job_id)
        return job

    async def job_delete_many(self, params: JobDeleteManyParams) -> list[JobRow]:
        """See `Driver`.

        Raises:
            InvalidInput: the limit or the filters make no sense.
        """
        conditions, values = job_delete_many.plan(params)
        query = self._statements.fragment("job_delete_many", conditions=conditions)
        return [job_row(row) for row in await self._run(query, values, prepare=False)]


def insert_payload(queue: str) -> str:
    """Return what River announces an insert with, byte for byte (contract 4.2)."""
    return json.dumps({"queue": queue})


def are_alike(jobs: Sequence[JobInsertParams]) -> bool:
    """Tell whether the jobs differ in their args and their unique keys alone, as those of one kind and one call do."""
    first = jobs[0].shared
    return all(job.shared == first for job in jobs)


def _columns(jobs: Sequence[JobInsertParams]) -> dict[str, Any]:
    return {
        "kinds": text_array([job.kind for job in jobs]),
        "args": json_array([job.encoded_args for job in jobs]),
        "queues": text_array([job.queue for job in jobs]),
        "priorities": number_array([job.priority for job in jobs]),
        "max_attempts": number_array([min(job.max_attempts, MAX_ATTEMPTS) for job in jobs]),
        "states": text_array([job.state for job in jobs]),
        "created_ats": time_array([job.created_at for job in jobs]),
        "scheduled_ats": time_array([job.scheduled_at for job in jobs]),
        "tags": text_array([",".join(job.tags) for job in jobs]),  # no tag holds a comma (contract 8.1)
        "metadata": json_array([job.metadata for job in jobs]),
    }


def _unique_columns(jobs: Sequence[JobInsertParams]) -> dict[str, Any]:
    return {
        "unique_keys": bytes_array([job.unique_key for job in jobs]),
        "unique_states": number_array([job.unique_states for job in jobs]),
    }


def _common_columns(jobs: Sequence[JobInsertParams]) -> dict[str, Any]:
    return _shared_columns(jobs[0]) | {"args": json_array([job.encoded_args for job in jobs])}


def _shared_columns(job: JobInsertParams) -> dict[str, Value]:
    return {
        "kind": job.kind,
        "queue": job.queue,
        "priority": job.priority,
        "max_attempts": min(job.max_attempts, MAX_ATTEMPTS),
        "state": job.state.value,
        "created_at": job.created_at,
        "scheduled_at": job.scheduled_at,
        "tags": text_array(job.tags),
        "metadata": job.metadata.decode(),
    }
