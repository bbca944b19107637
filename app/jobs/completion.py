"""Completing a job inside its worker's own transaction: the work and its end commit together or not at all."""

from datetime import UTC, datetime
from typing import Any

from app.jobs.driver.driver import Connection, Driver, JobSetState
from app.jobs.errors import JobNotFound, JobNotRunning
from app.jobs.job import Job
from app.jobs.staged import encode_patch
from app.jobs.types import JobRow, JobState


async def job_complete_tx(
    driver: Driver, connection: Connection, job: Job[Any], *, now: datetime | None = None
) -> JobRow:
    """Complete the job on the caller's connection, merging what the attempt has staged.

    Call it last: it locks the row until the transaction ends. The ordinary completion that follows when the worker
    returns finds the job completed and changes nothing; after a roll-back it is the one that counts.

    Raises:
        JobNotRunning: this attempt lost the job (rescued, cancelled, worked elsewhere); roll back.
        JobNotFound: the job was deleted; roll back.
    """
    finalized_at = now or datetime.now(UTC)
    row = job.row
    outcome = JobSetState(
        id=row.id,
        attempt=row.attempt,
        attempted_at=row.attempted_at or finalized_at,
        state=JobState.COMPLETED,
        finalized_at=finalized_at,
        metadata=encode_patch(job.staged_metadata) if job.staged_metadata else None,
    )
    rows = await driver.using(connection).job_set_state_if_running_many([outcome])
    if not rows:
        raise JobNotFound(row.id)
    if rows[0].state is not JobState.COMPLETED or rows[0].finalized_at != finalized_at:
        raise JobNotRunning(row.id)
    return rows[0]
